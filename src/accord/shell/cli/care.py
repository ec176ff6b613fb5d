"""A venue's beginning and its configuration: init, config."""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path

import click

from accord.shell.cli.house import config_path, json_option, settings_of
from accord.shell.cli.language import schema_text
from accord.shell.cli.output import InputFault, print_json, print_table
from accord.shell.wiring import new_keys

PARTS = ("config.toml", "scenarios", "templates", "forms", "policy")


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
    copy_starter(folder)
    new_keys(folder / "accord.keys")
    _add_schema(folder)
    (folder / ".gitignore").write_text("accord.keys\naccord.db*\nobjections.log\nmailbox/\n", encoding="utf-8")
    click.echo(f"A new venue in {folder}. Keep accord.keys out of git and in your backup.")
    click.echo("Next: edit config.toml, then run `scenario check` and `scenario dry-run bienvenue`.")


def _add_schema(folder: Path) -> None:
    """What an editor needs to complete and explain scenarios, where their first line looks for it."""
    place = folder / ".schema" / "scenario.json"
    if not place.exists():
        place.parent.mkdir(exist_ok=True)
        place.write_text(schema_text(folder / "config.toml") + "\n", encoding="utf-8")


def copy_starter(folder: Path) -> None:
    """Put the example venue's files into a folder: from the package, or from the checkout that it runs in."""
    packaged = files("accord") / "starter"
    checkout = Path(__file__).parents[4]
    if packaged.joinpath("config.toml").is_file():
        with as_file(packaged) as root:
            copy_venue(root, folder)
    elif (checkout / "config.toml").is_file():
        copy_venue(checkout, folder)
    else:
        raise InputFault("The example venue is not part of this installation.")


def copy_venue(root: Path, folder: Path) -> None:
    """Put what authors and operators write from one folder into another."""
    for name in PARTS:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        elif source.is_file():
            shutil.copyfile(source, folder / name)


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
    found = [row for row in settings_of(context).values if row[0].startswith(key)]
    if not found:
        raise InputFault(f"There is no key «{key}» in {config_path(context)}.")
    if as_json:
        print_json([{"key": k, "value": v, "from": f} for k, v, f in found])
    else:
        print_table("", ("key", "value", "from"), found)
