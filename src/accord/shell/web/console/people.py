"""A person: where they stand and why, what they were sent and what not, in one line of time; proof and erasure."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from accord.core.model.consent import ConsentEntry
from accord.core.model.contact import GONE, Contact, email_key
from accord.core.model.event import Event
from accord.core.model.message import Message
from accord.shell.engine.ports.rows import Deed
from accord.shell.proof.dossier import Dossier, Position, gather
from accord.shell.proof.pack import write_pack
from accord.shell.web.console.door import NotFound
from accord.shell.wiring import House

# Of a journal so much is shown, newest first.
MOST_ROWS = 300

# The send ledger tells of these itself, with more.
_TOLD_BY_MAILS = frozenset({"mail.queued", "mail.sent"})


@dataclass(frozen=True, slots=True)
class Moment:
    """One row of the line of time. `tone` is its class in the style sheet; `link` leads to the mail."""

    at: datetime
    tone: str
    what: str
    about: str = ""
    reason: str = ""
    rule: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """The whole page."""

    contact: Contact
    gone: bool
    dossier: Dossier
    positions: Sequence[Position]
    moments: Sequence[Moment]
    cut_short: bool


def find(house: House, wanted: str) -> int | None:
    """The contact with this address, number or foreign number; None where there is none."""
    wanted = wanted.strip()[:320]
    with house.store.read() as unit:
        owners = unit.external_owners([wanted])
        key = owners.get(wanted) or email_key(wanted)
        found = unit.contacts_by_key([key]).get(key)
        if found is None and wanted.isdecimal() and len(wanted) < 16:
            found = unit.contacts([int(wanted)]).get(int(wanted))
    return found.id if found is not None else None


def person(house: House, contact_id: int) -> Person:
    """Read the page. Raises NotFound."""
    with house.store.read() as unit:
        if contact_id not in unit.contacts([contact_id]):
            raise NotFound
        dossier = gather(unit, contact_id, house.venue, house.press)
        events = unit.events_of(contact_id, limit=MOST_ROWS)
        entries = unit.entries([contact_id]).get(contact_id, ())
    moments = [*_acts(entries), *_mails(dossier), *_happenings(events)]
    return Person(
        contact=dossier.contact,
        gone=dossier.contact.address_state in GONE,
        dossier=dossier,
        positions=dossier.positions,
        moments=sorted(moments, key=lambda moment: moment.at, reverse=True)[:MOST_ROWS],
        cut_short=len(moments) > MOST_ROWS or len(events) == MOST_ROWS,
    )


def _acts(entries: Sequence[ConsentEntry]) -> Iterator[Moment]:
    for entry in entries:
        purpose = "everything" if entry.purpose == "*" else f"{entry.purpose} {entry.kind}"
        how = str(entry.details.get("channel") or entry.details.get("control") or "")
        yield Moment(entry.at, "act", entry.act.value.replace("_", " "), purpose, how)


def _mails(dossier: Dossier) -> Iterator[Moment]:
    for sent in dossier.mails:
        yield _mail(sent.message)


def _mail(message: Message) -> Moment:
    at = message.sent_at or message.planned_at
    about = f"{message.scenario}/{message.step}: {message.nature.value.replace('_', ' ')}"
    tone = "mail" if message.sent_at is not None else "waits"
    return Moment(at, tone, message.state.value, about, message.reason, message.rule, str(message.id))


def _happenings(events: Sequence[Event]) -> Iterator[Moment]:
    for event in events:
        if event.name in _TOLD_BY_MAILS:
            continue
        data = event.data
        step = f"{data['scenario']}/{data.get('step') or ''}".rstrip("/") if data.get("scenario") else ""
        about = step or str(data.get("target") or data.get("order_id") or "")
        said = str(data.get("verdict") or data.get("reason") or "")
        tone = "refused" if event.name == "mail.refused" else "event"
        number = str(data.get("message_id") or "")
        yield Moment(event.at, tone, event.name, about, said, str(data.get("rule") or ""), number)


def proof_pack(house: House, contact_id: int, *, by: str, now: datetime) -> bytes:
    """The proof pack as a ZIP, and on record who took it. Raises NotFound."""
    with house.store.read() as unit:
        if contact_id not in unit.contacts([contact_id]):
            raise NotFound
        dossier = gather(unit, contact_id, house.venue, house.press)
    with tempfile.TemporaryDirectory() as folder:
        _, packed = write_pack(
            dossier, house.venue, Path(folder), language=house.venue.entity.language, now=now
        )
        content = packed.read_bytes()
    with house.store.begin() as unit:
        unit.note_deed(Deed(now, by, "consent prove", f"contact {contact_id}"))
    return content
