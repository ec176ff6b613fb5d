"""The team: who may come into the console, and as what."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from accord.shell.cli.house import by_option, house_of, json_option, who
from accord.shell.cli.output import InputFault, print_json, print_table, when
from accord.shell.engine import team as doorkeeper
from accord.shell.engine.ports.team import Role
from accord.shell.wiring import fresh_salt

role_choice = click.Choice([role.value for role in Role])
password_option = click.option(
    "--password-stdin", "from_stdin", is_flag=True, help="Read the password from standard input, one line."
)


@click.group(short_help="Who may come into the console, and as what.")
def team() -> None:
    """Who may come into the console: viewers look, editors hold, settle and prove, admins also pin and erase.

    \b
    Examples:
      scenario team add marie --role editor
      scenario team list
      scenario team remove marie
    """


@team.command("add")
@click.argument("name")
@click.option("--role", type=role_choice, default=Role.VIEWER.value, show_default=True)
@password_option
@by_option
@click.pass_context
def add(context: click.Context, name: str, role: str, by: str | None, *, from_stdin: bool) -> None:
    """Let somebody in; asks for their password.

    \b
    Examples:
      scenario team add marie --role editor
      pwgen 20 1 | scenario team add prometheus --password-stdin
    """
    password = _password(from_stdin=from_stdin)
    with house_of(context, by=by) as house, _told():
        doorkeeper.add_member(
            house.store, name, Role(role), password, salt=fresh_salt(), by=who(by), now=house.clock()
        )
        click.echo(f"{name} may come into {house.venue.base_url}/console as {role}.")


@team.command("list")
@json_option
@click.pass_context
def list_team(context: click.Context, *, as_json: bool) -> None:
    """Who is of the team.

    \b
    Example:
      scenario team list
    """
    with house_of(context, reading=True) as house:
        with house.store.read() as unit:
            members = unit.team.members()
        zone, now = house.venue.entity.clock, house.clock()
    locked = {
        each.name: each.locked_until for each in members if each.locked_until and each.locked_until > now
    }
    if as_json:
        print_json(
            [
                {
                    "name": each.name,
                    "role": each.role.value,
                    "since": each.since,
                    "locked_until": locked.get(each.name),
                }
                for each in members
            ]
        )
    elif not members:
        click.echo("Nobody yet: scenario team add NAME --role admin")
    else:
        rows = [
            (each.name, each.role.value, when(each.since, zone), when(locked.get(each.name), zone))
            for each in members
        ]
        print_table("", ("name", "role", "since", "locked until"), rows)


@team.command("role")
@click.argument("name")
@click.argument("role", type=role_choice)
@by_option
@click.pass_context
def role_of(context: click.Context, name: str, role: str, by: str | None) -> None:
    """Let somebody do more, or less, from now on.

    \b
    Example:
      scenario team role marie admin
    """
    with house_of(context, by=by) as house, _told():
        doorkeeper.change_role(house.store, name, Role(role), by=who(by), now=house.clock())
    click.echo(f"{name} is {role} now.")


@team.command("password")
@click.argument("name")
@password_option
@by_option
@click.pass_context
def password_of(context: click.Context, name: str, by: str | None, *, from_stdin: bool) -> None:
    """Give somebody a new password: it opens a locked name, and ends the sessions of the old one.

    \b
    Example:
      scenario team password marie
    """
    password = _password(from_stdin=from_stdin)
    with house_of(context, by=by) as house, _told():
        doorkeeper.change_password(
            house.store, name, password, salt=fresh_salt(), by=who(by), now=house.clock()
        )
    click.echo(f"{name} has a new password.")


@team.command("remove")
@click.argument("name")
@by_option
@click.pass_context
def remove(context: click.Context, name: str, by: str | None) -> None:
    """Let somebody in no more; what they did stays on record.

    \b
    Example:
      scenario team remove marie
    """
    with house_of(context, by=by) as house, _told():
        doorkeeper.remove_member(house.store, name, by=who(by), now=house.clock())
    click.echo(f"{name} is not of the team any more.")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except doorkeeper.NotOfTheTeam as fault:
        raise InputFault(str(fault)) from None
