"""For authors: check, words, dry-run, activate."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click

from accord.core.expressions.words import words as dictionary
from accord.core.language.report import as_github, as_json, as_text
from accord.core.model.place import Diagnostic, Severity
from accord.core.model.scenario import Scenario
from accord.shell.cli.house import (
    by_option,
    contact_called,
    house_of,
    json_option,
    moment,
    refuse_if_wrong,
    settings_of,
    who,
)
from accord.shell.cli.output import InputFault, confirm, print_json, print_table
from accord.shell.engine.rows import Deed
from accord.shell.preview import forecast
from accord.shell.preview.text import print_matrix, print_timelines
from accord.shell.wiring import House


@click.command(short_help="Read every file, and say what is wrong.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "shape", type=click.Choice(["text", "json", "github"]), default="text")
@click.option("--json", "as_json_too", is_flag=True, help="The same as --format json.")
@click.pass_context
def check(context: click.Context, paths: tuple[Path, ...], shape: str, *, as_json_too: bool) -> None:
    """Read every scenario, template and form, and say what is wrong, all at once.

    \b
    Examples:
      scenario check
      scenario check scenarios/bienvenue.yaml
      scenario check --format github
    """
    with house_of(context, files_only=True) as house:
        house.read_files()
        found = _within(house.checked.diagnostics, paths, house)
        sources = house.library.sources()
    if as_json_too or shape == "json":
        print_json(as_json(found))
    elif shape == "github":
        click.echo(as_github(found), nl=False)
    else:
        click.echo(as_text(found, sources), nl=False)
    errors = sum(each.severity is Severity.ERROR for each in found)
    if shape == "text" and not as_json_too:
        warnings = len(found) - errors
        files = len(sources)
        click.echo(f"{files} files read: {errors} errors, {warnings} warnings.")
    if errors:
        sys.exit(1)


def _within(found: tuple[Diagnostic, ...], paths: tuple[Path, ...], house: House) -> list[Diagnostic]:
    """Only what concerns the files or folders named; all where none is."""
    if not paths:
        return list(found)
    wanted = []
    for path in paths:
        inside = path if path.is_absolute() else Path.cwd() / path
        if not inside.exists():
            raise InputFault(f"{path} does not exist.")
        wanted.append(inside.resolve())
    root = house.settings.root
    return [
        each
        for each in found
        if any((root / each.span.file).resolve().is_relative_to(path) for path in wanted)
    ]


@click.command(short_help="Every event, name and function that conditions know.")
@click.argument("prefix", default="")
@json_option
@click.pass_context
def words(context: click.Context, prefix: str, *, as_json: bool) -> None:
    """Every event, name and function that conditions know, with type and example.

    \b
    Examples:
      scenario words
      scenario words contact.
    """
    found = dictionary(settings_of(context).venue, prefix)
    if as_json:
        print_json([asdict(word) for word in found])
    else:
        print_table(
            "", ("kind", "name", "type", "example"), [(w.kind, w.name, w.type, w.example) for w in found]
        )


def _scenario(house: House, name: str) -> Scenario:
    house.read_files()
    found = house.checked.by_name().get(name)
    if found is None:
        refuse_if_wrong(house.checked.diagnostics, house)
        known = ", ".join(sorted(house.checked.by_name())) or "none"
        raise InputFault(f"There is no scenario «{name}» in scenarios/; there are: {known}.")
    return found


@click.command("dry-run", short_help="Show who would get what, when, and why not.")
@click.argument("name")
@click.option("--persona", "personas", multiple=True, help="Only this imagined person; may be repeated.")
@click.option("--contact", "address", help="A real contact's coming days instead.")
@click.option("--from", "start", help="The first day (ISO); today if not said.")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 3660))
@json_option
@click.pass_context
def dry_run(
    context: click.Context,
    name: str,
    personas: tuple[str, ...],
    address: str | None,
    start: str | None,
    days: int,
    *,
    as_json: bool,
) -> None:
    """Show who would get what, when, and why not, before anybody is written to. Nothing is written.

    \b
    Examples:
      scenario dry-run bienvenue
      scenario dry-run bienvenue --persona objector --json
      scenario dry-run lettre --contact ada@example.org --days 60
    """
    with house_of(context, reading=True, files_only=address is None) as house:
        scenario = _scenario(house, name)
        begins = moment(start, house)
        until = begins + timedelta(days=days)
        if address is not None:
            with house.store.read() as unit:
                contact = contact_called(unit, address)
                timeline = forecast.of_contact(
                    unit, contact.id, scenario, house.venue, house.shelf, begins, until
                )
            if as_json:
                print_json(forecast.as_json([timeline]))
            else:
                print_timelines([timeline], house.venue)
            return
        unknown = set(personas) - set(forecast.PERSONAS)
        if unknown:
            raise InputFault(
                f"There is no persona «{unknown.pop()}»; there are: {', '.join(forecast.PERSONAS)}."
            )
        chosen = personas or tuple(forecast.PERSONAS)
        timelines = [
            forecast.of_persona(each, scenario, house.venue, house.shelf, begins, until) for each in chosen
        ]
        if as_json:
            print_json(forecast.as_json(timelines))
        elif personas:
            print_timelines(timelines, house.venue)
        else:
            print_matrix(scenario, timelines, house.venue, begins)


@click.command(short_help="Make checked files live, after showing what they would do.")
@click.argument("names", nargs=-1, required=True)
@by_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def activate(
    context: click.Context, names: tuple[str, ...], by: str | None, *, yes: bool, as_json: bool
) -> None:
    """Make checked files live, after showing what they would do to a dozen imagined people.

    \b
    Examples:
      scenario activate bienvenue --by marie
      scenario activate bienvenue confirmation --by marie --yes
    """
    with house_of(context, by=by) as house:
        chosen = [_scenario(house, name) for name in names]
        refuse_if_wrong(house.checked.diagnostics, house)
        now = house.clock()
        for scenario in chosen:
            if not yes and not as_json:
                timelines = [
                    forecast.of_persona(
                        each, scenario, house.venue, house.shelf, now, now + timedelta(days=90)
                    )
                    for each in forecast.PERSONAS
                ]
                print_matrix(scenario, timelines, house.venue, now)
                confirm(f"Make {scenario.name} live?", f"{scenario.name} was not made live.")
            with house.store.begin() as unit:
                unit.activate(scenario.name, scenario.digest, scenario.source, who(by), now)
                unit.note_deed(Deed(now, who(by), "activate", scenario.name, {"digest": scenario.digest}))
        if as_json:
            print_json([{"name": each.name, "digest": each.digest, "at": now} for each in chosen])
        else:
            click.echo(f"Live: {', '.join(each.name for each in chosen)}.")
