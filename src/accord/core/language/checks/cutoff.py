"""Reactivation ends before the cut-off (R-47): the calendar is walked for whoever comes in last of all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from accord.core.language.checks.checked import Checked, error
from accord.core.language.checks.reach import conjuncts
from accord.core.language.flow import positions, ways_on
from accord.core.model.consent import Nature
from accord.core.model.expression import Comparator, Compare, DaysAgo, Expression, Name
from accord.core.model.place import Diagnostic
from accord.core.model.scenario import OnDate, OnSegment, Scenario, Send, Step, WaitUntil
from accord.core.model.time import Duration, add_months, later, start_of_day
from accord.core.steps.planning import next_hour, next_opening

# A year of last actions, so that every length of month and every weekday takes its turn.
FIRST = date(2025, 3, 1)
A_YEAR = 366

_LONGEST_MONTHS = 36


@dataclass(frozen=True, slots=True)
class _Case:
    """Somebody who acted last on a day: the day of the cut-off, and the zone in which days begin."""

    acted: date
    ends: date
    zone: ZoneInfo

    @property
    def end(self) -> datetime:
        """The first instant at which nothing may go any more."""
        return start_of_day(self.ends, self.zone)


def reactivation_ends_in_time(checked: Checked) -> Iterator[Diagnostic]:
    """No reactivation mail can fall at or after the cut-off, whoever comes in when."""
    steps = [step for step in checked.scenario.steps.values() if _reactivates(step)]
    if not steps or not checked.draft.entry_read or not checked.draft.steps_read:
        return
    zone = checked.venue.entity.clock
    months = min(checked.venue.retention.months, _LONGEST_MONTHS)
    worst: dict[str, tuple[timedelta, timedelta]] = {}
    for ahead in range(A_YEAR):
        acted = FIRST + timedelta(ahead)
        case = _Case(acted, add_months(acted, months), zone)
        begins = _last_entry(checked.scenario, case)
        for name, instant in _latest(checked.scenario, case, begins).items():
            if _reactivates(checked.scenario.steps[name]) and instant >= case.end:
                overrun = (case.end - begins, instant - begins)
                worst.setdefault(name, overrun)
    for step in steps:
        if step.name in worst:
            left, taken = worst[step.name]
            message = (
                f"«{step.name}» can fall at or after the cut-off: people may enter {_days(left)} before it, "
                f"and get here {_days(taken)} later."
            )
            hint = 'Let them in earlier, such as with last_action.age <= "34 months", or wait less.'
            yield error(step.span, "reactivation-too-late", message, hint)


def _reactivates(step: Step) -> bool:
    return isinstance(step.verb, Send) and step.verb.nature is Nature.REACTIVATION


def _days(span: timedelta) -> str:
    days = max(round(span / timedelta(days=1)), 0)
    return "less than a day" if days == 0 else f"{days} day{'s' if days != 1 else ''}"


def _last_entry(scenario: Scenario, case: _Case) -> datetime:
    """The last instant at which somebody can come in before the cut-off."""
    entry = scenario.entry
    conditions = [entry.condition]
    if isinstance(entry.trigger, OnSegment):
        conditions.append(entry.trigger.segment)
    latest = case.end - timedelta(minutes=1)
    for condition in conditions:
        latest = min(latest, _allowed_until(condition, case))
    if isinstance(entry.trigger, OnDate):
        base = entry.trigger.rule.base.tree
        days = {"contact.expires_on": case.ends, "last_action.at": case.acted}
        if isinstance(base, Name) and base.path in days:
            day = start_of_day(days[base.path], case.zone)
            latest = min(latest, later(day, entry.trigger.rule.shift, case.zone))
    return latest


def _allowed_until(condition: Expression | None, case: _Case) -> datetime:
    """The last instant at which a condition that bounds the age of the last action can hold."""
    latest = datetime.max.replace(tzinfo=UTC)
    for part in conjuncts(condition.tree) if condition is not None else ():
        match part:
            case Compare(Name("last_action.at"), Comparator.GE | Comparator.GT as sign, DaysAgo(age)):
                day = _last_day(case.acted, age, strict=sign is Comparator.GT)
                latest = min(latest, start_of_day(day + timedelta(1), case.zone) - timedelta(minutes=1))
    return latest


def _last_day(acted: date, age: Duration, *, strict: bool) -> date:
    """The last day on which `acted` is no more than `age` back, by the same sum as in conditions."""
    day = add_months(acted, age.months) + timedelta(days=age.days + 4)
    while add_months(day, -age.months) - timedelta(days=age.days) > acted - timedelta(days=strict):
        day -= timedelta(1)
    return day


def _latest(scenario: Scenario, case: _Case, begins: datetime) -> dict[str, datetime]:
    """The latest instant at which each step can be done; steps only lead forward, so one pass does."""
    order = positions(scenario)
    arrives = {scenario.first: begins}
    done: dict[str, datetime] = {}
    for step in scenario.steps.values():
        if step.name not in arrives:
            continue
        planned = _planned(step, scenario, case, arrives[step.name])
        done[step.name] = min(planned, max(_allowed_until(step.condition, case), begins))
        left = planned
        if isinstance(step.verb, WaitUntil):
            left = later(planned, step.verb.at_most, case.zone)
        for target in ways_on(scenario, step):
            if order.get(target, -1) > order[step.name]:
                arrives[target] = max(arrives.get(target, left), left)
    return done


def _planned(step: Step, scenario: Scenario, case: _Case, decided: datetime) -> datetime:
    """When a step is planned, counted from when the one before was decided; an unknown date is any."""
    instant = decided
    if step.date is not None:
        base = step.date.base.tree
        known = isinstance(base, Name) and base.path == "contact.expires_on"
        shifted = later(case.end, step.date.shift, case.zone) if known else case.end
        instant = max(instant, shifted)
    elif step.after is not None:
        instant = later(decided, step.after, case.zone)
    if step.at is not None:
        instant = next_hour(instant, step.at, case.zone)
    if scenario.hours is not None:
        instant = next_opening(instant, scenario.hours, case.zone)
    return instant
