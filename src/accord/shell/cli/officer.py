"""For the data-protection officer: the register, the audit, the census, and the replay."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import click
from pydantic import ValidationError

from accord.core.mail.names import names_read
from accord.core.model.time import local_day
from accord.core.model.venue import Policy
from accord.shell.cli.house import house_of, json_option, moment
from accord.shell.cli.output import InputFault, print_json, print_table
from accord.shell.cli.people import short
from accord.shell.config_shapes import PolicySection
from accord.shell.proof.census import Census
from accord.shell.proof.census import census as counted
from accord.shell.proof.register import Line, Recipient
from accord.shell.proof.register import register as lines_of
from accord.shell.proof.replay import Judged
from accord.shell.proof.replay import replay as judged_again
from accord.shell.wiring import House
from accord.shell.wordings import catalogue


@click.command()
@click.option("--language", type=click.Choice(["fr", "en"]), help="The venue's first if not said.")
@json_option
@click.pass_context
def register(context: click.Context, language: str | None, *, as_json: bool) -> None:
    """The register of processing (GDPR art. 30): a line for each scenario, from what its files really do.

    \b
    Examples:
      scenario register
      scenario register --language en --json
    """
    with house_of(context, files_only=True) as house:
        house.read_files()
        smtp = house.settings.smtp
        read_by = partial(names_read, files=house.library.templates)
        chosen = language or house.venue.entity.language
        say = catalogue(chosen, "proof").gettext
        server, what = say("the mail server {host}"), say("address, mail")
        relays = [
            Recipient(each.recipient or server.format(host=each.host), what, each.country)
            for each in smtp.relays
        ]
        lines = lines_of(house.checked.by_name(), read_by, house.venue, relays, chosen)
    if as_json:
        print_json([asdict(line) for line in lines])
        return
    for line in lines:
        print_table(line.scenario, ("", ""), _told(line, say))


def _told(line: Line, say: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    yield say("controller"), line.controller
    yield say("purpose"), line.purpose
    yield say("rests on"), "\n".join(line.basis)
    yield say("people"), line.people
    yield say("data"), ", ".join(line.data)
    for each in line.recipients:
        where = f" ({each.country})" if each.country else ""
        yield say("recipient"), f"{each.name}: {each.what}{where}"
    yield say("kept"), line.retention


@click.command()
@click.option("--since", help="Only what was done since (ISO).")
@click.option("--limit", default=200, show_default=True)
@json_option
@click.pass_context
def audit(context: click.Context, since: str | None, limit: int, *, as_json: bool) -> None:
    """Who of the team did what, newest first. People written to are named by their number.

    \b
    Examples:
      scenario audit
      scenario audit --since 2026-11-01 --json
    """
    with house_of(context) as house, house.store.read() as unit:
        deeds = unit.deeds(since=moment(since, house) if since else None, limit=limit)
    if as_json:
        print_json([asdict(deed) for deed in deeds])
    else:
        rows = [(short(d.at), d.by, d.action, d.subject, _details(d.details)) for d in deeds]
        print_table("", ("when", "who", "did", "to what", ""), rows)


def _details(details: Any) -> str:
    return ", ".join(f"{name}: {value}" for name, value in details.items() if name != "digest")


@click.command()
@json_option
@click.pass_context
def census(context: click.Context, *, as_json: bool) -> None:
    """How many people stand where, on which wording it rests, how many were never informed, who expires when.

    \b
    Examples:
      scenario consent census
      scenario consent census --json
    """
    with house_of(context) as house, house.store.read() as unit:
        found = counted(unit, house.venue, local_day(house.clock(), house.venue.entity.clock))
    if as_json:
        print_json(asdict(found))
    else:
        _print_census(found)


def _print_census(found: Census) -> None:
    rows = [(s.purpose, s.kind, s.state, s.wording, s.people) for s in found.standings]
    print_table("Where people stand", ("purpose", "kind", "state", "wording", "people"), rows)
    print_table("Until the cut-off", ("", "people"), found.left)
    click.echo(
        f"{found.people} people; {found.never_informed} were never informed that they may refuse; "
        f"{found.from_third_parties} came from third parties."
    )


@click.command()
@click.option("--since", required=True, help="Mails sent since then (ISO).")
@click.option("--set", "switches", multiple=True, help="SWITCH=VALUE: judge as if it had been so.")
@json_option
@click.pass_context
def replay(context: click.Context, since: str, switches: tuple[str, ...], *, as_json: bool) -> None:
    """Judge every sent mail again, on what was known at its instant; exit code 1 where one comes out otherwise.

    With --set: what a stricter switch would have refused.

    \b
    Examples:
      scenario policy replay --since 2026-07-01
      scenario policy replay --since 2026-07-01 --set review_is_prospecting=true
    """
    with house_of(context) as house:
        policy = _policy(house, switches)
        every = judged_again(house.store, house.catalogue, since=moment(since, house), policy=policy)
        count, differing = 0, []
        for judged in every:
            count += 1
            if judged.differs:
                differing.append(_row(judged))
    if as_json:
        print_json({"judged": count, "different": differing})
    else:
        columns = ("message", "sent", "template", "rested on", "now", "rule", "what reads otherwise")
        if differing:
            print_table("Comes out otherwise", columns, [tuple(row.values()) for row in differing])
        click.echo(f"{count} mails judged again, {len(differing)} come out otherwise.")
    if differing:
        sys.exit(1)


def _row(judged: Judged) -> dict[str, Any]:
    message = judged.message
    return {
        "message": message.id,
        "sent": short(judged.at),
        "template": message.template,
        "was": f"{message.basis.value}, {message.reason}",
        "now": judged.verdict.reason,
        "rule": judged.verdict.rule,
        "inputs": "; ".join(judged.inputs),
    }


def _policy(house: House, switches: tuple[str, ...]) -> Policy:
    """The switches in force with those of --set over them, or the command's end."""
    policy = house.venue.policy
    known = PolicySection.model_fields
    for pair in switches:
        name, equals, value = pair.partition("=")
        if not equals or name not in known:
            raise InputFault(f"«{pair}»: write SWITCH=VALUE; switches are {', '.join(known)}.")
        try:
            read = getattr(PolicySection.model_validate({name: value}), name)
        except ValidationError as fault:
            raise InputFault(f"«{pair}»: {fault.errors()[0]['msg'].lower()}.") from None
        policy = replace(policy, **{name: read})
    return policy
