"""Steering what runs: pause and resume, drain, eject, migrate, hold and release."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from accord.core.standstill import Late
from accord.shell.cli.house import by_option, contact_called, house_of, json_option, who
from accord.shell.cli.output import InputFault, confirm, print_json, print_table, when
from accord.shell.engine.journeys import braking
from accord.shell.engine.journeys.live import drain as close_the_ways_in
from accord.shell.engine.journeys.moving import Migrated
from accord.shell.engine.journeys.moving import eject as end_runs
from accord.shell.engine.journeys.moving import migrate as move_runs
from accord.shell.engine.journeys.pause import Resuming
from accord.shell.engine.journeys.pause import pause as stand_still
from accord.shell.engine.journeys.pause import resume as go_on
from accord.shell.engine.journeys.steering import CannotBe, known
from accord.shell.preview.difference import SHORT
from accord.shell.wiring import House, report_fault


@contextmanager
def house_that_runs(context: click.Context, by: str | None) -> Iterator[House]:
    """The house opened for work; what can't be ends the command with its reason."""
    with house_of(context, by=by) as house:
        try:
            yield house
        except CannotBe as fault:
            raise InputFault(str(fault)) from None


# -- standing still --------------------------------------------------------------------------------------------------


@click.command(short_help="Let a scenario stand still: no step, no mail.")
@click.argument("name")
@by_option
@click.pass_context
def pause(context: click.Context, name: str, by: str | None) -> None:
    """Let a scenario stand still: it takes no step and sends no mail, those that are queued included.

    People still come in and wait at the first step, and still leave by `leave` and by the law.

    \b
    Example:
      scenario pause bienvenue --by marie
    """
    with house_that_runs(context, by) as house, house.store.begin() as unit:
        stand_still(unit, name, by=who(by), now=house.clock())
    click.echo(f"Paused: {name}. Let it go on with: scenario resume {name} --late skip, send or shift")


@click.command(short_help="Let a paused scenario go on.")
@click.argument("name")
@click.option(
    "--late",
    required=True,
    type=click.Choice([each.value for each in Late]),
    help="What becomes of that whose instant has passed: skipped, sent, or all put off by the pause's length.",
)
@by_option
@json_option
@click.pass_context
def resume(context: click.Context, name: str, late: str, by: str | None, *, as_json: bool) -> None:
    """Let a paused scenario go on. A backlog never comes at once: it is spread, five a second at most.

    \b
    skip   mails whose instant has passed are skipped, queued ones too
    send   they are sent, one after the other
    shift  everything is put off by as long as the pause lasted; steps with a date are not

    \b
    Examples:
      scenario resume bienvenue --late shift --by marie
      scenario resume lettre --late skip
    """
    with house_that_runs(context, by) as house:
        per_second = house.settings.smtp.per_second
        how = Resuming(house.listening, Late(late), per_second, house.clock(), report_fault)
        done = go_on(house.store, name, how, by=who(by))
        zone = house.venue.entity.clock
    if as_json:
        print_json(
            {
                "name": name,
                "runs": done.runs,
                "skipped": done.skipped,
                "spread": done.spread,
                "until": done.until,
            }
        )
        return
    click.echo(f"Resumed: {name}. Runs that go on: {done.runs}. Mails skipped: {done.skipped}.")
    if done.spread:
        click.echo(f"One after the other: {done.spread}, the last at {when(done.until, zone)}.")


# -- to an end -------------------------------------------------------------------------------------------------------


@click.command(short_help="Let nobody in any more; those under way go on.")
@click.argument("name")
@by_option
@click.pass_context
def drain(context: click.Context, name: str, by: str | None) -> None:
    """Let nobody in any more. Those under way go on, and with the last of them the scenario has ended.

    \b
    Example:
      scenario drain bienvenue --by marie
    """
    with house_that_runs(context, by) as house, house.store.begin() as unit:
        close_the_ways_in(unit, name, by=who(by), now=house.clock())
        people = _under_way(house, name)
    click.echo(f"Draining: {name}. {people} under way; it ends with the last of them.")


@click.command(short_help="End runs now, and cancel their queued mail.")
@click.argument("name")
@click.argument("emails", nargs=-1, metavar="[EMAIL]…")
@by_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def eject(
    context: click.Context, name: str, emails: tuple[str, ...], by: str | None, *, yes: bool, as_json: bool
) -> None:
    """End the runs of these people now, or everybody's, and cancel what is queued for them.

    New people still come in: drain the scenario as well where they should not.

    \b
    Examples:
      scenario eject bienvenue ada@example.org --by marie
      scenario eject bienvenue --by marie
    """
    with house_that_runs(context, by) as house:
        contacts = None
        with house.store.read() as unit:
            known(unit, name)
            if emails:
                contacts = [contact_called(unit, email).id for email in emails]
        if contacts is None and not yes:
            people = _under_way(house, name)
            confirm(f"End everybody's run through {name}, {people}?", f"Nobody was ejected from {name}.")
        done = end_runs(house.store, house.listening, name, contacts=contacts, by=who(by), now=house.clock())
    if as_json:
        print_json({"name": name, "runs": done.runs, "mails": done.mails})
    else:
        click.echo(f"Ejected from {name}. Runs ended: {done.runs}. Mails cancelled: {done.mails}.")


# -- to the version that runs ------------------------------------------------------------------------------------------


@click.command(short_help="Move those under way to the version that runs.")
@click.argument("name")
@by_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def migrate(context: click.Context, name: str, by: str | None, *, yes: bool, as_json: bool) -> None:
    """Move those under way by older versions to the one that runs, where their step still exists.

    Where it does not, or does something else now, they stay on the version that they entered by, and are
    listed. `scenario diff` says beforehand who that will be.

    \b
    Examples:
      scenario diff bienvenue
      scenario migrate bienvenue --by marie
    """
    with house_that_runs(context, by) as house:
        with house.store.read() as unit:
            digest = known(unit, name).digest
            older = sum(each[3] for each in unit.in_flight() if each[0] == name and each[1] != digest)
        if not yes and older:
            confirm(
                f"Move those of {older} people whose step still exists to version {digest[:SHORT]}?",
                f"Nobody of {name} was moved.",
            )
        done = move_runs(
            house.store,
            house.listening,
            name,
            per_second=house.settings.smtp.per_second,
            by=who(by),
            now=house.clock(),
            on_fault=report_fault,
        )
    if as_json:
        print_json(_migrated_document(name, digest, done))
        return
    click.echo(f"Moved to version {digest[:SHORT]} of {name}: {done.moved.total()}.")
    rows = [
        (each.digest[:SHORT], each.step, len(contacts), each.why.value)
        for each, contacts in done.stays.items()
    ]
    if rows:
        print_table("They stay", ("version", "at step", "people", "because"), rows)


def _migrated_document(name: str, digest: str, done: Migrated) -> dict[str, object]:
    return {
        "name": name,
        "digest": digest,
        "moved": dict(done.moved),
        "stays": [
            {"version": each.digest, "step": each.step, "because": each.why.value, "contacts": contacts}
            for each, contacts in done.stays.items()
        ],
    }


def _under_way(house: House, name: str) -> str:
    with house.store.read() as unit:
        number = sum(people for scenario, _, _, people in unit.in_flight() if scenario == name)
    return "1 person" if number == 1 else f"{number} people"


# -- the brake -----------------------------------------------------------------------------------------------------------


@click.command(short_help="The brake: hold «prospecting», «all», or one scenario.")
@click.argument("name")
@click.option("--reason", required=True, help="Why; shown wherever it holds.")
@by_option
@click.pass_context
def hold(context: click.Context, name: str, reason: str, by: str | None) -> None:
    """The brake: hold «prospecting», «all», or one scenario; queued mail is held too.

    \b
    Examples:
      scenario hold prospecting --reason "wrong date in the letter"
      scenario hold lettre --reason "being rewritten" --by marie
    """
    with house_of(context, by=by) as house, house.store.begin() as unit:
        try:
            braking.hold(unit, name, reason=reason, by=who(by), now=house.clock())
        except CannotBe as fault:
            raise InputFault(str(fault)) from None
    click.echo(f"Held: {name}. Take it off with: scenario release {name}")


@click.command()
@click.argument("name")
@by_option
@click.pass_context
def release(context: click.Context, name: str, by: str | None) -> None:
    """Take a brake off. Where a scenario held itself, whoever takes it off accepts what was sent so far.

    \b
    Example:
      scenario release prospecting --by marie
    """
    with house_of(context, by=by) as house, house.store.begin() as unit:
        if braking.release(unit, name, by=who(by), now=house.clock()) is None:
            on = ", ".join(brake.name for brake in unit.brakes()) or "nothing"
            raise InputFault(f"«{name}» is not held; held are: {on}.")
    click.echo(f"Released: {name}.")
