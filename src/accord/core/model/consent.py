"""Consent as nouns: natures, kinds, states, what was collected and how it can be proved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

SERVICE_PURPOSE = "service"
EVERYTHING = "*"


class Nature(StrEnum):
    """What a mail is, declared by its step and held against its content (R-03, R-20 to R-34)."""

    SERVICE = "service"
    EDITORIAL = "editorial"
    PROMOTIONAL = "promotional"
    ABANDONED_CART = "abandoned_cart"
    REVIEW_REQUEST = "review_request"
    REACTIVATION = "reactivation"


class Kind(StrEnum):
    """The third part of a purpose: what a wording asks for."""

    EDITORIAL = "editorial"
    PROMOTIONAL = "promotional"
    REVIEW = "review"
    PARTNER = "partner"
    TRACKING = "tracking"


class ConsentStatus(StrEnum):
    """The six states; a passive and an active opt-out never merge (R-05, R-06)."""

    OPTIN_PROVEN = "optin_proven"
    OPTIN_UNPROVEN = "optin_unproven"
    PASSIVE_OPTOUT = "passive_optout"
    ACTIVE_OPTOUT = "active_optout"
    WITHDRAWN = "withdrawn"
    NEVER_ASKED = "never_asked"


class LegalBasis(StrEnum):
    """What a mail rests on; it decides the footer's `why` and the scope of an unsubscribe (R-10)."""

    SERVICE = "service"
    CONSENT = "consent"
    SOFT_OPTIN = "soft_optin"
    B2B = "b2b"
    LEGITIMATE_INTEREST = "legitimate_interest"


# By which word of a scenario's `why:` readers are told what a mail rests on.
TOLD_AS: Mapping[LegalBasis, str] = {
    LegalBasis.CONSENT: "consent",
    LegalBasis.SOFT_OPTIN: "customer",
    LegalBasis.LEGITIMATE_INTEREST: "customer",
    LegalBasis.B2B: "b2b",
}


class Act(StrEnum):
    """What happened, as a consent history tells it; the ledger's rows carry one each."""

    OPTIN_PROVEN = "optin_proven"
    OPTIN_UNPROVEN = "optin_unproven"
    OPTIN_IMPORT = "optin_import"
    OPTIN_IMPORT_PROVEN = "optin_import_proven"
    OPTIN_PENDING = "optin_pending"
    CONFIRM_GET = "confirm_get"
    CONFIRM_POST = "confirm_post"
    SILENCE = "silence"
    OBJECTION = "objection"
    WITHDRAWAL = "withdrawal"
    UNSUBSCRIBE = "unsubscribe"
    COMPLAINT = "complaint"
    PURCHASE_PASSIVE = "purchase_passive"
    PURCHASE_INFORMED = "purchase_informed"
    LOGIN = "login"
    MERGED = "merged"
    SPOKEN = "spoken"
    FOLLOWUP = "followup"
    WORDING_REVOKED = "wording_revoked"


@dataclass(frozen=True, slots=True)
class ConsentState:
    """Where a person stands for one (purpose, kind): derived from the ledger alone.

    `informed`: at collection the person was told of the use and given an express, free, simple means of
    refusing there and then (R-09). `wording`: the digest of the form or script whose answer made it so.
    """

    status: ConsentStatus = ConsentStatus.NEVER_ASKED
    informed: bool = False
    since: datetime | None = None
    wording: str | None = None


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """One row of the ledger: an act that bears on (purpose, kind); `*` in both is all prospecting.

    `wording` is the digest of the form or script that was answered. `details` carries the rest of the proof
    record (R-19): language, notice version, actor, place, zone, source. `informed` is None where the act says
    nothing about it.
    """

    contact_id: int
    at: datetime
    purpose: str
    kind: str
    act: Act
    informed: bool | None = None
    details: Mapping[str, str | None] = field(default_factory=dict)
    wording: str | None = None
    seq: int = 0
    written_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Consents:
    """All consent states of one person, by (purpose, kind); `overall` is what bears on all prospecting."""

    states: Mapping[tuple[str, str], ConsentState] = field(default_factory=dict)
    overall: ConsentState = ConsentState()

    def of(self, purpose: str, kind: str) -> ConsentState:
        """The state for one purpose and kind; where no act named it, what was said of everything."""
        return self.states.get((purpose, kind), self.overall)
