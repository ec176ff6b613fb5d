"""Column types: instants that are always aware and in UTC, and JSON that gives back what it was given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator


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

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Raises ValueError for a naive instant: nobody knows when that is."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive instant can't be stored: {value.isoformat()}")
        return stored_instant(value) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """The instant, aware and in UTC."""
        if value is None:
            return None
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
        return instant.astimezone(UTC)


def stored_instant(value: datetime) -> str:
    """An instant as SQLite keeps it: fixed width, so that the order of texts is the order of time."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


class Json(TypeDecorator[Any]):
    """A JSON document in a text column: instants, days and tuples come back as what they were."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """The document as compact text with sorted keys."""
        return None if value is None else dumps(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The document."""
        return None if value is None else loads(value)


def dumps(value: Any) -> str:
    """A value as canonical JSON: the same value is always the same text."""
    return _CANONICAL(_coded(value))


_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def loads(text: str | bytes) -> Any:
    """The value that `dumps` wrote."""
    return _decoded(json.loads(text))


def _coded(value: Any) -> Any:
    if value is None or type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, datetime):
        return {"$at": stored_instant(value)}
    if isinstance(value, date):
        return {"$day": value.isoformat()}
    if isinstance(value, Mapping):
        return {
            str(key): item if item is None or type(item) in _AS_THEY_ARE else _coded(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_coded(item) for item in value]
    return value


_AS_THEY_ARE = frozenset({str, int, float, bool})


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_decoded(item) for item in value)
    if isinstance(value, dict):
        if value.keys() == {"$at"}:
            return datetime.fromisoformat(value["$at"])
        if value.keys() == {"$day"}:
            return date.fromisoformat(value["$day"])
        return {key: _decoded(item) for key, item in value.items()}
    return value
