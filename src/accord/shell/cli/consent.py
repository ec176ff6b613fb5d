"""The consent ledger: an act recorded, never a state; and what one person's acts come to."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from accord.core.model.consent import ConsentEntry
from accord.core.model.wording import WordingKind
from accord.shell.cli.house import by_option, contact_called, house_of, json_option, moment, who
from accord.shell.cli.output import InputFault, print_json, print_table
from accord.shell.cli.people import print_states, short
from accord.shell.documents import act_document, ledger_document
from accord.shell.engine.care.acts import ANSWERS, CHANNELS, ActTold, NoPurpose, record_act
from accord.shell.engine.care.collect import WordingFault
from accord.shell.engine.ports.rows import Deed
from accord.shell.proof.dossier import gather
from accord.shell.proof.pack import write_pack


@click.group()
def consent() -> None:
    """The consent ledger: record an act, show what stands."""


@consent.command("record")
@click.argument("email")
@click.option("--form", help="The form that was answered: NAME, or NAME@VERSION.")
@click.option("--script", help="The oral script that was answered: NAME, or NAME@VERSION.")
@click.option("--answer", type=click.Choice(ANSWERS), help="What came back.")
@click.option("--refuse", is_flag=True, help="A refusal that answered no form: by letter, telephone, reply.")
@click.option("--purpose", default="*", help="What the refusal bears on; all prospecting if not said.")
@click.option("--channel", type=click.Choice(CHANNELS), help="By which way it came to us.")
@click.option("--language", help="In which language it was asked; the contact's own if not said.")
@click.option("--place", help="Where it was said or signed.")
@click.option("--followup", is_flag=True, help="The written follow-up was handed over already (oral).")
@click.option("--at", "instant", help="When (ISO); now if not said.")
@by_option
@json_option
@click.pass_context
def record(
    context: click.Context, /, email: str, instant: str | None, by: str | None, *, as_json: bool, **told: Any
) -> None:
    """Record an act, never a state: which wording was answered, and how; or a refusal that answered none.

    An oral yes is proven by its script, agent (--by), place and written follow-up; the follow-up is sent by the
    scenario that enters by consent.spoken.

    \b
    Examples:
      scenario consent record ada@example.org --form billetterie --answer unticked --at 2026-09-01T10:00+02:00
      scenario consent record ada@example.org --script guichet --answer yes --place "the counter" --by lea
      scenario consent record ada@example.org --refuse --channel letter
    """
    with house_of(context) as house:
        at = moment(instant, house)
        if at > house.clock():
            raise InputFault("--at lies in the future: an act that has not happened can't be recorded.")
        with house.store.read() as unit:
            contact = contact_called(unit, email)
        act = _act(at, who(by), told)
        try:
            recorded = record_act(
                house.store,
                house.listening,
                contact,
                act,
                files=house.wordings,
                by=who(by),
                now=house.clock(),
            )
        except WordingFault as fault:
            raise InputFault(str(fault)) from None
        except NoPurpose as fault:
            raise InputFault(f"{fault}.") from None
    if recorded.act is None:
        raise InputFault(f"That collects nothing: {recorded.reason} ({recorded.rule}).")
    document = act_document(recorded.act, recorded.reason, recorded.rule, recorded.entries)
    if as_json:
        print_json(document)
    else:
        click.echo(
            f"Recorded: {document['act']} for {', '.join(document['for'])}: {document['reason']}, {document['rule']}."
        )


def _act(at: datetime, by: str, told: Mapping[str, Any]) -> ActTold:
    """What the options say: an answer to one wording, or a refusal; or the command's end."""
    if told["refuse"]:
        return ActTold(at, purpose=told["purpose"], channel=told["channel"], place=told["place"])
    if bool(told["form"]) == bool(told["script"]) or told["answer"] is None:
        raise InputFault("Say which --form or which --script was answered, and the --answer; or --refuse.")
    return ActTold(
        at,
        WordingKind.FORM if told["form"] else WordingKind.SCRIPT,
        told["form"] or told["script"],
        None if told["answer"] == "none" else told["answer"],
        channel=told["channel"],
        language=told["language"],
        place=told["place"],
        followup=told["followup"],
        agent=by,
    )


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
        document = ledger_document(house.venue, situation, entries)
    if as_json:
        print_json(document)
        return
    columns = ("seq", "at", "purpose", "act", "informed", "wording", "by which way")
    print_table("Acts", columns, [_line(entry) for entry in entries])
    print_states("States", document["states"])


@consent.command("prove")
@click.argument("email")
@click.option(
    "--out",
    default=Path(),
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write into.",
)
@click.option("--language", type=click.Choice(["fr", "en"]), help="The venue's first if not said.")
@by_option
@json_option
@click.pass_context
def prove(
    context: click.Context, email: str, out: Path, language: str | None, by: str | None, *, as_json: bool
) -> None:
    """Write the proof pack of one person: a page that needs nothing else, and the raw entries in a ZIP.

    For each purpose the state, how it came about, the very words that were shown; every mail with its verdict,
    basis, rule and what the gate read; the chain of the ledger, verified. Exit code 1 where the chain is broken.

    \b
    Examples:
      scenario consent prove ada@example.org
      scenario consent prove ada@example.org --out inspection --language en
    """
    with house_of(context) as house:
        now = house.clock()
        with house.store.read() as unit:
            dossier = gather(unit, contact_called(unit, email).id, house.venue, house.press)
        chosen = language or house.venue.entity.language
        written = write_pack(dossier, house.venue, out, language=chosen, now=now)
        with house.store.begin() as unit:
            unit.note_deed(Deed(now, who(by), "consent prove", f"contact {dossier.contact.id}"))
    if as_json:
        print_json({"files": [str(path) for path in written], "chain_holds": not dossier.broken})
    else:
        click.echo(f"Written: {', '.join(map(str, written))}.")
        click.echo(
            "The chain of the ledger holds." if not dossier.broken else "The chain of the ledger is BROKEN."
        )
    if dossier.broken:
        sys.exit(1)


def _line(entry: ConsentEntry) -> tuple[str, ...]:
    details = entry.details
    wording = details.get("form") or details.get("script") or (entry.wording or "")[:12]
    way = [details.get(name) for name in ("channel", "answer", "place", "actor", "because")]
    return (
        str(entry.seq),
        short(entry.at),
        f"{entry.purpose}/{entry.kind}",
        entry.act.value,
        "" if entry.informed is None else "yes" if entry.informed else "no",
        wording,
        ", ".join(each for each in way if each),
    )
