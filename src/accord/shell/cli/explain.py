"""Why someone did or did not get each mail: what was decided, by which rule, and what was known."""

from __future__ import annotations

from collections.abc import Sequence

import click

from accord.core.model.event import Event
from accord.shell.cli.house import contact_called, house_of, json_option
from accord.shell.cli.output import InputFault, print_json
from accord.shell.documents import EXPLAINED, MOST_ROWS, journal_rows
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
        venue = house.venue
    if scenario is not None:
        known = {*live, *(str(row.data.get("scenario")) for row in rows)}
        if scenario not in known:
            raise InputFault(
                f"There is no scenario «{scenario}»; there are: {', '.join(sorted(known)) or 'none'}."
            )
        rows = [row for row in rows if row.data.get("scenario") == scenario]
    if as_json:
        print_json(journal_rows(rows))
        return
    click.echo(f"{contact.email} (contact {contact.id}), times of {venue.entity.zone}")
    if not rows:
        click.echo("Nothing was decided about this person yet.")
    else:
        click.echo()
        print_journals(_runs(rows), venue)


def _runs(rows: Sequence[Event]) -> list[tuple[str, Sequence[Event]]]:
    """The rows of each run, under what it is called; runs in the order in which they began."""
    found: dict[tuple[str, object], list[Event]] = {}
    for row in rows:
        found.setdefault((str(row.data.get("scenario") or "?"), row.data.get("run")), []).append(row)
    return [(f"{scenario}, run {run}", its) for (scenario, run), its in found.items()]
