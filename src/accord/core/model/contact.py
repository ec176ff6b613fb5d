"""A person at one address: Contact, the state of the address, what the person prefers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from unicodedata import normalize

from accord.core.model.domain import NotADomain, ascii_domain
from accord.core.model.expression import Value


class AddressState(StrEnum):
    """What is known of the address itself (R-45, R-60, R-61).

    MERGED: the record turned out to be somebody else's second one, and is never written to again (R-17); the
    gate knows no such word, and so denies.
    """

    OK = "ok"
    HARD_BOUNCED = "hard_bounced"
    COMPLAINED = "complained"
    ERASED = "erased"
    MERGED = "merged"


GONE: frozenset[AddressState] = frozenset({AddressState.ERASED, AddressState.MERGED})


class AddressKind(StrEnum):
    """Whose mailbox it is (R-11): a professional on a personal mailbox counts as personal."""

    PERSONAL = "personal"
    PROFESSIONAL = "professional"
    GENERIC = "generic"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the person asked for: a hard cap of newsletters a calendar month (R-34), a pause."""

    newsletters_per_month: int | None = None
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact is one live address; a second address is a second contact.

    `revision` goes up with everything that the gate reads; `last_action_at` is the last act that renews
    the three-year clock (R-42), `collected_at` starts it where there was none. `rests_until`: after soft
    bounces in a row nothing is tried there before that instant, but for service mail (R-60). `from_third_party` says that
    the address was not collected from the person (art. 14; it closes the customer exception, R-07 (1)).
    """

    id: int
    email: str
    language: str
    zone: str
    collected_at: datetime
    external_id: str | None = None
    address_state: AddressState = AddressState.OK
    address_kind: AddressKind = AddressKind.PERSONAL
    from_third_party: bool = False
    last_action_at: datetime | None = None
    preferences: Preferences = Preferences()
    rests_until: datetime | None = None
    attributes: Mapping[str, Value] = field(default_factory=dict)
    revision: int = 0


def email_key(address: str) -> str:
    """The form in which addresses are compared (R-17): trimmed, case-folded, the domain in its IDNA form.

    Dots and `+tags` are part of the address and stay; an accent is one letter, however it is put together.
    «straße.de» and «strasse.de» are two domains with an owner each (IDNA 2008). A domain that has no IDNA form is
    compared as folded text, so that the function is total; whether an address can be written to is asked at the
    doors.
    """
    local, at, domain = address.strip().rpartition("@")
    if domain.isascii():
        return f"{_folded(local)}{at}{domain.lower()}"
    try:
        return f"{_folded(local)}{at}{ascii_domain(domain)}"
    except NotADomain:
        return f"{_folded(local)}{at}{_folded(domain)}"


def _folded(text: str) -> str:
    return text.lower() if text.isascii() else normalize("NFC", normalize("NFD", text).casefold())
