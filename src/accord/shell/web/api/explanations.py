"""Explanations: why a person did or did not get each mail."""

from __future__ import annotations

from accord.core.model.venue import Venue
from accord.shell.documents import EXPLAINED, MOST_ROWS, journal_rows
from accord.shell.web.api.contacts import PATH as PEOPLE
from accord.shell.web.api.operation import Answer, Call, Operation, Query, Told
from accord.shell.web.api.people import contact_in_path
from accord.shell.web.api.schemas import ANYTHING, INSTANT, TEXT, rows


def explain(call: Call) -> Answer:
    """What the journal tells of one person's mails and runs."""
    scenario = call.query.get("scenario")
    with call.store.read() as unit:
        contact = contact_in_path(call, unit)
        found = [row for row in unit.events_of(contact.id, limit=MOST_ROWS) if row.name in EXPLAINED]
    chosen = [row for row in found if scenario is None or row.data.get("scenario") == scenario]
    return Answer({"items": journal_rows(chosen), "next": None})


def _name(text: str, _: Venue) -> str:
    if not 1 <= len(text) <= 200:
        raise ValueError("it is no name of a scenario")
    return text


OPERATIONS = (
    Operation(
        "explain",
        "GET",
        f"{PEOPLE}/{{id}}/explanations",
        "explanations:read",
        "Why a person did or did not get each mail",
        "Step, verdict, reason, rule and what was known, oldest first, as `scenario explain --json` prints it; one page of "
        f"the newest {MOST_ROWS} rows of the journal.",
        explain,
        Told(
            {
                "type": "object",
                "required": ["items", "next"],
                "properties": {
                    "items": rows(
                        {
                            **ANYTHING,
                            "required": ["at", "event"],
                            "properties": {"at": INSTANT, "event": TEXT},
                        }
                    ),
                    "next": {"type": "null"},
                },
            },
            {
                "items": [
                    {
                        "at": "2026-11-24T09:00:00+00:00",
                        "event": "mail.refused",
                        "scenario": "lettre",
                        "run": 40,
                        "step": "lettre",
                        "nature": "editorial",
                        "reason": "NO_CONSENT",
                        "rule": "R-05",
                    }
                ],
                "next": None,
            },
        ),
        query=(Query("scenario", "Only what this scenario decided.", TEXT, _name),),
        problems=("not-found",),
    ),
)
