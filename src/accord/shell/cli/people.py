"""People: contacts, the consent ledger, events and orders, and why someone did or did not get each mail."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.progress import Progress

from accord.core.consent.answers import Collection, collected
from accord.core.consent.collection import state_of
from accord.core.consent.retention import cut_off
from accord.core.model.consent import ConsentEntry
from accord.core.model.contact import email_key
from accord.core.model.event import Event
from accord.shell.cli.house import (
    by_option,
    contact_called,
    house_of,
    instant_of,
    json_option,
    moment,
    typed,
    who,
)
from accord.shell.cli.output import InputFault, print_json, print_table
from accord.shell.engine.people import (
    Refusal,
    Taken,
    event_fault,
    import_contacts,
    known_columns,
    take_events,
    take_order,
)
from accord.shell.engine.record import record_consents
from accord.shell.wiring import House


@click.group()
def contacts() -> None:
    """People: import, show."""


@contextmanager
def progress(title: str, total: int) -> Iterator[Any]:
    """A bar on a terminal, nothing elsewhere; yields a function that is told how many more are done."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with Progress(transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda more: bar.advance(task, more)


@contacts.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "mapped", multiple=True, help="COLUMN=FIELD, for a column called otherwise.")
@click.option("--dry-run", "dry", is_flag=True, help="Read and report, store nothing.")
@json_option
@click.pass_context
def import_file(
    context: click.Context, file: Path, mapped: tuple[str, ...], *, dry: bool, as_json: bool
) -> None:
    """Import contacts from a CSV file; a report names every row refused, with field and reason.

    An import proves no consent, renews no clock and lifts no objection. Exit code 1 when a row was refused;
    all others are in.

    \b
    Examples:
      scenario contacts import base.csv --dry-run
      scenario contacts import base.csv --map Courriel=email --map Langue=language
    """
    with house_of(context) as house:
        rows = read_rows(file, dict(pair.split("=", 1) for pair in mapped if "=" in pair), house)
        with progress("Importing", len(rows)) as more:
            taken = import_contacts(
                house.store,
                house.catalogue,
                rows,
                now=house.clock(),
                seals=house.keys.seals,
                dry=dry,
                on_page=more,
            )
    _report(taken, as_json=as_json, noun="contacts")


def read_rows(file: Path, mapped: Mapping[str, str], house: House) -> list[tuple[int, Mapping[str, str]]]:
    """The rows of a CSV, numbered as in the file, in any common encoding and separator."""
    raw = file.read_bytes()
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise InputFault(f"{file} is in an encoding that is neither UTF-8 nor Windows-1252.")
    header = text.partition("\n")[0]
    separator = max(",;\t|", key=header.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=separator)
    names = [mapped.get(name, name).strip() for name in reader.fieldnames or ()]
    if "email" not in names:
        raise InputFault(
            f"{file}: no column «email»; the columns are {', '.join(names)}. Map one: --map Courriel=email"
        )
    unknown = sorted(set(names) - known_columns(house.venue))
    if unknown:
        raise InputFault(
            f"{file}: nobody declared «{', '.join(unknown)}»; known are {', '.join(sorted(known_columns(house.venue)))}."
        )
    reader.fieldnames = names
    return [(number, row) for number, row in enumerate(reader, start=2)]


def _report(taken: Taken, *, as_json: bool, noun: str) -> None:
    if as_json:
        refusals = [{"row": r.row, "field": r.field, "reason": r.reason} for r in taken.refusals]
        print_json(
            {"new": taken.new, "known": taken.known, "objecting": taken.objecting, "refused": refusals}
        )
    else:
        click.echo(
            f"{taken.new} new {noun}, {taken.known} known already, {taken.objecting} on the objection list."
        )
        if taken.refusals:
            print_table(
                "Refused", ("row", "field", "reason"), [(r.row, r.field, r.reason) for r in taken.refusals]
            )
    if taken.refusals:
        sys.exit(1)


@contacts.command("show")
@click.argument("email")
@json_option
@click.pass_context
def show_contact(context: click.Context, email: str, *, as_json: bool) -> None:
    """What is known of one person: consents, clock, preferences, orders, runs.

    \b
    Example:
      scenario contacts show ada@example.org
    """
    with house_of(context) as house:
        with house.store.read() as unit:
            contact = contact_called(unit, email)
            situation = unit.situations([contact.id])[contact.id]
            runs = unit.open_runs([contact.id])
        states = {
            f"{purpose.name}/{kind}": state_of(situation.consents, purpose.name, kind)
            for purpose in house.venue.purposes.values()
            for kind in purpose.kinds
        }
        document: dict[str, Any] = {
            "id": contact.id,
            "email": contact.email,
            "language": contact.language,
            "zone": contact.zone,
            "address": contact.address_state.value,
            "kind": contact.address_kind.value,
            "collected_at": contact.collected_at,
            "last_action_at": contact.last_action_at,
            "expires_on": cut_off(contact, house.venue),
            "newsletters_per_month": contact.preferences.newsletters_per_month,
            "attributes": dict(contact.attributes),
            "consents": {
                name: {"state": s.status.value, "informed": s.informed, "since": s.since}
                for name, s in states.items()
            },
            "orders": len({line.order_id for line in situation.lines}),
            "runs": [{"scenario": run.scenario, "step": run.step, "due_at": run.due_at} for run in runs],
        }
    if as_json:
        print_json(document)
        return
    consents_told = document.pop("consents")
    print_table(email, ("", ""), [(key, _short(value)) for key, value in document.items()])
    print_table(
        "Consents",
        ("purpose", "state", "informed", "since"),
        [(n, c["state"], c["informed"], _short(c["since"])) for n, c in consents_told.items()],
    )


def _short(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return (
        json.dumps(value, default=str, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    )


# -- consent ------------------------------------------------------------------------------------------------


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
        answer = told["answer"]
        found = collected(
            Collection(
                control=told["control"],
                prechecked=told["prechecked"],
                answer=None if answer == "none" else answer,
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
        kinds = _kinds(house, purpose)
        details = {key: str(value) for key, value in told.items() if value not in (None, False)} | {
            "by": who(by)
        }
        if not told["form"] and not told["script"] and found.act.value == "optin_proven":
            raise InputFault(
                "A proven consent needs its proof: name the --form (or the --script) that was shown."
            )
        with house.store.read() as unit:
            contact = contact_called(unit, email)
        entries = [
            ConsentEntry(contact.id, at, purpose, kind, found.act, found.informed, details) for kind in kinds
        ]
        record_consents(house.store, house.catalogue, entries, now=now, seal=house.keys.seal)
    document = {
        "act": found.act.value,
        "status": found.status.value,
        "reason": found.reason,
        "rule": found.rule,
    }
    if as_json:
        print_json(document)
    else:
        click.echo(
            f"Recorded: {document['act']} for {purpose} ({', '.join(kinds)}): {found.reason}, {found.rule}."
        )


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
        states = [
            (purpose.name, kind, state_of(situation.consents, purpose.name, kind))
            for purpose in house.venue.purposes.values()
            for kind in purpose.kinds
        ]
    if as_json:
        acts = [
            {
                "seq": e.seq,
                "at": e.at,
                "purpose": e.purpose,
                "kind": e.kind,
                "act": e.act.value,
                "informed": e.informed,
                "details": dict(e.details),
            }
            for e in entries
        ]
        told = [
            {"purpose": p, "kind": k, "state": s.status.value, "informed": s.informed, "since": s.since}
            for p, k, s in states
        ]
        print_json({"email": contact.email, "acts": acts, "states": told})
        return
    print_table(
        "Acts",
        ("seq", "at", "purpose", "kind", "act", "informed", "details"),
        [
            (e.seq, _short(e.at), e.purpose, e.kind, e.act.value, e.informed, _short(dict(e.details)))
            for e in entries
        ],
    )
    print_table(
        "States",
        ("purpose", "kind", "state", "informed"),
        [(p, k, s.status.value, s.informed) for p, k, s in states],
    )


# -- events and orders ----------------------------------------------------------------------------------------


@click.command()
@click.argument("email")
@click.argument("name")
@click.option("--data", default="{}", help="Its fields, as JSON.")
@click.option("--id", "key", help="Your own id of it: told twice it is one event.")
@click.option("--at", "instant", help="When (ISO); now if not said.")
@json_option
@click.pass_context
def event(
    context: click.Context,
    email: str,
    name: str,
    data: str,
    key: str | None,
    instant: str | None,
    *,
    as_json: bool,
) -> None:
    """Journal one event of one contact.

    \b
    Examples:
      scenario event ada@example.org ticket.scanned --id scan-17
      scenario event ada@example.org preferences.updated --data '{"newsletters_per_month": 1}'
    """
    with house_of(context) as house:
        try:
            fields = {str(key): typed(value) for key, value in json.loads(data).items()}
        except (ValueError, AttributeError):
            raise InputFault(f"--data is not a JSON object: {data}") from None
        fault = event_fault(name, house.venue, fields)
        if fault is not None:
            raise InputFault(f"{fault}.")
        with house.store.read() as unit:
            contact = contact_called(unit, email)
        now = house.clock()
        told = Event(contact.id, name, moment(instant, house), fields, "cli", key)
        new = take_events(house.store, house.catalogue, [told], now=now)
    if as_json:
        print_json({"new": bool(new)})
    else:
        click.echo("Journalled." if new else "Known already.")


@click.group()
def events() -> None:
    """Events from files."""


@events.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--history", is_flag=True, help="All of it is past: it counts, and starts nothing.")
@json_option
@click.pass_context
def import_events(context: click.Context, file: Path, *, history: bool, as_json: bool) -> None:
    """Journal events from a file of JSON lines: {"email", "event", "at", "id", "data"}.

    \b
    Example:
      scenario events import quarter.jsonl --history
    """
    with house_of(context) as house:
        taken = Taken()
        found: list[Event] = []
        for number, told in _json_lines(file, taken):
            fault = _event_row(house, told, found, number)
            if fault is not None:
                taken.refusals.append(fault)
        _resolve(house, found, taken, history=history)
    _report(taken, as_json=as_json, noun="events")


def _json_lines(file: Path, taken: Taken) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
            if not isinstance(told, dict):
                raise ValueError(line)
        except ValueError:
            taken.refusals.append(Refusal(number, "line", "it is not a JSON object"))
            continue
        yield number, told


def _event_row(house: House, told: dict[str, Any], found: list[Event], number: int) -> Refusal | None:
    at = instant_of(str(told.get("at", "")), house)
    if at is None:
        return Refusal(number, "at", f"«{told.get('at')}» is no instant")
    data = {key: typed(value) for key, value in (told.get("data") or {}).items()}
    name = str(told.get("event", ""))
    fault = event_fault(name, house.venue, data)
    if fault is not None:
        return Refusal(number, "event", fault)
    with house.store.read() as unit:
        contact = unit.contacts_by_key([email_key(str(told.get("email", "")))])
    if not contact:
        return Refusal(number, "email", f"«{told.get('email')}» is not a contact")
    person = next(iter(contact.values()))
    found.append(Event(person.id, name, at, data, "import", str(told["id"]) if told.get("id") else None))
    return None


def _resolve(house: House, found: list[Event], taken: Taken, *, history: bool) -> None:
    now = house.clock()
    with progress("Journalling", len(found)) as more:
        for start in range(0, len(found), 500):
            page = found[start : start + 500]
            new = take_events(house.store, house.catalogue, page, now=now, history=history)
            taken.new += new
            taken.known += len(page) - new
            more(len(page))


@click.group()
def orders() -> None:
    """Orders from files."""


@orders.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--history", is_flag=True, help="All of it is past: it counts, and starts nothing.")
@json_option
@click.pass_context
def import_orders(context: click.Context, file: Path, *, history: bool, as_json: bool) -> None:
    """Take orders from a file of JSON lines: {"email", "order_id", "lines", "placed_at", "paid_at" …}.

    \b
    Example:
      scenario orders import orders.jsonl
    """
    with house_of(context) as house:
        taken = Taken()
        now = house.clock()
        for number, told in _json_lines(file, taken):
            with house.store.read() as unit:
                found = unit.contacts_by_key([email_key(str(told.get("email", "")))])
            if not found:
                taken.refusals.append(Refusal(number, "email", f"«{told.get('email')}» is not a contact"))
                continue
            order = {key: typed(value) for key, value in told.items() if key != "lines"} | {
                "lines": told.get("lines")
            }
            try:
                new = take_order(
                    house.store,
                    house.catalogue,
                    next(iter(found.values())).id,
                    order,
                    now=now,
                    history=history,
                )
            except ValueError as fault:
                name, _, reason = str(fault).partition(": ")
                taken.refusals.append(Refusal(number, name, reason))
                continue
            taken.new += bool(new)
            taken.known += not new
    _report(taken, as_json=as_json, noun="orders")


# -- why ----------------------------------------------------------------------------------------------------


@click.command()
@click.argument("email")
@click.argument("scenario", required=False)
@json_option
@click.pass_context
def explain(context: click.Context, email: str, scenario: str | None, *, as_json: bool) -> None:
    """Why this person did or did not get each mail: step, verdict, reason, rule, and what was known.

    \b
    Examples:
      scenario explain ada@example.org
      scenario explain ada@example.org bienvenue --json
    """
    told = (
        "mail.queued",
        "mail.sent",
        "mail.refused",
        "mail.held",
        "scenario.entered",
        "scenario.left",
        "scenario.finished",
        "scenario.noted",
    )
    with house_of(context) as house:
        with house.store.read() as unit:
            contact = contact_called(unit, email)
            rows = [
                each
                for each in unit.events_of(contact.id, limit=10_000)
                if each.name in told and (scenario is None or each.data.get("scenario") == scenario)
            ]
        zone = house.venue.entity.clock
    if as_json:
        print_json([{"at": row.at, "event": row.name, **row.data} for row in rows])
        return
    columns = ("when", "scenario", "step", "what", "template", "reason", "rule", "what was known")
    print_table(email, columns, [_explained(row, zone) for row in rows])


def _explained(row: Event, zone: Any) -> tuple[str, ...]:
    data = row.data
    inputs = data.get("inputs")
    known = " ".join(inputs) if isinstance(inputs, tuple) else ""
    words = {"mail.queued": "allowed", "mail.sent": "sent", "mail.refused": "refused", "mail.held": "held"}
    what = words.get(row.name, row.name.partition(".")[2])
    cells = (
        data.get("scenario"),
        data.get("step"),
        what,
        data.get("template"),
        data.get("reason"),
        data.get("rule"),
    )
    return (f"{row.at.astimezone(zone):%Y-%m-%d %H:%M}", *(str(cell or "") for cell in cells), known)
