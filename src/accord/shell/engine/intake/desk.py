"""The desk behind the reception: what the database knows of a page, how new things are written; and its rehearsal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from accord.core.consent.collection import consents
from accord.core.consent.evidence import told
from accord.core.consent.retention import renews
from accord.core.model.consent import Act, ConsentEntry, Consents
from accord.core.model.content import Catalogue
from accord.core.model.event import Event
from accord.core.model.expression import Value
from accord.core.model.venue import Venue
from accord.shell.engine.care.collect import keep
from accord.shell.engine.care.versions import Versions
from accord.shell.engine.intake.arrivals import Arrival
from accord.shell.engine.intake.reception import Left, Person
from accord.shell.engine.intake.said import Origin
from accord.shell.engine.ports.keeping import Objection
from accord.shell.engine.ports.rows import NewContact
from accord.shell.engine.ports.store import Scratch, Unit
from accord.shell.engine.record import CANCELLING, consents_in


@dataclass(frozen=True, slots=True)
class DatabaseDesk:
    """Asks and writes the database, in a constant number of statements a page."""

    catalogue: Catalogue
    origin: Origin
    forms: Versions
    now: datetime

    @property
    def venue(self) -> Venue:
        return self.catalogue.venue

    def people(self, unit: Unit, page: Sequence[Arrival]) -> dict[str, Person]:
        known = unit.contacts_by_key(list({arrival.key for arrival in page}))
        speaking = {known[arrival.key].id for arrival in page if arrival.entries and arrival.key in known}
        ledgers = unit.entries(sorted(speaking)) if speaking else {}
        by_id: dict[int, Person] = {}
        for key, contact in known.items():
            if contact.id not in by_id:
                by_id[contact.id] = Person(contact.email, key, contact.id, list(ledgers.get(contact.id, ())))
        return {key: by_id[contact.id] for key, contact in known.items()}

    def listed(self, unit: Unit, arrivals: Sequence[Arrival]) -> dict[str, dict[str, datetime]]:
        against = unit.objections.against([arrival.email for arrival in arrivals]) if arrivals else {}
        return {each.key: dict(against[each.email]) for each in arrivals if each.email in against}

    def owners(self, unit: Unit, external_ids: Sequence[str]) -> dict[str, str]:
        return dict(unit.external_owners(external_ids)) if external_ids else {}

    def write(self, unit: Unit, people: Sequence[Person], left: Sequence[Left]) -> None:
        answered = {str(each.wording) for person in people for each in person.added if each.wording}
        for wording in self.forms.unkept(answered):
            keep(unit, wording, by=self.origin.by, now=self.now)
        fresh = [(person, person.contact) for person in people if person.contact is not None]
        # In the order of their keys: two imports at once then wait for each other in turn, never crosswise.
        fresh.sort(key=lambda each: each[0].key)
        if fresh:
            self._write_new(unit, fresh)
        known = [entry for person in people if person.contact is None for entry in person.added]
        if known:
            consents_in(unit, self.catalogue, known, now=self.now, history=True, source="import")
        unit.objections.keep_addresses([(each.email, each.purpose, each.at) for each in left])

    def _write_new(self, unit: Unit, fresh: Sequence[tuple[Person, NewContact]]) -> None:
        """New people need no look at what stood before: nothing did."""
        events = {person.key: self._told(person) for person, _ in fresh if person.added}
        ids = unit.add_contacts([_acting(new, events.get(person.key, ())) for person, new in fresh])
        numbered = [
            (number, person, events[person.key])
            for number, (person, _) in zip(ids, fresh, strict=True)
            if person.added
        ]
        unit.begin_ledgers({number: person.added for number, person, _ in numbered}, self.now)
        origin: dict[str, Value] = {
            "source": self.origin.name,
            "digest": self.origin.short_digest,
            "by": self.origin.by,
        }
        unit.tell_all(ids, Event(0, "contact.imported", self.now, origin, "import"), self.now)
        unit.append(
            [
                replace(event, contact_id=number, source="import")
                for number, _, its in numbered
                for event in its
            ],
            received_at=self.now,
            reacts=False,
        )
        unit.objections.keep(
            [
                Objection(number, str(event.data["purpose"]), event.at)
                for number, _, its in numbered
                for event in its
                if event.name in CANCELLING
            ]
        )

    def _told(self, person: Person) -> Sequence[Event]:
        """What a new person's ledger is told as."""
        standing = consents(person.added, self.venue.policy)
        return told(person.added, Consents(), standing)


def _acting(contact: NewContact, events: Sequence[Event]) -> NewContact:
    """The contact; a consent that was really given is an act of the person's, at its own date (R-42)."""
    acted = [event.at for event in events if renews(event)]
    if not acted:
        return contact
    if contact.last_action_at is not None:
        acted.append(contact.last_action_at)
    return replace(contact, last_action_at=max(acted))


@dataclass(frozen=True, slots=True)
class RehearsalDesk:
    """The same, over the same database; what would be written goes to a pad, and is found there again."""

    real: DatabaseDesk
    pad: Scratch

    @property
    def now(self) -> datetime:
        return self.real.now

    @property
    def venue(self) -> Venue:
        return self.real.venue

    def people(self, unit: Unit, page: Sequence[Arrival]) -> dict[str, Person]:
        found = self.real.people(unit, page)
        for arrival in page:
            found.setdefault(arrival.key, Person(arrival.email, arrival.key))
        kept = self.pad.recall([_name(person) for person in found.values()])
        unique = {id(person): person for person in found.values()}
        for person in unique.values():
            person.ledger += [_entry(each) for each in _tuples(kept.get(_name(person)))]
        return {key: person for key, person in found.items() if person.id or _name(person) in kept}

    def listed(self, unit: Unit, arrivals: Sequence[Arrival]) -> dict[str, dict[str, datetime]]:
        found = self.real.listed(unit, arrivals)
        for arrival in arrivals:
            found.setdefault(arrival.key, {})
        for name, said in self.pad.recall([f"listed {key}" for key in found]).items():
            found[name.removeprefix("listed ")] |= dict(_tuples(said))
        return found

    def owners(self, unit: Unit, external_ids: Sequence[str]) -> dict[str, str]:
        kept = self.pad.recall([f"external {each}" for each in external_ids])
        ours = {name.removeprefix("external "): str(key) for name, key in kept.items()}
        return self.real.owners(unit, external_ids) | ours

    def write(self, unit: Unit, people: Sequence[Person], left: Sequence[Left]) -> None:
        names = [*map(_name, people), *(f"listed {each.key}" for each in left)]
        kept = dict(self.pad.recall(names))
        for person in people:
            kept[_name(person)] = (*_tuples(kept.get(_name(person))), *map(_said, person.added))
            if person.contact is not None and person.contact.external_id is not None:
                kept[f"external {person.contact.external_id}"] = person.key
        for each in left:
            kept[f"listed {each.key}"] = (*_tuples(kept.get(f"listed {each.key}")), (each.purpose, each.at))
        self.pad.remember(kept)


def _name(person: Person) -> str:
    return f"contact {person.id}" if person.id else f"person {person.key}"


def _tuples(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else ()


def _said(entry: ConsentEntry) -> tuple[Any, ...]:
    details = (entry.details.get("date"), entry.details.get("digest"))
    return (entry.at, entry.purpose, entry.kind, entry.act.value, *details)


def _entry(said: tuple[Any, ...]) -> ConsentEntry:
    at, purpose, kind, act, date, digest = said
    return ConsentEntry(0, at, purpose, kind, Act(act), details={"date": date, "digest": digest})
