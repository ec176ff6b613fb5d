"""For operators: daemon, tick."""

from __future__ import annotations

import asyncio
import errno
import os

import click

from accord.shell.cli.house import house_of, json_option, moment
from accord.shell.cli.output import InputFault, print_json
from accord.shell.engine.care.nightly import nightly
from accord.shell.engine.care.roll_up import roll_up
from accord.shell.engine.ports.daemons import DaemonRole
from accord.shell.engine.sending.sweep import recover
from accord.shell.engine.target.reputation import guard
from accord.shell.engine.turn import Turned
from accord.shell.wayback import hand_on_to_team, read_mailboxes
from accord.shell.wiring import House


@click.command(short_help="Always on: answer, advance, send, serve the pages.")
@click.option(
    "--role",
    type=click.Choice([role.value for role in DaemonRole]),
    help="Which part of the work: engine is all but the pages, sender mail out alone, web the pages alone.",
)
@click.option("--no-web", is_flag=True, help="Do not serve the pages: the same as --role engine.")
@click.pass_context
def daemon(context: click.Context, role: str | None, *, no_web: bool) -> None:
    """Always on: answer events, take due steps, send mail, serve the pages.

    SIGTERM finishes what is in hand, a second one breaks off what takes long; SIGHUP reads config.toml and
    the files again, and changes nothing where they have a fault. On SQLite there is one daemon only. On
    PostgreSQL there may be any number, on as many machines, each with a role; they may come and go.

    \b
    Examples:
      scenario daemon
      scenario --config /etc/theatre/config.toml daemon
      scenario daemon --role sender
    """
    if no_web and role is not None:
        raise click.UsageError("--no-web is --role engine: give one of them.")
    part = DaemonRole(role) if role is not None else DaemonRole.ENGINE if no_web else DaemonRole.ALL
    from accord.shell.daemon import run
    from accord.shell.logs import begin_log

    begin_log(verbose=context.find_root().obj["verbose"] > 0)
    with house_of(context) as house:
        if house.store.server is None and part in (DaemonRole.SENDER, DaemonRole.WEB):
            raise InputFault(
                f"--role {part.value} is for several daemons on one PostgreSQL; on SQLite one does everything."
            )
        try:
            run(house, part)
        except OSError as fault:
            raise no_pages(house, fault) from None


def no_pages(house: House, fault: OSError) -> Exception:
    """Why the pages can't be served, as the command's end; what is no matter of their address stays a bug."""
    if fault.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES):
        return fault
    where = f"{house.settings.web_host}:{house.settings.web_port}"
    return InputFault(f"The pages can't be served at {where}: {os.strerror(fault.errno)}.")


@click.command(short_help="One turn of every loop, for cron and for tests.")
@click.option(
    "--now", "instant", help="The instant of the turn; only where [engine] allow_time_travel = true."
)
@click.option("--until-idle", is_flag=True, help="Turn until nothing is due.")
@json_option
@click.pass_context
def tick(context: click.Context, instant: str | None, *, until_idle: bool, as_json: bool) -> None:
    """One turn of every loop, for cron and for tests; exit code 1 when the mail server does not answer.

    \b
    Examples:
      scenario tick
      scenario tick --until-idle --json
    """
    with house_of(context) as house:
        if instant is not None:
            if not house.settings.allow_time_travel:
                raise InputFault("--now needs [engine] allow_time_travel = true in config.toml.")
            now = moment(instant, house)
            house.clock = lambda: now
        swept = nightly(house.store, house.catalogue, now=house.clock())
        came = read_mailboxes(house)
        turned = asyncio.run(_turn(house, until_idle=until_idle))
        roll_up(house.store, house.venue, now=house.clock())
        guard(house.store, house.venue, now=house.clock())
        with house.store.begin() as unit:
            house.relays.note(unit, now=house.clock())
    names = ("answered", "entered", "advanced", "sent", "posted", "unreachable")
    told = {name: getattr(turned, name) for name in names}
    if as_json:
        print_json(
            {
                **told,
                "swept": swept.told() if swept is not None else None,
                "came_back": sum(each.new for each in came.values()),
            }
        )
    else:
        click.echo(
            f"{turned.answered} events answered, {turned.advanced} steps taken, {turned.sent} mails sent."
        )
        for name, done in came.items():
            click.echo(f"{name}: {done.new} came back." if done.fault is None else f"{name}: {done.fault}.")
        if turned.posted:
            click.echo(f"{turned.posted} webhooks posted to: scenario webhooks list tells how it went.")
        if swept is not None:
            click.echo(f"Swept: {swept.erased} people erased at the cut-off; scenario sweep --history tells.")
    if turned.unreachable:
        raise InputFault(f"Mail waits in the queue, nothing is lost: {turned.unreachable}")


async def _turn(house: House, *, until_idle: bool) -> Turned:
    recover(house.store, house.catalogue, now=house.clock())
    total = Turned()
    while True:
        turned = await house.turn(house.clock())
        total += turned
        if turned.idle or turned.unreachable or not until_idle:
            if house.settings.mailboxes:
                await hand_on_to_team(house)
            await house.close()
            return total
