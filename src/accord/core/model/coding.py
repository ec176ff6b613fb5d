"""Values as text that gives them back: JSON in which instants, days and tuples stay what they were."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any


# The rows of a batch have most of their instants in common; equal instants are one text, whatever their zones.
@lru_cache(maxsize=4096)
def stored_instant(value: datetime) -> str:
    """An instant as SQLite keeps it: fixed width, so that the order of texts is the order of time."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def dumps(value: Any) -> str:
    """A value as canonical JSON: the same value is always the same text."""
    return _CANONICAL(value)


def written(value: Any) -> str:
    """A value as JSON in the order in which it stands: quicker, where nobody compares texts."""
    return _QUICK(value)


def _coded(value: Any) -> Any:
    """What JSON has no word for: an instant and a day stand in an object of their own."""
    if isinstance(value, datetime):
        return {"$at": stored_instant(value)}
    if isinstance(value, date):
        return {"$day": value.isoformat()}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} can't be kept as JSON")


_CANONICAL = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_coded
).encode
_QUICK = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_coded).encode


def loads(text: str | bytes) -> Any:
    """The value that `dumps` wrote."""
    said = text if isinstance(text, str) else text.decode()
    found = _READ(said)
    return _in_tuples(found) if "[" in said else found


def _object(found: dict[str, Any]) -> Any:
    """An object as it was: an instant and a day stand in one of their own."""
    if len(found) == 1:
        if "$at" in found:
            return datetime.fromisoformat(found["$at"])
        if "$day" in found:
            return date.fromisoformat(found["$day"])
    return found


_READ = json.JSONDecoder(object_hook=_object).decode


def _in_tuples(value: Any) -> Any:
    """Lists as the tuples that they were."""
    if isinstance(value, list):
        return tuple([_in_tuples(item) for item in value])
    if isinstance(value, dict):
        for key, item in value.items():
            if type(item) is list or type(item) is dict:
                value[key] = _in_tuples(item)
    return value
