"""After a restore: objections and erasures that the backup did not know of are made again, from their log (R-44)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import func, select

from accord.core.consent.history import REFUSALS
from accord.core.model.consent import EVERYTHING, ConsentEntry
from accord.core.model.contact import AddressState
from accord.core.model.event import Event
from accord.shell.engine.care.farewell import ROWS, forget_all, tell_erased
from accord.shell.engine.care.rights import listed_entry
from accord.shell.store import objections
from accord.shell.store.database import SqlStore
from accord.shell.store.dialect import among
from accord.shell.store.journal import EVENT
from accord.shell.store.objections_log import ObjectionsLog, Sealed
from accord.shell.store.people import CONTACT
from accord.shell.store.unit import SqlUnit

PAGE = 1000
SOURCE = "objections_log"


@dataclass(slots=True)
class Replayed:
    """What came of it: lines read, numbers of those that can't be read, people who object again, people erased."""

    lines: int = 0
    damaged: list[int] = field(default_factory=list)
    objecting: int = 0
    erased: int = 0


def replay_objections(store: SqlStore, path: Path, *, now: datetime, by: str = "db restore") -> Replayed:
    """Read the objections log over a restored database; twice is once. Raises OSError where there is none.

    Every line goes on the objection list. Whoever it is about objects again, unless the ledger knows of that
    objection or a later one; whoever was erased is erased again, unless they came back since.
    """
    done = Replayed()
    erasures = _list(store, ObjectionsLog(path), done)
    after: int | None = 0
    while after is not None:
        gone: list[int] = []
        with store.begin() as unit:
            after, people = _page(unit, after)
            listed = _against(unit, people)
            gone = _erased_since(unit, people, erasures)
            done.objecting += _object(unit, {who: its for who, its in listed.items() if who not in gone}, now)
            if gone:
                tell_erased(unit, gone, "art_17", by, now)
                unit.keeping.erase(dict.fromkeys(gone, ()), "ADDR_ERASED", now)
                unit.keeping.forget(gone, ROWS)
        done.erased += len(gone)
        forget_all(store, gone)
    return done


def _list(store: SqlStore, log: ObjectionsLog, done: Replayed) -> Mapping[str, datetime]:
    """Put every line on the list; returns who was erased last when, by digest."""
    erasures: dict[str, datetime] = {}
    lines = log.lines()
    while page := list(islice(lines, PAGE)):
        sealed: list[Sealed] = []
        for number, line in page:
            if line is None:
                done.damaged.append(number)
                continue
            done.lines += 1
            sealed.append(line)
            if line.erasure:
                erasures[line.seal] = max(line.at, erasures.get(line.seal, line.at))
        with store.begin() as unit:
            objections.put(unit.connection, sealed)
    return erasures


@dataclass(frozen=True, slots=True)
class _Address:
    """An address, whose it is, and the digests that it may stand under."""

    owner: int
    collected_at: datetime
    digests: Sequence[str]


def _page(unit: SqlUnit, after: int) -> tuple[int | None, list[_Address]]:
    """The addresses of the next contacts, merged ones too; and where to go on."""
    wanted = (
        select(CONTACT)
        .where(CONTACT.c.id > after, CONTACT.c.address_state != AddressState.ERASED.value)
        .order_by(CONTACT.c.id)
        .limit(PAGE)
    )
    rows = unit.connection.execute(wanted).all()
    seals = unit.keys().seals
    found = [_Address(row.merged_into or row.id, row.collected_at, seals(row.email)) for row in rows]
    return (rows[-1].id if rows else None), found


def _against(unit: SqlUnit, people: Sequence[_Address]) -> dict[int, dict[str, datetime]]:
    """What the list has against these: owner, purpose, since when."""
    owners = {digest: each.owner for each in people for digest in each.digests}
    return objections.standing(unit.connection, owners)


def _object(unit: SqlUnit, listed: Mapping[int, Mapping[str, datetime]], now: datetime) -> int:
    """Write what the ledgers do not know yet, and cancel what it forbids; how many people it concerns."""
    ledgers = unit.entries(list(listed)) if listed else {}
    new = [
        listed_entry(who, purpose, since)
        for who, its in listed.items()
        for purpose, since in its.items()
        if not _is_known(purpose, since, ledgers.get(who, ()))
    ]
    unit.add_entries(new, now)
    for entry in new:
        wide = None if entry.purpose == EVERYTHING else entry.purpose
        unit.cancel_messages([entry.contact_id], wide, "OBJECTION", now)
    told = [
        Event(
            each.contact_id, "consent.objected", each.at, {"purpose": each.purpose, "kind": each.kind}, SOURCE
        )
        for each in new
    ]
    unit.append(told, received_at=now, reacts=False)
    return len({entry.contact_id for entry in new})


def _is_known(purpose: str, since: datetime, ledger: Sequence[ConsentEntry]) -> bool:
    refused = (entry for entry in ledger if entry.act in REFUSALS and entry.purpose in (purpose, EVERYTHING))
    return any(entry.at >= since for entry in refused)


def _erased_since(unit: SqlUnit, people: Sequence[_Address], erasures: Mapping[str, datetime]) -> list[int]:
    """Who stands in the log as erased, and was here before: a record made after that is a new one."""
    erased_at: dict[int, datetime] = {}
    for each in people:
        for digest in each.digests:
            if digest in erasures and each.collected_at <= erasures[digest]:
                erased_at[each.owner] = erasures[digest]
    if not erased_at:
        return []
    first = (
        select(EVENT.c.contact_id, func.min(EVENT.c.received_at).label("at"))
        .where(among(unit.connection, EVENT.c.contact_id, sorted(erased_at)))
        .group_by(EVENT.c.contact_id)
    )
    came = {row.contact_id: row.at for row in unit.connection.execute(first)}
    return [number for number, at in sorted(erased_at.items()) if came.get(number, at) <= at]
