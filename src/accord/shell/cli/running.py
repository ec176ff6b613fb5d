"""For operators: daemon, tick, status, retry, hold and release."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import click

from accord.core.model.time import Duration
from accord.shell.cli.house import by_option, house_of, json_option, moment, who
from accord.shell.cli.output import InputFault, print_json, print_table, when
from accord.shell.engine.care.retain import nightly
from accord.shell.engine.care.roll_up import roll_up
from accord.shell.engine.care.vitals import Vitals, alarms, is_late, vitals
from accord.shell.engine.ports.rows import Deed, Stuck, StuckKind
from accord.shell.engine.ports.store import Unit
from accord.shell.engine.sending.sweep import recover
from accord.shell.engine.turn import Turned
from accord.shell.wiring import House


@click.command(short_help="Always on: answer, advance, send, serve the pages.")
@click.option("--no-web", is_flag=True, help="Do not serve the pages.")
@click.pass_context
def daemon(context: click.Context, *, no_web: bool) -> None:
    """Always on: answer events, take due steps, send mail, serve the pages.

    SIGTERM finishes what is in hand, a second one breaks off what takes long; SIGHUP reads config.toml and
    the files again, and changes nothing where they have a fault. On SQLite there is one daemon only.

    \b
    Examples:
      scenario daemon
      scenario --config /etc/theatre/config.toml daemon
    """
    from accord.shell.daemon import log_to_standard_error, run

    log_to_standard_error(verbose=context.find_root().obj["verbose"] > 0)
    with house_of(context) as house:
        try:
            run(house, serve=not no_web)
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
        turned = asyncio.run(_turn(house, until_idle=until_idle))
        roll_up(house.store, house.venue, now=house.clock())
    names = ("answered", "entered", "advanced", "sent", "unreachable")
    told = {name: getattr(turned, name) for name in names}
    if as_json:
        print_json({**told, "swept": swept.told() if swept is not None else None})
    else:
        click.echo(
            f"{turned.answered} events answered, {turned.advanced} steps taken, {turned.sent} mails sent."
        )
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
            await house.close()
            return total


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
        now = house.clock()
        known = {"prospecting", "all", *(row.name for row in unit.live_scenarios())}
        if name not in known:
            raise InputFault(f"«{name}» can't be held; known are: {', '.join(sorted(known))}.")
        on = {brake.name: brake for brake in unit.brakes()}.get(name)
        if on is not None:
            since = when(on.since, house.venue.entity.clock)
            raise InputFault(f"«{name}» is held already, by {on.by} since {since}: {on.reason}")
        unit.hold(name, reason, who(by), now)
        unit.note_deed(Deed(now, who(by), "hold", name, {"reason": reason}))
    click.echo(f"Held: {name}. Take it off with: scenario release {name}")


@click.command()
@click.argument("name")
@by_option
@click.pass_context
def release(context: click.Context, name: str, by: str | None) -> None:
    """Take a brake off.

    \b
    Example:
      scenario release prospecting --by marie
    """
    with house_of(context, by=by) as house, house.store.begin() as unit:
        if not unit.release(name, house.clock()):
            on = ", ".join(brake.name for brake in unit.brakes()) or "nothing"
            raise InputFault(f"«{name}» is not held; held are: {on}.")
        unit.note_deed(Deed(house.clock(), who(by), "release", name))
    click.echo(f"Released: {name}.")


# -- how it goes ---------------------------------------------------------------------------------------------


@click.command(short_help="Queues, the oldest that waits, brakes.")
@click.option("--stuck", is_flag=True, help="Also what does not get on by itself, row by row.")
@json_option
@click.pass_context
def status(context: click.Context, *, stuck: bool, as_json: bool) -> None:
    """Queues, the oldest that waits, brakes; exit code 1 when there is an alarm.

    An alarm is a lag past [engine] alarm_lag, a mail of which nobody knows whether it arrived, and whatever
    fails each time that it is tried.

    \b
    Examples:
      scenario status
      scenario status --stuck
      scenario status --json
    """
    with house_of(context, reading=True) as house:
        zone, limit = house.venue.entity.clock, house.settings.alarm_lag
        with house.store.read() as unit:
            seen = vitals(unit, house.clock())
            document = _document(unit, seen, limit)
    if stuck:
        document["stuck"] = [_stuck(row) for row in seen.stuck]
    if as_json:
        print_json(document)
    else:
        _print_status(document, limit, zone)
    if document["alarms"]:
        sys.exit(1)


def _document(unit: Unit, seen: Vitals, limit: Duration) -> dict[str, Any]:
    return {
        "now": seen.now,
        "lag_seconds": int(seen.lag.total_seconds()),
        "late": is_late(seen, limit),
        "alarms": alarms(seen, limit),
        "waiting": {name: {"count": count, "since": since} for name, (count, since) in seen.waiting.items()},
        "scenarios": [
            {"name": row.name, "state": row.state, "digest": row.digest} for row in unit.live_scenarios()
        ],
        "in_flight": [
            {"scenario": scenario, "digest": digest, "step": step, "count": count}
            for scenario, digest, step, count in unit.in_flight()
        ],
        "brakes": [
            {"name": brake.name, "reason": brake.reason, "by": brake.by, "since": brake.since}
            for brake in seen.brakes
        ],
        "messages": unit.message_counts(),
    }


def _stuck(row: Stuck) -> dict[str, Any]:
    return {
        "id": f"{row.kind.value}-{row.id}",
        "contact": row.contact_id,
        "what": row.what,
        "since": row.since,
        "tried_again_at": row.until,
        "why": row.why or "it fails each time: the log says why, under this number",
    }


def _print_status(document: Mapping[str, Any], limit: Duration, zone: ZoneInfo) -> None:
    live = [(row["name"], row["state"]) for row in document["scenarios"]]
    if live:
        print_table("Live", ("scenario", "state"), live)
    else:
        click.echo("No scenario is live: scenario activate NAME")
    flight = [(row["scenario"], row["step"], row["count"]) for row in document["in_flight"]]
    if flight:
        print_table("Under way", ("scenario", "at step", "people"), flight)
    if document["messages"]:
        print_table("Mails", ("state", "how many"), sorted(document["messages"].items()))
    waiting = [
        (name, each["count"], when(each["since"], zone))
        for name, each in document["waiting"].items()
        if each["count"]
    ]
    if waiting:
        print_table("Waiting", ("what", "how many", "since"), waiting)
    if document.get("stuck"):
        rows = [
            (
                r["id"],
                r["contact"],
                r["what"],
                when(r["since"], zone),
                when(r["tried_again_at"], zone),
                r["why"],
            )
            for r in document["stuck"]
        ]
        print_table("Stuck", ("id", "contact", "what", "since", "tried again", "why"), rows)
        click.echo("Try one again: scenario retry ID. Settle a mail: scenario messages settle ID.")
    for brake in document["brakes"]:
        since = when(brake["since"], zone)
        click.echo(f"HELD: {brake['name']}, by {brake['by']} since {since}: {brake['reason']}")
    for alarm in document["alarms"]:
        click.echo(f"ALARM: {alarm}.")
    click.echo(f"The lag is {_long(document['lag_seconds'])} (alarm at {limit}).")


def _long(seconds: int) -> str:
    """A length of time in its largest two units."""
    parts = [
        (seconds // 86400, "days"),
        (seconds // 3600 % 24, "hours"),
        (seconds // 60 % 60, "minutes"),
        (seconds % 60, "seconds"),
    ]
    told = [f"{n} {unit if n != 1 else unit[:-1]}" for n, unit in parts if n][:2]
    return " ".join(told) or "0 seconds"


@click.command(short_help="Let the next turn try a stuck row again.")
@click.argument("row", metavar="ID")
@by_option
@click.pass_context
def retry(context: click.Context, row: str, by: str | None) -> None:
    """Let the next turn try a stuck row again, once what was wrong is put right.

    \b
    Examples:
      scenario status --stuck
      scenario retry run-17 --by marie
    """
    kind, _, number = row.partition("-")
    if kind not in list(StuckKind) or not number.isdigit():
        raise InputFault(f"«{row}» is no row: take its id from `scenario status --stuck`, such as run-17.")
    with house_of(context, by=by) as house, house.store.begin() as unit:
        now = house.clock()
        if not unit.retry(StuckKind(kind), int(number), now):
            raise InputFault(f"{row} is not stuck: see `scenario status --stuck`.")
        unit.note_deed(Deed(now, who(by), "retry", row))
    click.echo(f"The next turn tries {row} again.")
