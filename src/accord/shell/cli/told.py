"""What systems tell: one event, events and orders from files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import click

from accord.core.expressions.fields import FieldFault, Unreadable, is_text
from accord.core.model.contact import email_key
from accord.core.model.event import Event
from accord.shell.cli.house import contact_called, house_of, json_option
from accord.shell.cli.lines import pages
from accord.shell.cli.output import InputFault, print_json
from accord.shell.cli.people import progress, report
from accord.shell.engine.orders import ShopOrder, read_order, take_orders
from accord.shell.engine.people import Refusal, Taken
from accord.shell.engine.told import read_event, read_key, read_past, take_events
from accord.shell.wiring import House

Told = TypeVar("Told")

# An event that lacks only its contact.
_Made = Callable[[int], Event]


@click.command()
@click.argument("email")
@click.argument("name")
@click.option("--data", default="{}", help="Its fields, as JSON.")
@click.option("--id", "key", help="Your own id of it: told twice it is one event.")
@click.option("--at", "instant", help="When (ISO); now if not said.")
@json_option
@click.pass_context
def event(
    context: click.Context,
    email: str,
    name: str,
    data: str,
    key: str | None,
    instant: str | None,
    *,
    as_json: bool,
) -> None:
    """Journal one event of one contact.

    \b
    Examples:
      scenario event ada@example.org ticket.scanned --id scan-17
      scenario event ada@example.org preferences.updated --data '{"newsletters_per_month": 1}'
    """
    with house_of(context) as house:
        now = house.clock()
        try:
            fields = json.loads(data)
        except (ValueError, RecursionError):
            raise InputFault(f"--data is not JSON: {data}") from None
        told = {"event": name, "data": fields, "at": instant or now, "id": key}
        made, faults = _read_event(house, told)
        if faults or made is None:
            raise InputFault("\n".join(_sentence(fault) for fault in faults))
        with house.store.read() as unit:
            contact = contact_called(unit, email)
        new = take_events(house.store, house.catalogue, [made(contact.id)], now=now)
    if as_json:
        print_json({"new": bool(new)})
    else:
        click.echo("Journalled." if new else "Known already.")


def _sentence(fault: FieldFault) -> str:
    if fault.field == "event":
        return f"{fault.reason}."
    return f"{fault.field}: {fault.reason}."


def _read_event(
    house: House, told: Mapping[str, Any], source: str = "cli"
) -> tuple[_Made | None, tuple[FieldFault, ...]]:
    """An event without its contact, or every fault in what was told."""
    name = told.get("event")
    faults: list[FieldFault] = []
    at = key = None
    if not isinstance(name, str):
        return None, (FieldFault("event", "the name of the event is missing"),)
    data = told.get("data")
    fields, wrong = read_event(name, {} if data is None else data, house.venue)
    faults += wrong
    try:
        at = read_past(told.get("at"), house.venue.entity.clock, house.clock())
    except Unreadable as fault:
        faults.append(FieldFault("at", str(fault)))
    try:
        key = read_key(told.get("id"))
    except Unreadable as fault:
        faults.append(FieldFault("id", str(fault)))
    if faults or at is None:
        return None, tuple(faults)
    return (lambda contact_id: Event(contact_id, name, at, fields, source, key)), ()


# -- files -----------------------------------------------------------------------------------------------------

_EVENT_KEYS = ("email", "event", "at", "id", "data")
_ORDER_KEYS = (
    "email",
    "order_id",
    "lines",
    "placed_at",
    "paid_at",
    "delivered_at",
    "cancelled_at",
    "entity",
    "title",
    "starts_at",
    "offline",
)


@click.group()
def events() -> None:
    """Events from files.

    \b
    Example:
      scenario events import quarter.jsonl --history
    """


@events.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--history", is_flag=True, help="All of it is past: it counts, and starts nothing.")
@json_option
@click.pass_context
def import_events(context: click.Context, file: Path, *, history: bool, as_json: bool) -> None:
    """Journal events from a file of JSON lines: {"email", "event", "at", "id", "data"}.

    Every line that is refused is told, with field and reason; all others are in. Exit code 1 when one was.

    \b
    Examples:
      scenario events import quarter.jsonl
      scenario events import last-year.jsonl --history
    """
    with house_of(context) as house:
        now = house.clock()

        def take(page: Sequence[_Good[_Made]], taken: Taken) -> None:
            made = [line.told(line.contact_id) for line in page]
            new = take_events(house.store, house.catalogue, made, now=now, history=history)
            taken.new += new
            taken.known += len(made) - new

        read = partial(_read_event, house, source="import")
        taken = _import(house, file, "Events", _EVENT_KEYS, read, take)
    report(taken, as_json=as_json, noun="events")


@click.group()
def orders() -> None:
    """Orders from files.

    \b
    Example:
      scenario orders import orders.jsonl
    """


@orders.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--history", is_flag=True, help="All of it is past: it counts, and starts nothing.")
@json_option
@click.pass_context
def import_orders(context: click.Context, file: Path, *, history: bool, as_json: bool) -> None:
    """Take orders from a file of JSON lines: {"email", "order_id", "lines", "placed_at", "paid_at" …}.

    Each of the lines is {"family", "amount_cents", "currency"}. An order that is told again stands as it was
    told last. Every line that is refused is told, with field and reason; all others are in.

    \b
    Examples:
      scenario orders import orders.jsonl
      scenario orders import last-year.jsonl --history
    """
    with house_of(context) as house:
        now = house.clock()

        def take(page: Sequence[_Good[ShopOrder]], taken: Taken) -> None:
            told = [(line.contact_id, line.told) for line in page]
            came = take_orders(house.store, house.catalogue, told, now=now, history=history)
            taken.new += came.new
            taken.known += came.known
            taken.refusals += [
                Refusal(page[place].number, "order_id", "another contact has this order")
                for place in came.foreign
            ]

        def read(told: Mapping[str, Any]) -> tuple[ShopOrder | None, tuple[FieldFault, ...]]:
            own = {key: value for key, value in told.items() if key != "email"}
            return read_order(own, house.venue, now=now)

        taken = _import(house, file, "Orders", _ORDER_KEYS, read, take)
    report(taken, as_json=as_json, noun="orders")


@dataclass(frozen=True, slots=True)
class _Good(Generic[Told]):
    """One good line: where it stands, whose it is, and what it tells."""

    number: int
    contact_id: int
    told: Told


def _import(
    house: House,
    file: Path,
    title: str,
    keys: Sequence[str],
    read: Callable[[Mapping[str, Any]], tuple[Told | None, tuple[FieldFault, ...]]],
    take: Callable[[Sequence[_Good[Told]], Taken], None],
) -> Taken:
    """Read a file a page at a time, and take what is good of each; refusals come in the file's order."""
    taken = Taken()
    with progress(title, file.stat().st_size) as more:
        done = 0
        for page, read_so_far in pages(file, keys, taken.refusals):
            known = _contacts(house, page)
            good: list[_Good[Told]] = []
            for number, told in page:
                made, faults = read(told)
                contact_id = known.get(str(told.get("email")))
                if contact_id is None:
                    faults = (FieldFault("email", f"«{told.get('email')}» is not a contact"), *faults)
                taken.refusals += [Refusal(number, fault.field, fault.reason) for fault in faults]
                if made is not None and contact_id is not None:
                    good.append(_Good(number, contact_id, made))
            if good:
                take(good, taken)
            more(read_so_far - done)
            done = read_so_far
    taken.refusals.sort(key=lambda refusal: refusal.row)
    return taken


def _contacts(house: House, page: Sequence[tuple[int, Mapping[str, Any]]]) -> Mapping[str, int]:
    """The contacts of a page by the addresses as they were told, in one query."""
    addresses = {told["email"] for _, told in page if is_text(told.get("email"))}
    keys = {address: email_key(address) for address in addresses}
    with house.store.read() as unit:
        found = unit.contacts_by_key(sorted(set(keys.values())))
    return {address: found[key].id for address, key in keys.items() if key in found}
