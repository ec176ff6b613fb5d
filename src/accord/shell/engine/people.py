"""People in: contacts from files; every refusal with its row, field and reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email

from accord.core.model.consent import EVERYTHING, Act, ConsentEntry
from accord.core.model.contact import AddressKind, AddressState, Preferences, email_key
from accord.core.model.content import Catalogue
from accord.core.model.event import Event
from accord.core.model.expression import Type, Value
from accord.core.model.venue import Venue
from accord.shell.engine.ports import Store, Unit
from accord.shell.engine.record import consents_in
from accord.shell.engine.rows import ContactChange, NewContact

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row that was not taken: which, what about it, and why."""

    row: int
    field: str
    reason: str


@dataclass(slots=True)
class Taken:
    """What an import came to."""

    new: int = 0
    known: int = 0
    objecting: int = 0
    refusals: list[Refusal] = field(default_factory=list)


Row = Mapping[str, str]
Seals = Callable[[str], Sequence[str]]


class _Bad(Exception):
    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name, self.reason = name, reason


@dataclass(frozen=True, slots=True)
class Arrival:
    """A contact as a file tells it: the row to store, and what is known beyond it."""

    row: int
    contact: NewContact
    change: ContactChange


def import_contacts(
    store: Store,
    catalogue: Catalogue,
    rows: Iterable[tuple[int, Row]],
    *,
    now: datetime,
    seals: Seals,
    dry: bool = False,
    on_page: Callable[[int], None] = lambda _: None,
) -> Taken:
    """Take contacts, a page at a time: addresses checked, normalised, held against the objection list.

    An import is no act of the person's: it renews nothing, proves nothing and lifts nothing (R-17, R-42).
    Someone on the objection list comes in as an objector (R-44). A known address is left as it is.
    """
    taken = Taken()
    page: list[Arrival] = []
    for number, row in rows:
        try:
            page.append(_arrival(number, row, catalogue.venue, now))
        except _Bad as bad:
            taken.refusals.append(Refusal(number, bad.name, bad.reason))
        if len(page) >= PAGE:
            _take_page(store, catalogue, page, taken, now=now, seals=seals, dry=dry)
            on_page(len(page))
            page = []
    if page:
        _take_page(store, catalogue, page, taken, now=now, seals=seals, dry=dry)
        on_page(len(page))
    return taken


def _take_page(
    store: Store,
    catalogue: Catalogue,
    page: Sequence[Arrival],
    taken: Taken,
    *,
    now: datetime,
    seals: Seals,
    dry: bool,
) -> None:
    unique: dict[str, Arrival] = {}
    for arrival in page:
        key = email_key(arrival.contact.email)
        if key in unique:
            taken.known += 1
        unique.setdefault(key, arrival)
    opened = store.read() if dry else store.begin()
    with opened as unit:
        known = unit.contacts_by_key(list(unique))
        fresh = [arrival for key, arrival in unique.items() if key not in known]
        taken.known += len(unique) - len(fresh)
        taken.new += len(fresh)
        sealed = {arrival.row: tuple(seals(arrival.contact.email)) for arrival in fresh}
        listed = unit.suppressed([seal for its in sealed.values() for seal in its])
        objecting = [arrival for arrival in fresh if listed.intersection(sealed[arrival.row])]
        taken.objecting += len(objecting)
        if not dry and fresh:
            _store(unit, catalogue, fresh, objecting, now=now, seals=seals)


def _store(
    unit: Unit,
    catalogue: Catalogue,
    fresh: Sequence[Arrival],
    objecting: Sequence[Arrival],
    *,
    now: datetime,
    seals: Seals,
) -> None:
    ids = unit.add_contacts([arrival.contact for arrival in fresh])
    numbers = {arrival.row: number for arrival, number in zip(fresh, ids, strict=True)}
    changes = [_for(numbers[arrival.row], arrival.change) for arrival in fresh if _says(arrival.change)]
    if changes:
        unit.change_contacts(changes)
    imported = [Event(number, "contact.imported", now, {"source": "file"}) for number in ids]
    unit.append(imported, received_at=now, reacts=False)
    entries = [
        ConsentEntry(
            numbers[arrival.row],
            now,
            EVERYTHING,
            EVERYTHING,
            Act.OBJECTION,
            details={"channel": "objection_list"},
        )
        for arrival in objecting
    ]
    if entries:
        consents_in(
            unit,
            catalogue,
            entries,
            now=now,
            history=True,
            source="import",
            seal=lambda address: seals(address)[0],
        )


def _says(change: ContactChange) -> bool:
    told = (change.acted_at, change.address_state, change.preferences)
    return any(value is not None for value in told)


def _for(contact_id: int, change: ContactChange) -> ContactChange:
    return ContactChange(contact_id, change.acted_at, change.address_state, preferences=change.preferences)


# -- one row ----------------------------------------------------------------------------------------------

_OWN = frozenset(
    {
        "email",
        "external_id",
        "language",
        "zone",
        "collected_at",
        "address_kind",
        "address_state",
        "from_third_party",
        "last_action_at",
        "newsletters_per_month",
    }
)


def known_columns(venue: Venue) -> frozenset[str]:
    """The columns that a file may have."""
    return _OWN | frozenset(venue.attributes)


def _arrival(number: int, row: Row, venue: Venue, now: datetime) -> Arrival:
    text = {name: (value or "").strip() for name, value in row.items()}
    collected = _instant(text, "collected_at", venue) or now
    acted = _instant(text, "last_action_at", venue)
    for name, instant in (("collected_at", collected), ("last_action_at", acted)):
        if instant is not None and instant > now:
            raise _Bad(name, "it lies in the future")
    contact = NewContact(
        email=_address(text.get("email", "")),
        language=_language(text.get("language", ""), venue),
        zone=_zone(text.get("zone", ""), venue),
        collected_at=collected,
        external_id=text.get("external_id") or None,
        address_kind=AddressKind(_choice(text, "address_kind", AddressKind, "personal")),
        from_third_party=text.get("from_third_party", "").lower() in ("true", "yes", "1"),
        attributes={
            name: attribute
            for name in venue.attributes
            if (attribute := _attribute(text.get(name, ""), name, venue)) is not None
        },
    )
    state = AddressState(_choice(text, "address_state", AddressState, "ok"))
    number_wanted = text.get("newsletters_per_month", "")
    if number_wanted and not number_wanted.isdigit():
        raise _Bad("newsletters_per_month", f"«{number_wanted}» is no whole number")
    change = ContactChange(
        0,
        acted_at=acted,
        address_state=state if state is not AddressState.OK else None,
        preferences=Preferences(int(number_wanted)) if number_wanted else None,
    )
    return Arrival(number, contact, change)


def _address(text: str) -> str:
    if not text:
        raise _Bad("email", "it is missing")
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as fault:
        raise _Bad("email", f"«{text}» is no address: {fault}") from None
    return text


def _language(text: str, venue: Venue) -> str:
    if text and text not in ("fr", "en"):
        raise _Bad("language", f"«{text}» is none of fr, en")
    return text or venue.entity.language


def _zone(text: str, venue: Venue) -> str:
    if text and text not in available_timezones():
        raise _Bad("zone", f"«{text}» is no time zone")
    return text or venue.entity.zone


def _choice(text: Mapping[str, str], name: str, kind: Iterable[Any], default: str) -> str:
    value = text.get(name) or default
    known = [str(each) for each in kind]
    if value not in known:
        raise _Bad(name, f"«{value}» is none of {', '.join(known)}")
    return value


def _instant(text: Mapping[str, str], name: str, venue: Venue) -> datetime | None:
    value = text.get(name, "")
    if not value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise _Bad(name, f"«{value}» is no instant; write 2026-09-01T10:00+02:00") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=venue.entity.clock)


def _attribute(value: str, name: str, venue: Venue) -> Value:
    if not value:
        return None
    kind = venue.attributes[name].type
    try:
        return _READ[kind](value)
    except ValueError:
        raise _Bad(name, f"«{value}» is not {kind.value}") from None


def _boolean(value: str) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if value.lower() not in words:
        raise ValueError(value)
    return words[value.lower()]


_READ: Mapping[Type, Callable[[str], Value]] = {
    Type.TEXT: str,
    Type.INTEGER: int,
    Type.NUMBER: float,
    Type.BOOLEAN: _boolean,
    Type.DATE: date.fromisoformat,
    Type.DAY_OF_YEAR: lambda value: date.fromisoformat(f"2000-{value}" if len(value) == 5 else value),
    Type.INSTANT: lambda value: datetime.fromisoformat(value),
    Type.TEXTS: lambda value: tuple(part.strip() for part in value.split(";") if part.strip()),
}
