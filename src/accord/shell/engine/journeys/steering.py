"""What all who steer a scenario need: the scenario of a name, and what is put on record."""

from __future__ import annotations

from datetime import datetime

from accord.core.model.event import Event
from accord.core.model.expression import Value
from accord.shell.engine.opening import NOBODY
from accord.shell.engine.ports.rows import Deed, LiveScenario
from accord.shell.engine.ports.store import Unit


class CannotBe(Exception):
    """What was asked of a scenario can't be, as it stands; the message says why."""


def live_row(unit: Unit, name: str) -> LiveScenario | None:
    """The scenario of this name, if it was ever activated."""
    return next((row for row in unit.live_scenarios() if row.name == name), None)


def known(unit: Unit, name: str) -> LiveScenario:
    """The scenario of this name. Raises CannotBe where it was never activated."""
    row = live_row(unit, name)
    if row is None:
        names = ", ".join(each.name for each in unit.live_scenarios()) or "none"
        raise CannotBe(f"«{name}» was never activated; live are: {names}.")
    return row


def note(unit: Unit, action: str, event: str, name: str, by: str, now: datetime, **details: Value) -> None:
    """Put on record who did what to a scenario: in the audit, and in the journal."""
    unit.note_deed(Deed(now, by, action, name, details))
    tell_of(unit, event, [name], by, now, **details)


def tell_of(unit: Unit, event: str, names: list[str], by: str, now: datetime, **data: Value) -> None:
    """Journal what concerns scenarios as a whole, and none of the people in them."""
    rows = [Event(NOBODY, event, now, {"scenario": name, "by": by, **data}) for name in names]
    if rows:
        unit.append(rows, received_at=now, reacts=False)
