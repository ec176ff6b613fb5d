"""Arrivals: what one row of a file tells of one person; every fault in it at once, its refusals never lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from accord.core.consent.history import REFUSALS
from accord.core.expressions.fields import LONGEST_TEXT, Unreadable, read_value, shown
from accord.core.model.consent import ConsentEntry
from accord.core.model.contact import AddressKind, AddressState, Preferences, email_key
from accord.core.model.expression import Type, Value
from accord.core.model.venue import Venue
from accord.shell.engine.addresses import Addresses, NoAddress
from accord.shell.engine.intake.columns import FIELDS, Reading
from accord.shell.engine.intake.row_texts import NO, YES, FileRow, Refusal, RowTexts, read_texts
from accord.shell.engine.intake.said import SAYING, Called, Origin, Sayings
from accord.shell.engine.ports.rows import NewContact

LANGUAGES = ("fr", "en")  # those that there are words in, for pages and mails

# More letters than this a month is no wish that anybody has.
MOST_NEWSLETTERS = 1000

# What a contact comes in as; erased and merged records do not come in.
_COMES_IN = (AddressState.OK, AddressState.HARD_BOUNCED, AddressState.COMPLAINED)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A person as a row tells it. `contact` is None where the row was refused: then only refusals are in `entries`.

    The entries have no contact's number yet.
    """

    row: FileRow
    email: str
    key: str
    contact: NewContact | None
    entries: tuple[ConsentEntry, ...]


class Arrivals:
    """Reads the rows of one file."""

    def __init__(
        self, venue: Venue, reading: Reading, origin: Origin, called: Called, *, now: datetime
    ) -> None:
        self._venue, self._reading, self._now = venue, reading, now
        self._addresses = Addresses()
        self._sayings = Sayings(venue, reading.wanted, origin, called)
        self._unsaid = {"language": venue.entity.language, "zone": venue.entity.zone, "collected_at": now}
        named = {name for _, name in (*reading.places, *reading.spare)} | _words_fields(reading)
        self._readers = [(name, self._read(name)) for name in _CONTACT if name in named]
        self._attributes = [
            name for name in venue.attributes if name not in FIELDS and (reading.nested or name in named)
        ]

    def read(self, row: FileRow) -> tuple[Arrival | None, list[Refusal]]:
        """The arrival, and everything that is wrong with the row. No arrival where the address is no address."""
        texts = read_texts(row, self._reading, self._venue, self._now)
        told = texts.get("email")
        try:
            email = self._addresses.read(told)
        except NoAddress as fault:
            if row.fault is None and not any(each.field == "email" for each in texts.refusals):
                texts.refuse("email", f"{shown(told)} is no address: {fault}" if told else str(fault))
            return None, texts.refusals
        contact = self._contact(texts, email)
        says = not SAYING.isdisjoint(texts.texts)
        entries = self._sayings.read(texts, told, contact.language) if says else []
        if texts.refusals:
            kept = tuple(entry for entry in entries if entry.act in REFUSALS)
            return Arrival(row, email, email_key(email), None, kept), texts.refusals
        return Arrival(row, email, email_key(email), contact, tuple(entries)), texts.refusals

    def _contact(self, texts: RowTexts, email: str) -> NewContact:
        told: dict[str, Any] = dict(self._unsaid)
        for name, read in self._readers:
            text = texts.texts.get(name)
            if text is not None and (value := read(texts, text)) is not None:
                told[name] = value
        wanted = told.pop("newsletters_per_month", None)
        if wanted is not None:
            told["preferences"] = Preferences(wanted)
        attributes = {}
        for name in self._attributes:
            text = texts.texts.get(name)
            if text is not None and (value := self._attribute(texts, name, text)) is not None:
                attributes[name] = value
        return NewContact(email=email, attributes=attributes, **told)

    def _read(self, name: str) -> Callable[[RowTexts, str], Any]:
        """How a field of the contact's own row is read; what can't be is refused, and None."""
        own = {"language": self._language, "zone": self._zone}
        return own.get(name) or _CONTACT[name]

    def _language(self, texts: RowTexts, text: str) -> str | None:
        """A language we have words in; what other tools know beyond these is left to the venue's own."""
        short = text if text in LANGUAGES else text.replace("_", "-").partition("-")[0].casefold()
        if short in LANGUAGES:
            return short
        if self._reading.wanted.preset is None:
            texts.refuse("language", f"{shown(text)} is none of {', '.join(LANGUAGES)}")
        return None

    def _zone(self, texts: RowTexts, text: str) -> str | None:
        if text in _zones():
            return text
        if self._reading.wanted.preset is None:
            texts.refuse("zone", f"{shown(text)} is no time zone; write Europe/Paris")
        return None

    def _attribute(self, texts: RowTexts, name: str, text: str) -> Value:
        kind = self._venue.attributes[name].type
        if kind is Type.TEXT and len(text) <= LONGEST_TEXT:
            return text  # what bytes it may hold was seen to with the whole row
        try:
            return read_value(_AS_TOLD[kind](text), kind, self._venue.entity.clock)
        except Unreadable as fault:
            texts.refuse(name, str(fault))
        except ValueError:
            texts.refuse(name, f"{shown(text)} is not {kind.value}")
        return None


def _words_fields(reading: Reading) -> set[str]:
    """Fields that a tool's own words may fill."""
    words = reading.wanted.preset.words if reading.wanted.preset is not None else {}
    said = [reading.always, *(each for _, column in reading.words for each in words[column].values())]
    return {name for fields in said for name in fields}


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _external_id(texts: RowTexts, text: str) -> str | None:
    if len(text) <= LONGEST_TEXT:
        return text
    texts.refuse("external_id", f"it is longer than {LONGEST_TEXT} characters")
    return None


def _address_state(texts: RowTexts, _: str) -> AddressState:
    state = texts.chosen("address_state", AddressState, AddressState.OK)
    if state not in _COMES_IN:
        texts.refuse(
            "address_state", f"who is {state.value} does not come in again; what they refused is kept"
        )
    return state


def _newsletters(texts: RowTexts, text: str) -> int | None:
    if text.isdecimal() and len(text) <= 4 and int(text) <= MOST_NEWSLETTERS:
        return int(text)
    texts.refuse("newsletters_per_month", f"{shown(text)} is no whole number from 0 to {MOST_NEWSLETTERS}")
    return None


def _kind(texts: RowTexts, _: str) -> AddressKind:
    return texts.chosen("address_kind", AddressKind, AddressKind.PERSONAL)


# The fields of a contact's own row. Language and zone hang on the venue, and on the tool that wrote them.
_CONTACT: Mapping[str, Callable[[RowTexts, str], Any]] = {
    "external_id": _external_id,
    "language": lambda _, text: text,
    "zone": lambda _, text: text,
    "collected_at": lambda texts, _: texts.past("collected_at"),
    "last_action_at": lambda texts, _: texts.past("last_action_at"),
    "address_kind": _kind,
    "address_state": _address_state,
    "from_third_party": lambda texts, _: texts.yes_or_no("from_third_party"),
    "newsletters_per_month": _newsletters,
}


def _boolean(text: str) -> bool:
    word = text.casefold()
    if word not in YES and word not in NO:
        raise ValueError(text)
    return word in YES


def _number(text: str) -> int | float:
    return float(text.replace(",", ".")) if not text.isdecimal() else int(text[:20])


# A cell as a JSON document would tell it; what it may be from there on is one rule for all doors.
_AS_TOLD: Mapping[Type, Callable[[str], Any]] = {
    Type.TEXT: str,
    Type.INTEGER: lambda text: int(text[:20]),
    Type.NUMBER: _number,
    Type.BOOLEAN: _boolean,
    Type.DATE: str,
    Type.DAY_OF_YEAR: str,
    Type.INSTANT: str,
    Type.TEXTS: lambda text: [part.strip() for part in text.split(";") if part.strip()],
}
