"""The brake: mails are held, of everything, of all prospecting, or of one scenario, until it is taken off."""

from __future__ import annotations

from datetime import datetime

from accord.core.consent.holds import ALL, PROSPECTING
from accord.core.model.event import Event
from accord.core.model.expression import Value
from accord.shell.engine.care.reputation import count_anew
from accord.shell.engine.journeys.steering import CannotBe, tell_of
from accord.shell.engine.journeys.surprise import SURPRISE
from accord.shell.engine.opening import NOBODY
from accord.shell.engine.ports.rows import Brake, Deed
from accord.shell.engine.ports.running import GUARD
from accord.shell.engine.ports.store import Unit


def hold(unit: Unit, name: str, *, reason: str, by: str, now: datetime) -> None:
    """Put the brake on; queued mail obeys it too. Raises CannotBe where it is on already, or for no such name."""
    known = sorted({ALL, PROSPECTING, *(row.name for row in unit.live_scenarios())})
    if name not in known:
        raise CannotBe(f"«{name}» can't be held; known are: {', '.join(known)}.")
    on = next((brake for brake in unit.brakes() if brake.name == name), None)
    if on is not None:
        raise CannotBe(f"«{name}» is held already, by {on.by}: {on.reason}")
    unit.hold(name, reason, by, now)
    unit.note_deed(Deed(now, by, "hold", name, {"reason": reason}))
    if name not in (ALL, PROSPECTING):
        tell_of(unit, "scenario.held", [name], by, now, reason=reason)
    elif name == PROSPECTING:
        _tell(unit, "prospecting.held", now, by=by, reason=reason)


def release(unit: Unit, name: str, *, by: str, now: datetime) -> Brake | None:
    """Take the brake off; returns the one that was on, or None.

    Where the guard had put it on, whoever takes it off accepts what was sent so far: the next surprise is
    measured by that, and of what comes back only what has left since.
    """
    brake = {each.name: each for each in unit.brakes()}.get(name)
    if brake is None or not unit.release(name, now):
        return None
    unit.note_deed(Deed(now, by, "release", name))
    if name not in (ALL, PROSPECTING):
        tell_of(unit, "scenario.released", [name], by, now)
    elif name == PROSPECTING:
        _tell(unit, "prospecting.released", now, by=by)
        count_anew(unit, name, now)
    if brake.by == GUARD and name != PROSPECTING:
        unit.running.accept_mails(name)
        unit.keeping.close_task(SURPRISE, name, now)
    return brake


def _tell(unit: Unit, event: str, now: datetime, **data: Value) -> None:
    """Journal what concerns the house as a whole, and none of the people in it."""
    unit.append([Event(NOBODY, event, now, data)], received_at=now, reacts=False)
