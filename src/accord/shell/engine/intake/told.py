"""What systems tell: events, read at every door by the same rules, and journalled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from accord.core.expressions.fields import (
    FieldFault,
    Unreadable,
    read_fields,
    read_instant,
    read_text,
    shown,
)
from accord.core.expressions.names import known_events
from accord.core.model.content import Catalogue
from accord.core.model.event import EVENTS, Event
from accord.core.model.expression import Value
from accord.core.model.venue import Venue
from accord.shell.engine.ports.store import Store
from accord.shell.engine.record import record_events

# What stands behind these is told in another way: acts by `consent record`, orders by `orders import`.
_NOT_BY_EVENT = ("consent.", "mail.", "scenario.", "policy.", "throttle.", "contact.erased", "contact.merged")

# How far another system's clock may be ahead of ours. What lies beyond has not happened, and would move the
# three-year clock into the future.
CLOCKS_DIFFER = timedelta(minutes=5)

_LANGUAGES = ("fr", "en")

Faults = tuple[FieldFault, ...]


def read_event(name: str, data: Any, venue: Venue) -> tuple[Mapping[str, Value], Faults]:
    """The fields of an event as a door is told them, typed, and every fault; nothing is taken with one."""
    if name not in EVENTS and name not in venue.events:
        near = get_close_matches(name, known_events(venue), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return {}, (FieldFault("event", f"{shown(name)} is not an event that the journal knows{hint}"),)
    if name.startswith(_NOT_BY_EVENT):
        return {}, (FieldFault("event", f"{shown(name)} is evidence that no event can claim"),)
    values, faults = read_fields(name, data, venue)
    return values, (*faults, *places(values))


def strangers(told: Mapping[str, Any], keys: Sequence[str]) -> list[FieldFault]:
    """Keys that nobody reads: most often one that is spelt otherwise."""
    found = []
    for key in told.keys() - set(keys):
        near = get_close_matches(key, keys, n=1)
        found.append(
            FieldFault(key, "nobody reads this key" + (f"; did you mean {near[0]}?" if near else ""))
        )
    return sorted(found, key=lambda fault: fault.field)


def places(values: Mapping[str, Value]) -> Faults:
    """A language that we do not write, a zone that no clock knows."""
    faults = []
    language, zone = values.get("language"), values.get("zone")
    if language is not None and language not in _LANGUAGES:
        faults.append(FieldFault("language", f"{shown(language)} is none of {', '.join(_LANGUAGES)}"))
    if zone is not None and zone not in available_timezones():
        faults.append(FieldFault("zone", f"{shown(zone)} is no time zone"))
    return tuple(faults)


def read_past(value: Any, zone: ZoneInfo, now: datetime) -> datetime:
    """The instant of something that has happened. Raises Unreadable, also for what lies ahead."""
    at = read_instant(value, zone)
    if at > now + CLOCKS_DIFFER:
        raise Unreadable(f"{shown(value)} lies in the future")
    return at


def take_events(
    store: Store, catalogue: Catalogue, events: Sequence[Event], *, now: datetime, history: bool = False
) -> int:
    """Journal events that a door has read; returns how many were new."""
    return len(record_events(store, catalogue, events, now=now, history=history))


def read_key(value: Any) -> str | None:
    """A sender's own id of what it tells: text, or a number as text. Raises Unreadable."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return None if value is None else read_text(value) or None
