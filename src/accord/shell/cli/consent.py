"""The consent ledger: an act recorded, never a state; and what one person's acts come to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from accord.core.consent.answers import Collected, Collection, collected
from accord.core.model.consent import Act, ConsentEntry
from accord.shell.cli.house import by_option, contact_called, house_of, json_option, moment, who
from accord.shell.cli.output import InputFault, print_json, print_table
from accord.shell.cli.people import print_states, short, states_of
from accord.shell.engine.record import record_consents
from accord.shell.wiring import House


@click.group()
def consent() -> None:
    """The consent ledger: record an act, show what stands."""


@consent.command("record")
@click.argument("email")
@click.option(
    "--purpose", required=True, help="What was asked about; * for all prospecting (objections only)."
)
@click.option(
    "--control",
    type=click.Choice(["optin_box", "optout_box", "radio_yes_no", "double_optin", "terms"]),
    help="How it was asked.",
)
@click.option(
    "--channel",
    type=click.Choice(["oral", "paper", "import", "service_invitation"]),
    help="Where, if not on a web form.",
)
@click.option("--prechecked", is_flag=True, help="The box was ticked before the person touched it.")
@click.option(
    "--answer", type=click.Choice(["ticked", "unticked", "yes", "no", "none"]), help="What came back."
)
@click.option("--form", help="The form's version that was shown.")
@click.option("--script", help="The oral script's version.")
@click.option(
    "--notice", type=click.Choice(["read", "displayed"]), help="How the information was given (oral)."
)
@click.option("--followup", is_flag=True, help="The written follow-up was sent (oral).")
@click.option(
    "--informed",
    is_flag=True,
    help="The form says that customers are written to unless they refuse, and lets them.",
)
@click.option("--at", "instant", help="When (ISO); now if not said.")
@by_option
@json_option
@click.pass_context
def record_act(
    context: click.Context,
    /,
    email: str,
    purpose: str,
    instant: str | None,
    by: str | None,
    *,
    as_json: bool,
    **told: Any,
) -> None:
    """Record an act, never a state: what was asked, how, and what was answered.

    \b
    Examples:
      scenario consent record ada@example.org --purpose newsletter --control optin_box --answer ticked --form inscription@3
      scenario consent record ada@example.org --purpose newsletter --channel oral --script guichet@1 --notice read --followup --answer yes
      scenario consent record ada@example.org --purpose "*" --control radio_yes_no --answer no
    """
    with house_of(context) as house:
        now = house.clock()
        at = moment(instant, house)
        if at > now:
            raise InputFault("--at lies in the future: an act that has not happened can't be recorded.")
        act, found = _collected(house, told)
        kinds = _kinds(house, purpose)
        details = {key: str(value) for key, value in told.items() if value not in (None, False)}
        with house.store.read() as unit:
            contact = contact_called(unit, email)
        entries = [
            ConsentEntry(contact.id, at, purpose, kind, act, found.informed, details | {"by": who(by)})
            for kind in kinds
        ]
        record_consents(house.store, house.catalogue, entries, now=now, seal=house.keys.seal)
    if as_json:
        print_json(
            {"act": act.value, "status": found.status.value, "reason": found.reason, "rule": found.rule}
        )
    else:
        click.echo(f"Recorded: {act.value} for {purpose} ({', '.join(kinds)}): {found.reason}, {found.rule}.")


def _collected(house: House, told: Mapping[str, Any]) -> tuple[Act, Collected]:
    """What was really collected, or the command's end: where nothing was, or where the proof is missing."""
    found = collected(
        Collection(
            control=told["control"],
            prechecked=told["prechecked"],
            answer=None if told["answer"] == "none" else told["answer"],
            channel=told["channel"],
            script_version=told["script"],
            notice=told["notice"],
            written_followup=told["followup"],
            says_written_to_unless_refused=told["informed"],
        ),
        house.venue.policy,
    )
    if found.act is None:
        raise InputFault(f"That collects nothing: {found.reason} ({found.rule}).")
    if found.act is Act.OPTIN_PROVEN and not (told["form"] or told["script"]):
        raise InputFault(
            "A proven consent needs its proof: name the --form (or the --script) that was shown."
        )
    return found.act, found


def _kinds(house: House, purpose: str) -> tuple[str, ...]:
    if purpose == "*":
        return ("*",)
    known = house.venue.purposes.get(purpose)
    if known is None:
        raise InputFault(f"There is no purpose «{purpose}»; there are: {', '.join(house.venue.purposes)}.")
    return known.kinds


@consent.command("show")
@click.argument("email")
@json_option
@click.pass_context
def show_ledger(context: click.Context, email: str, *, as_json: bool) -> None:
    """Every act in one person's ledger, oldest first, and the states that they come to.

    \b
    Example:
      scenario consent show ada@example.org
    """
    with house_of(context) as house:
        with house.store.read() as unit:
            contact = contact_called(unit, email)
            entries = unit.entries([contact.id]).get(contact.id, ())
            situation = unit.situations([contact.id])[contact.id]
        states = states_of(house.venue, situation)
    if as_json:
        acts = [_told(entry) for entry in entries]
        print_json({"email": contact.email, "acts": acts, "states": states})
        return
    acts_told = [[short(value) for value in _told(entry).values()] for entry in entries]
    print_table("Acts", ("seq", "at", "purpose", "kind", "act", "informed", "details"), acts_told)
    print_states("States", states)


def _told(entry: ConsentEntry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": entry.at,
        "purpose": entry.purpose,
        "kind": entry.kind,
        "act": entry.act.value,
        "informed": entry.informed,
        "details": dict(entry.details),
    }
