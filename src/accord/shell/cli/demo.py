"""`demo`: the main job on the embedded default: the sample base, a quarter at high speed, a mailbox folder."""

from __future__ import annotations

import asyncio
import csv
import json
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.progress import Progress

from accord.core.consent.asking import Asking, proof_of
from accord.core.expressions.fields import read_instant
from accord.core.model.consent import Act, ConsentEntry
from accord.core.model.contact import email_key
from accord.core.model.event import Event
from accord.core.model.message import MessageState
from accord.shell.cli.care import copy_venue
from accord.shell.cli.house import config_path, refuse_if_wrong, settings_of
from accord.shell.cli.imports import import_plainly
from accord.shell.cli.output import InputFault, print_json, print_table
from accord.shell.engine.collect import keep
from accord.shell.engine.orders import ShopOrder, read_order, take_orders
from accord.shell.engine.record import record_consents
from accord.shell.engine.told import read_event, take_events
from accord.shell.wiring import House, new_keys, open_house

STEP = timedelta(minutes=15)
UTC_ZONE = ZoneInfo("UTC")


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


@click.command(short_help="The main job on a sample base, into a folder of mails.")
@click.option(
    "--out",
    default="demo-out",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="A venue of its own, with database and mailbox; what an earlier demo left there is replaced.",
)
@click.option("--no-serve", is_flag=True, help="End at the end, also on a terminal.")
@click.option("--json", "as_json", is_flag=True, help="The tables as one JSON document.")
@click.pass_context
def demo(context: click.Context, out: Path, *, no_serve: bool, as_json: bool) -> None:
    """The main job, on this venue: a sample base, a fixed quarter replayed, every mail gated, written and kept.

    Nothing leaves the house: mails go to a folder. On a terminal the pages are then served until interrupted.

    \b
    Examples:
      scenario demo
      scenario demo --no-serve --out /tmp/demo
    """
    settings = settings_of(context)
    samples = settings.root / "samples"
    if not (samples / "contacts.csv").is_file():
        raise InputFault(f"{samples} has no sample base: the demo runs in the repository's own folder.")
    _clear(out)
    copy_venue(settings.root, out)
    begins, ends = _quarter(settings.venue.entity.clock)
    clock = Clock(begins)
    settings = replace(
        settings,
        database_url=f"sqlite:///{(out / 'accord.db').resolve()}",
        delivery="folder",
        mailbox=(out / "mailbox").resolve(),
        keys_file=(out / "accord.keys").resolve(),
        objections_log=(out / "objections.log").resolve(),
    )
    new_keys(settings.keys_file)
    house = open_house(config_path(context), clock=clock, settings=settings)
    house.store.upgrade()
    _run(house, samples, clock, ends)
    if as_json:
        print_json(summary(house))
    else:
        _print(house, out)
    if sys.stdout.isatty() and not no_serve and not as_json:
        _serve(house)
    house.store.close()


def _clear(out: Path) -> None:
    """Replace what an earlier demo left, and nothing else."""
    if out.exists() and any(out.iterdir()) and not (out / ".accord-demo").exists():
        raise InputFault(f"{out} is not empty and not an earlier demo's: name another folder with --out.")
    shutil.rmtree(out, ignore_errors=True)
    (out / "mailbox").mkdir(parents=True)
    (out / ".accord-demo").touch()


def _quarter(zone: Any) -> tuple[datetime, datetime]:
    begins = datetime(2026, 7, 1, tzinfo=zone)
    return begins.astimezone(UTC), datetime(2026, 10, 1, tzinfo=zone).astimezone(UTC)


def _run(house: House, samples: Path, clock: Clock, ends: datetime) -> None:
    house.read_files()
    refuse_if_wrong(house.checked.diagnostics, house)
    begins = clock.now
    happenings = list(_happenings(samples))
    with _progress("The base", len(happenings)) as more:
        ids = _base(house, samples, [each for each in happenings if each.at < begins], more)
    with house.store.begin() as unit:
        for scenario in house.checked.by_name().values():
            unit.activate(scenario.name, scenario.digest, scenario.source, "demo", begins)
    house.refresh()
    quarter = [each for each in happenings if each.at >= begins]
    with _progress("The quarter", (ends - begins) // STEP) as more:
        asyncio.run(_replay(house, quarter, ids, clock, ends, more))


@contextmanager
def _progress(title: str, total: int) -> Iterator[Any]:
    if not sys.stderr.isatty():
        yield lambda _=1: None
        return
    from rich.console import Console

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
                found.append(Happening(read_instant(cancelled, UTC_ZONE), kind, told))
                told = {**told, "cancelled_at": None}
            found.append(Happening(read_instant(told[by], UTC_ZONE), kind, told))
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


async def _replay(
    house: House, quarter: Sequence[Happening], ids: dict[str, int], clock: Clock, ends: datetime, more: Any
) -> None:
    """Walk the quarter a quarter of an hour at a time; what happens is told at its own instant."""
    ahead = list(reversed(quarter))
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


# -- what came of it ----------------------------------------------------------------------------------------


def summary(house: House) -> dict[str, Any]:
    """What was sent, held and refused, and why."""
    sent: Counter[tuple[str, ...]] = Counter()
    with house.store.read() as unit:
        ledger = unit.ledger(limit=1_000_000)
        told = unit.journal_counts(("mail.refused", "mail.held", "scenario.left"))
        held = [(b.name, b.reason) for b in unit.brakes()]
    for message, _, _ in ledger:
        if message.state is MessageState.ACCEPTED:
            sent[
                message.scenario,
                message.template,
                message.nature.value,
                message.basis.value,
                message.reason,
                message.rule,
            ] += 1
    states = Counter(message.state.value for message, _, _ in ledger)
    return {
        "sent": [
            dict(
                zip(
                    ("scenario", "template", "nature", "basis", "reason", "rule", "mails"),
                    (*key, n),
                    strict=True,
                )
            )
            for key, n in sorted(sent.items())
        ],
        "not_sent": [
            dict(zip(("what", "scenario", "nature", "reason", "rule", "times"), row, strict=True))
            for row in told
        ],
        "ledger": dict(sorted(states.items())),
        "brakes": held,
        "mailbox": str(house.settings.mailbox),
        "files": sum(1 for _ in house.settings.mailbox.glob("*.eml")),
    }


def _print(house: House, out: Path) -> None:
    found = summary(house)
    print_table(
        "Sent",
        ("scenario", "template", "nature", "basis", "reason", "rule", "mails"),
        [tuple(row.values()) for row in found["sent"]],
    )
    print_table(
        "Held, refused and left",
        ("what", "scenario", "nature", "reason", "rule", "times"),
        [tuple(row.values()) for row in found["not_sent"]],
    )
    click.echo(f"{found['files']} mails in {found['mailbox']}; the ledger: {found['ledger']}.")
    click.echo(
        f"Look at one: ls {out}/mailbox | head. Why somebody got it: scenario --config {out}/config.toml explain ADDRESS"
    )


def _serve(house: House) -> None:
    from accord.shell.web.app import create_app
    from accord.shell.web.people import HousePeople
    from accord.shell.web.server import WebServer

    web = WebServer(
        create_app(HousePeople(house)), host=house.settings.web_host, port=house.settings.web_port
    )
    try:
        web.start()
    except OSError as fault:
        raise InputFault(
            f"The pages can't be served at port {house.settings.web_port}: {fault.strerror}."
        ) from None
    click.echo(f"Recipients' pages at http://{house.settings.web_host}:{web.port}/ until Ctrl-C.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        web.stop()
