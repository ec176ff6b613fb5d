"""Scenarios: which are live, who is enrolled by a system, who is taken out."""

from __future__ import annotations

from collections import Counter
from typing import Any

from accord.core.model.scenario import Scenario
from accord.shell.engine.journeys.asked import NotEntered, enrol
from accord.shell.engine.journeys.moving import eject
from accord.shell.engine.ports.rows import LiveScenario
from accord.shell.engine.ports.running import Pause
from accord.shell.web.api.operation import Answer, Call, Operation, Told
from accord.shell.web.api.people import contact_in_body
from accord.shell.web.api.schemas import (
    EMAIL,
    INSTANT,
    MAYBE_INSTANT,
    MAYBE_TEXT,
    NUMBER,
    TEXT,
    record,
    rows,
    told,
)
from accord.shell.web.problems import Problem

PATH = "/api/v1/scenarios"


def listed(call: Call) -> Answer:
    """Every scenario that was made live."""
    with call.store.read() as unit:
        live, paused = unit.live_scenarios(), unit.running.pauses()
        flight = Counter[str]()
        for name, _, _, count in unit.in_flight():
            flight[name] += count
    known = call.catalogue.versions
    items = [
        _shown(row, paused.get(row.name), known.get(row.digest), in_flight=flight[row.name]) for row in live
    ]
    return Answer({"items": items, "next": None})


def _shown(
    row: LiveScenario, pause: Pause | None, scenario: Scenario | None, *, in_flight: int
) -> dict[str, Any]:
    return {
        "name": row.name,
        "state": row.state,
        "paused_since": pause.since if pause is not None else None,
        "purpose": scenario.purpose if scenario is not None else None,
        "activated_at": row.activated_at,
        "activated_by": row.activated_by,
        "in_flight": in_flight,
    }


def let_in(call: Call) -> Answer:
    """Enrol one person."""
    name = _named(call)
    with call.store.begin() as unit:
        contact = contact_in_body(call, unit)
        try:
            begun = enrol(unit, call.catalogue, name, contact.id, by=call.by, now=call.now)
        except NotEntered as fault:
            raise Problem("conflict", f"{str(fault)[:1].upper()}{str(fault)[1:]}.") from None
    runs = [{"run": run.id, "step": run.step, "due_at": run.due_at} for run in begun]
    return Answer({"scenario": name, "contact": contact.id, "runs": runs}, 201)


def let_out(call: Call) -> Answer:
    """Take one person out."""
    name = _named(call)
    with call.store.read() as unit:
        contact = contact_in_body(call, unit)
    done = eject(call.store, call.catalogue, name, contacts=[contact.id], by=call.by, now=call.now)
    return Answer(
        {"scenario": name, "contact": contact.id, "ended": done.runs, "mails_cancelled": done.mails}
    )


def _named(call: Call) -> str:
    """The scenario in the path, live or not any more. Raises Problem."""
    name = call.path["name"]
    with call.store.read() as unit:
        if name not in {row.name for row in unit.live_scenarios()}:
            raise Problem("not-found", "There is no such scenario.")
    return name


_WHO = Told(told({"email": EMAIL}, "email"), {"email": "ada@example.org"})

OPERATIONS = (
    Operation(
        "listScenarios",
        "GET",
        PATH,
        "scenarios:read",
        "List scenarios",
        "Those that were made live, with how they stand and how many runs are under way. There are few: it is one page.",
        listed,
        Told(
            record(
                {
                    "items": rows(
                        record(
                            {
                                "name": TEXT,
                                "state": TEXT,
                                "paused_since": MAYBE_INSTANT,
                                "purpose": MAYBE_TEXT,
                                "activated_at": INSTANT,
                                "activated_by": TEXT,
                                "in_flight": NUMBER,
                            }
                        )
                    ),
                    "next": {"type": "null"},
                }
            ),
            {
                "items": [
                    {
                        "name": "lettre",
                        "state": "active",
                        "paused_since": None,
                        "purpose": "newsletter",
                        "activated_at": "2026-11-24T09:00:00+00:00",
                        "activated_by": "marie",
                        "in_flight": 3,
                    }
                ],
                "next": None,
            },
        ),
    ),
    Operation(
        "enrol",
        "POST",
        f"{PATH}/{{name}}/enrol",
        "scenarios:run",
        "Enrol a person",
        "Lets a person into a scenario of a segment, a schedule or a date, whatever these say; its dates, its `if`, `per` and "
        "`again` hold as ever, and the law at each mail. A scenario that is entered by an event is entered by telling that "
        "event. Where the person does not enter, the problem says so (409).",
        let_in,
        Told(
            record(
                {
                    "scenario": TEXT,
                    "contact": NUMBER,
                    "runs": rows(record({"run": NUMBER, "step": TEXT, "due_at": INSTANT})),
                }
            ),
            {
                "scenario": "lettre",
                "contact": 12,
                "runs": [{"run": 40, "step": "lettre", "due_at": "2026-11-24T09:00:00+00:00"}],
            },
        ),
        _WHO,
        status=201,
        problems=("not-found", "conflict", "invalid-fields"),
        writes=True,
    ),
    Operation(
        "leave",
        "POST",
        f"{PATH}/{{name}}/leave",
        "scenarios:run",
        "Take a person out",
        "Ends this person's runs of the scenario, as `scenario eject` does, and cancels what is queued.",
        let_out,
        Told(
            record({"scenario": TEXT, "contact": NUMBER, "ended": NUMBER, "mails_cancelled": NUMBER}),
            {"scenario": "lettre", "contact": 12, "ended": 1, "mails_cancelled": 0},
        ),
        _WHO,
        problems=("not-found", "invalid-fields"),
        writes=True,
    ),
)
