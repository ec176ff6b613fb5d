"""The language: check, schema, words."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from accord.core.expressions.words import words as dictionary
from accord.core.language.report import as_github, as_json, as_text
from accord.core.language.schema import names_of, scenario_schema
from accord.core.model.place import Diagnostic, Severity
from accord.shell.cli.options import config_path, json_option, settings_at
from accord.shell.cli.output import InputFault, counted, print_json, print_table
from accord.shell.engine.catalogue import check_all, stock
from accord.shell.library import read_library, read_texts
from accord.shell.settings import ConfigFault, load_settings
from accord.shell.wordings import wordings

SCENARIOS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a check found; the texts, by the names that diagnostics give their files; which files it was about."""

    found: Sequence[Diagnostic]
    sources: Mapping[str, str]
    files: Collection[str]


@click.command(short_help="Read every file, and say what is wrong.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "shape", type=click.Choice(["text", "json", "github"]), default="text")
@click.option("--json", "as_json_too", is_flag=True, help="The same as --format json.")
@click.pass_context
def check(context: click.Context, paths: tuple[Path, ...], shape: str, *, as_json_too: bool) -> None:
    """Read every scenario, template and form, and say what is wrong, all at once.

    With PATHS only what concerns these files and folders is told; all are read. A scenario file from
    elsewhere is read as if it stood in scenarios/. Exit code 1 where there is an error.

    \b
    Examples:
      scenario check
      scenario check scenarios/bienvenue.yaml
      scenario check --format github
    """
    reading = _read(config_path(context), paths)
    errors = sum(each.severity is Severity.ERROR for each in reading.found)
    if as_json_too or shape == "json":
        print_json(as_json(reading.found))
    elif shape == "github":
        click.echo(as_github(reading.found), nl=False)
    else:
        click.echo(as_text(reading.found, reading.sources), nl=False)
        warnings = len(reading.found) - errors
        read = counted(len(reading.files), "file")
        click.echo(f"{read} read: {counted(errors, 'error')}, {counted(warnings, 'warning')}.")
    if errors:
        sys.exit(1)


def _read(config: Path, paths: Sequence[Path]) -> Reading:
    """Everything, or what concerns the paths; faults of config.toml keep all else from being read."""
    try:
        settings = load_settings(config, os.environ)
    except ConfigFault as fault:
        return Reading(fault.diagnostics, {config.name: fault.text}, [config.name])
    library = read_library(settings.root)
    strangers, unread = read_texts(_from_elsewhere(settings.root, paths))
    # One of them takes the place of the venue's own scenario of its name.
    names = {Path(file).stem for file in strangers}
    own = {file: text for file, text in library.scenarios.items() if Path(file).stem not in names}
    words = wordings(settings.venue.entity.languages)
    shelf = stock(library.template_names(), library.templates, settings.venue, words)
    checked = check_all({**own, **strangers}, shelf, settings.venue, library.forms)
    found = [*library.diagnostics, *unread, *checked.diagnostics]
    sources = {**library.sources(), **strangers}
    known = {*sources, *(each.span.file for each in found)}
    chosen = _chosen(settings.root, known, paths, besides=config)
    return Reading([each for each in found if each.span.file in chosen], sources, chosen)


def _from_elsewhere(root: Path, paths: Sequence[Path]) -> dict[str, Path]:
    """Scenario files that do not stand in the venue's folder, by the names that they were given."""
    outside = (path for path in paths if path.suffix in SCENARIOS and path.is_file())
    return {path.as_posix(): path for path in outside if not path.resolve().is_relative_to(root.resolve())}


def _chosen(root: Path, known: Collection[str], paths: Sequence[Path], *, besides: Path) -> Collection[str]:
    """The files, of those known, that the paths hold; all where there are none. A path that holds none is a fault."""
    if not paths:
        return known
    real = {name: (root / name).resolve() for name in known}
    chosen: set[str] = set()
    for path in paths:
        if not path.exists():
            raise InputFault(f"{path} does not exist.")
        here = path.resolve()
        hit = {name for name, place in real.items() if name == path.as_posix() or place.is_relative_to(here)}
        if not hit and here != besides.resolve():
            raise InputFault(f"{path} holds no scenario, template or form of this venue.")
        chosen |= hit
    return chosen


@click.command(short_help="The JSON Schema of scenario files, for editors.")
@click.pass_context
def schema(context: click.Context) -> None:
    """The JSON Schema of scenario files (draft 2020-12): editors complete by it, and explain each key.

    It offers the names that config.toml declares and the templates that there are; where there is no
    config.toml, the language alone. `init` puts it into .schema/scenario.json, where a scenario's first line
    names it: # yaml-language-server: $schema=../.schema/scenario.json

    \b
    Examples:
      scenario schema
      scenario schema > .schema/scenario.json
    """
    click.echo(schema_text(config_path(context)))


def schema_text(config: Path) -> str:
    """The schema for the venue of a config.toml, or of no venue where there is none, as JSON."""
    names = None
    if config.is_file():
        settings = settings_at(config)
        names = names_of(settings.venue, read_library(settings.root).template_names())
    return json.dumps(scenario_schema(names), ensure_ascii=False, indent=2)


@click.command(short_help="Every event, name and function that conditions know.")
@click.argument("prefix", default="")
@json_option
@click.pass_context
def words(context: click.Context, prefix: str, *, as_json: bool) -> None:
    """Every event, name and function that conditions know, with type and example; and what templates know besides.

    \b
    Examples:
      scenario words
      scenario words contact.
      scenario words order.placed
    """
    found = dictionary(settings_at(config_path(context)).venue, prefix)
    if not found:
        raise InputFault(f"No word begins with «{prefix}».")
    if as_json:
        print_json([asdict(word) for word in found])
    else:
        rows = [(word.kind, word.name, word.type, word.example, word.of) for word in found]
        print_table("", ("kind", "name", "type", "example", "of"), rows)
