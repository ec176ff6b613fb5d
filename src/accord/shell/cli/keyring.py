"""The venue's keys: what stands in accord.keys, and a new one put before the old."""

from __future__ import annotations

import click

from accord.shell.cli.house import by_option, house_of, json_option, settings_of, who
from accord.shell.cli.output import InputFault, print_json, print_table
from accord.shell.engine.ports.rows import Deed
from accord.shell.keys import KeysFault, KeyUse, read_keys


@click.group(short_help="The keys that sign links and seal objections.")
def keys() -> None:
    """The keys that sign links and seal the objection list: list, rotate.

    \b
    Examples:
      scenario keys list
      scenario keys rotate links
    """


@keys.command("list")
@json_option
@click.pass_context
def list_keys(context: click.Context, *, as_json: bool) -> None:
    """The keys by their fingerprints: which one is at work, and which are kept for what they made.

    \b
    Example:
      scenario keys list
    """
    settings = settings_of(context)
    try:
        found = read_keys(settings.keys_file).listed()
    except KeysFault as fault:
        raise InputFault(str(fault)) from None
    rows = [
        {"use": use.value, "print": mark, "at_work": position == 0}
        for use, marks in found.items()
        for position, mark in enumerate(marks)
    ]
    if as_json:
        print_json(rows)
        return
    words = {True: "at work", False: "kept: what it made must still be known"}
    told = [(row["use"], row["print"], words[bool(row["at_work"])]) for row in rows]
    print_table("", ("use", "print", ""), told)


@keys.command("rotate")
@click.argument("use", type=click.Choice([use.value for use in KeyUse]))
@by_option
@click.pass_context
def rotate(context: click.Context, use: str, by: str | None) -> None:
    """Put a new key before the old ones. None is ever dropped: links work for ever, objections stand for ever.

    Restart the daemon afterwards, and put accord.keys in your backup.

    \b
    Examples:
      scenario keys rotate links --by marie
      scenario keys rotate objections
    """
    with house_of(context, by=by) as house:
        mark = house.rotate_keys(KeyUse(use), who(by)).listed()[KeyUse(use)][0]
        with house.store.begin() as unit:
            unit.note_deed(Deed(house.clock(), who(by), "keys rotate", use, {"print": mark}))
    click.echo(f"The new key of {use} is {mark}. Restart the daemon, and put accord.keys in your backup.")
