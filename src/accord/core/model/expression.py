"""The typed tree of an expression, as the checks leave it and the walkers read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from accord.core.model.place import Span
from accord.core.model.time import Duration

Value: TypeAlias = str | int | float | bool | date | datetime | tuple[str, ...] | None


class Type(StrEnum):
    """The types of attributes, event fields and names in expressions."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DAY_OF_YEAR = "day_of_year"
    INSTANT = "instant"
    TEXTS = "list of text"


class Comparator(StrEnum):
    """The six comparisons; text compares by code point, a missing side makes each of them false."""

    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal: text, number, true or false; a date or an instant where its other side is one."""

    value: Value
    type: Type


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted name such as `contact.city`, `event.order_id`, `orders.last.at`, `today`, `this`."""

    path: str
    type: Type


@dataclass(frozen=True, slots=True)
class Question:
    """One of the listed calls: `consent("newsletter")`, `clicked("offre")`, `sent("offre")`.

    `consent` is text (a consent state), the others are true or false.
    """

    function: str
    argument: str
    type: Type


@dataclass(frozen=True, slots=True)
class DaysAgo:
    """The date that lies `duration` before today, in the entity's zone (calendar months).

    `X.age >= "30 months"` is rewritten once into `X <= DaysAgo(30 months)`.
    """

    duration: Duration


Operand: TypeAlias = Constant | Name | Question | DaysAgo


@dataclass(frozen=True, slots=True)
class Compare:
    """Two operands of one type; false when either is missing."""

    left: Operand
    comparator: Comparator
    right: Operand


@dataclass(frozen=True, slots=True)
class Among:
    """`left in [a, b]`, or `left not in [a, b]`; false when `left` is missing."""

    left: Operand
    values: tuple[Operand, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class IsNone:
    """`left is none`, or `left is not none`: the one question that a missing value answers."""

    left: Operand
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """An operand of type boolean, standing alone; missing is false."""

    operand: Operand


@dataclass(frozen=True, slots=True)
class Not:
    """True exactly where its inner condition is false."""

    inner: Condition


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of them."""

    parts: tuple[Condition, ...]


Condition: TypeAlias = "Compare | Among | IsNone | Truth | Not | And | Or"


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression: a condition (`if:`) or an operand (`per:`, `set:`, `promotes:`, `date:`)."""

    source: str
    span: Span
    tree: Condition | Operand
    type: Type
