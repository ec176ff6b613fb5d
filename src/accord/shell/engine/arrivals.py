"""Arrivals: what one row of a file tells of one person; every fault in it at once, its refusals never lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from accord.core.consent.history import REFUSALS
from accord.core.expressions.fields import LONGEST_TEXT, Unreadable, read_text, read_value
from accord.core.model.consent import ConsentEntry
from accord.core.model.contact import AddressKind, AddressState, Preferences, email_key
from accord.core.model.expression import Type, Value
from accord.core.model.venue import Venue
from accord.shell.engine.addresses import Addresses, NoAddress
from accord.shell.engine.columns import FIELDS, Reading
from accord.shell.engine.row_texts import NO, YES, FileRow, Refusal, RowTexts, read_texts, shown
from accord.shell.engine.rows import NewContact
from accord.shell.engine.said import Called, Origin, Sayings

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
        self._says = any(
            name.startswith(("consent_", "unsubscribed", "address_state")) for name in _named(reading)
        )
        present = {name for _, name in (*reading.places, *reading.spare)}
        self._attributes = [
            name for name in venue.attributes if name not in FIELDS and (reading.nested or name in present)
        ]

    def read(self, row: FileRow) -> tuple[Arrival | None, list[Refusal]]:
        """The arrival, and everything that is wrong with the row. No arrival where the address is no address."""
        texts = read_texts(row, self._reading, self._venue, self._now)
        try:
            email = self._addresses.read(texts.get("email"))
        except NoAddress as fault:
            told = texts.get("email")
            if row.fault is None and not any(each.field == "email" for each in texts.refusals):
                texts.refuse("email", f"{shown(told)} is no address: {fault}" if told else str(fault))
            return None, texts.refusals
        contact = self._contact(texts, email)
        entries = self._sayings.read(texts, texts.get("email"), contact.language) if self._says else []
        if texts.refusals:
            kept = tuple(entry for entry in entries if entry.act in REFUSALS)
            return Arrival(row, email, email_key(email), None, kept), texts.refusals
        return Arrival(row, email, email_key(email), contact, tuple(entries)), texts.refusals

    def _contact(self, texts: RowTexts, email: str) -> NewContact:
        return NewContact(
            email=email,
            language=self._language(texts),
            zone=self._zone(texts),
            collected_at=texts.past("collected_at") or self._now,
            external_id=_external_id(texts),
            address_kind=texts.chosen("address_kind", AddressKind, AddressKind.PERSONAL),
            from_third_party=bool(texts.yes_or_no("from_third_party")),
            attributes={
                name: value
                for name in self._attributes
                if (value := self._attribute(texts, name)) is not None
            },
            address_state=_address_state(texts),
            last_action_at=texts.past("last_action_at"),
            preferences=_preferences(texts),
        )

    def _language(self, texts: RowTexts) -> str:
        """A language we have words in; what other tools know beyond these is left to the venue's own."""
        text = texts.get("language")
        if not text or text in LANGUAGES:
            return text or self._venue.entity.language
        short = text.replace("_", "-").partition("-")[0].casefold()
        if short not in LANGUAGES and self._reading.wanted.preset is None:
            texts.refuse("language", f"{shown(text)} is none of {', '.join(LANGUAGES)}")
        return short if short in LANGUAGES else self._venue.entity.language

    def _zone(self, texts: RowTexts) -> str:
        text = texts.get("zone")
        if not text or text in _zones():
            return text or self._venue.entity.zone
        if self._reading.wanted.preset is None:
            texts.refuse("zone", f"{shown(text)} is no time zone; write Europe/Paris")
        return self._venue.entity.zone

    def _attribute(self, texts: RowTexts, name: str) -> Value:
        text = texts.get(name)
        if not text:
            return None
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


def _named(reading: Reading) -> set[str]:
    """Every field that a row may come to have."""
    named = {name for _, name in (*reading.places, *reading.spare)} | {*reading.always}
    if reading.wanted.preset is not None:
        for _, column in reading.words:
            named |= {name for said in reading.wanted.preset.words[column].values() for name in said}
    return named


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _external_id(texts: RowTexts) -> str | None:
    text = texts.get("external_id")
    if len(text) <= LONGEST_TEXT:
        return text or None
    try:
        return read_text(text)
    except Unreadable as fault:
        texts.refuse("external_id", str(fault))
        return None


def _address_state(texts: RowTexts) -> AddressState:
    state = texts.chosen("address_state", AddressState, AddressState.OK)
    if state not in _COMES_IN:
        texts.refuse(
            "address_state", f"who is {state.value} does not come in again; what they refused is kept"
        )
    return state


def _preferences(texts: RowTexts) -> Preferences:
    text = texts.get("newsletters_per_month")
    if not text:
        return Preferences()
    if not text.isdecimal() or len(text) > 4 or int(text) > MOST_NEWSLETTERS:
        texts.refuse(
            "newsletters_per_month", f"{shown(text)} is no whole number from 0 to {MOST_NEWSLETTERS}"
        )
        return Preferences()
    return Preferences(int(text))


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
