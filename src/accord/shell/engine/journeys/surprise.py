"""The guard: a scenario that queues far more mails than its accepted forecast holds itself, until somebody looks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from accord.core.model.time import local_day
from accord.core.model.venue import Venue
from accord.shell.engine.journeys.steering import tell_of
from accord.shell.engine.ports.running import GUARD, Activation
from accord.shell.engine.ports.store import Unit

# The subject of the team's tasks.
SURPRISE = "surprise"

# Fewer mails than so many beyond the forecast are no surprise, however few were forecast.
FLOOR = 25


def expected(activation: Activation, today: date) -> int | None:
    """How many mails may have been queued by the end of `today`; None where nobody can say.

    What was forecast up to then, or what somebody has looked at since, whichever is more. None without a
    forecast, and beyond its last day.
    """
    if not activation.forecast or today > max(activation.forecast):
        return None
    so_far = sum(mails for day, mails in activation.forecast.items() if day <= today)
    return max(so_far, activation.accepted)


def is_surprise(queued: int, forecast: int, times: float) -> bool:
    """Whether so many mails are more than `times` the forecast, and by enough to be worth an alarm."""
    return queued > times * forecast and queued - forecast >= FLOOR


def count_and_look(unit: Unit, queued: Mapping[str, int], venue: Venue, *, now: datetime) -> None:
    """Count mails that were just queued, by scenario, in their own transaction; hold what surprises.

    What is queued has not left: the brake holds the very mails that are too many. It is one row that all
    daemons count in, so that together they see what none sees alone.
    """
    if not queued:
        return
    today = local_day(now, venue.entity.clock)
    held = {brake.name for brake in unit.brakes()}
    for activation in unit.running.count_mails(queued):
        forecast = expected(activation, today)
        if forecast is None or activation.name in held:
            continue
        if is_surprise(activation.queued, forecast, venue.surprise):
            _hold(unit, activation, forecast, now)


def _hold(unit: Unit, activation: Activation, forecast: int, now: datetime) -> None:
    name, queued = activation.name, activation.queued
    reason = f"SURPRISE: {queued} mails since it went live, where {forecast} were to be expected by today"
    unit.hold(name, reason, GUARD, now)
    tell_of(unit, "scenario.held", [name], GUARD, now, reason=reason)
    body = {"scenario": name, "mails": queued, "expected": forecast, "activated_by": activation.by}
    unit.keeping.raise_task(SURPRISE, name, body, now)
