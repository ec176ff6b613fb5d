"""The dossier: all that is to be proved of one person, gathered in one reading of the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from accord.core.consent.asking import missing_proof
from accord.core.consent.chain import broken
from accord.core.consent.collection import state_of
from accord.core.consent.retention import cut_off
from accord.core.mail.recipe import NotTheSame
from accord.core.model.consent import EVERYTHING, Act, ConsentEntry, ConsentState
from accord.core.model.contact import Contact
from accord.core.model.decision import Situation
from accord.core.model.event import Event
from accord.core.model.message import Message
from accord.core.model.venue import Venue
from accord.shell.engine.ports.rows import ChainRow, KeptWording
from accord.shell.engine.ports.store import Unit
from accord.shell.engine.sending.reprint import Press

_CLAIMS = frozenset({Act.OPTIN_PROVEN, Act.CONFIRM_POST, Act.FOLLOWUP})


@dataclass(frozen=True, slots=True)
class Step:
    """One act that bears on a purpose, the wording that it answered, and what its record lacks."""

    entry: ConsentEntry
    wording: KeptWording | None
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """Where the person stands for a purpose, and how that came about, oldest act first.

    `kinds` are those of the purpose for which the very same was done.
    """

    purpose: str
    kinds: tuple[str, ...]
    state: ConsentState
    steps: tuple[Step, ...]

    @property
    def acts(self) -> tuple[object, ...]:
        """What makes two kinds of one purpose the same story."""
        own = ((step.entry.at, step.entry.act, step.entry.wording, step.lacks) for step in self.steps)
        return (self.purpose, self.state, *own)


@dataclass(frozen=True, slots=True)
class Sent:
    """One mail of the ledger, and what the gate read when it was judged.

    `mail`: the very bytes that left; where they can't be made again, `lost` says why.
    """

    message: Message
    inputs: Mapping[str, str]
    mail: bytes | None = None
    lost: str | None = None


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything, in the order in which an inspector asks for it."""

    contact: Contact
    expires_on: date
    positions: tuple[Position, ...]
    mails: tuple[Sent, ...]
    refusals: tuple[Event, ...]
    chain: tuple[ChainRow, ...]
    broken: frozenset[int]
    wordings: tuple[KeptWording, ...]


def gather(unit: Unit, contact_id: int, venue: Venue, press: Press) -> Dossier:
    """All that is known of one person's consents and mails, which `press` makes again. The contact exists."""
    situation = unit.situations([contact_id])[contact_id]
    entries = unit.entries([contact_id]).get(contact_id, ())
    wordings = unit.wordings(sorted({entry.wording for entry in entries if entry.wording}))
    inputs = unit.proving.inputs(contact_id)
    chain = tuple(unit.proving.chain(contact_id))
    return Dossier(
        contact=situation.contact,
        expires_on=cut_off(situation.contact, venue),
        positions=_positions(situation, entries, wordings, venue),
        mails=tuple(
            _sent(unit, each, inputs.get(each.id, {}), press) for each in unit.messages_of(contact_id)
        ),
        refusals=tuple(
            event for event in unit.events_of(contact_id, limit=100_000) if event.name == "mail.refused"
        ),
        chain=chain,
        broken=frozenset(broken(chain)),
        wordings=tuple(sorted(wordings.values(), key=lambda kept: kept.wording.label)),
    )


def _sent(unit: Unit, message: Message, inputs: Mapping[str, str], press: Press) -> Sent:
    if message.sent_at is None:
        return Sent(message, inputs)
    entry = unit.ledger_entry(message.id)
    try:
        return Sent(message, inputs, press.again(unit, entry.context if entry is not None else None))
    except NotTheSame as fault:
        return Sent(message, inputs, lost=str(fault))


def _positions(
    situation: Situation,
    entries: Sequence[ConsentEntry],
    wordings: Mapping[str, KeptWording],
    venue: Venue,
) -> tuple[Position, ...]:
    """For every kind that the venue knows, and every one that the ledger names besides."""
    known = [(purpose.name, kind) for purpose in venue.purposes.values() for kind in purpose.kinds]
    named = [(entry.purpose, entry.kind) for entry in entries if entry.purpose != EVERYTHING]
    told: dict[tuple[object, ...], Position] = {}
    for purpose, kind in dict.fromkeys([*known, *named]):
        steps = tuple(
            Step(entry, wordings.get(entry.wording or ""), _lacks(entry))
            for entry in entries
            if entry.purpose in (purpose, EVERYTHING) and entry.kind in (kind, EVERYTHING)
        )
        own = Position(purpose, (kind,), state_of(situation.consents, purpose, kind), steps)
        same = told.get(own.acts)
        told[own.acts] = own if same is None else replace(same, kinds=(*same.kinds, kind))
    return tuple(told.values())


def _lacks(entry: ConsentEntry) -> tuple[str, ...]:
    return missing_proof(entry) if entry.act in _CLAIMS else ()
