"""Who enters a scenario because a system around asked for it."""

from __future__ import annotations

from datetime import datetime

from accord.core.decide import enters
from accord.core.model.content import Catalogue
from accord.core.model.enrolment import Enrolment
from accord.core.model.scenario import OnEvent
from accord.core.telling import tell_entered
from accord.shell.engine.apply import journal
from accord.shell.engine.journeys.react import last_entries, new_run
from accord.shell.engine.ports.rows import Deed
from accord.shell.engine.ports.store import Unit


class NotEntered(Exception):
    """Somebody can't be enrolled; the text says why."""


def enrol(
    unit: Unit, catalogue: Catalogue, name: str, contact_id: int, *, by: str, now: datetime
) -> list[Enrolment]:
    """Let one person in, whatever the calendar or the segment says; all else that the author says holds.

    The dates between which the scenario is open, its `if`, `per` and `again` are asked as ever, and the law at
    each step. A scenario that is entered by an event is entered by that event alone: its mails speak of it.
    Raises NotEntered.
    """
    scenario = catalogue.live.get(name)
    if scenario is None:
        raise NotEntered(f"there is no live scenario «{name}»")
    if isinstance(scenario.entry.trigger, OnEvent):
        names = ", ".join(scenario.entry.trigger.events)
        raise NotEntered(f"«{name}» is entered by an event: tell {names}")
    situation = unit.situations([contact_id], lock=True)[contact_id]
    last = last_entries(unit, catalogue, [contact_id]).get((contact_id, name), {})
    wanted = enters(
        situation, catalogue, scenario, now=now, occurrence=f"asked {now.isoformat()}", last_entered=last
    )
    begun = unit.add_runs([new_run(each, contact_id, now) for each in wanted])
    if not begun:
        raise NotEntered(
            f"«{name}» does not take this person now: by its dates, its `if`, or because they were in it before"
        )
    journal(unit, [tell_entered(run) for run in begun], catalogue, now)
    unit.note_deed(Deed(now, by, "scenario enrol", f"contact {contact_id}", {"scenario": name}))
    return list(begun)
