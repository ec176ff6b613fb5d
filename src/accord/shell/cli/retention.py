"""`retention` and `sweep`: who reaches the cut-off and when, and the erasing and archiving itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from accord.shell.cli.house import by_option, house_of, json_option, who
from accord.shell.cli.output import console, print_json, print_table
from accord.shell.cli.people import short
from accord.shell.engine.care.horizon import Horizon, horizon
from accord.shell.engine.care.retain import Swept, history
from accord.shell.engine.care.retain import sweep as swept_by

# What each figure of a sweep is called, in the order in which they are told.
FIGURES: Mapping[str, str] = {
    "erased": "people erased at the cut-off",
    "unconfirmed": "people erased whose sign-up nobody confirmed",
    "left": "people left for another night",
    "kept_contract": "people kept: a contract is in progress",
    "kept_service_run": "people kept: a service run is not over",
    "kept_service_mail": "people kept: a service mail waits",
    "sign_ups": "unconfirmed sign-ups deleted",
    "addresses": "new addresses forgotten: nobody can confirm them any more",
    "orders_archived": "orders moved to the archive",
    "mails_cancelled": "mails cancelled",
    "runs_ended": "runs ended",
    "proofs": "proofs of withdrawn consents deleted",
    "archive": "archived orders deleted",
    "messages": "mails deleted from the send ledger",
    "postings": "old postings to webhooks deleted",
    "events": "rows deleted from the journal",
    "templates": "templates that no mail of the ledger was made from deleted",
    "answers": "answers to systems around, kept for a day or a week",
    "third_parties": "people from third parties not yet informed (art. 14)",
}


@click.command()
@click.option(
    "--horizon", "months", default=12, show_default=True, type=click.IntRange(1, 60), help="Months."
)
@json_option
@click.pass_context
def retention(context: click.Context, months: int, *, as_json: bool) -> None:
    """Who reaches the three-year cut-off, month by month; and who from third parties is still to be informed.

    \b
    Examples:
      scenario retention
      scenario retention --horizon 6 --json
    """
    with house_of(context, reading=True) as house, house.store.read() as unit:
        found = horizon(unit, house.venue, months, now=house.clock())
    if as_json:
        print_json(asdict(found))
    else:
        _print_horizon(found)


def _print_horizon(found: Horizon) -> None:
    most = max((each.people for each in found.months), default=0)
    table = Table(title="People who reach the cut-off", title_justify="left", header_style="bold")
    for name in ("month", "people", ""):
        table.add_column(name, justify="right" if name == "people" else "left")
    for each in found.months:
        bar = ProgressBar(total=most or 1, completed=each.people, width=40) if each.people else Text("")
        table.add_row(each.month, str(each.people), bar)
    out = console()
    out.print(table)
    click.echo(
        f"Kept: {found.people} people, {found.window} of them in the last months before the cut-off, "
        "in which they may be asked to stay."
    )
    if found.past:
        click.echo(f"Past the cut-off: {found.past}; the next sweep erases them (scenario sweep --dry-run).")
    if found.third_parties:
        late = " That day is past." if found.overdue else ""
        click.echo(
            f"From third parties, not written to yet: {found.third_parties}; "
            f"inform them by {found.inform_by} (art. 14).{late}"
        )


@click.command()
@click.option("--dry-run", "dry", is_flag=True, help="Say what would happen; write nothing.")
@click.option("--history", "past", is_flag=True, help="What earlier sweeps did.")
@by_option
@json_option
@click.pass_context
def sweep(context: click.Context, by: str | None, *, dry: bool, past: bool, as_json: bool) -> None:
    """Erase who has reached the cut-off, archive their orders, let old ledgers go. There is no way back.

    The daemon and `tick` do so by themselves each night. Who has a contract in progress, or a service run that
    is not over, is kept until it is.

    \b
    Examples:
      scenario sweep --dry-run
      scenario sweep --by marie
      scenario sweep --history
    """
    with house_of(context, by=by, reading=past or dry) as house:
        if past:
            with house.store.read() as unit:
                deeds = [{"at": d.at, "by": d.by, **d.details} for d in history(unit)]
        else:
            done = swept_by(house.store, house.listening, now=house.clock(), by=who(by), dry=dry)
    if past:
        print_json(deeds) if as_json else _print_history(deeds)
    elif as_json:
        print_json({"dry_run": dry, **done.told()})
    else:
        _print_swept(done)


def _print_swept(done: Swept) -> None:
    rows = [(FIGURES.get(name, name), count) for name, count in done.told().items() if count]
    if not rows:
        click.echo("Nothing has come to its end.")
        return
    print_table("It would come to" if done.dry else "Swept", ("", ""), rows)
    if done.dry:
        click.echo("Nothing was written.")


def _print_history(deeds: list[dict[str, Any]]) -> None:
    if not deeds:
        click.echo("There was no sweep yet.")
        return
    told = [name for name in FIGURES if any(deed.get(name) for deed in deeds)]
    rows = [(short(deed["at"]), deed["by"], *(deed.get(name, 0) for name in told)) for deed in deeds]
    print_table("Sweeps, newest first", ("when", "who", *told), rows)
