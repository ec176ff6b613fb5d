"""What becomes of a run when its scenario goes on after a pause, and when it moves to another version."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from accord.core.decide import skip_step
from accord.core.model.content import Catalogue
from accord.core.model.decision import Decision, Effect, Move, Situation
from accord.core.model.enrolment import Enrolment, RunState
from accord.core.model.scenario import Call, Scenario, Send, Step
from accord.core.steps.planning import next_hour, next_opening, plan
from accord.core.versions import same_timing

MISSED = "MISSED_IN_PAUSE"


class Late(StrEnum):
    """What becomes of that whose instant has passed while a scenario stood still.

    `skip`: mails are skipped, what only chooses or writes is done now. `send`: it is done now. `shift`:
    everything is put off by as long as it stood still, what had not come due yet as well.
    """

    SKIP = "skip"
    SEND = "send"
    SHIFT = "shift"


def goes_on(
    situation: Situation, catalogue: Catalogue, late: Late, *, since: datetime, now: datetime
) -> Decision:
    """What becomes of one run that stood still from `since` to `now`: where it goes, and when.

    Nothing is late for a pause: what is planned anew is planned from `now` on. A step that hangs on a date
    is never shifted, for the date is not either.
    """
    run, scenario, step = _where(situation, catalogue)
    zone = ZoneInfo(situation.contact.zone)
    if late is Late.SHIFT and step.date is None:
        stood = now - max(since, run.decided_at)
        planned, due = (
            _opened(instant + stood, run, step, scenario, zone) for instant in (run.planned_at, run.due_at)
        )
        return Decision((Move(step.name, max(due, now), max(planned, now), run.state),))
    if run.due_at > now:
        return Decision()
    if late is Late.SKIP and run.state is RunState.DUE and isinstance(step.verb, Send | Call):
        return skip_step(situation, catalogue, MISSED, now=now)
    first = opening(scenario, zone, now)
    return Decision((Move(step.name, first, first, run.state),))


def moves(situation: Situation, catalogue: Catalogue, new: Scenario, *, now: datetime) -> Decision:
    """When a run that moves to the version `new` takes its step: as before, or as `new` plans it.

    A wait that has begun ends when it was to. What would have been earlier by now is due now, and not late.
    """
    run, old, _ = _where(situation, catalogue)
    if run.state is RunState.WAITING or same_timing(run.step, old, new):
        return Decision()
    step = new.steps[run.step]
    planned = plan(step, new, situation, catalogue.venue, decided_at=run.decided_at, now=now) or now
    first = max(planned, opening(new, ZoneInfo(situation.contact.zone), now))
    return Decision((Move(step.name, first, first, run.state),))


def opening(scenario: Scenario, zone: ZoneInfo, instant: datetime) -> datetime:
    """The first instant from `instant` on at which the scenario's hours let anything happen."""
    return next_opening(instant, scenario.hours, zone) if scenario.hours is not None else instant


def put_off(decision: Decision, offset: timedelta, scenario: Scenario, zone: ZoneInfo) -> Decision:
    """The decision with its moves put off, so that a backlog does not come at once; nothing is late for it."""
    return Decision(tuple(_later(effect, offset, scenario, zone) for effect in decision.effects))


def _later(effect: Effect, offset: timedelta, scenario: Scenario, zone: ZoneInfo) -> Effect:
    if not isinstance(effect, Move):
        return effect
    instant = opening(scenario, zone, effect.due_at + offset)
    return replace(effect, due_at=instant, planned_at=instant)


def _opened(instant: datetime, run: Enrolment, step: Step, scenario: Scenario, zone: ZoneInfo) -> datetime:
    """The next instant that `at` and the scenario's hours allow; a wait heeds neither."""
    if run.state is RunState.WAITING:
        return instant
    if step.at is not None:
        instant = next_hour(instant, step.at, zone)
    return opening(scenario, zone, instant)


def _where(situation: Situation, catalogue: Catalogue) -> tuple[Enrolment, Scenario, Step]:
    run = situation.enrolment
    if run is None:
        raise ValueError("this is about a run, and the situation has none")
    scenario = catalogue.versions[run.digest]
    return run, scenario, scenario.steps[run.step]
