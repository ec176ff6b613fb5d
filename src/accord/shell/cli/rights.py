"""What people ask for: `contacts erase`, `export`, `update` and `merge`; and `show`, also of who is gone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import click

from accord.core.expressions.fields import Unreadable, read_text, read_value
from accord.core.model.contact import Contact, email_key
from accord.core.model.expression import Type, Value
from accord.core.model.venue import Venue
from accord.shell.cli.house import by_option, contact_called, house_of, json_option, who
from accord.shell.cli.output import InputFault, print_json, print_pairs
from accord.shell.cli.people import print_states, short
from accord.shell.documents import contact_document
from accord.shell.engine.addresses import NoAddress
from accord.shell.engine.care.rights import Unfit, change_address, erase_person, rectify
from accord.shell.engine.care.rights import merge as merge_people
from accord.shell.engine.intake.arrivals import LANGUAGES
from accord.shell.engine.ports.keeping import Left
from accord.shell.engine.ports.rows import Deed
from accord.shell.engine.ports.store import Duplicate, Unit
from accord.shell.proof.access import all_known, write_access
from accord.shell.wiring import House

UNDER_WAY: Mapping[str | None, str] = {
    "contract": "A contract was in progress: its service mails end here.",
    "service_run": "Service mails of an order, a contract or an account were still to come: they will not.",
    "service_mail": "A service mail was waiting to leave: it is cancelled.",
}


# -- show ------------------------------------------------------------------------------------------------------


@click.command("show")
@click.argument("email")
@json_option
@click.pass_context
def show(context: click.Context, email: str, *, as_json: bool) -> None:
    """What is known of one person: consents, clock, preferences, orders, runs.

    Of somebody who was erased: what is left, which is what the law makes us keep.

    \b
    Example:
      scenario contacts show ada@example.org
    """
    with house_of(context, reading=True) as house, house.store.read() as unit:
        contact = found(unit, email)
        if contact is None:
            left = _left(unit.keeping.left_of(email), email)
        else:
            situation = unit.situations([contact.id])[contact.id]
            closed = unit.keeping.closed_into(contact.id)
            runs = unit.open_runs([contact.id])
            document = contact_document(house.venue, situation, runs, closed)
    if contact is None:
        print_json(left.document) if as_json else _print_left(left)
    elif as_json:
        print_json(document)
    else:
        states = document.pop("consents")
        print_pairs(contact.email, [(key, short(value)) for key, value in document.items()])
        print_states("Consents", states)


def found(unit: Unit, email: str) -> Contact | None:
    """The contact with this address, the survivor where its record was merged; None where nobody has it."""
    try:
        key = email_key(read_text(email))
    except Unreadable:
        raise InputFault("That is not an address.") from None
    return unit.contacts_by_key([key]).get(key)


@dataclass(frozen=True, slots=True)
class _Left:
    email: str
    document: dict[str, Any]


def _left(left: Left, email: str) -> _Left:
    """What is kept of an address that is nobody's, or the command's end where nothing is."""
    if not (left.objections or left.orders or left.proofs):
        raise InputFault(f"{email} is not a contact.")
    document = {
        "email": email,
        "contact": None,
        "objections": dict(left.objections),
        "archived_orders": [
            {"order_id": each["order_id"], "keep_until": each["keep_until"]} for each in left.orders
        ],
        "proofs": [
            {"contact": number, "at": entry.at, "purpose": entry.purpose, "act": entry.act.value}
            for number, ledger in left.proofs.items()
            for entry in ledger
        ],
    }
    return _Left(email, document)


def _print_left(left: _Left) -> None:
    click.echo(f"{left.email} is not a contact. What the law makes us keep:")
    for purpose, since in left.document["objections"].items():
        what = "all prospecting" if purpose == "*" else f"«{purpose}»"
        click.echo(f"  on the objection list since {since:%Y-%m-%d}: {what} (as a keyed digest)")
    for order in left.document["archived_orders"]:
        click.echo(f"  order {order['order_id']} in the archive, until {order['keep_until']}")
    for proof in left.document["proofs"]:
        click.echo(
            f"  proof of a withdrawn consent: {proof['act']} of {proof['purpose']}, {proof['at']:%Y-%m-%d}"
        )


# -- erase -------------------------------------------------------------------------------------------------


@click.command()
@click.argument("email")
@by_option
@json_option
@click.pass_context
def erase(context: click.Context, email: str, by: str | None, *, as_json: bool) -> None:
    """Erase one person who asks for it (GDPR art. 17). There is no way back.

    What stays: a keyed digest of the address on the objection list, so that no import brings them back into
    the mailings; and their orders, in the archive for the accounts. Queued mail is cancelled, runs end.

    \b
    Example:
      scenario contacts erase ada@example.org --by marie
    """
    with house_of(context, by=by) as house:
        with house.store.read() as unit:
            contact = contact_called(unit, email)
        try:
            done = erase_person(house.store, house.listening, contact.id, by=who(by), now=house.clock())
        except Unfit as fault:
            raise InputFault(f"{fault}.") from None
    told = {
        "contact": contact.id,
        "records": 1,
        "orders_archived": done.erased.orders,
        "mails_cancelled": done.erased.cancelled,
        "runs_ended": done.erased.runs,
        "was_under_way": done.under_way,
    }
    if as_json:
        print_json(told)
        return
    click.echo(
        f"Erased: contact {contact.id}. {done.erased.cancelled} mails cancelled, {done.erased.runs} runs ended, "
        f"{done.erased.orders} orders archived. The address stays on the objection list as a keyed digest."
    )
    if done.under_way is not None:
        click.echo(UNDER_WAY[done.under_way])


# -- export ------------------------------------------------------------------------------------------------


@click.command()
@click.argument("email")
@click.argument("target", type=click.Path(path_type=Path))
@by_option
@click.pass_context
def export(context: click.Context, email: str, target: Path, by: str | None) -> None:
    """Everything that is known of one person, for that person: JSON and tables in one ZIP (art. 15 and 20).

    TARGET is a file ending in .zip, or a folder for it.

    \b
    Examples:
      scenario contacts export ada@example.org answers
      scenario contacts export ada@example.org ada.zip
    """
    with house_of(context, by=by) as house:
        recipients = house.recipients
        now = house.clock()
        with house.store.read() as unit:
            contact = contact_called(unit, email)
            known = all_known(unit, contact.id, house.venue)
        try:
            made = write_access(known, house.venue, target, recipients=recipients, now=now)
        except FileExistsError as fault:
            raise InputFault(f"{fault.filename} exists already; nothing was written.") from None
        except OSError as fault:
            raise InputFault(f"{target} can't be written: {fault.strerror}.") from None
        with house.store.begin() as unit:
            unit.note_deed(Deed(now, who(by), "contacts export", f"contact {contact.id}"))
    click.echo(f"Written to {made}. It is personal: hand it over by a way that nobody else reads.")


# -- update ------------------------------------------------------------------------------------------------


@click.command()
@click.argument("email")
@click.option("--email", "address", help="The new address; consents stay, unless the objection list has it.")
@click.option("--language", help="fr or en.")
@click.option("--zone", help="A time zone, such as Europe/Paris.")
@click.option("--set", "pairs", multiple=True, help="ATTRIBUTE=VALUE.")
@by_option
@click.pass_context
def update(
    context: click.Context,
    /,
    email: str,
    address: str | None,
    pairs: tuple[str, ...],
    by: str | None,
    **own: Any,
) -> None:
    """Put right what is known of one person (GDPR art. 16). It renews no clock.

    \b
    Examples:
      scenario contacts update ada@example.org --set first_name=Ada --language en
      scenario contacts update ada@example.org --email ada.new@example.org --by marie
    """
    with house_of(context, by=by) as house:
        fields = _fields(house.venue, pairs, own)
        if not fields and address is None:
            raise InputFault("Say what is to be put right: --email, --language, --zone or --set.")
        with house.store.read() as unit:
            contact = contact_called(unit, email)
        if fields:
            rectify(house.store, house.listening, contact.id, fields, by=who(by), now=house.clock())
        objections = _move(house, contact, address, who(by)) if address is not None else ()
    click.echo(f"Put right: contact {contact.id}.")
    for purpose in objections:
        what = "all prospecting" if purpose == "*" else f"«{purpose}»"
        click.echo(f"The new address is on the objection list: no more mail of {what}.")


def _move(house: House, contact: Contact, address: str, by: str) -> tuple[str, ...]:
    try:
        moved = change_address(house.store, house.listening, contact.id, address, by=by, now=house.clock())
    except NoAddress as fault:
        raise InputFault(f"--email: that is no address: {fault}.") from None
    except Duplicate:
        raise InputFault(
            f"Another contact has {address}. If they are one person: "
            f"scenario contacts merge {contact.email} {address}"
        ) from None
    except Unfit as fault:
        raise InputFault(f"{fault}.") from None
    return moved.objections


def _fields(venue: Venue, pairs: Sequence[str], own: Mapping[str, str | None]) -> dict[str, Value]:
    """What is said, typed; every fault at once."""
    faults: list[str] = []
    found: dict[str, Value] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name not in venue.attributes:
            names = ", ".join(venue.attributes)
            faults.append(f"--set {pair}: write ATTRIBUTE=VALUE; attributes are {names}.")
            continue
        try:
            kind = venue.attributes[name].type
            found[name] = read_value(_as_told(value, kind), kind, venue.entity.clock)
        except Unreadable as fault:
            faults.append(f"--set {name}: {fault}.")
    for name, known in (("language", LANGUAGES), ("zone", available_timezones())):
        told = own[name]
        if told is not None and told not in known:
            faults.append(f"--{name}: «{told}» is none that we know.")
        elif told is not None:
            found[name] = told
    if faults:
        raise InputFault("\n".join(faults))
    return found


def _as_told(text: str, kind: Type) -> Any:
    """A typed value as JSON would tell it; nothing after the = takes it away."""
    if not text or kind in (Type.TEXT, Type.DATE, Type.DAY_OF_YEAR, Type.INSTANT):
        return text or None
    try:
        return json.loads(text)
    except ValueError:
        return text


# -- merge -------------------------------------------------------------------------------------------------


@click.command()
@click.argument("kept")
@click.argument("gone")
@by_option
@json_option
@click.pass_context
def merge(context: click.Context, kept: str, gone: str, by: str | None, *, as_json: bool) -> None:
    """Two contacts are one person: the second becomes part of the first.

    Mail goes to the first address from now on, and never again to the second, which stays as another name of
    the person: what shops and files tell of it is told of the first. For each purpose the more restrictive
    state of the two holds; an objection of either is an objection. Orders, mails and service runs are carried
    over; other runs of the second end. There is no way back.

    \b
    Example:
      scenario contacts merge ada@example.org ada.lovelace@example.org --by marie
    """
    with house_of(context, by=by) as house:
        with house.store.read() as unit:
            one, other = contact_called(unit, kept), contact_called(unit, gone)
        try:
            done = merge_people(house.store, house.listening, one.id, other.id, by=who(by), now=house.clock())
        except Unfit as fault:
            raise InputFault(f"{fault}.") from None
    if as_json:
        print_json({"kept": one.id, "gone": other.id, "ended": done.ended, "carried_on": done.carried_on})
    else:
        click.echo(
            f"Merged: contact {other.id} is part of contact {one.id}. {done.ended} runs ended, "
            f"{done.carried_on} go on."
        )
