"""Entering by a day of the person's own: each day asks for those whose shifted day it is."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from accord.core.model.expression import Comparator, Compare, Constant, Expression, Operand, Or, Type
from accord.core.model.scenario import OnDate
from accord.core.model.time import Duration, add_months, local_day, start_of_day
from accord.core.triggers.occasion import Occasion

# A daemon down for longer than this wishes nobody a happy birthday.
MOST_DAYS = 31


def days(trigger: OnDate, after: datetime, until: datetime, zone: ZoneInfo) -> tuple[Occasion, ...]:
    """One occasion a day, at the day's first instant in the entity's zone, each with the segment it asks."""
    last = local_day(until, zone)
    first = max(local_day(after, zone), last - timedelta(MOST_DAYS))
    found = []
    for ahead in range((last - first).days + 1):
        day = first + timedelta(ahead)
        begins = start_of_day(day, zone)
        if after < begins <= until:
            found.append(Occasion(begins, day.isoformat(), whose_day_is(trigger, day)))
    return tuple(found)


def whose_day_is(trigger: OnDate, day: date) -> Expression:
    """The condition that holds for those whose day, shifted as the rule says, is `day`.

    Several days may lead to one (31 and 30 January plus a month are both 28 February), so the days around
    the one that the opposite shift gives are tried.
    """
    rule = trigger.rule
    operand = rule.base.tree
    if not isinstance(operand, Operand):
        raise TypeError(f"{rule.base.source} is a condition, not a day")
    middle = _shift(day, -rule.shift)
    around = (middle + timedelta(n) for n in range(-4, 5))
    kind = Type.DAY_OF_YEAR if rule.base.type is Type.DAY_OF_YEAR else Type.DATE
    parts = tuple(
        Compare(operand, Comparator.EQ, Constant(start, kind))
        for start in around
        if _shift(start, rule.shift) == day
    )
    return Expression(
        rule.base.source, rule.base.span, parts[0] if len(parts) == 1 else Or(parts), Type.BOOLEAN
    )


def _shift(day: date, shift: Duration) -> date:
    return add_months(day, shift.months) + timedelta(days=shift.days + shift.hours // 24)
