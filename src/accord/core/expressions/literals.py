"""Literals: what an author may write for a value, and how a text becomes the date or hour that stands beside it."""

from __future__ import annotations

import math
import re
from datetime import date, datetime

from accord.core.model.expression import Constant, Operand, Type

# The largest whole number that every database and every JSON reader keeps exactly.
LARGEST = 2**53 - 1

# Outside of these years calendar sums in a zone have no room.
FIRST_YEAR, LAST_YEAR = 1900, 9000

_DAY_OF_YEAR = re.compile(r"(\d\d)-(\d\d)")


class Unfit(Exception):
    """A text that is not the date that its place needs; the message is how to write one."""


def constant(value: object) -> Constant | str:
    """A literal with its type, or why it can't be one."""
    match value:
        case bool():
            return Constant(value, Type.BOOLEAN)
        case int() if abs(value) <= LARGEST:
            return Constant(value, Type.INTEGER)
        case float() if math.isfinite(value):
            return Constant(value, Type.NUMBER)
        case str() if not any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in value):
            return Constant(value, Type.TEXT)
        case str():
            return "The text holds a character that no text can hold."
        case None:
            return "Ask `is none` for what is missing."
    return f"A number lies between -{LARGEST} and {LARGEST}."


def fitted(operand: Operand, kind: Type) -> Operand:
    """A text beside a date is a date, beside an instant an instant or a date. Raises Unfit for a bad one."""
    text = operand.value if isinstance(operand, Constant) else None
    if not isinstance(text, str):
        return operand
    try:
        match kind:
            case Type.DAY_OF_YEAR:
                return Constant(_day_of_year(text), kind)
            case Type.INSTANT if "T" in text:
                return Constant(_instant(text), kind)
            case Type.INSTANT | Type.DATE:
                return Constant(_in_range(date.fromisoformat(text)), Type.DATE)
    except ValueError:
        shapes = {Type.DAY_OF_YEAR: "MM-DD", Type.DATE: "2026-09-01"}
        raise Unfit(shapes.get(kind, "2026-09-01 or 2026-09-01T10:00+02:00")) from None
    return operand


def _day_of_year(text: str) -> date:
    match = _DAY_OF_YEAR.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return date(2000, int(match[1]), int(match[2]))


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(text)
    _in_range(instant.date())
    return instant


def _in_range(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(str(day))
    return day
