"""What systems tell: one event, events and orders from files."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import click

from accord.core.expressions.fields import FieldFault
from accord.shell.cli.house import contact_called, house_of, json_option
from accord.shell.cli.output import InputFault, print_json
from accord.shell.cli.people import progress, report
from accord.shell.engine.intake.lines import (
    Line,
    event_told,
    take_event_lines,
    take_order_lines,
)
from accord.shell.engine.intake.people import Taken
from accord.shell.engine.intake.told import take_events
from accord.shell.json_lines import pages


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
        made, faults = event_told(told, house.venue, source="cli", now=now)
        if faults or made is None:
            raise InputFault("\n".join(_sentence(fault) for fault in faults))
        with house.store.read() as unit:
            contact = contact_called(unit, email)
        new = take_events(house.store, house.listening, [made(contact.id)], now=now)
    if as_json:
        print_json({"new": bool(new)})
    else:
        click.echo("Journalled." if new else "Known already.")


def _sentence(fault: FieldFault) -> str:
    said = fault.reason if fault.field == "event" else f"{fault.field}: {fault.reason}"
    return said if said.endswith("?") else f"{said}."


# -- files -----------------------------------------------------------------------------------------------------


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
        take = partial(
            take_event_lines,
            house.store,
            house.listening,
            source="import",
            now=house.clock(),
            history=history,
        )
        taken = _import(file, "Events", take)
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
        take = partial(take_order_lines, house.store, house.listening, now=house.clock(), history=history)
        taken = _import(file, "Orders", take)
    report(taken, as_json=as_json, noun="orders")


def _import(file: Path, title: str, take: Callable[[Sequence[Line]], Taken]) -> Taken:
    """Read a file a page at a time, and take what is good of each; refusals come in the file's order."""
    taken = Taken()
    with progress(title, file.stat().st_size) as more, file.open("rb") as lines:
        done = 0
        for page, read_so_far in pages(lines, taken.refusals):
            came = take(page)
            taken.new += came.new
            taken.known += came.known
            taken.refusals += came.refusals
            more(read_so_far - done)
            done = read_so_far
    taken.refusals.sort(key=lambda refusal: refusal.row)
    return taken
