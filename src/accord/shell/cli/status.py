"""How it goes: status, and what to try again."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from accord.core.model.time import Duration, local_day, start_of_day
from accord.core.pacing import WarmUp
from accord.shell.cli.house import by_option, house_of, json_option, who
from accord.shell.cli.output import InputFault, print_json, print_table, when
from accord.shell.engine.care.vitals import Vitals, alarms, is_late, vitals
from accord.shell.engine.journeys.surprise import expected
from accord.shell.engine.ports.rows import Deed, LiveScenario, Stuck, StuckKind
from accord.shell.engine.ports.store import Unit
from accord.shell.engine.sending.pacer import Told, noted
from accord.shell.engine.sending.relays import NOT_TAKEN, noted_relays


@click.command(short_help="Queues, the oldest that waits, brakes.")
@click.option("--stuck", is_flag=True, help="Also what does not get on by itself, row by row.")
@json_option
@click.pass_context
def status(context: click.Context, *, stuck: bool, as_json: bool) -> None:
    """Queues, the oldest that waits, brakes; exit code 1 when there is an alarm.

    An alarm is a lag past [engine] alarm_lag, a mail of which nobody knows whether it arrived, whatever fails
    each time that it is tried, what a webhook was told in vain for days, a daemon that has fallen silent, a mailbox that can't be read, and what
    came back and wants somebody.

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
            document = _document(unit, seen, limit, zone)
            document["warm_up"] = _warm_up(unit, house.settings.smtp.rates.warm_up, seen.now, zone)
    if stuck:
        document["stuck"] = [_stuck(row) for row in seen.stuck]
    if as_json:
        print_json(document)
    else:
        _print_status(document, limit, zone)
    if document["alarms"]:
        sys.exit(1)


def _document(unit: Unit, seen: Vitals, limit: Duration, zone: ZoneInfo) -> dict[str, Any]:
    live = unit.live_scenarios()
    return {
        "now": seen.now,
        "lag_seconds": int(seen.lag.total_seconds()),
        "late": is_late(seen, limit),
        "alarms": alarms(seen, limit),
        "waiting": {name: {"count": count, "since": since} for name, (count, since) in seen.waiting.items()},
        "scenarios": [_scenario(unit, row, local_day(seen.now, zone)) for row in live],
        "in_flight": [
            {
                "scenario": scenario,
                "digest": digest,
                "step": step,
                "count": count,
                "older": digest not in {row.digest for row in live},
            }
            for scenario, digest, step, count in unit.in_flight()
        ],
        "daemons": [
            {
                "name": each.name,
                "role": each.role.value,
                "version": each.version,
                "since": each.since,
                "seen_at": each.seen_at,
                "silent": each.is_silent(seen.now),
            }
            for each in seen.daemons
        ],
        "brakes": [
            {"name": brake.name, "reason": brake.reason, "by": brake.by, "since": brake.since}
            for brake in seen.brakes
        ],
        "messages": unit.message_counts(),
        "webhooks": _webhooks(unit),
        "domains": [_domain(each) for each in noted(unit)],
        "mailboxes": [
            {"name": each.name, "read_at": each.read_at, "failing_since": each.failing_since, "why": each.why}
            for each in seen.mailboxes
        ],
        "relays": [
            {"relay": name, "mails": mails, "silent": silence}
            for name, (mails, silence) in noted_relays(unit).items()
        ],
    }


def _scenario(unit: Unit, row: LiveScenario, today: date) -> dict[str, Any]:
    """One scenario: how it runs, and how many mails there were where how many were to be expected."""
    pause, activation = unit.running.pauses().get(row.name), unit.running.activation(row.name)
    return {
        "name": row.name,
        "state": row.state,
        "digest": row.digest,
        "paused": {"by": pause.by, "since": pause.since, "being_resumed": pause.freed_to > 0}
        if pause is not None
        else None,
        "mails": activation.queued if activation is not None else None,
        "expected": expected(activation, today) if activation is not None else None,
    }


def _warm_up(unit: Unit, plan: WarmUp | None, now: datetime, zone: ZoneInfo) -> dict[str, int] | None:
    """How many prospecting mails may leave on this day of the plan, and how many have; None without a plan for it."""
    today = local_day(now, zone)
    allowed = plan.allowed(today) if plan is not None else None
    if allowed is None:
        return None
    return {"allowed": allowed, "left": unit.outflow.prospecting_since(start_of_day(today, zone))}


def _domain(told: Told) -> dict[str, Any]:
    """A domain that is held to a pace, or was slowed: mails a second now, and when it is well."""
    return {
        "domain": told.domain,
        "per_second": told.rate,
        "whole": told.whole,
        "slowed": told.is_slowed,
        "held_back": told.held,
    }


def _webhooks(unit: Unit) -> dict[str, dict[str, int]]:
    """By webhook: how many postings are in each state."""
    found: dict[str, dict[str, int]] = {}
    for name, state, count, _ in unit.postings.counts():
        found.setdefault(name, {})[state.value] = count
    return found


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
    live = [(row["name"], _state(row), row["mails"], row["expected"]) for row in document["scenarios"]]
    if live:
        print_table("Live", ("scenario", "state", "mails since", "expected by today"), live)
    else:
        click.echo("No scenario is live: scenario activate NAME")
    _print_daemons(document["daemons"], zone)
    flight = [
        (row["scenario"], row["step"], row["count"], f"older, {row['digest'][:8]}" if row["older"] else "")
        for row in document["in_flight"]
    ]
    if flight:
        print_table("Under way", ("scenario", "at step", "people", "version"), flight)
    if document["messages"]:
        print_table("Mails", ("state", "how many"), sorted(document["messages"].items()))
    posted = [
        (name, state, count)
        for name, counts in document["webhooks"].items()
        for state, count in sorted(counts.items())
    ]
    if posted:
        print_table("Webhooks", ("webhook", "state", "how many"), posted)
    waiting = [
        (name, each["count"], when(each["since"], zone))
        for name, each in document["waiting"].items()
        if each["count"]
    ]
    if waiting:
        print_table("Waiting", ("what", "how many", "since"), waiting)
    if document["warm_up"] is not None:
        plan = document["warm_up"]
        click.echo(f"WARM-UP: {plan['left']} prospecting mails have left today, {plan['allowed']} may.")
    _print_relays(document["relays"])
    _print_domains(document["domains"])
    _print_stuck(document.get("stuck", ()), zone)
    for row in document["scenarios"]:
        if row["paused"] is not None:
            click.echo(f"PAUSED: {row['name']}, {_by_and_since(row['paused'], zone)}")
    for brake in document["brakes"]:
        click.echo(f"HELD: {brake['name']}, {_by_and_since(brake, zone)}: {brake['reason']}")
    for alarm in document["alarms"]:
        click.echo(f"ALARM: {alarm}.")
    click.echo(f"The lag is {_long(document['lag_seconds'])} (alarm at {limit}).")


def _print_daemons(daemons: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> None:
    rows = [
        (row["name"], row["role"], when(row["since"], zone), when(row["seen_at"], zone), row["version"])
        for row in daemons
    ]
    if rows:
        print_table("Daemons", ("daemon", "role", "since", "last heard of", "version"), rows)


def _print_domains(domains: Sequence[Mapping[str, Any]]) -> None:
    """Those that are written to more slowly than by themselves, because they asked for it."""
    slowed = [
        (row["domain"], _rate(row["per_second"]), _rate(row["whole"]), row["held_back"])
        for row in domains
        if row["slowed"]
    ]
    if slowed:
        print_table("Slowed", ("domain", "mails a second", "when it is well", "held back"), slowed)


def _print_relays(relays: Sequence[Mapping[str, Any]]) -> None:
    """What each mail server did since the daemon began; with one alone only that it can't be reached."""
    if len(relays) > 1 or any(row["silent"] for row in relays):
        columns = ("relay", "accepted", "not taken", "other", "can't be reached")
        print_table("Mail servers", columns, [_relay(row) for row in relays])


def _relay(row: Mapping[str, Any]) -> tuple[Any, ...]:
    mails = dict(row["mails"])
    accepted, not_taken = mails.pop("accepted", 0), mails.pop(NOT_TAKEN, 0)
    return row["relay"], accepted, not_taken, sum(mails.values()), row["silent"]


def _rate(per_second: float) -> str:
    return f"{per_second:.2g}"


def _print_stuck(stuck: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> None:
    rows = [
        (
            row["id"],
            row["contact"],
            row["what"],
            when(row["since"], zone),
            when(row["tried_again_at"], zone),
            row["why"],
        )
        for row in stuck
    ]
    if rows:
        print_table("Stuck", ("id", "contact", "what", "since", "tried again", "why"), rows)
        click.echo("Try one again: scenario retry ID. Settle a mail: scenario messages settle ID.")


def _state(row: Mapping[str, Any]) -> str:
    """How a scenario runs, in words; one that is paused may be draining besides."""
    if row["paused"] is None:
        return str(row["state"])
    word = "being resumed" if row["paused"]["being_resumed"] else "paused"
    return word if row["state"] == "active" else f"{row['state']}, {word}"


def _by_and_since(row: Mapping[str, Any], zone: ZoneInfo) -> str:
    return f"by {row['by']} since {when(row['since'], zone)}"


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
