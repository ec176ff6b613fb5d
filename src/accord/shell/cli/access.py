"""Keys of the systems around: add, list, rotate, revoke."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from accord.core.expressions.spell import duration_of
from accord.shell.cli.house import by_option, house_of, json_option, who
from accord.shell.cli.output import InputFault, print_json, print_table, when
from accord.shell.engine import access as keys
from accord.shell.engine.access import HIGHEST_RATE, RATE, SCOPES, Made, NoAccess
from accord.shell.engine.ports.access import AccessKey


@click.group(short_help="Keys of the systems around, for /api/v1.")
def access() -> None:
    """Keys by which other systems (a shop, a ticket office, a CRM) use /api/v1.

    \b
    Examples:
      scenario access add shop --scope orders:write --scope people:write
      scenario access list
      scenario access rotate shop --overlap "1 day"
      scenario access revoke shop
    """


@access.command("add", short_help="Make a key; it is shown once.")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(list(SCOPES)),
    help="What it may do; as often as needed.",
)
@click.option(
    "--rate",
    default=RATE,
    show_default=True,
    type=click.IntRange(1, HIGHEST_RATE),
    help="Requests a minute that it may make.",
)
@by_option
@json_option
@click.pass_context
def add_key(
    context: click.Context, name: str, scopes: tuple[str, ...], rate: int, by: str | None, *, as_json: bool
) -> None:
    """Make the key of a system. It is shown once, and kept only as a digest: a lost one is replaced, not found.

    Scopes contain nothing but themselves:

    \b
      people:read       read contacts and their consents
      people:write      create contacts, and put right what is known of them
      people:erase      have a person erased who asks for it
      consents:write    record acts of consent and refusal
      events:write      tell events of the venue's own and of carts
      evidence:write    tell events that stand as evidence: scans, logins …
      orders:write      tell orders
      scenarios:read    list scenarios
      scenarios:run     enrol people in scenarios, and take them out
      messages:read     read the send ledger
      explanations:read read why a person did or did not get each mail

    \b
    Examples:
      scenario access add shop --scope people:write --scope orders:write
      scenario access add gates --scope evidence:write --rate 3000 --by marie
    """
    with house_of(context, by=by) as house:
        try:
            made = keys.add(
                house.store,
                name,
                scopes,
                rate=rate,
                by=who(by),
                now=house.clock(),
                dice=house.store.dice,
            )
        except NoAccess as fault:
            raise InputFault(f"{fault}.") from None
    _show(made, as_json=as_json)


@access.command("rotate")
@click.argument("name")
@click.option("--overlap", default="1 day", show_default=True, help="For how long the old key still opens.")
@by_option
@json_option
@click.pass_context
def rotate_key(context: click.Context, name: str, overlap: str, by: str | None, *, as_json: bool) -> None:
    """Make a new key for the same system; the old one opens for a while yet, so that nothing stands still.

    \b
    Examples:
      scenario access rotate shop
      scenario access rotate shop --overlap "2 hours" --by marie
    """
    length = duration_of(overlap)
    if length is None or length.months:
        raise InputFault(f"--overlap: «{overlap}» is no length of time; write «2 hours» or «1 day».")
    with house_of(context, by=by) as house:
        try:
            made = keys.rotate(
                house.store,
                name,
                overlap=timedelta(days=length.days, hours=length.hours),
                by=who(by),
                now=house.clock(),
                dice=house.store.dice,
            )
        except NoAccess as fault:
            raise InputFault(f"{fault}.") from None
    _show(made, as_json=as_json)


@access.command("revoke")
@click.argument("name")
@by_option
@click.pass_context
def revoke_key(context: click.Context, name: str, by: str | None) -> None:
    """Close the door to a system at once: all keys of this name, rotated ones too.

    \b
    Example:
      scenario access revoke shop --by marie
    """
    with house_of(context, by=by) as house:
        try:
            count = keys.revoke(house.store, name, by=who(by), now=house.clock())
        except NoAccess as fault:
            raise InputFault(f"{fault}.") from None
    click.echo(f"Revoked: {count} {'key' if count == 1 else 'keys'} of {name}. Nothing opens with them now.")


@access.command("list")
@json_option
@click.pass_context
def list_keys(context: click.Context, *, as_json: bool) -> None:
    """Every key that was made: by whom, what for, whether it is good, and when it was used last.

    \b
    Examples:
      scenario access list
      scenario access list --json
    """
    with house_of(context, reading=True) as house:
        with house.store.read() as unit:
            found = unit.access.all_keys()
        now, zone = house.clock(), house.venue.entity.clock
    if as_json:
        print_json([_told(key, now) for key in found])
        return
    if not found:
        click.echo("There are no keys. One is made by: scenario access add NAME --scope SCOPE")
        return
    rows = [
        (
            key.name,
            key.prefix,
            _state(key, now),
            f"{key.rate} a minute",
            ", ".join(sorted(key.scopes)),
            when(key.made_at, zone),
            when(key.used_at, zone) or "never",
        )
        for key in found
    ]
    print_table("", ("name", "prefix", "state", "rate", "scopes", "made", "used"), rows)


def _show(made: Made, *, as_json: bool) -> None:
    """The key itself, this once."""
    if as_json:
        print_json(
            {
                "name": made.name,
                "key": made.token,
                "prefix": made.prefix,
                "scopes": made.scopes,
                "rate": made.rate,
            }
        )
        return
    click.echo(made.token)
    click.echo(
        f"The key of {made.name} ({', '.join(made.scopes)}; {made.rate} requests a minute). "
        "It is shown this once: put it where the system keeps its secrets.",
        err=True,
    )


def _state(key: AccessKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if key.ends_at is not None:
        return "ending" if key.opens(now) else "ended"
    return "good"


def _told(key: AccessKey, now: datetime) -> dict[str, object]:
    return {
        "name": key.name,
        "prefix": key.prefix,
        "state": _state(key, now),
        "scopes": sorted(key.scopes),
        "rate": key.rate,
        "made_at": key.made_at,
        "made_by": key.made_by,
        "ends_at": key.ends_at,
        "revoked_at": key.revoked_at,
        "used_at": key.used_at,
    }
