"""People: contacts from files, and what is known of one of them."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.progress import Progress

from accord.core.consent.collection import state_of
from accord.core.consent.retention import cut_off
from accord.core.model.decision import Situation
from accord.core.model.enrolment import Enrolment
from accord.core.model.venue import Venue
from accord.shell.cli.house import contact_called, house_of, json_option
from accord.shell.cli.output import InputFault, print_json, print_table
from accord.shell.engine.people import Taken, import_contacts, known_columns
from accord.shell.wiring import House


@click.group()
def contacts() -> None:
    """People: import, show."""


@contextmanager
def progress(title: str, total: int) -> Iterator[Any]:
    """A bar on a terminal, nothing elsewhere; yields a function that is told how many more are done."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with Progress(transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda more: bar.advance(task, more)


@contacts.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "mapped", multiple=True, help="COLUMN=FIELD, for a column called otherwise.")
@click.option("--dry-run", "dry", is_flag=True, help="Read and report, store nothing.")
@json_option
@click.pass_context
def import_file(
    context: click.Context, file: Path, mapped: tuple[str, ...], *, dry: bool, as_json: bool
) -> None:
    """Import contacts from a CSV file; a report names every row refused, with field and reason.

    An import proves no consent, renews no clock and lifts no objection. Exit code 1 when a row was refused;
    all others are in.

    \b
    Examples:
      scenario contacts import base.csv --dry-run
      scenario contacts import base.csv --map Courriel=email --map Langue=language
    """
    with house_of(context) as house:
        rows = read_rows(file, dict(pair.split("=", 1) for pair in mapped if "=" in pair), house)
        with progress("Importing", len(rows)) as more:
            taken = import_contacts(
                house.store,
                house.catalogue,
                rows,
                now=house.clock(),
                seals=house.keys.seals,
                dry=dry,
                on_page=more,
            )
    report(taken, as_json=as_json, noun="contacts")


def read_rows(file: Path, mapped: Mapping[str, str], house: House) -> list[tuple[int, Mapping[str, str]]]:
    """The rows of a CSV, numbered as in the file, in any common encoding and separator."""
    raw = file.read_bytes()
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise InputFault(f"{file} is in an encoding that is neither UTF-8 nor Windows-1252.")
    header = text.partition("\n")[0]
    separator = max(",;\t|", key=header.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=separator)
    names = [mapped.get(name, name).strip() for name in reader.fieldnames or ()]
    if "email" not in names:
        raise InputFault(
            f"{file}: no column «email»; the columns are {', '.join(names)}. Map one: --map Courriel=email"
        )
    unknown = sorted(set(names) - known_columns(house.venue))
    if unknown:
        raise InputFault(
            f"{file}: nobody declared «{', '.join(unknown)}»; known are {', '.join(sorted(known_columns(house.venue)))}."
        )
    reader.fieldnames = names
    return [(number, row) for number, row in enumerate(reader, start=2)]


def report(taken: Taken, *, as_json: bool, noun: str) -> None:
    """What an import came to, every refusal with row, field and reason; exit code 1 where there is one."""
    if as_json:
        refusals = [{"row": r.row, "field": r.field, "reason": r.reason} for r in taken.refusals]
        print_json(
            {"new": taken.new, "known": taken.known, "objecting": taken.objecting, "refused": refusals}
        )
    else:
        click.echo(
            f"{taken.new} new {noun}, {taken.known} known already, {taken.objecting} on the objection list."
        )
        if taken.refusals:
            print_table(
                "Refused", ("row", "field", "reason"), [(r.row, r.field, r.reason) for r in taken.refusals]
            )
    if taken.refusals:
        sys.exit(1)


@contacts.command("show")
@click.argument("email")
@json_option
@click.pass_context
def show_contact(context: click.Context, email: str, *, as_json: bool) -> None:
    """What is known of one person: consents, clock, preferences, orders, runs.

    \b
    Example:
      scenario contacts show ada@example.org
    """
    with house_of(context) as house:
        with house.store.read() as unit:
            contact = contact_called(unit, email)
            situation = unit.situations([contact.id])[contact.id]
            runs = unit.open_runs([contact.id])
        document = _known(house.venue, situation, runs)
    if as_json:
        print_json(document)
        return
    states = document.pop("consents")
    print_table(email, ("", ""), [(key, short(value)) for key, value in document.items()])
    print_states("Consents", states)


def _known(venue: Venue, situation: Situation, runs: Sequence[Enrolment]) -> dict[str, Any]:
    contact = situation.contact
    return {
        "id": contact.id,
        "email": contact.email,
        "language": contact.language,
        "zone": contact.zone,
        "address": contact.address_state.value,
        "kind": contact.address_kind.value,
        "collected_at": contact.collected_at,
        "last_action_at": contact.last_action_at,
        "expires_on": cut_off(contact, venue),
        "newsletters_per_month": contact.preferences.newsletters_per_month,
        "attributes": dict(contact.attributes),
        "consents": states_of(venue, situation),
        "orders": len({line.order_id for line in situation.lines}),
        "runs": [{"scenario": run.scenario, "step": run.step, "due_at": run.due_at} for run in runs],
    }


def states_of(venue: Venue, situation: Situation) -> list[dict[str, Any]]:
    """Where one person stands for each purpose and kind of the venue."""
    found = []
    for purpose in venue.purposes.values():
        for kind in purpose.kinds:
            state = state_of(situation.consents, purpose.name, kind)
            found.append(
                {
                    "purpose": purpose.name,
                    "kind": kind,
                    "state": state.status.value,
                    "informed": state.informed,
                    "since": state.since,
                }
            )
    return found


def print_states(title: str, states: Sequence[Mapping[str, Any]]) -> None:
    """The same as a table."""
    columns = ("purpose", "kind", "state", "informed", "since")
    print_table(title, columns, [[short(state[name]) for name in columns] for state in states])


def short(value: Any) -> str:
    """A value as a cell: instants to the minute, lists and maps as JSON."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return (
        json.dumps(value, default=str, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    )
