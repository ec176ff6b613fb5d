"""Events and orders in, and why someone did or did not get each mail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from accord.core.model.contact import email_key
from accord.core.model.event import Event
from accord.shell.cli.house import (
    contact_called,
    house_of,
    instant_of,
    json_option,
    moment,
    typed,
)
from accord.shell.cli.output import InputFault, print_json, print_table
from accord.shell.cli.people import progress, report
from accord.shell.engine.people import Refusal, Taken
from accord.shell.engine.told import event_fault, take_events, take_order
from accord.shell.wiring import House

# -- events and orders ----------------------------------------------------------------------------------------


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
        try:
            fields = {str(key): typed(value) for key, value in json.loads(data).items()}
        except (ValueError, AttributeError):
            raise InputFault(f"--data is not a JSON object: {data}") from None
        fault = event_fault(name, house.venue, fields)
        if fault is not None:
            raise InputFault(f"{fault}.")
        with house.store.read() as unit:
            contact = contact_called(unit, email)
        now = house.clock()
        told = Event(contact.id, name, moment(instant, house), fields, "cli", key)
        new = take_events(house.store, house.catalogue, [told], now=now)
    if as_json:
        print_json({"new": bool(new)})
    else:
        click.echo("Journalled." if new else "Known already.")


@click.group()
def events() -> None:
    """Events from files."""


@events.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--history", is_flag=True, help="All of it is past: it counts, and starts nothing.")
@json_option
@click.pass_context
def import_events(context: click.Context, file: Path, *, history: bool, as_json: bool) -> None:
    """Journal events from a file of JSON lines: {"email", "event", "at", "id", "data"}.

    \b
    Example:
      scenario events import quarter.jsonl --history
    """
    with house_of(context) as house:
        taken = Taken()
        found: list[Event] = []
        for number, told in _json_lines(file, taken):
            fault = _event_row(house, told, found, number)
            if fault is not None:
                taken.refusals.append(fault)
        _resolve(house, found, taken, history=history)
    report(taken, as_json=as_json, noun="events")


def _json_lines(file: Path, taken: Taken) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
            if not isinstance(told, dict):
                raise ValueError(line)
        except ValueError:
            taken.refusals.append(Refusal(number, "line", "it is not a JSON object"))
            continue
        yield number, told


def _event_row(house: House, told: dict[str, Any], found: list[Event], number: int) -> Refusal | None:
    at = instant_of(str(told.get("at", "")), house)
    if at is None:
        return Refusal(number, "at", f"«{told.get('at')}» is no instant")
    data = {key: typed(value) for key, value in (told.get("data") or {}).items()}
    name = str(told.get("event", ""))
    fault = event_fault(name, house.venue, data)
    if fault is not None:
        return Refusal(number, "event", fault)
    with house.store.read() as unit:
        contact = unit.contacts_by_key([email_key(str(told.get("email", "")))])
    if not contact:
        return Refusal(number, "email", f"«{told.get('email')}» is not a contact")
    person = next(iter(contact.values()))
    found.append(Event(person.id, name, at, data, "import", str(told["id"]) if told.get("id") else None))
    return None


def _resolve(house: House, found: list[Event], taken: Taken, *, history: bool) -> None:
    now = house.clock()
    with progress("Journalling", len(found)) as more:
        for start in range(0, len(found), 500):
            page = found[start : start + 500]
            new = take_events(house.store, house.catalogue, page, now=now, history=history)
            taken.new += new
            taken.known += len(page) - new
            more(len(page))


@click.group()
def orders() -> None:
    """Orders from files."""


@orders.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--history", is_flag=True, help="All of it is past: it counts, and starts nothing.")
@json_option
@click.pass_context
def import_orders(context: click.Context, file: Path, *, history: bool, as_json: bool) -> None:
    """Take orders from a file of JSON lines: {"email", "order_id", "lines", "placed_at", "paid_at" …}.

    \b
    Example:
      scenario orders import orders.jsonl
    """
    with house_of(context) as house:
        taken = Taken()
        now = house.clock()
        for number, told in _json_lines(file, taken):
            with house.store.read() as unit:
                found = unit.contacts_by_key([email_key(str(told.get("email", "")))])
            if not found:
                taken.refusals.append(Refusal(number, "email", f"«{told.get('email')}» is not a contact"))
                continue
            order = {key: typed(value) for key, value in told.items() if key != "lines"} | {
                "lines": told.get("lines")
            }
            try:
                new = take_order(
                    house.store,
                    house.catalogue,
                    next(iter(found.values())).id,
                    order,
                    now=now,
                    history=history,
                )
            except ValueError as fault:
                name, _, reason = str(fault).partition(": ")
                taken.refusals.append(Refusal(number, name, reason))
                continue
            taken.new += bool(new)
            taken.known += not new
    report(taken, as_json=as_json, noun="orders")


# -- why ----------------------------------------------------------------------------------------------------


@click.command()
@click.argument("email")
@click.argument("scenario", required=False)
@json_option
@click.pass_context
def explain(context: click.Context, email: str, scenario: str | None, *, as_json: bool) -> None:
    """Why this person did or did not get each mail: step, verdict, reason, rule, and what was known.

    \b
    Examples:
      scenario explain ada@example.org
      scenario explain ada@example.org bienvenue --json
    """
    told = (
        "mail.queued",
        "mail.sent",
        "mail.refused",
        "mail.held",
        "scenario.entered",
        "scenario.left",
        "scenario.finished",
        "scenario.noted",
    )
    with house_of(context) as house:
        with house.store.read() as unit:
            contact = contact_called(unit, email)
            rows = [
                each
                for each in unit.events_of(contact.id, limit=10_000)
                if each.name in told and (scenario is None or each.data.get("scenario") == scenario)
            ]
        zone = house.venue.entity.clock
    if as_json:
        print_json([{"at": row.at, "event": row.name, **row.data} for row in rows])
        return
    columns = ("when", "scenario", "step", "what", "template", "reason", "rule", "what was known")
    print_table(email, columns, [_explained(row, zone) for row in rows])


def _explained(row: Event, zone: Any) -> tuple[str, ...]:
    data = row.data
    inputs = data.get("inputs")
    known = " ".join(inputs) if isinstance(inputs, tuple) else ""
    words = {"mail.queued": "allowed", "mail.sent": "sent", "mail.refused": "refused", "mail.held": "held"}
    what = words.get(row.name, row.name.partition(".")[2])
    cells = (
        data.get("scenario"),
        data.get("step"),
        what,
        data.get("template"),
        data.get("reason"),
        data.get("rule"),
    )
    return (f"{row.at.astimezone(zone):%Y-%m-%d %H:%M}", *(str(cell or "") for cell in cells), known)
