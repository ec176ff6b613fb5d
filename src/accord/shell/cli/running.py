"""For operators: daemon, tick, hold and release, status, messages."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

import click

from accord.shell.cli.house import by_option, house_of, json_option, moment, who
from accord.shell.cli.output import InputFault, print_json, print_table
from accord.shell.engine.sweep import recover
from accord.shell.engine.turn import Turned
from accord.shell.wiring import House


@click.command()
@click.option("--no-web", is_flag=True, help="Do not serve the pages.")
@click.pass_context
def daemon(context: click.Context, *, no_web: bool) -> None:
    """Always on: answer events, take due steps, send mail, serve the pages.

    SIGTERM finishes what is in hand; SIGHUP reads the files again. On SQLite there is one daemon only.

    \b
    Examples:
      scenario daemon
      scenario --config /etc/theatre/config.toml daemon
    """
    from accord.shell.daemon import Daemon, log_to_standard_error

    log_to_standard_error(verbose=context.find_root().obj["verbose"] > 0)
    with house_of(context) as house:
        try:
            asyncio.run(Daemon(house, serve=not no_web).run())
        except OSError as fault:
            where = f"{house.settings.web_host}:{house.settings.web_port}"
            raise InputFault(f"The pages can't be served at {where}: {fault.strerror}.") from None


@click.command()
@click.option(
    "--now", "instant", help="The instant of the turn; only where [engine] allow_time_travel = true."
)
@click.option("--until-idle", is_flag=True, help="Turn until nothing is due.")
@json_option
@click.pass_context
def tick(context: click.Context, instant: str | None, *, until_idle: bool, as_json: bool) -> None:
    """One turn of every loop, for cron and for tests.

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
        turned = asyncio.run(_turn(house, until_idle=until_idle))
    if as_json:
        print_json(
            {
                name: getattr(turned, name)
                for name in ("answered", "entered", "advanced", "sent", "unreachable")
            }
        )
    else:
        click.echo(
            f"{turned.answered} events answered, {turned.advanced} steps taken, {turned.sent} mails sent."
        )
        if turned.unreachable:
            click.echo(f"Mail waits: {turned.unreachable}", err=True)


async def _turn(house: House, *, until_idle: bool) -> Turned:
    recover(house.store, house.catalogue, now=house.clock())
    total = Turned()
    while True:
        turned = await house.turn(house.clock())
        total += turned
        if turned.idle or turned.unreachable or not until_idle:
            await house.close()
            return total


@click.command()
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
    with house_of(context) as house:
        with house.store.begin() as unit:
            known = {"prospecting", "all", *(row.name for row in unit.live_scenarios())}
            if name not in known:
                raise InputFault(f"«{name}» can't be held; known are: {', '.join(sorted(known))}.")
            unit.hold(name, reason, who(by), house.clock())
        click.echo(f"Held: {name}.")


@click.command()
@click.argument("name")
@click.pass_context
def release(context: click.Context, name: str) -> None:
    """Take a brake off.

    \b
    Example:
      scenario release prospecting
    """
    with house_of(context) as house, house.store.begin() as unit:
        was_held = unit.release(name)
    if not was_held:
        raise InputFault(f"«{name}» is not held.")
    click.echo(f"Released: {name}.")


@click.command()
@json_option
@click.pass_context
def status(context: click.Context, *, as_json: bool) -> None:
    """Queues, the oldest that waits, brakes; exit code 1 when the lag is past [engine] alarm_lag.

    \b
    Examples:
      scenario status
      scenario status --json
    """
    with house_of(context) as house:
        now = house.clock()
        with house.store.read() as unit:
            backlog = unit.backlog(now)
            flight = unit.in_flight()
            brakes = unit.brakes()
            live = unit.live_scenarios()
            counts = unit.message_counts()
        limit = house.settings.alarm_lag
    lags = [now - since for _, since in backlog.values() if since is not None]
    lag = max(lags, default=timedelta())
    late = lag > timedelta(days=limit.days, hours=limit.hours, minutes=limit.minutes)
    document = {
        "now": now,
        "lag_seconds": int(lag.total_seconds()),
        "late": late,
        "waiting": {name: {"count": count, "since": since} for name, (count, since) in backlog.items()},
        "scenarios": [{"name": row.name, "state": row.state, "digest": row.digest} for row in live],
        "in_flight": [{"scenario": s, "digest": d, "step": step, "count": n} for s, d, step, n in flight],
        "brakes": [{"name": b.name, "reason": b.reason, "by": b.by, "since": b.since} for b in brakes],
        "messages": counts,
    }
    if as_json:
        print_json(document)
    else:
        _print_status(document, limit)
    if late:
        sys.exit(1)


def _print_status(document, limit) -> None:  # type: ignore[no-untyped-def]
    rows = [(name, each["count"], each["since"]) for name, each in document["waiting"].items()]
    print_table("Waiting", ("what", "how many", "since"), rows)
    print_table(
        "In flight",
        ("scenario", "step", "people"),
        [(f["scenario"], f["step"], f["count"]) for f in document["in_flight"]],
    )
    print_table("Messages", ("state", "how many"), sorted(document["messages"].items()))
    for brake in document["brakes"]:
        click.echo(
            f"HELD: {brake['name']}, by {brake['by']} since {brake['since']:%Y-%m-%d %H:%M}: {brake['reason']}"
        )
    word = "LATE: " if document["late"] else ""
    click.echo(f"{word}lag {document['lag_seconds']} s (alarm at {limit}).")


@click.group(invoke_without_command=True)
@click.option(
    "--unknown", "state", flag_value="unknown", help="Only mails of which nobody knows whether they arrived."
)
@click.option(
    "--failed", "state", flag_value="failed", help="Only rejected, refused, expired and cancelled ones."
)
@click.option("--basis", help="Only those that rested on this (consent, soft_optin, service …).")
@click.option("--purpose", help="Only those of this purpose.")
@click.option("--since", help="Only those queued since (ISO).")
@click.option("--limit", default=1000, show_default=True)
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values.")
@json_option
@click.pass_context
def messages(context: click.Context, state, basis, purpose, since, limit, *, as_csv, as_json) -> None:  # type: ignore[no-untyped-def]
    """The send ledger: every mail with its state, verdict and rule.

    \b
    Examples:
      scenario messages
      scenario messages --unknown
      scenario messages --basis soft_optin --since 2026-07-01 --csv
    """
    if context.invoked_subcommand is not None:
        return
    states = {"unknown": ["unknown"], "failed": ["rejected", "refused", "expired", "cancelled"]}.get(state)
    with house_of(context) as house, house.store.read() as unit:
        found = unit.ledger(
            states=states,
            basis=basis,
            purpose=purpose,
            since=moment(since, house) if since else None,
            limit=limit,
        )
    rows = [
        (
            m.id,
            address,
            m.scenario,
            m.step,
            m.nature.value,
            m.state.value,
            m.reason,
            m.rule,
            m.basis.value,
            m.sent_at or m.planned_at,
        )
        for m, address, _ in found
    ]
    columns = ("id", "to", "scenario", "step", "nature", "state", "reason", "rule", "basis", "at")
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif as_csv:
        _print_csv(columns, rows)
    else:
        print_table("", columns, [(*row[:-1], f"{row[-1]:%Y-%m-%d %H:%M}") for row in rows])


def _print_csv(columns, rows) -> None:  # type: ignore[no-untyped-def]
    import csv

    out = csv.writer(sys.stdout)
    out.writerow(columns)
    # A cell that begins like a formula is one to a spreadsheet.
    out.writerows([["'" + str(c) if str(c)[:1] in "=+-@" else c for c in row] for row in rows])
