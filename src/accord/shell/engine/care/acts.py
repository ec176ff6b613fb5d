"""Acts of consent by whatever door: which wording was answered and how, or a refusal that answered none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accord.core.consent.asking import Asking
from accord.core.expressions.fields import shown
from accord.core.model.consent import EVERYTHING, Act, ConsentEntry
from accord.core.model.contact import Contact
from accord.core.model.content import Catalogue
from accord.core.model.venue import Venue
from accord.core.model.wording import Wording, WordingKind
from accord.shell.engine.care.collect import record_answer, wording_called
from accord.shell.engine.ports.rows import Deed
from accord.shell.engine.ports.store import Store
from accord.shell.engine.record import record_consents

CHANNELS = ("web", "oral", "paper", "preference_centre", "service_invitation", "letter", "telephone", "reply")
ANSWERS = ("ticked", "unticked", "yes", "no", "none")


@dataclass(frozen=True, slots=True)
class ActTold:
    """An act without its person: `ref` names the wording of `kind` that was answered; None for a refusal of
    `purpose` that answered none. `answer` is None where the question was shown and nothing was done.
    """

    at: datetime
    kind: WordingKind | None = None
    ref: str | None = None
    answer: str | None = None
    purpose: str = EVERYTHING
    channel: str | None = None
    language: str | None = None
    place: str | None = None
    followup: bool = False
    agent: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What an act came to: the act of the ledger by its reason and rule; None where it collects nothing."""

    act: Act | None
    reason: str
    rule: str
    entries: Sequence[ConsentEntry]


class NoPurpose(ValueError):
    """A refusal bears on a purpose that there is none of; the text says which there are."""


def record_act(
    store: Store,
    catalogue: Catalogue,
    contact: Contact,
    told: ActTold,
    *,
    files: Mapping[str, Wording],
    by: str,
    now: datetime,
) -> Recorded:
    """Write one act of one person to the ledger, with its proof. Raises WordingFault or NoPurpose."""
    if told.ref is None or told.kind is None:
        recorded = _refused(store, catalogue, contact, told, by=by, now=now)
    else:
        with store.begin() as unit:
            wording = wording_called(unit, told.kind, told.ref, files, by=by, now=now)
        recorded = _answered(store, catalogue, contact, told, wording, now=now)
    if recorded.act is not None:
        deed = Deed(now, by, "consent record", f"contact {contact.id}", {"act": recorded.act.value})
        with store.begin() as unit:
            unit.note_deed(deed)
    return recorded


def _answered(
    store: Store, catalogue: Catalogue, contact: Contact, told: ActTold, wording: Wording, *, now: datetime
) -> Recorded:
    channel = told.channel or ("oral" if wording.kind is WordingKind.SCRIPT else "web")
    asking = Asking(
        contact.id,
        contact.email,
        told.at,
        told.answer,
        channel,
        wording.language(told.language or contact.language),
        url=told.url,
        agent=told.agent if channel in ("oral", "paper") else None,
        place=told.place,
        followup=told.followup,
    )
    found, entries = record_answer(store, catalogue, asking, wording, now=now)
    return Recorded(found.act, found.reason, found.rule, entries)


def _refused(
    store: Store, catalogue: Catalogue, contact: Contact, told: ActTold, *, by: str, now: datetime
) -> Recorded:
    """A refusal by whatever way: it has no form (R-10)."""
    details = {"channel": told.channel, "place": told.place, "actor": "person", "recorded_by": by}
    proof = {name: value for name, value in details.items() if value is not None}
    entries = [
        ConsentEntry(contact.id, told.at, purpose, kind, Act.OBJECTION, details=proof)
        for purpose, kind in _refusable(catalogue.venue, told.purpose)
    ]
    record_consents(store, catalogue, entries, now=now)
    return Recorded(Act.OBJECTION, "OBJECTION_IS_ABSOLUTE", "R-10", entries)


def _refusable(venue: Venue, purpose: str) -> tuple[tuple[str, str], ...]:
    if purpose == EVERYTHING:
        return ((EVERYTHING, EVERYTHING),)
    known = venue.purposes.get(purpose)
    if known is None:
        raise NoPurpose(f"There is no purpose {shown(purpose)}; there are: {', '.join(venue.purposes)}")
    return tuple((purpose, kind) for kind in known.kinds)
