"""Signing up at a form of our own: somebody new or known, one answer, and its confirmation (R-54)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accord.core.consent.asking import Asking, answered
from accord.core.consent.collection import state_of
from accord.core.consent.history import CONFIRM_WITHIN
from accord.core.model.consent import Act, ConsentEntry, ConsentStatus
from accord.core.model.contact import email_key
from accord.core.model.content import Catalogue
from accord.core.model.decision import Situation
from accord.core.model.event import Event
from accord.core.model.venue import Purpose
from accord.core.model.wording import Wording
from accord.shell.engine.care.rights import listed_entry
from accord.shell.engine.ports.rows import NewContact
from accord.shell.engine.ports.store import Store, Unit
from accord.shell.engine.record import consents_in

# A sign-up that waits is not repeated for so long: nobody can have a stranger's mailbox flooded.
ONCE_IN = CONFIRM_WITHIN / 7


def contact_at(
    unit: Unit, catalogue: Catalogue, address: str, language: str, *, source: str, now: datetime
) -> int:
    """The contact with this address, made where there is none; what the objection list has is theirs (R-44).

    `address` has been checked.
    """
    key = email_key(address)
    known = unit.contacts_by_key([key])
    if key in known:
        return known[key].id
    made = NewContact(address, language, catalogue.venue.entity.zone, now)
    return come_in(unit, catalogue, made, source=source, now=now)


def come_in(unit: Unit, catalogue: Catalogue, made: NewContact, *, source: str, now: datetime) -> int:
    """Take in somebody who is not known yet; what the objection list has against the address is theirs (R-44)."""
    (number,) = unit.add_contacts([made])
    created = Event(number, "contact.created", now, {"source": source}, source)
    unit.append([created], received_at=now, reacts=True)
    listed = unit.objections.against([made.email]).get(made.email, {})
    # Dated as they were made: an opt-in of the person's own, now, is later and lifts them.
    entries = [listed_entry(number, purpose, since) for purpose, since in sorted(listed.items())]
    if entries:
        consents_in(unit, catalogue, entries, now=now, history=True, source=source)
    return number


def sign_up(
    store: Store,
    catalogue: Catalogue,
    wording: Wording,
    *,
    address: str,
    answer: str | None,
    language: str,
    url: str,
    now: datetime,
) -> None:
    """Write down what somebody answered on the page of a form.

    A sign-up by two steps is written once a day at most while it waits, and not at all where the person has
    agreed already, so that the form can't be used to flood a stranger's mailbox. Whoever fills in the form
    learns nothing of whether the address is known.
    """
    with store.begin() as unit:
        contact_id = contact_at(unit, catalogue, address, language, source=f"form {wording.name}", now=now)
        asking = Asking(contact_id, address, now, answer, "web", wording.language(language), url=url)
        _, entries = answered(asking, wording, catalogue.venue)
        ledger = unit.entries([contact_id]).get(contact_id, ())
        known = unit.situations([contact_id])[contact_id]
        new = [entry for entry in entries if not _says_nothing_new(entry, known, ledger, now)]
        if new:
            consents_in(unit, catalogue, new, now=now, history=False, source="form")


def _says_nothing_new(
    entry: ConsentEntry, known: Situation, ledger: Sequence[ConsentEntry], now: datetime
) -> bool:
    if entry.act is not Act.OPTIN_PENDING:
        return False
    agreed = known.consents.of(entry.purpose, entry.kind).status is ConsentStatus.OPTIN_PROVEN
    return agreed or any(
        other.act is Act.OPTIN_PENDING
        and (other.purpose, other.kind) == (entry.purpose, entry.kind)
        and now - other.at < ONCE_IN
        for other in ledger
    )


def is_signed_up(known: Situation, purpose: Purpose) -> bool:
    """Whether somebody has agreed to any kind of a purpose, with proof."""
    states = [state_of(known.consents, purpose.name, kind).status for kind in purpose.kinds]
    return ConsentStatus.OPTIN_PROVEN in states


def awaiting(ledger: Sequence[ConsentEntry], purpose: str, now: datetime) -> tuple[ConsentEntry, ...]:
    """The sign-ups of one purpose that can still be confirmed, the newest of each kind."""
    found = {
        entry.kind: entry
        for entry in ledger
        if entry.act is Act.OPTIN_PENDING and entry.purpose == purpose and now - entry.at <= CONFIRM_WITHIN
    }
    return tuple(found.values())


def confirm(store: Store, catalogue: Catalogue, contact_id: int, purpose: str, *, now: datetime) -> bool:
    """The person pressed the button of the landing page; whether they have agreed now. Twice is once."""
    with store.begin() as unit:
        situation = unit.situations([contact_id], lock=True).get(contact_id)
        known = catalogue.venue.purposes.get(purpose)
        if situation is None or known is None:
            return False
        if is_signed_up(situation, known):
            return True
        pending = awaiting(unit.entries([contact_id]).get(contact_id, ()), purpose, now)
        entries = [
            ConsentEntry(
                entry.contact_id,
                now,
                entry.purpose,
                entry.kind,
                Act.CONFIRM_POST,
                entry.informed,
                {**entry.details, "answer": "double_optin_post"},
                wording=entry.wording,
            )
            for entry in pending
        ]
        if not entries:
            return False
        consents_in(unit, catalogue, entries, now=now, history=False, source="form")
        return is_signed_up(unit.situations([contact_id])[contact_id], known)
