"""The walker: an expression asked of one person in memory. Segments ask the same of a whole base in SQL."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from accord.core.model.decision import Situation
from accord.core.model.event import Event
from accord.core.model.expression import (
    Among,
    And,
    Comparator,
    Compare,
    Condition,
    Constant,
    DaysAgo,
    Expression,
    IsNone,
    Name,
    Not,
    Operand,
    Or,
    Question,
    Truth,
    Type,
    Value,
)
from accord.core.model.message import PastMail
from accord.core.model.order import OrderLine
from accord.core.model.time import add_months, local_day
from accord.core.model.venue import Venue


def holds(expression: Expression, situation: Situation, venue: Venue, *, now: datetime) -> bool:
    """Whether a condition is true of this person now. A comparison with a missing value is false."""
    return _Asked(situation, venue, now).condition(expression.tree)


def value_of(expression: Expression, situation: Situation, venue: Venue, *, now: datetime) -> Value:
    """What an expression gives for this person now; None where it is missing."""
    asked = _Asked(situation, venue, now)
    if isinstance(expression.tree, Operand):
        return asked.operand(expression.tree)
    return asked.condition(expression.tree)


_COMPARE: Mapping[Comparator, Callable[[Any, Any], bool]] = {
    Comparator.EQ: operator.eq,
    Comparator.NE: operator.ne,
    Comparator.LT: operator.lt,
    Comparator.LE: operator.le,
    Comparator.GT: operator.gt,
    Comparator.GE: operator.ge,
}


class _Asked:
    def __init__(self, situation: Situation, venue: Venue, now: datetime) -> None:
        self.situation, self.venue = situation, venue
        self.today = local_day(now, venue.entity.clock)

    def condition(self, tree: Condition | Operand) -> bool:
        match tree:
            case And(parts):
                return all(self.condition(part) for part in parts)
            case Or(parts):
                return any(self.condition(part) for part in parts)
            case Not(inner):
                return not self.condition(inner)
            case Compare(left, comparator, right):
                return self._compare(left, comparator, right)
            case Among(left, values, negated):
                if self.operand(left) is None:
                    return False
                return negated != any(self._compare(left, Comparator.EQ, value) for value in values)
            case IsNone(left, negated):
                return (self.operand(left) is None) != negated
            case Truth(operand):
                return self.operand(operand) is True
        return self.operand(tree) is True

    def _compare(self, left: Operand, comparator: Comparator, right: Operand) -> bool:
        one, other = self.operand(left), self.operand(right)
        if one is None or other is None:
            return False
        one, other = self._alike(one, other, left, right)
        return bool(_COMPARE[comparator](one, other))

    def _alike(self, one: Value, other: Value, left: Operand, right: Operand) -> tuple[Value, Value]:
        """An instant beside a day is the day that it falls on, in the entity's zone."""
        if Type.DAY_OF_YEAR in (_kind(left), _kind(right)):
            return self._month_and_day(one), self._month_and_day(other)
        if isinstance(one, datetime) != isinstance(other, datetime):
            return self._day(one), self._day(other)
        return one, other

    def _day(self, value: Value) -> Value:
        return local_day(value, self.venue.entity.clock) if isinstance(value, datetime) else value

    def _month_and_day(self, value: Value) -> str:
        day = self._day(value)
        return f"{day:%m-%d}" if isinstance(day, date) else str(day)

    def operand(self, tree: Operand) -> Value:
        match tree:
            case Constant(value):
                return value
            case DaysAgo(duration):
                return add_months(self.today, -duration.months) - timedelta(days=duration.days)
            case Question(function, argument):
                return self._question(function, argument)
            case Name(path):
                return self._name(path)

    # -- names --------------------------------------------------------------------------------------------

    def _name(self, path: str) -> Value:
        if path == "today":
            return self.today
        if path == "this":
            return self.situation.this
        room, _, name = path.partition(".")
        if room == "event":
            return _field(self.situation.entered_by, name)
        if room == "it":
            return _field(self.situation.it, name)
        known = _KNOWN.get(path)
        if known is not None:
            return known(self)
        return self.situation.contact.attributes.get(name) if room == "contact" else None

    def expires_on(self) -> date:
        """The day of the cut-off (R-40), the last action's or the collection's months later."""
        contact = self.situation.contact
        begins = local_day(contact.last_action_at or contact.collected_at, self.venue.entity.clock)
        return add_months(begins, self.venue.retention.months)

    def purchases(self) -> list[OrderLine]:
        """The lines that were really bought, oldest first."""
        return [line for line in self.situation.lines if line.is_purchase]

    def last_purchase(self) -> OrderLine | None:
        """The newest line bought; of several placed at one instant the last."""
        bought = self.purchases()
        return max(enumerate(bought), key=lambda pair: (pair[1].placed_at, pair[0]))[1] if bought else None

    def _question(self, function: str, argument: str) -> Value:
        if function == "consent":
            purpose, _, kind = argument.partition("/")
            return self.situation.consents.of(purpose, kind).status.value
        mails = [mail for mail in self.situation.mails if self._is(mail, argument)]
        return any(mail.clicked for mail in mails) if function == "clicked" else bool(mails)

    def _is(self, mail: PastMail, place: str) -> bool:
        scenario, slash, step = place.partition("/")
        if slash:
            return mail.scenario == scenario and mail.step == step
        run = self.situation.enrolment
        return run is not None and mail.enrolment_id == run.id and mail.step == place


def _field(event: Event | None, name: str) -> Value:
    return event.data.get(name) if event is not None else None


def _kind(operand: Operand) -> Type | None:
    return operand.type if isinstance(operand, Name | Constant) else None


_KNOWN: Mapping[str, Callable[[_Asked], Value]] = {
    "contact.language": lambda asked: asked.situation.contact.language,
    "contact.zone": lambda asked: asked.situation.contact.zone,
    "contact.expires_on": lambda asked: asked.expires_on(),
    "contact.from_third_party": lambda asked: asked.situation.contact.from_third_party,
    "orders.count": lambda asked: len({line.order_id for line in asked.purchases()}),
    "orders.last.at": lambda asked: last.placed_at if (last := asked.last_purchase()) else None,
    "orders.last.family": lambda asked: last.family if (last := asked.last_purchase()) else None,
    "last_action.at": lambda asked: asked.situation.contact.last_action_at,
    "preferences.newsletters_per_month": lambda asked: (
        asked.situation.contact.preferences.newsletters_per_month
    ),
}
