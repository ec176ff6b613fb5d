"""dry-run: imagined people, one real person, or everybody, walked through the coming days; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import click

from accord.core.model.scenario import Scenario
from accord.shell.cli.authoring import scenario_called
from accord.shell.cli.house import (
    by_option,
    contact_called,
    house_of,
    house_to_look_at,
    json_option,
    moment,
)
from accord.shell.cli.output import InputFault, print_json, refuse
from accord.shell.cli.people import progress
from accord.shell.cli.reports import Wishes, mail_previews, report_options, tell, write_page
from accord.shell.config_source import nearest
from accord.shell.library import read_texts
from accord.shell.preview import forecast
from accord.shell.preview.everyone_json import as_document
from accord.shell.preview.everyone_text import print_forecast
from accord.shell.preview.own_personas import FILE as OWN
from accord.shell.preview.own_personas import parse_personas
from accord.shell.preview.personas import SKETCHES, Sketch
from accord.shell.preview.text import print_matrix, print_timelines
from accord.shell.wiring import House


@click.command("dry-run", short_help="Show who would get what, when, and why not.")
@click.argument("name", required=False)
@click.option("--persona", "personas", multiple=True, help="Only this imagined person; may be repeated.")
@click.option("--contact", "address", help="A real contact's coming days, over all scenarios.")
@click.option("--everyone", is_flag=True, help="Everybody's coming days, as figures.")
@click.option(
    "--against", type=click.Choice(["running"]), help="With --everyone: what differs from what runs."
)
@click.option("--from", "start", help="The first day (ISO); today if not said.")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 3660))
@report_options
@by_option
@json_option
@click.pass_context
def dry_run(
    context: click.Context,
    /,
    name: str | None,
    personas: tuple[str, ...],
    address: str | None,
    everyone: bool,
    against: str | None,
    start: str | None,
    days: int,
    by: str | None,
    *,
    as_json: bool,
    **wished: Any,
) -> None:
    """Show who would get what, when, and why not, before anybody is written to. Nothing is written.

    Without more a dozen imagined people. With --contact a real one, over all scenarios; with --everyone the
    whole base, with the event by which people enter imagined for each at --from.

    \b
    Examples:
      scenario dry-run bienvenue
      scenario dry-run bienvenue --persona said-no --json
      scenario dry-run --contact ada@example.org --days 60
      scenario dry-run bienvenue --everyone --days 90 --from 2026-12-01
      scenario dry-run bienvenue --everyone --against running
      scenario dry-run bienvenue --report previews --open
      scenario dry-run bienvenue --mail-to marie@theatre.example.org
    """
    wishes = Wishes(by=by, **wished)
    _understood(name, personas, address, everyone=everyone, against=against)
    _wished_well(wishes, address, everyone=everyone)
    period = (start, days)
    if everyone and name is not None:
        _everybody(context, name, period, wishes, running=against == "running", as_json=as_json)
    elif address is not None:
        _contact(context, name, address, period, as_json=as_json)
    elif name is not None:
        _personas(context, name, personas, period, wishes, as_json=as_json)


def _understood(
    name: str | None,
    personas: tuple[str, ...],
    address: str | None,
    *,
    everyone: bool,
    against: str | None,
) -> None:
    """Refuse what contradicts itself."""
    if sum((bool(personas), address is not None, everyone)) > 1:
        raise click.UsageError("Say one of --persona, --contact and --everyone.")
    if against and not everyone:
        raise click.UsageError("--against goes with --everyone.")
    if name is None and address is None:
        raise click.UsageError("Say which scenario; only --contact goes without.")


def _wished_well(wishes: Wishes, address: str | None, *, everyone: bool) -> None:
    """Refuse a report on somebody real, whose data would then lie about; and mails of a forecast, which has none."""
    if wishes.any and address is not None:
        raise click.UsageError("A report is about imagined people, or all: it goes without --contact.")
    if wishes.mail_to is not None and everyone:
        raise click.UsageError("--mail-to goes without --everyone.")


def _days(house: House, period: tuple[str | None, int]) -> tuple[datetime, datetime]:
    begins = moment(period[0], house)
    return begins, begins + timedelta(days=period[1])


def _personas(
    context: click.Context,
    name: str,
    personas: tuple[str, ...],
    period: tuple[str | None, int],
    wishes: Wishes,
    *,
    as_json: bool,
) -> None:
    quietly = wishes.mail_to is None
    with house_of(context, by=wishes.by, reading=quietly, files_only=quietly) as house:
        scenario = scenario_called(house, name)
        begins, until = _days(house, period)
        timelines = _imagined(house, scenario, personas, begins, until)
        done: dict[str, Any] = {}
        if wishes.page:
            done |= write_page(house, scenario, timelines, begins, until, wishes)
        if wishes.mail_to is not None:
            done |= mail_previews(house, scenario, timelines, begins, wishes)
    if as_json:
        people = forecast.as_json(timelines)
        print_json({**done, "people": people} if done else people)
    elif done:
        tell(done, wishes)
    elif personas:
        print_timelines(timelines, house.venue)
    else:
        print_matrix(scenario, timelines, house.venue, begins)


def _imagined(
    house: House, scenario: Scenario, personas: Sequence[str], begins: datetime, until: datetime
) -> list[forecast.Timeline]:
    """The days of imagined people, built-in and the venue's own: of these, or of all."""
    sketches = {**SKETCHES, **_own_personas(house)}
    unknown = set(personas) - set(sketches)
    if unknown:
        wrong = min(unknown)
        said = f"There is no persona «{wrong}»; there are: {', '.join(sketches)}."
        raise InputFault(" ".join(filter(None, (said, nearest(wrong, sketches)))))
    return [
        forecast.of_persona(each, scenario, house.venue, house.shelf, begins, until, sketches)
        for each in personas or sketches
    ]


def _own_personas(house: House) -> Mapping[str, Sketch]:
    """The people of `personas.yaml`, where there is one, or the command's end with all its faults."""
    path = house.settings.root / OWN
    texts, faults = read_texts({OWN: path} if path.exists() else {})
    if faults:
        refuse(faults)
    if not texts:
        return {}
    own = parse_personas(texts[OWN], house.venue)
    if own.diagnostics:
        refuse(own.diagnostics, texts)
    return own.sketches


def _contact(
    context: click.Context,
    name: str | None,
    address: str,
    period: tuple[str | None, int],
    *,
    as_json: bool,
) -> None:
    with house_to_look_at(context) as house:
        scenario: Scenario | None = scenario_called(house, name) if name is not None else None
        begins, until = _days(house, period)
        with house.store.read() as unit:
            contact = contact_called(unit, address)
            timeline = forecast.of_contact(unit, contact.id, house.catalogue, scenario, begins, until)
    if as_json:
        print_json(forecast.as_json([timeline]))
    else:
        print_timelines([timeline], house.venue)


def _everybody(
    context: click.Context,
    name: str,
    period: tuple[str | None, int],
    wishes: Wishes,
    *,
    running: bool,
    as_json: bool,
) -> None:
    with house_to_look_at(context) as house:
        scenario = scenario_called(house, name)
        begins, until = _days(house, period)
        with house.store.read() as unit:
            people = unit.foreseeing.how_many()
        with progress("Walking everybody", people) as more:
            told = house.forecast(scenario, begins=begins, until=until, running=running, progress=more)
        done: dict[str, Any] = {}
        if wishes.page:
            timelines = _imagined(house, scenario, (), begins, until)
            done = write_page(house, scenario, timelines, begins, until, wishes, told)
    if as_json:
        print_json({**as_document(*told), **done})
    elif done:
        tell(done, wishes)
    else:
        print_forecast(*told)
