"""A venue's beginning and its configuration: init, config."""

from __future__ import annotations

from pathlib import Path

import click

from accord.shell.cli.house import json_option, settings_of
from accord.shell.cli.language import schema_text
from accord.shell.cli.output import InputFault, print_json, print_table
from accord.shell.cli.starter import PARTS, copy_parts, starter
from accord.shell.config_source import nearest
from accord.shell.wiring import new_keys


@click.command(short_help="Make a new venue that runs as it is.")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path) -> None:
    """A new venue that runs as it is: config, keys, scenarios, templates, forms, a policy file,
    and in .schema/ what an editor needs to complete scenarios.

    Nothing that exists is overwritten.

    \b
    Examples:
      scenario init theatre
      cd theatre && scenario check
    """
    folder.mkdir(parents=True, exist_ok=True)
    there = [name for name in (*PARTS, "accord.keys") if (folder / name).exists()]
    if there:
        raise InputFault(f"{folder} has {', '.join(there)} already; nothing was written.")
    with starter() as root:
        copy_parts(root, folder, PARTS)
    _add_schema(folder)
    new_keys(folder / "accord.keys")
    (folder / ".gitignore").write_text(
        "accord.keys\ndkim-*.pem\naccord.db*\nobjections.log\nmailbox/\n", encoding="utf-8"
    )
    click.echo(f"A new venue in {folder}. Keep accord.keys out of git and in your backup.")
    click.echo("Next: edit config.toml, then run `scenario check` and `scenario dry-run bienvenue`.")


def _add_schema(folder: Path) -> None:
    """What an editor needs to complete and explain scenarios, where their first line looks for it."""
    place = folder / ".schema" / "scenario.json"
    if not place.exists():
        place.parent.mkdir(exist_ok=True)
        place.write_text(schema_text(folder / "config.toml") + "\n", encoding="utf-8")


@click.command(short_help="Each value in force, and where it comes from.")
@click.argument("key", default="")
@json_option
@click.pass_context
def config(context: click.Context, key: str, *, as_json: bool) -> None:
    """Each value in force and where it comes from; secrets are masked.

    \b
    Examples:
      scenario config
      scenario config smtp
    """
    values = settings_of(context).values
    found = [row for row in values if row[0].startswith(key)]
    if not found:
        sections = [name.partition(".")[0] for name, _, _ in values]
        hint = nearest(key, [*sections, *(name for name, _, _ in values)])
        raise InputFault(" ".join(filter(None, (f"There is no key «{key}».", hint))))
    if as_json:
        print_json([{"key": k, "value": v, "from": f} for k, v, f in found])
    else:
        print_table("", ("key", "value", "from"), found)
