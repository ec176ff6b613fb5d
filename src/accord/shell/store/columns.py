"""Column types: instants that are always aware and in UTC, and JSON that gives back what it was given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from accord.core.model.coding import dumps, loads, stored_instant


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, kept in UTC: SQLite, which knows no zones, gives naive ones back otherwise.

    SQLite keeps ISO text with six digits of microseconds, so that instants compare as text.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Text on SQLite, `timestamptz` on PostgreSQL."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """From an instant to what is kept; ValueError for a naive one: nobody knows when that is."""
        return _as_text if dialect.name == "sqlite" else _in_utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """From what is kept to the instant, aware and in UTC."""
        return _from_text if dialect.name == "sqlite" else _in_utc


# The rows of a batch have most of their instants in common.
@lru_cache(maxsize=4096)
def _as_text(value: datetime | None) -> str | None:
    return None if value is None else stored_instant(_aware(value))


@lru_cache(maxsize=4096)
def _from_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else _aware(value).astimezone(UTC)


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"a naive instant can't be stored: {value.isoformat()}")
    return value


class Json(TypeDecorator[Any]):
    """A JSON document in a text column: instants, days and tuples come back as what they were."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:
        """From a document to compact text with sorted keys."""
        return _json

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], Any]:
        """From that text to the document."""
        return _document


def _json(value: Any) -> str | None:
    return None if value is None else dumps(value)


def _document(text: str | None) -> Any:
    return None if text is None else loads(text)


class ListOf(TypeDecorator[Any]):
    """Values of one type as one parameter, for PostgreSQL, written as it reads them.

    The driver asks each value of a list what it is; the columns of a batch hold few values again and again.
    """

    impl = ARRAY
    cache_ok = True

    def __init__(self, kind: TypeEngine[Any]) -> None:
        super().__init__(kind)
        self.kind = kind

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str]:
        """From the values to the text of an array; only our own types have something to say to them before."""
        if not isinstance(self.kind, UtcDateTime | Json):
            return _array
        bind = self.kind.bind_processor(dialect)
        return lambda values: _array(map(bind, values))


def _array(values: Iterable[Any]) -> str:
    return f"{{{','.join(map(_element, values))}}}"


@lru_cache(maxsize=512, typed=True)
def _element(value: Any) -> str:
    """A value as an element of PostgreSQL's arrays. Raises TypeError for what no column holds."""
    match value:
        case None:
            return "NULL"
        case bool() | int() | float():
            return str(value)
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case date():
            return value.isoformat()
        case bytes():
            return f'"\\\\x{value.hex()}"'
    raise TypeError(f"{type(value).__name__} is no element of a list")
