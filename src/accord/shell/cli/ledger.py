"""The send ledger: every mail with its state, verdict and rule; one of them whole; what a person decides of it."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from email.parser import BytesHeaderParser
from email.policy import default
from typing import Any
from zoneinfo import ZoneInfo

import click

from accord.core.mail.dkim import signed
from accord.core.mail.recipe import NotTheSame
from accord.shell.cli.house import by_option, house_of, json_option, moment, who
from accord.shell.cli.output import InputFault, print_json, print_pairs, print_table, when
from accord.shell.documents import MAIL_COLUMNS, journal_rows, mail_document, mail_row
from accord.shell.engine.ports.mailing import Unwritable
from accord.shell.engine.ports.rows import LedgerEntry
from accord.shell.engine.ports.store import Unit
from accord.shell.engine.sending.by_hand import NotByHand, resend, settle
from accord.shell.wiring import House

FAILED = ("rejected", "refused", "expired", "cancelled")


@click.group(invoke_without_command=True, short_help="The send ledger: every mail, its state and verdict.")
@click.option(
    "--unknown", "state", flag_value="unknown", help="Only mails of which nobody knows whether they arrived."
)
@click.option(
    "--failed", "state", flag_value="failed", help="Only rejected, refused, expired and cancelled ones."
)
@click.option("--basis", help="Only those that rested on this (consent, soft_optin, service …).")
@click.option("--purpose", help="Only those of this purpose.")
@click.option("--since", help="Only those queued since (ISO).")
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(1, 1_000_000))
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values.")
@json_option
@click.pass_context
def messages(
    context: click.Context,
    /,
    state: str | None,
    since: str | None,
    *,
    as_csv: bool,
    as_json: bool,
    **wanted: Any,
) -> None:
    """The send ledger: every mail with its state, verdict and rule, newest first.

    \b
    Examples:
      scenario messages
      scenario messages --unknown
      scenario messages --basis soft_optin --since 2026-07-01 --csv
      scenario messages show 42
    """
    if context.invoked_subcommand is not None:
        return
    states: Sequence[str] | None = FAILED if state == "failed" else [state] if state else None
    with house_of(context, reading=True) as house:
        begins = moment(since, house) if since else None
        with house.store.read() as unit:
            found = unit.ledger(states=states, since=begins, **wanted)
        zone = house.venue.entity.clock
    mails = [mail_row(message, address) for message, address, _ in found]
    rows = [tuple(mail.values()) for mail in mails]
    if as_json:
        print_json(mails)
    elif as_csv:
        _print_csv(rows)
    else:
        _print(rows, zone)


def _print(rows: Sequence[tuple[Any, ...]], zone: ZoneInfo) -> None:
    told = [
        (number, when(at, zone), address, f"{scenario}/{step}", nature, state, f"{reason} {rule}", basis)
        for number, at, address, scenario, step, nature, state, reason, rule, basis in rows
    ]
    if not told:
        click.echo("There are no such mails.")
        return
    print_table("", ("id", "at", "to", "step", "nature", "state", "verdict", "basis"), told)
    click.echo(f"{len(rows)} mails. One of them: scenario messages show ID")


def _print_csv(rows: Sequence[tuple[Any, ...]]) -> None:
    out = csv.writer(sys.stdout)
    out.writerow(MAIL_COLUMNS)
    # A cell that begins like a formula is one to a spreadsheet.
    out.writerows([["'" + str(c) if str(c)[:1] in "=+-@" else c for c in row] for row in rows])


@messages.command("show")
@click.argument("number", metavar="ID", type=int)
@click.option("--eml", is_flag=True, help="The mail itself, as a mail program reads it.")
@json_option
@click.pass_context
def show_mail(context: click.Context, number: int, *, eml: bool, as_json: bool) -> None:
    """One mail: what was decided, by which rule, on what inputs, and what became of it.

    With --eml the mail itself: one that left is made again from the ledger, the very bytes that left, whatever
    has become of its reader's data, its template or the keys since; until its reader is erased. A signature (DKIM)
    whose key config.toml names no more is left out.

    \b
    Examples:
      scenario messages show 42
      scenario messages show 42 --eml > mail.eml
    """
    with house_of(context, reading=True) as house:
        with house.store.read() as unit:
            entry = unit.ledger_entry(number)
            if entry is None:
                raise InputFault(f"There is no mail {number} in the ledger.")
            if eml:
                sys.stdout.buffer.write(_as_mail(house, unit, entry))
                return
            rows = [
                row
                for row in unit.events_of(entry.message.contact_id, limit=10_000)
                if row.data.get("message_id") == str(number)
            ]
            headers = _headers(house, unit, entry)
        zone = house.venue.entity.clock
    document = mail_document(entry)
    if as_json:
        document["journal"] = journal_rows(rows)
        document["headers"] = headers
        print_json(document)
        return
    inputs = document.pop("inputs")
    told = [(key, when(value, zone) if key.endswith("at") else value) for key, value in document.items()]
    print_pairs(f"Mail {number}", told)
    print_pairs("What the gate read", sorted(inputs.items()))
    if headers:
        print_pairs("Its headers", headers)
    if rows:
        journal = [
            (when(row.at, zone), row.name, row.data.get("reason"), row.data.get("reply")) for row in rows
        ]
        print_table("What became of it", ("when", "what", "reason", "reply"), journal)


def _headers(house: House, unit: Unit, entry: LedgerEntry) -> list[tuple[str, str]]:
    """The headers of a mail that left, signatures included, as a mail program shows them; none once it is erased."""
    if entry.message.sent_at is None:
        return []
    try:
        content = house.press.again(unit, entry.context)
    except NotTheSame:
        return []
    parsed = BytesHeaderParser(policy=default).parsebytes(content)
    return [(name, " ".join(str(value).split())) for name, value in parsed.items()]


def _as_mail(house: House, unit: Unit, entry: LedgerEntry) -> bytes:
    """A mail that was handed over as it left, byte for byte; one that was not, as it would be written now."""
    message = entry.message
    if message.sent_at is not None:
        try:
            return house.press.again(unit, entry.context)
        except NotTheSame as fault:
            raise InputFault(f"Mail {message.id} can't be made again: {fault}.") from None
    situation = unit.situations([message.contact_id])[message.contact_id]
    [situation] = unit.with_runs({message.contact_id: situation}, unit.runs([message.enrolment_id]))
    try:
        letter = house.writer().write(message, situation, now=house.clock())
    except Unwritable as fault:
        raise InputFault(f"The mail can't be written: {fault}.") from None
    click.echo("It has not left: this is how it would be written now.", err=True)
    return signed(letter.envelope.content, house.settings.dkim.signers)


@messages.command("resend")
@click.argument("number", metavar="ID", type=int)
@by_option
@json_option
@click.pass_context
def resend_mail(context: click.Context, number: int, by: str | None, *, as_json: bool) -> None:
    """Judge a mail again, and queue it if it may leave; a prospecting mail that was accepted never leaves twice.

    \b
    Examples:
      scenario messages resend 42 --by marie
    """
    with house_of(context, by=by) as house:
        try:
            judged = resend(house.store, house.catalogue, number, by=who(by), now=house.clock())
        except NotByHand as fault:
            raise InputFault(str(fault)) from None
    if as_json:
        print_json({"id": number, "queued": True, "reason": judged.reason, "rule": judged.rule})
    else:
        click.echo(f"Queued again: {judged.reason} {judged.rule}. It is judged once more at the door.")


@messages.command("settle")
@click.argument("number", metavar="ID", type=int)
@click.argument("what", type=click.Choice(["accepted", "lost"]))
@by_option
@click.pass_context
def settle_mail(context: click.Context, number: int, what: str, by: str | None) -> None:
    """Say what became of a mail of unknown fate: the server's own log knows whether it was accepted or lost.

    \b
    Examples:
      scenario messages --unknown
      scenario messages settle 42 accepted --by marie
      scenario messages settle 42 lost && scenario messages resend 42
    """
    with house_of(context, by=by) as house:
        try:
            settle(
                house.store,
                house.listening,
                number,
                arrived=what == "accepted",
                by=who(by),
                now=house.clock(),
            )
        except NotByHand as fault:
            raise InputFault(str(fault)) from None
    click.echo(f"Mail {number}: {what}.")
