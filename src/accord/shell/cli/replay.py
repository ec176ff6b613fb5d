"""The sample base and its fixed quarter: each thing that happened is told to the house at its own instant."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import Progress

from accord.core.consent.asking import Asking, proof_of
from accord.core.expressions.fields import read_instant
from accord.core.model.consent import Act, ConsentEntry
from accord.core.model.contact import email_key
from accord.core.model.event import Event
from accord.shell.cli.imports import import_plainly
from accord.shell.cli.output import InputFault
from accord.shell.engine.care.collect import keep
from accord.shell.engine.intake.orders import ShopOrder, read_order, take_orders
from accord.shell.engine.intake.told import read_event, take_events
from accord.shell.engine.record import record_consents
from accord.shell.wiring import House

STEP = timedelta(minutes=15)
_UTC = ZoneInfo("UTC")

FILES = ("contacts.csv", "consents.jsonl", "orders.jsonl", "events.jsonl")


@dataclass(slots=True)
class Clock:
    """An offset clock: it stands until it is moved."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the quarter's files."""

    at: datetime
    kind: str
    told: dict[str, Any] = field(hash=False)


def quarter(zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Its first and its last instant: July, August and September 2026 on the entity's clocks."""
    begins, ends = datetime(2026, 7, 1, tzinfo=zone), datetime(2026, 10, 1, tzinfo=zone)
    return begins.astimezone(UTC), ends.astimezone(UTC)


async def replay(house: House, samples: Path, clock: Clock, ends: datetime) -> None:
    """Import the base as it is when the quarter begins, make every scenario live, and walk to the end."""
    begins = clock.now
    happenings = list(_happenings(samples))
    past = [each for each in happenings if each.at < begins]
    with _progress("The base", len(past)) as more:
        ids = _base(house, samples, past, more)
    with house.store.begin() as unit:
        for scenario in house.checked.by_name().values():
            unit.activate(scenario.name, scenario.digest, scenario.source, "demo", begins)
    house.refresh()
    ahead = [each for each in happenings if each.at >= begins]
    with _progress("The quarter", (ends - begins) // STEP) as more:
        await _walk(house, ahead, ids, clock, ends, more)


@contextmanager
def _progress(title: str, total: int) -> Iterator[Any]:
    if not sys.stderr.isatty():
        yield lambda _=1: None
        return
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda more=1: bar.advance(task, more)


def _happenings(samples: Path) -> Iterator[Happening]:
    """Everything that the files tell, each as it became known, in order of time."""
    found = []
    for kind, by in (("consents", "at"), ("orders", "placed_at"), ("events", "at")):
        for line in (samples / f"{kind}.jsonl").read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            cancelled = told.get("cancelled_at")
            if cancelled is not None:
                found.append(Happening(read_instant(cancelled, _UTC), kind, told))
                told = {**told, "cancelled_at": None}
            found.append(Happening(read_instant(told[by], _UTC), kind, told))
    yield from sorted(found, key=lambda each: each.at)


def _base(house: House, samples: Path, past: Sequence[Happening], more: Any) -> dict[str, int]:
    """Import the contacts, and their past as history: it counts, and starts nothing."""
    now = house.clock()
    base = samples / "contacts.csv"
    imported = import_plainly(house, base, by="demo")
    if imported.refusals:
        raise InputFault(f"the sample base has rows that are refused: {imported.refusals.first[0]}")
    with house.store.read() as unit, base.open(encoding="utf-8", newline="") as table:
        keys = [email_key(row["email"]) for row in csv.DictReader(table)]
        ids = {key: contact.id for key, contact in unit.contacts_by_key(keys).items()}
    with house.store.begin() as unit:
        for wording in house.wordings.values():
            keep(unit, wording, by="demo", now=now)
    entries = [_entry(each, ids, house) for each in past if each.kind == "consents"]
    record_consents(house.store, house.catalogue, entries, now=now, history=True)
    orders = [(_who(each, ids), _order(each, house)) for each in past if each.kind == "orders"]
    take_orders(house.store, house.catalogue, orders, now=now, history=True)
    more(len(past))
    return ids


def _who(each: Happening, ids: dict[str, int]) -> int:
    return ids[email_key(each.told["email"])]


def _order(each: Happening, house: House) -> ShopOrder:
    told = {key: value for key, value in each.told.items() if key != "email"}
    order, faults = read_order(told, house.venue, now=each.at + timedelta(days=1))
    if order is None:
        raise InputFault(f"the sample orders have one that is refused: {faults[0]}")
    return order


def _entry(each: Happening, ids: dict[str, int], house: House) -> ConsentEntry:
    """One act of the files, with the wording that it answered and the whole proof where it answered one."""
    told = each.told
    contact_id, details = _who(each, ids), told["details"]
    label = f"{details.get('form')}@{details.get('version')}"
    wording = next((w for w in house.wordings.values() if w.label == label), None)
    if wording is not None:
        language, url = details.get("language") or "fr", f"{house.venue.base_url}/f/{wording.name}"
        asking = Asking(contact_id, told["email"], each.at, details.get("act"), "web", language, url=url)
        details = proof_of(asking, wording, house.venue)
    return ConsentEntry(
        contact_id,
        each.at,
        told["purpose"],
        told["kind"],
        Act(told["act"]),
        told["informed"],
        details,
        wording=wording.digest if wording is not None else None,
    )


async def _walk(
    house: House,
    happenings: Sequence[Happening],
    ids: dict[str, int],
    clock: Clock,
    ends: datetime,
    more: Any,
) -> None:
    """Walk the quarter a quarter of an hour at a time; what happens is told at its own instant."""
    ahead = list(reversed(happenings))
    instant = clock.now
    while instant < ends:
        instant += STEP
        happened = False
        while ahead and ahead[-1].at <= instant:
            each = ahead.pop()
            clock.now = each.at
            same = [each]
            while (
                ahead and each.kind == "consents" and ahead[-1].kind == "consents" and ahead[-1].at == each.at
            ):
                same.append(ahead.pop())
            _tell(house, same, ids, each.at)
            happened = True
        clock.now = instant
        with house.store.read() as unit:
            next_up = unit.next_instant()
        if happened or instant.minute == 0 or (next_up is not None and next_up <= instant):
            await house.turn(instant)
        more()


def _tell(house: House, same: Sequence[Happening], ids: dict[str, int], now: datetime) -> None:
    first = same[0]
    if first.kind == "consents":
        entries = [_entry(each, ids, house) for each in same]
        record_consents(house.store, house.catalogue, entries, now=now)
    elif first.kind == "orders":
        take_orders(house.store, house.catalogue, [(_who(first, ids), _order(first, house))], now=now)
    else:
        told = first.told
        data, faults = read_event(told["event"], told["data"], house.venue)
        if faults:
            raise InputFault(f"the sample events have one that is refused: {faults[0]}")
        event = Event(_who(first, ids), told["event"], first.at, data, "demo", told["id"])
        take_events(house.store, house.catalogue, [event], now=now)
