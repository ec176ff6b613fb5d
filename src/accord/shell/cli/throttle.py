"""For whoever answers for the figures: throttle show, history, pin, unpin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

import click

from accord.core.throttle import ALARM_AT, FALL_AT, LADDER, RAISE_AT, TOP
from accord.shell.cli.house import by_option, house_of, json_option, who
from accord.shell.cli.output import InputFault, print_json, print_table, when
from accord.shell.engine.ports.figures import Judgement
from accord.shell.engine.target.outlook import Group, Outlook, Rate, outlook
from accord.shell.engine.target.watch import pin as pin_down
from accord.shell.engine.target.watch import unpin as take_pin_out

reason_option = click.option("--reason", required=True, help="Why; it is journalled and shown.")

# What a person of the team may pin it to, by the words that they type.
PINS: Mapping[str, int] = {"editorial": 0} | {f"{share / 100:.2f}": share for share in LADDER[1:-1]}


@click.group()
def throttle() -> None:
    """Whether customers who never agreed get promotions, and by which figures; statistics only restrict."""


@throttle.command()
@json_option
@click.pass_context
def show(context: click.Context, *, as_json: bool) -> None:
    """The state, the figures behind it, what is missing for the next step, and its next possible date.

    \b
    Examples:
      scenario throttle show
      scenario throttle show --json
    """
    with house_of(context, reading=True) as house:
        with house.store.read() as unit:
            seen = outlook(unit, house.venue, house.clock())
        zone = house.venue.entity.clock
    if as_json:
        print_json(_document(seen))
    else:
        _print(seen, zone)


@throttle.command()
@click.option("--every", is_flag=True, help="Every day, not only changes and weekly judgements.")
@click.option("--limit", default=60, show_default=True, help="How many, the newest first.")
@json_option
@click.pass_context
def history(context: click.Context, limit: int, *, every: bool, as_json: bool) -> None:
    """Every raise, fall, pin and weekly judgement, with the rule that spoke.

    \b
    Examples:
      scenario throttle history
      scenario throttle history --every --limit 14
    """
    with house_of(context, reading=True) as house:
        with house.store.read() as unit:
            rows = unit.figures.history(every=every, limit=limit)
        zone = house.venue.entity.clock
    if as_json:
        print_json([_told(row) for row in rows])
        return
    columns = ("when", "move", "state", "pinned", "which rule spoke", "by")
    print_table(
        "",
        columns,
        [
            (when(row.at, zone), row.move, row.standing.state, _pinned(row), row.reason, row.by)
            for row in rows
        ],
    )


@throttle.command()
@click.argument("share", type=click.Choice(list(PINS)))
@reason_option
@by_option
@click.pass_context
def pin(context: click.Context, share: str, reason: str, by: str | None) -> None:
    """Keep it at or below a share until it is unpinned: never above what the statistics allow.

    \b
    Examples:
      scenario throttle pin editorial --reason "a wrong price in the offer"
      scenario throttle pin 0.10 --reason "let us see first" --by marie
    """
    with house_of(context, by=by) as house:
        done = pin_down(house.store, house.venue, PINS[share], reason=reason, by=who(by), now=house.clock())
    click.echo(f"Pinned at {_pinned(done)}. It stands at {done.standing.state}.")


@throttle.command()
@reason_option
@by_option
@click.pass_context
def unpin(context: click.Context, reason: str, by: str | None) -> None:
    """Leave it to the statistics again, from where it stands: what was given up must be earned anew.

    \b
    Example:
      scenario throttle unpin --reason "the offer is right now"
    """
    with house_of(context, by=by) as house:
        done = take_pin_out(house.store, house.venue, reason=reason, by=who(by), now=house.clock())
    if done is None:
        raise InputFault("It is not pinned.")
    click.echo(f"Unpinned. It stands at {done.standing.state}.")


# -- as it is told ---------------------------------------------------------------------------------------------


def _print(seen: Outlook, zone: ZoneInfo) -> None:
    if seen.newest is None:
        click.echo(
            "EDITORIAL_ONLY. Nothing has been judged yet: the daemon, or `scenario tick`, does it daily."
        )
        return
    standing = seen.newest.standing
    click.echo(f"{standing.state}, since {standing.changed_on}.")
    if seen.pin is not None:
        click.echo(
            f"Pinned at {_pinned(seen.newest)} by {seen.pin.by} on {when(seen.pin.at, zone)}: {seen.pin.reason}"
        )
    click.echo(f"The last word, {when(seen.newest.at, zone)}: {seen.newest.move}, {seen.newest.reason}.")
    if seen.judged is not None:
        evidence = seen.judged.evidence or {}
        click.echo()
        print_table(
            f"Persons on the same campaigns since {evidence['counted_from']}, as judged {seen.judged.day}",
            ("", "persons", "times 28 days", "clicked", "left", "complained, of those heard"),
            [_row(group) for group in seen.groups],
        )
        click.echo()
        print_table(
            f"Figures (the e-values since {evidence['e_values_from']})",
            ("", "value", "raises from", "falls from"),
            [_figure(name, value) for name, value in evidence["figures"]],
        )
        for missing in evidence["missing"]:
            click.echo(f"  stands against a raise: {missing}")
    click.echo()
    if seen.next_raise is not None:
        click.echo(f"Next possible raise: {seen.next_raise}, if the figures then allow it.")
    for remark in seen.remarks:
        click.echo(remark)


def _row(group: Group) -> tuple[str, ...]:
    counts = (str(group.persons), str(group.windows))
    return (group.name, *counts, *map(_shown, (group.clicked, group.left, group.complained)))


def _shown(rate: Rate) -> str:
    if rate.rate is None:
        return "nobody"
    return f"{rate.count} of {rate.of}: {rate.rate:.2%} ({rate.low:.2%} to {rate.high:.2%})"


def _figure(name: str, value: float | None) -> tuple[str, ...]:
    said = "" if value is None else f"{value:.4f}" if value >= 0.0001 or value == 0 else f"{value:.1e}"
    if name.startswith("E("):
        return (name, said, "", f"{ALARM_AT:.0f} up")
    if "P(" not in name:
        return (name, said, "", "")
    falls = f"{FALL_AT:.2f} down" if name in ("P(click)", "P(unsubscribe)") else ""
    return (name, said, f"{RAISE_AT:.2f} up", falls)


def _pinned(row: Judgement) -> str:
    at_most = row.standing.at_most
    return "" if at_most >= TOP else next(word for word, share in PINS.items() if share == at_most)


def _told(row: Judgement) -> dict[str, Any]:
    return {
        "at": row.at,
        "move": row.move,
        "state": str(row.standing.state),
        "share": row.standing.state.share_percent / 100,
        "pinned": _pinned(row) or None,
        "changed_on": row.standing.changed_on,
        "fallen_on": row.standing.fallen_on,
        "reason": row.reason,
        "by": row.by,
        "weekly": row.weekly,
        "evidence": row.evidence,
    }


def _document(seen: Outlook) -> dict[str, Any]:
    return {
        "state": str(seen.newest.standing.state) if seen.newest is not None else "EDITORIAL_ONLY",
        "newest": _told(seen.newest) if seen.newest is not None else None,
        "judged": _told(seen.judged) if seen.judged is not None else None,
        "pin": _told(seen.pin) if seen.pin is not None else None,
        "groups": [asdict(group) for group in seen.groups],
        "next_raise": seen.next_raise,
        "remarks": list(seen.remarks),
    }
