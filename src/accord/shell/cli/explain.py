"""Why someone did or did not get each mail: what was decided, by which rule, and what was known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import click

from accord.core.model.event import Event
from accord.shell.cli.house import contact_called, house_of, json_option
from accord.shell.cli.output import InputFault, print_json, print_table, when
from accord.shell.documents import EXPLAINED, MOST_ROWS, STEERED, journal_rows
from accord.shell.engine.opening import NOBODY
from accord.shell.engine.ports.store import Unit
from accord.shell.preview.text import print_journals


@click.command(short_help="Why somebody did or did not get each mail.")
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
    with house_of(context, reading=True) as house:
        with house.store.read() as unit:
            contact = contact_called(unit, email)
            rows = [row for row in unit.events_of(contact.id, limit=MOST_ROWS) if row.name in EXPLAINED]
            live = [row.name for row in unit.live_scenarios()]
            steered = _steered(unit, rows)
        venue = house.venue
    if scenario is not None:
        known = {*live, *(str(row.data.get("scenario")) for row in rows)}
        if scenario not in known:
            raise InputFault(
                f"There is no scenario «{scenario}»; there are: {', '.join(sorted(known)) or 'none'}."
            )
        rows = [row for row in rows if row.data.get("scenario") == scenario]
        steered = [row for row in steered if row.data.get("scenario") == scenario]
    if as_json:
        print_json(journal_rows([*rows, *steered]))
        return
    click.echo(f"{contact.email} (contact {contact.id}), times of {venue.entity.zone}")
    if not rows:
        click.echo("Nothing was decided about this person yet.")
    else:
        click.echo()
        print_journals(_runs(rows), venue)
    if steered:
        told = [(when(row.at, venue.entity.clock), *_words(row)) for row in steered]
        print_table(
            "What the team did to these scenarios meanwhile", ("when", "scenario", "what", "by"), told
        )


def _steered(unit: Unit, rows: Sequence[Event]) -> list[Event]:
    """What was done to the scenarios that somebody was in, as a whole, since they came in."""
    since: dict[object, datetime] = {}
    for row in rows:
        name = row.data.get("scenario")
        since[name] = min(row.at, since.get(name, row.at))
    return [
        row
        for row in unit.events_of(NOBODY, limit=MOST_ROWS)
        if row.name in STEERED and row.at >= since.get(row.data.get("scenario"), row.at + timedelta(1))
    ]


def _words(row: Event) -> tuple[str, str, str]:
    what, late = row.name.partition(".")[2], row.data.get("late")
    because = row.data.get("reason") or (f"--late {late}" if late else "")
    return str(row.data.get("scenario")), f"{what}: {because}" if because else what, str(row.data.get("by"))


def _runs(rows: Sequence[Event]) -> list[tuple[str, Sequence[Event]]]:
    """The rows of each run, under what it is called; runs in the order in which they began."""
    found: dict[tuple[str, object], list[Event]] = {}
    for row in rows:
        found.setdefault((str(row.data.get("scenario") or "?"), row.data.get("run")), []).append(row)
    return [(f"{scenario}, run {run}", its) for (scenario, run), its in found.items()]
