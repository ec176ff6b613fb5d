"""The fields of an event as a door is told them: JSON values, each read by the type that it was declared with."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from accord.core.expressions.literals import FIRST_YEAR, LARGEST, LAST_YEAR
from accord.core.expressions.names import fields_of
from accord.core.model.expression import Type, Value
from accord.core.model.venue import Venue

# Whoever tells more than this tells no fact about one person.
LONGEST_TEXT, LONGEST_LIST = 10_000, 1_000

# The range of a number that means something only within it.
_RANGES: Mapping[str, tuple[int, int]] = {"newsletters_per_month": (0, 1000)}


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with one field of what a door was told: its name, and why it can't be taken."""

    field: str
    reason: str


class Unreadable(ValueError):
    """A value that is not of its type; the text says what was told and what is needed."""


def read_fields(name: str, told: Any, venue: Venue) -> tuple[Mapping[str, Value], tuple[FieldFault, ...]]:
    """The fields of the event `name`, typed, and every fault in them.

    Types come from EVENTS, [events] and, for `contact.updated`, [attributes]. A null is «no value», and stays
    as such: it is how a wish is taken back. An instant without an offset is the entity's.
    """
    if not isinstance(told, Mapping):
        return {}, (FieldFault("data", f"{shown(told)} is not a map of fields"),)
    declared = fields_at_the_door(name, venue)
    values: dict[str, Value] = {}
    faults: list[FieldFault] = []
    for field, value in told.items():
        if field not in declared:
            known = ", ".join(declared) or "none"
            faults.append(FieldFault(str(field), f"{name} has no such field; it has: {known}"))
            continue
        try:
            values[field] = read_value(value, declared[field], venue.entity.clock)
            _in_range(field, values[field])
        except Unreadable as fault:
            faults.append(FieldFault(field, str(fault)))
    return values, tuple(faults)


def fields_at_the_door(name: str, venue: Venue) -> Mapping[str, Type]:
    """What may be told of an event: its own fields, and for a rectification whatever is known of people."""
    if name != "contact.updated":
        return fields_of(name, venue)
    attributes = {each.name: each.type for each in venue.attributes.values()}
    return {"language": Type.TEXT, "zone": Type.TEXT, **attributes}


def read_value(value: Any, kind: Type, zone: ZoneInfo) -> Value:
    """One JSON value as one of `kind`; null is None. Raises Unreadable."""
    return None if value is None else _READ[kind](value, zone)


def read_instant(value: Any, zone: ZoneInfo) -> datetime:
    """An ISO instant in UTC; a date is the start of that day, and what bears no offset is the zone's.

    Raises Unreadable.
    """
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (ValueError, TypeError):
        raise Unreadable(f"{shown(value)} is no instant; write 2026-09-01T10:00+02:00") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Unreadable(f"{shown(value)} lies outside of the years {FIRST_YEAR} to {LAST_YEAR}")
    return (found if found.tzinfo is not None else found.replace(tzinfo=zone)).astimezone(UTC)


def read_text(value: Any, _zone: ZoneInfo | None = None) -> str:
    """Text that can be kept and written out again. Raises Unreadable."""
    if not isinstance(value, str):
        raise Unreadable(f"{shown(value)} is not text")
    if len(value) > LONGEST_TEXT:
        raise Unreadable(f"it is longer than {LONGEST_TEXT} characters")
    if "\0" in value or not _has_bytes(value):
        raise Unreadable("it holds a character that no text can hold")
    return value


def is_text(value: Any) -> bool:
    """Whether a value is text that can be kept."""
    try:
        read_text(value)
    except Unreadable:
        return False
    return True


def shown(value: Any) -> str:
    """A value from outside as a fault quotes it: short enough for one line, and harmless on a terminal."""
    said = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    said = "".join(character if character.isprintable() else "�" for character in said)
    return f"«{said[:60]}…»" if len(said) > 60 else f"«{said}»"


def _has_bytes(value: str) -> bool:
    """Half of a surrogate pair is no character: it can be written nowhere."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _integer(value: Any, _: ZoneInfo) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unreadable(f"{shown(value)} is not a whole number")
    if abs(value) > LARGEST:
        raise Unreadable(f"a number must lie between -{LARGEST} and {LARGEST}")
    return value


def _number(value: Any, zone: ZoneInfo) -> float:
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, float | bool) or not isinstance(value, int):
        raise Unreadable(f"{shown(value)} is not a number")
    return _integer(value, zone)


def _boolean(value: Any, _: ZoneInfo) -> bool:
    if not isinstance(value, bool):
        raise Unreadable(f"{shown(value)} is neither true nor false")
    return value


def _date(value: Any, _: ZoneInfo) -> date:
    try:
        found = date.fromisoformat(value)
    except (ValueError, TypeError):
        raise Unreadable(f"{shown(value)} is no date; write 2026-09-01") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Unreadable(f"{shown(value)} lies outside of the years {FIRST_YEAR} to {LAST_YEAR}")
    return found


def _day_of_year(value: Any, _: ZoneInfo) -> date:
    """A day that comes every year, kept in a leap year so that 29 February is one."""
    try:
        found = date.fromisoformat(f"2000-{value}" if len(value) == len("09-14") else value)
    except (ValueError, TypeError):
        raise Unreadable(f"{shown(value)} is no day of the year; write 09-14") from None
    return found


def _texts(value: Any, _: ZoneInfo) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise Unreadable(f"{shown(value)} is not a list of texts")
    if len(value) > LONGEST_LIST:
        raise Unreadable(f"it has more than {LONGEST_LIST} entries")
    return tuple(read_text(each) for each in value)


def _in_range(field: str, value: Value) -> None:
    least, most = _RANGES.get(field, (None, None))
    if least is not None and most is not None and isinstance(value, int) and not least <= value <= most:
        raise Unreadable(f"{value} is not between {least} and {most}")


_READ: Mapping[Type, Callable[[Any, ZoneInfo], Value]] = {
    Type.TEXT: read_text,
    Type.INTEGER: _integer,
    Type.NUMBER: _number,
    Type.BOOLEAN: _boolean,
    Type.DATE: _date,
    Type.DAY_OF_YEAR: _day_of_year,
    Type.INSTANT: read_instant,
    Type.TEXTS: _texts,
}
