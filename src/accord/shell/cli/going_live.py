"""Going live: what a file changes, what it would do, and the word of whoever makes it live."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

from accord.core.consent.holds import ALL, PROSPECTING
from accord.core.model.forecast import Forecast
from accord.core.model.scenario import Scenario
from accord.core.model.time import local_day
from accord.shell.cli.authoring import scenario_called
from accord.shell.cli.house import by_option, house_of, json_option, refuse_if_wrong, who
from accord.shell.cli.output import InputFault, confirm, print_json
from accord.shell.cli.people import progress
from accord.shell.engine.journeys.difference import Difference, difference
from accord.shell.engine.journeys.live import go_live
from accord.shell.preview.difference import as_document, print_difference
from accord.shell.preview.everyone_text import print_forecast
from accord.shell.wiring import House

# So far ahead is what somebody accepts when a scenario goes live; so long the guard watches by it.
DAYS = 90


@click.command(short_help="What a file changes against what runs, and for whom.")
@click.argument("name")
@json_option
@click.pass_context
def diff(context: click.Context, name: str, *, as_json: bool) -> None:
    """What a file changes against what runs: its steps, how many people are under way at each, and what becomes
    of them. Nothing is written.

    A step is known by its name: one that was renamed is one that is gone and one that is new.

    \b
    Examples:
      scenario diff bienvenue
      scenario diff bienvenue --json
    """
    with house_of(context, reading=True) as house:
        told = _difference(house, scenario_called(house, name))
    if as_json:
        print_json(as_document(told))
    else:
        print_difference(told)


@click.command(short_help="Make checked files live, after showing what they would do.")
@click.argument("names", nargs=-1, required=True)
@by_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def activate(
    context: click.Context, names: tuple[str, ...], by: str | None, *, yes: bool, as_json: bool
) -> None:
    """Make checked files live: shows what they change and what they would do to everybody in 90 days, and asks.

    Who accepted which forecast is kept, and a scenario that sends far more than that holds itself ([guard]).
    Whoever is under way keeps the version that they entered by; scenario migrate moves them.

    \b
    Examples:
      scenario activate bienvenue --by marie
      scenario activate bienvenue confirmation --by marie --yes
    """
    with house_of(context, by=by) as house:
        chosen = [scenario_called(house, name) for name in names]
        refuse_if_wrong(house.checked.diagnostics, house)
        if as_json and not yes:
            raise InputFault("--json asks nobody: say --yes as well.")
        told = [_make_live(house, scenario, who(by), yes=yes, as_json=as_json) for scenario in chosen]
    if as_json:
        print_json(told)
    else:
        click.echo(f"Live: {', '.join(each.name for each in chosen)}.")


def _make_live(house: House, scenario: Scenario, by: str, *, yes: bool, as_json: bool) -> dict[str, Any]:
    """Show, ask, and make one scenario live; what happened, as a document."""
    changes, forecast = _difference(house, scenario), _forecast(house, scenario)
    if not as_json:
        print_difference(changes)
        click.echo()
        print_forecast(forecast)
        _tell_of_brakes(forecast)
    if not yes:
        confirm(f"Make {scenario.name} live?", f"{scenario.name} was not made live.")
    now = house.clock()
    with house.store.begin() as unit:
        go_live(unit, scenario, forecast=_promised(forecast), by=by, now=now)
    house.refresh()
    mails = forecast.total(scenario.name)
    told = {"people": forecast.people, "mails": mails, "days": DAYS, "watched": bool(_promised(forecast))}
    document = {"name": scenario.name, "digest": scenario.digest, "at": now, "by": by}
    return {**document, "forecast": told, "difference": as_document(changes)}


def _difference(house: House, scenario: Scenario) -> Difference:
    with house.store.read() as unit:
        return difference(unit, scenario, house.venue)


def _forecast(house: House, scenario: Scenario) -> Forecast:
    begins = house.clock()
    with house.store.read() as unit:
        people = unit.foreseeing.how_many()
    with progress(f"Walking everybody through {scenario.name}", people) as more:
        [told] = house.forecast(scenario, begins=begins, until=begins + timedelta(days=DAYS), progress=more)
    return told


def _promised(forecast: Forecast) -> dict[date, int]:
    """Mails a day, days without any as well; nothing where nobody was there to be walked, or brakes were on."""
    if _stopped(forecast) or not forecast.people:
        return {}
    mails = forecast.mails_a_day(forecast.scenario)
    first = local_day(forecast.begins, ZoneInfo(forecast.zone))
    days = [first + timedelta(days=ahead) for ahead in range(DAYS + 1)]
    return {day: mails.get(day, 0) for day in days}


def _stopped(forecast: Forecast) -> list[str]:
    """The brakes that keep this scenario's mails back, in all the days of the forecast."""
    return [name for name in forecast.held if name in (ALL, PROSPECTING, forecast.scenario)]


def _tell_of_brakes(forecast: Forecast) -> None:
    brakes = _stopped(forecast)
    if brakes:
        click.echo(
            f"A brake is on ({', '.join(brakes)}): nobody can tell what would be sent once it is off, and the "
            "guard does not watch."
        )
