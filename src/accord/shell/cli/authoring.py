"""For authors: dry-run, activate."""

from __future__ import annotations

from datetime import timedelta

import click

from accord.core.model.scenario import Scenario
from accord.core.steps import STEP_KINDS
from accord.shell.cli.house import (
    by_option,
    contact_called,
    house_of,
    json_option,
    moment,
    refuse_if_wrong,
    who,
)
from accord.shell.cli.output import InputFault, confirm, print_json
from accord.shell.config_source import nearest
from accord.shell.engine.ports.rows import Deed
from accord.shell.preview import forecast
from accord.shell.preview.text import print_matrix, print_timelines
from accord.shell.wiring import House


def _scenario(house: House, name: str) -> Scenario:
    house.read_files()
    found = house.checked.by_name().get(name)
    if found is None:
        refuse_if_wrong(house.checked.diagnostics, house)
        known = ", ".join(sorted(house.checked.by_name())) or "none"
        hint = nearest(name, house.checked.by_name())
        said = f"There is no scenario «{name}» in scenarios/; there are: {known}."
        raise InputFault(" ".join(filter(None, (said, hint))))
    for step in found.steps.values():
        if type(step.verb) not in STEP_KINDS:
            where = f"{step.span.file}:{step.span.line}:{step.span.column}"
            raise InputFault(
                f"{where}: «{step.name}» uses a verb that this version reads and does not carry out."
            )
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
      scenario dry-run bienvenue --persona said-no --json
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
            name = min(unknown)
            said = f"There is no persona «{name}»; there are: {', '.join(forecast.PERSONAS)}."
            raise InputFault(" ".join(filter(None, (said, nearest(name, forecast.PERSONAS)))))
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
