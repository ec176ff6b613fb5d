"""The reception: a page of arrivals meets what is known of them; only what is new about them is added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Protocol

from accord.core.consent.collection import consents, state_of
from accord.core.consent.history import REFUSALS
from accord.core.model.consent import EVERYTHING, Act, ConsentEntry, Consents, ConsentStatus
from accord.core.model.venue import Venue
from accord.shell.engine.intake.arrivals import Arrival
from accord.shell.engine.intake.row_texts import Refusal
from accord.shell.engine.intake.said import UNDATED, refused_kinds
from accord.shell.engine.ports.rows import NewContact
from accord.shell.engine.ports.store import Unit

_REFUSED = frozenset({ConsentStatus.ACTIVE_OPTOUT, ConsentStatus.WITHDRAWN})

# What stands on the objection list against an address: purpose to the date of the objection.
Against = Mapping[str, datetime]


@dataclass(slots=True)
class Tally:
    """What pages came to, in people: come in, known already; and in rows: what was said that was not known.

    `objecting`: new, and on the objection list. `objections`: rows with a refusal; `proven` and `unproven`:
    with a consent.
    """

    new: int = 0
    known: int = 0
    objecting: int = 0
    objections: int = 0
    proven: int = 0
    unproven: int = 0

    def counts(self) -> dict[str, int]:
        """Each count by its name."""
        return {each.name: getattr(self, each.name) for each in fields(Tally)}


@dataclass(slots=True)
class Person:
    """Somebody of whom a page tells. `id` is 0 while not stored; `ledger` is what stands and what was added."""

    email: str
    key: str
    id: int = 0
    ledger: list[ConsentEntry] = field(default_factory=list)
    added: list[ConsentEntry] = field(default_factory=list)
    contact: NewContact | None = None

    def add(self, entries: Iterable[ConsentEntry]) -> list[ConsentEntry]:
        """Add what is not known yet; returns that."""
        new = []
        for entry in entries:
            if _is_new(entry, self.ledger):
                own = replace(entry, contact_id=self.id) if self.id else entry
                self.ledger.append(own)
                self.added.append(own)
                new.append(own)
        return new


@dataclass(frozen=True, slots=True)
class Left:
    """A refusal by an address that is nobody's: its row was refused, its will is not (R-44)."""

    key: str
    email: str
    purpose: str
    at: datetime


class Desk(Protocol):
    """What the reception asks about a page, and where it hands what is new."""

    @property
    def now(self) -> datetime: ...
    @property
    def venue(self) -> Venue: ...
    def people(self, unit: Unit, page: Sequence[Arrival]) -> dict[str, Person]:
        """Those who are known, by key, with their ledgers where the page says anything of consents."""
        ...

    def listed(self, unit: Unit, arrivals: Sequence[Arrival]) -> dict[str, dict[str, datetime]]:
        """What the objection list has against these, by key."""
        ...

    def owners(self, unit: Unit, external_ids: Sequence[str]) -> dict[str, str]:
        """Whose these external ids are, by key."""
        ...

    def write(self, unit: Unit, people: Sequence[Person], left: Sequence[Left]) -> None: ...


def receive(unit: Unit, desk: Desk, page: Sequence[Arrival]) -> tuple[Tally, list[Refusal]]:
    """Take a page, row after row, as if each had come alone; what it came to, and rows refused after all."""
    people = desk.people(unit, page)
    strangers = {arrival.key: arrival for arrival in page if arrival.key not in people}
    listed = desk.listed(unit, list(strangers.values()))
    wanted = {each.contact.external_id for each in page if each.contact is not None} - {None}
    owners = desk.owners(unit, [each for each in wanted if each is not None]) if strangers else {}
    tally, refusals, left = Tally(), list[Refusal](), list[Left]()
    for arrival in page:
        person = people.get(arrival.key)
        if person is None:
            arrival = _unless_taken(arrival, owners, refusals)
            if arrival.contact is None:
                left += _leave(arrival, listed.setdefault(arrival.key, {}), tally)
                continue
            people[arrival.key] = person = _come_in(arrival, listed.get(arrival.key, {}), desk)
            tally.new += 1
            tally.objecting += bool(person.added)
        elif arrival.contact is not None:
            tally.known += 1
        if arrival.entries:
            _count(person.add(arrival.entries), tally)
    touched = {id(person): person for person in people.values() if person.added or person.contact is not None}
    if touched or left:
        desk.write(unit, list(touched.values()), left)
    return tally, refusals


def _unless_taken(arrival: Arrival, owners: dict[str, str], refusals: list[Refusal]) -> Arrival:
    """The arrival; without its contact where its external id is another address's."""
    external_id = arrival.contact.external_id if arrival.contact is not None else None
    if external_id is None or owners.setdefault(external_id, arrival.key) == arrival.key:
        return arrival
    refusals.append(
        Refusal(
            arrival.row.number,
            "external_id",
            f"«{external_id}» belongs to another address; a second address is a second contact, with its own",
            arrival.row.line,
        )
    )
    kept = tuple(entry for entry in arrival.entries if entry.act in REFUSALS)
    return replace(arrival, contact=None, entries=kept)


def _come_in(arrival: Arrival, against: Against, desk: Desk) -> Person:
    """A new person, with what the objection list has against the address."""
    person = Person(arrival.email, arrival.key, contact=arrival.contact)
    if not against:
        return person
    person.add(
        ConsentEntry(0, desk.now, purpose, kind, Act.OBJECTION, details={"channel": "objection_list"})
        for purpose in against
        for kind in refused_kinds(purpose, desk.venue)
    )
    return person


def _leave(arrival: Arrival, against: dict[str, datetime], tally: Tally) -> list[Left]:
    """Put on the list what a refused row objects to, as far as it is not there."""
    found = [
        Left(arrival.key, arrival.email, entry.purpose, entry.at)
        for entry in arrival.entries
        if entry.purpose not in against
    ]
    tally.objections += bool(found)
    against |= {each.purpose: each.at for each in found}
    return list({each.purpose: each for each in found}.values())


def _count(new: Sequence[ConsentEntry], tally: Tally) -> None:
    acts = {entry.act for entry in new}
    tally.objections += bool(acts & REFUSALS)
    if Act.OPTIN_IMPORT_PROVEN in acts:
        tally.proven += 1
    elif acts & {Act.OPTIN_IMPORT, Act.OPTIN_UNPROVEN}:
        tally.unproven += 1


def _is_new(entry: ConsentEntry, ledger: Sequence[ConsentEntry]) -> bool:
    """Whether an act is not in the ledger yet.

    What bears a date is the same act when it is told with that date. Without one: a claim is made once, a
    refusal once by each file, and only where the person does not object already.
    """
    what = (entry.act, entry.purpose, entry.kind)
    same = [each for each in ledger if (each.act, each.purpose, each.kind) == what]
    if entry.details.get("date") != UNDATED["date"]:
        return all(each.at != entry.at for each in same)
    if entry.act not in REFUSALS:
        return not same
    if any(each.details.get("digest") == entry.details.get("digest") for each in same):
        return False
    return not ledger or not _is_refused(consents(ledger), entry.purpose, entry.kind)


def _is_refused(known: Consents, purpose: str, kind: str) -> bool:
    """Whether all that a refusal of this would bear on is refused already."""
    named = [
        state
        for (its_purpose, its_kind), state in known.states.items()
        if purpose in (EVERYTHING, its_purpose) and kind in (EVERYTHING, its_kind)
    ]
    return all(state.status in _REFUSED for state in (*named, state_of(known, purpose, kind)))
