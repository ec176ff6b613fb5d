"""For authors: activate; and the scenario that a command names."""

from __future__ import annotations

from datetime import timedelta

import click

from accord.core.model.scenario import Scenario
from accord.core.steps import STEP_KINDS
from accord.shell.cli.house import (
    by_option,
    house_of,
    json_option,
    refuse_if_wrong,
    who,
)
from accord.shell.cli.output import InputFault, confirm, print_json
from accord.shell.config_source import nearest
from accord.shell.engine.ports.rows import Deed
from accord.shell.preview import forecast
from accord.shell.preview.text import print_matrix
from accord.shell.wiring import House


def scenario_called(house: House, name: str) -> Scenario:
    """The scenario of this name as it stands in its file, or the command's end."""
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
        chosen = [scenario_called(house, name) for name in names]
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
