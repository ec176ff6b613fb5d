"""Reactivation ends before the cut-off (R-47): the calendar is walked for whoever comes in last of all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from accord.core.consent.retention import LONGEST_MONTHS
from accord.core.language.checks.checked import Checked, error
from accord.core.language.checks.parts import conjuncts
from accord.core.language.flow import positions, ways_on
from accord.core.model.consent import Nature
from accord.core.model.expression import Comparator, Compare, DaysAgo, Expression, Name
from accord.core.model.place import Diagnostic
from accord.core.model.scenario import DateRule, OnDate, OnSegment, Scenario, Send, Step, WaitUntil
from accord.core.model.time import Duration, add_months, later, start_of_day
from accord.core.steps.planning import next_hour, next_opening

# The days of last actions that are tried: from here to three years on, months are counted across a February
# of 28 days, which is where they are shortest, and every weekday takes its turn.
FIRST, DAYS = date(2022, 12, 25), 100


@dataclass(frozen=True, slots=True)
class _Case:
    """Somebody who acted last on a day: the first instant at which nothing may go any more."""

    acted: date
    end: datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class _Bound:
    """`last_action.age` is at most, or if `strict` less than, so much."""

    age: Duration
    strict: bool

    def holds_until(self, case: _Case) -> datetime:
        """The last instant at which it holds, by the same sum as conditions are asked with."""
        newest = case.acted - timedelta(days=self.strict)
        day = add_months(case.acted, self.age.months) + timedelta(days=self.age.days + 3)
        while add_months(day, -self.age.months) - timedelta(days=self.age.days) > newest:
            day -= timedelta(1)
        return start_of_day(day + timedelta(1), case.zone) - timedelta(minutes=1)


def reactivation_ends_in_time(checked: Checked) -> Iterator[Diagnostic]:
    """No reactivation mail can fall at or after the cut-off, whoever comes in when."""
    scenario = checked.scenario
    steps = [step for step in scenario.steps.values() if _reactivates(step)]
    if not steps or not checked.draft.entry_read or not checked.draft.steps_read:
        return
    walk = _Walk(scenario)
    months = min(checked.venue.retention.months, LONGEST_MONTHS)
    zone = checked.venue.entity.clock
    late: dict[str, tuple[timedelta, timedelta]] = {}
    for ahead in range(DAYS):
        acted = FIRST + timedelta(ahead)
        case = _Case(acted, start_of_day(add_months(acted, months), zone), zone)
        begins = walk.last_entry(case)
        done = walk.latest(case, begins)
        for step in steps:
            if step.name in done and done[step.name] >= case.end:
                late.setdefault(step.name, (case.end - begins, done[step.name] - begins))
    for step in steps:
        if step.name in late:
            left, taken = late[step.name]
            message = (
                f"«{step.name}» can fall at or after the cut-off: people may enter {_days(left)} before it, "
                f"and get here {_days(taken)} later."
            )
            hint = 'Let them in earlier, such as with last_action.age <= "34 months", or wait less.'
            yield error(step.span, "reactivation-too-late", message, hint)


def _reactivates(step: Step) -> bool:
    return isinstance(step.verb, Send) and step.verb.nature is Nature.REACTIVATION


def _days(span: timedelta) -> str:
    days = round(span / timedelta(days=1))
    return f"{days} day{'s' if days != 1 else ''}" if days > 0 else "less than a day"


class _Walk:
    """One scenario's calendar: the last entry, and the latest instant of each step after it."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.order = positions(scenario)
        self.ways = {step.name: ways_on(scenario, step) for step in scenario.steps.values()}
        self.bounds = {step.name: _bounds(step.condition) for step in scenario.steps.values()}
        entry = scenario.entry
        self.entry_bounds = _bounds(entry.condition)
        if isinstance(entry.trigger, OnSegment):
            self.entry_bounds += _bounds(entry.trigger.segment)

    def last_entry(self, case: _Case) -> datetime:
        """The last instant at which somebody can come in before the cut-off."""
        latest = [case.end - timedelta(minutes=1), *(each.holds_until(case) for each in self.entry_bounds)]
        trigger = self.scenario.entry.trigger
        if isinstance(trigger, OnDate) and _base(trigger.rule) == "contact.expires_on":
            latest.append(later(case.end, trigger.rule.shift, case.zone))
        if isinstance(trigger, OnDate) and _base(trigger.rule) == "last_action.at":
            latest.append(later(start_of_day(case.acted, case.zone), trigger.rule.shift, case.zone))
        return min(latest)

    def latest(self, case: _Case, begins: datetime) -> dict[str, datetime]:
        """The latest instant at which each step can be done; steps only lead forward, so one pass does."""
        arrives = {self.scenario.first: begins}
        done: dict[str, datetime] = {}
        for step in self.scenario.steps.values():
            if step.name not in arrives:
                continue
            planned = self._planned(step, case, arrives[step.name])
            bounds = [each.holds_until(case) for each in self.bounds[step.name]]
            done[step.name] = min([planned, *bounds])
            left = planned
            if isinstance(step.verb, WaitUntil):
                left = later(planned, step.verb.at_most, case.zone)
            for target in self.ways[step.name]:
                if self.order.get(target, -1) > self.order[step.name]:
                    arrives[target] = max(arrives.get(target, left), left)
        return done

    def _planned(self, step: Step, case: _Case, decided: datetime) -> datetime:
        """When a step is planned, counted from when the one before was decided; an unknown date can be any."""
        instant = decided
        if step.date is not None:
            known = _base(step.date) == "contact.expires_on"
            instant = max(decided, later(case.end, step.date.shift, case.zone) if known else case.end)
        elif step.after is not None:
            instant = later(decided, step.after, case.zone)
        if step.at is not None:
            instant = next_hour(instant, step.at, case.zone)
        if self.scenario.hours is not None:
            instant = next_opening(instant, self.scenario.hours, case.zone)
        return instant


def _base(rule: DateRule) -> str:
    """The name that a date rule counts from."""
    return rule.base.tree.path if isinstance(rule.base.tree, Name) else ""


def _bounds(condition: Expression | None) -> list[_Bound]:
    """What a condition says of the greatest age of the last action."""
    found = []
    for part in conjuncts(condition.tree) if condition is not None else ():
        match part:
            case Compare(Name("last_action.at"), Comparator.GE | Comparator.GT as sign, DaysAgo(age)):
                found.append(_Bound(age, sign is Comparator.GT))
    return found
