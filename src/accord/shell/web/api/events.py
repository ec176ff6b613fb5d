"""Events: one, or many as JSON lines; what stands as evidence takes a scope of its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from accord.shell.engine.intake.lines import Line
from accord.shell.engine.intake.people import Taken
from accord.shell.engine.intake.vouched import is_evidence, take_lines_of
from accord.shell.web.api.operation import Answer, Call, Operation, Told
from accord.shell.web.api.schemas import EMAIL, FLAG, TEXT, record, refers, told
from accord.shell.web.api.taking import HISTORY, take_lines, take_one
from accord.shell.web.problems import Problem

PATH = "/api/v1/events"
EVIDENCE = "evidence:write"


def take(call: Call, page: Sequence[Line], history: bool) -> Taken:
    """Take what is good of a page, and what this key may tell."""
    return take_lines_of(
        call.store,
        call.catalogue,
        page,
        vouches=EVIDENCE in call.key.scopes,
        source=call.source,
        now=call.now,
        history=history,
    )


def _one(call: Call) -> Answer:
    if is_evidence(call.body) and EVIDENCE not in call.key.scopes:
        raise Problem(
            "forbidden",
            f"This event stands as evidence: it takes the scope {EVIDENCE}.",
            more={"scope": EVIDENCE},
        )
    return take_one(call, take)


EVENT = told(
    {
        "email": EMAIL,
        "event": {
            **TEXT,
            "description": "A name of `scenario words event`, or of `[events]` in config.toml.",
        },
        "at": {
            "type": "string",
            "description": "When it happened, in ISO 8601; without an offset, on the venue's own clock.",
        },
        "id": {
            "type": ["string", "integer", "null"],
            "description": "Your own number of it: told twice with the same, it is one event.",
        },
        "data": {
            "type": ["object", "null"],
            "additionalProperties": True,
            "description": "Its fields, by name.",
        },
    },
    "email",
    "event",
    "at",
)
SCANNED = {
    "email": "ada@example.org",
    "event": "ticket.scanned",
    "at": "2026-11-24T19:48:00+01:00",
    "id": "scan-17",
    "data": {"order_id": "O-1", "title": "Bérénice"},
}

OPERATIONS = (
    Operation(
        "tellEvent",
        "POST",
        PATH,
        "events:write",
        "Tell an event",
        "Read as `scenario event` reads it. Events of carts and of the venue's own (`own.…`) take `events:write`; those that "
        "stand as evidence (scans, logins, contracts …) take `evidence:write` as well. Consents, orders and mails are not told "
        "by events. 201 where it is new, 200 where it was known.",
        _one,
        Told(record({"new": FLAG}), {"new": True}),
        Told(EVENT, SCANNED),
        status=201,
        query=(HISTORY,),
        problems=("invalid-fields",),
        writes=True,
    ),
    Operation(
        "tellEvents",
        "POST",
        f"{PATH}/bulk",
        "events:write",
        "Tell many events",
        "A line of JSON for each, as `scenario events import` reads them: good lines are taken, five hundred a transaction; "
        "refused ones are listed with line, field and reason. With an `id` in each line, the same body may be sent again "
        "after any fault.",
        partial(take_lines, take=take),
        Told(
            refers("Taken"),
            {"new": 1, "known": 0, "refused": [{"row": 2, "field": "at", "reason": "null is no instant"}]},
        ),
        Told(EVENT, SCANNED),
        query=(HISTORY,),
        writes=True,
        bulk=True,
    ),
)
