"""The journal in the database: appending what is new, claiming what is unanswered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import Connection, Select, Table, UpdateBase, bindparam, func, select, update
from sqlalchemy.engine import Row

from accord.core.model.event import Event, told_anew, update_of
from accord.shell.store import tables
from accord.shell.store.bulk import insert_rows, numbered
from accord.shell.store.dialect import among, among_the, claimed, claiming, is_sqlite, rows_among
from accord.shell.store.leases import at, is_free
from accord.shell.store.people import whose

EVENT = cast("Table", tables.EventRow.__table__)  # type: ignore[attr-defined]

UNANSWERED = EVENT.c.answered == 0

# What may be told of somebody who is gone: that they are.
KEPT_OF_THE_GONE = ("contact.erased", "contact.merged")


def append(
    connection: Connection, events: Sequence[Event], *, received_at: datetime, reacts: bool
) -> list[Event]:
    """Those that were new, with their ids, in the order given; (source, key) told again is left out.

    What happens to an erased person is not written down, and what happens to a merged record is its
    survivor's.
    """
    known = _known_keys(connection, events)
    new: list[Event] = []
    for event in _of_the_living(connection, events):
        if event.key is not None:
            if (event.source, event.key) in known:
                continue
            known.add((event.source, event.key))
        new.append(event)
    if not new:
        return []
    rows = numbered(connection, EVENT, [_row(event, received_at, reacts) for event in new])
    insert_rows(connection, EVENT, rows)
    return [_with_id(event, row["id"]) for event, row in zip(new, rows, strict=True)]


def _of_the_living(connection: Connection, events: Sequence[Event]) -> list[Event]:
    theirs = whose(connection, {event.contact_id for event in events})
    if not theirs:
        return list(events)
    found = []
    for event in events:
        now_theirs = theirs.get(event.contact_id, event.contact_id)
        if event.name in KEPT_OF_THE_GONE:
            found.append(event)
        elif now_theirs is not None:
            found.append(replace(event, contact_id=now_theirs))
    return found


def _known_keys(connection: Connection, events: Sequence[Event]) -> set[tuple[str, str]]:
    keys = sorted({event.key for event in events if event.key is not None})
    if not keys:
        return set()
    wanted = select(EVENT.c.source, EVENT.c.key).where(among(connection, EVENT.c.key, keys))
    return {(row.source, row.key) for row in connection.execute(wanted)}


def _row(event: Event, received_at: datetime, reacts: bool) -> dict[str, Any]:
    return {
        "contact_id": event.contact_id,
        "name": event.name,
        "at": event.at,
        "data": dict(event.data),
        "source": event.source,
        "key": event.key,
        "received_at": received_at,
        "answered": 0 if reacts else 1,
    }


def _with_id(event: Event, number: int) -> Event:
    return Event(event.contact_id, event.name, event.at, event.data, event.source, event.key, number)


def event_of(row: Row[Any]) -> Event:
    """The event of a row of the journal."""
    return Event(row.contact_id, row.name, row.at, row.data or {}, row.source, row.key, row.id)


def claim(connection: Connection, now: datetime, limit: int, until: datetime) -> list[Event]:
    """The oldest unanswered event of each of up to `limit` contacts, leased until `until`.

    A contact whose oldest event is leased waits with its later ones: events are answered in order.
    """
    given = {**at(now), "limit": limit, "until": until}
    rows = connection.execute(_claiming(sqlite=is_sqlite(connection)), given).all()
    return [event_of(row) for row in sorted(rows, key=lambda row: row.id)]


@cache
def _claiming(*, sqlite: bool) -> UpdateBase:
    oldest = select(func.min(EVENT.c.id)).where(UNANSWERED).group_by(EVENT.c.contact_id).scalar_subquery()
    chosen = select(EVENT.c.id).where(UNANSWERED, EVENT.c.id.in_(oldest), is_free(EVENT.c.lease_until))
    chosen = claiming(chosen.order_by(EVENT.c.id).limit(bindparam("limit")), EVENT)
    change = update(EVENT).values(lease_until=bindparam("until"))
    return claimed(change, EVENT.c.id, chosen, sqlite=sqlite).returning(*EVENT.c)


def has_unanswered(connection: Connection) -> bool:
    """Whether any event waits to be answered, leased or not."""
    return connection.execute(select(EVENT.c.id).where(UNANSWERED).limit(1)).first() is not None


def answered(connection: Connection, ids: Sequence[int]) -> None:
    """Scenarios have been asked about these."""
    connection.execute(
        update(EVENT).where(among(connection, EVENT.c.id, ids)).values(answered=1, lease_until=None)
    )


def of_contact(connection: Connection, contact_id: int, limit: int) -> list[Event]:
    """The newest `limit` rows of one person's journal, oldest first."""
    wanted = (
        select(EVENT).where(EVENT.c.contact_id == contact_id).order_by(EVENT.c.at.desc(), EVENT.c.id.desc())
    )
    rows = connection.execute(wanted.limit(limit)).all()
    return [event_of(row) for row in reversed(rows)]


def by_id(connection: Connection, ids: Sequence[int]) -> dict[int, Event]:
    """Events by their number."""
    return {row.id: event_of(row) for row in rows_among(connection, _numbered, ids)} if ids else {}


@cache
def _numbered(*, sqlite: bool) -> Select[Any]:
    return select(EVENT).where(among_the("ids", EVENT.c.id, sqlite=sqlite))


def named(connection: Connection, contact_ids: Sequence[int], names: Sequence[str]) -> list[Event]:
    """The events of these persons and names, in the order in which they came."""
    wanted = (
        select(EVENT)
        .where(among(connection, EVENT.c.contact_id, contact_ids), EVENT.c.name.in_(names))
        .order_by(EVENT.c.id)
    )
    return [event_of(row) for row in connection.execute(wanted)]


def as_told_last(connection: Connection, events: Sequence[Event]) -> dict[str, Event]:
    """What is journalled under the sources and keys of these events, with what was told since of the same things."""
    keys = sorted({event.key for event in events if event.key is not None})
    if not keys:
        return {}
    sources = {event.source for event in events}
    rows = connection.execute(select(EVENT).where(among(connection, EVENT.c.key, keys))).all()
    of: dict[int, list[Event]] = {}
    for row in rows:
        if row.source in sources:
            of.setdefault(row.contact_id, []).append(event_of(row))
    found = {str(event.key): event for its in of.values() for event in its}
    for later in named(connection, sorted(of), sorted({update_of(event.name) for event in events})):
        for event in of[later.contact_id]:
            found[str(event.key)] = told_anew(found[str(event.key)], later)
    return found


def unanswered(connection: Connection) -> tuple[int, datetime | None]:
    """How many events are unanswered, and when the oldest of them was received."""
    row = connection.execute(
        select(func.count(), func.min(EVENT.c.received_at)).select_from(EVENT).where(UNANSWERED)
    ).one()
    return row[0], row[1]


def counts(connection: Connection, names: Sequence[str]) -> list[tuple[str, str, str, str, str, int]]:
    """(event, scenario, nature, reason, rule, how often) of these rows of the journal."""
    wanted = select(EVENT.c.name, EVENT.c.data).where(among(connection, EVENT.c.name, list(names)))
    found: Counter[tuple[str, str, str, str, str]] = Counter()
    for row in connection.execute(wanted.execution_options(yield_per=1000)):
        data = row.data or {}
        told = (str(data.get(key) or "") for key in ("scenario", "nature", "reason", "rule"))
        scenario, nature, reason, rule = told
        found[row.name, scenario, nature, reason, rule] += 1
    return [(*key, often) for key, often in sorted(found.items())]
