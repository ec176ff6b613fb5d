"""Why someone did or did not get each mail: what was decided, by which rule, and what was known."""

from __future__ import annotations

from typing import Any

import click

from accord.core.model.event import Event
from accord.shell.cli.house import contact_called, house_of, json_option
from accord.shell.cli.output import print_json, print_table


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
