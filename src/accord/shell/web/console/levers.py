"""The levers: hold and release, pause and go on, drain; each as the command of its name does it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from accord.core.standstill import Late
from accord.shell.engine.journeys.braking import hold, release
from accord.shell.engine.journeys.live import drain
from accord.shell.engine.journeys.pause import Resuming, pause, resume
from accord.shell.web.console.door import NotAllowed
from accord.shell.wiring import House, report_fault

LEVERS = ("hold", "release", "pause", "resume", "drain")


def pull(house: House, lever: str, fields: Mapping[str, str], *, by: str, now: datetime) -> None:
    """Do what the form says. Raises CannotBe where it can't be, NotAllowed where the form is incomplete."""
    name = fields.get("what", "")
    if lever == "resume":
        how = Resuming(house.catalogue, _late(fields), house.settings.smtp.per_second, now, report_fault)
        resume(house.store, name, how, by=by)
        return
    with house.store.begin() as unit:
        match lever:
            case "hold":
                hold(unit, name, reason=reason_in(fields), by=by, now=now)
            case "release":
                release(unit, name, by=by, now=now)
            case "pause":
                pause(unit, name, by=by, now=now)
            case "drain":
                drain(unit, name, by=by, now=now)


def reason_in(fields: Mapping[str, str]) -> str:
    """Why, in one line. Raises NotAllowed where it is missing."""
    reason = " ".join(fields.get("reason", "").split())[:500]
    if not reason:
        raise NotAllowed("Say why: it is journalled and shown.")
    return reason


def _late(fields: Mapping[str, str]) -> Late:
    try:
        return Late(fields.get("late", ""))
    except ValueError:
        raise NotAllowed("Say what becomes of what came due meanwhile.") from None
