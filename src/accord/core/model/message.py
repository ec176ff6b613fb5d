"""Message: one e-mail from queued to settled, and the table of its states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from accord.core.model.consent import LegalBasis, Nature


class MessageState(StrEnum):
    """The life of one e-mail in the ledger."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    REFUSED = "refused"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Lane(IntEnum):
    """Service mail goes a way of its own, and before everything else."""

    SERVICE = 0
    PROSPECTING = 1


_S = MessageState
MESSAGE_TRANSITIONS: Mapping[MessageState, frozenset[MessageState]] = {
    # From a queue to `unknown` go the mails of a restored copy: what has become of them since, it can't tell.
    _S.QUEUED: frozenset({_S.CLAIMED, _S.CANCELLED, _S.EXPIRED, _S.UNKNOWN}),
    _S.CLAIMED: frozenset(
        {_S.SENDING, _S.QUEUED, _S.REFUSED, _S.EXPIRED, _S.CANCELLED, _S.REJECTED, _S.UNKNOWN}
    ),
    _S.SENDING: frozenset({_S.ACCEPTED, _S.DEFERRED, _S.REJECTED, _S.UNKNOWN}),
    _S.DEFERRED: frozenset({_S.CLAIMED, _S.CANCELLED, _S.EXPIRED, _S.REJECTED, _S.UNKNOWN}),
    _S.UNKNOWN: frozenset({_S.ACCEPTED, _S.REJECTED, _S.QUEUED, _S.CANCELLED}),
    _S.ACCEPTED: frozenset({_S.BOUNCED, _S.COMPLAINED}),
    _S.BOUNCED: frozenset({_S.COMPLAINED}),
    _S.REJECTED: frozenset(),
    _S.REFUSED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.COMPLAINED: frozenset(),
}

# What a person of the team may do besides: settle what nobody knows the fate of, and send again what was not
# sent, or is service mail. The gate is asked as at any other time.
BY_HAND: Mapping[MessageState, frozenset[MessageState]] = {
    _S.UNKNOWN: frozenset({_S.ACCEPTED, _S.REJECTED, _S.QUEUED}),
    _S.ACCEPTED: frozenset({_S.QUEUED}),
    _S.REJECTED: frozenset({_S.QUEUED}),
    _S.REFUSED: frozenset({_S.QUEUED}),
    _S.EXPIRED: frozenset({_S.QUEUED}),
    _S.CANCELLED: frozenset({_S.QUEUED}),
    _S.BOUNCED: frozenset({_S.QUEUED}),
}

AT_REST: frozenset[MessageState] = frozenset({_S.QUEUED, _S.DEFERRED})
LEFT_THE_HOUSE: frozenset[MessageState] = frozenset(
    {_S.SENDING, _S.ACCEPTED, _S.UNKNOWN, _S.BOUNCED, _S.COMPLAINED}
)


@dataclass(frozen=True, slots=True)
class Message:
    """One row of the send ledger, unique on (enrolment, step).

    `judged_revision` is the contact's revision that the last verdict read; `with_invitation`: whether the
    gate lets the opt-in block be rendered; `edition` is `main`, or `fallback` for the `if_not_allowed` one;
    `subject`: which of the step's subjects it bears, where there are several;
    `repeated`: how often it was sent once more because nobody knew whether it had arrived.
    """

    id: int
    enrolment_id: int
    contact_id: int
    scenario: str
    digest: str
    step: str
    edition: str
    template: str
    nature: Nature
    purpose: str
    state: MessageState
    planned_at: datetime
    queued_at: datetime
    basis: LegalBasis
    reason: str
    rule: str
    with_invitation: bool = False
    judged_revision: int = 0
    attempts: int = 0
    repeated: int = 0
    not_before: datetime | None = None
    sent_at: datetime | None = None
    template_digest: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class PastMail:
    """What the gate and the expressions remember of a mail: one that left the house, or is about to.

    `left`: it was handed to SMTP (a mail of unknown fate counts); otherwise it is queued. `at` is the
    instant of that, or the planned one.
    """

    scenario: str
    step: str
    purpose: str
    nature: Nature
    basis: LegalBasis
    at: datetime
    template: str
    template_digest: str | None = None
    message_id: int = 0
    enrolment_id: int = 0
    left: bool = True
    with_invitation: bool = False
    clicked: bool = False
