"""Rows that do not exist yet, changes to those that do, and what the store tells of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from accord.core.model.consent import LegalBasis
from accord.core.model.contact import AddressKind, AddressState, Preferences
from accord.core.model.decision import QueueMail, ThrottleState
from accord.core.model.enrolment import Enrolment, RunState
from accord.core.model.expression import Value
from accord.core.model.message import Message, MessageState
from accord.core.model.wording import Wording


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact to be stored; its key is derived from `email`."""

    email: str
    language: str
    zone: str
    collected_at: datetime
    external_id: str | None = None
    address_kind: AddressKind = AddressKind.PERSONAL
    from_third_party: bool = False
    attributes: Mapping[str, Value] = field(default_factory=dict)
    address_state: AddressState = AddressState.OK
    last_action_at: datetime | None = None
    preferences: Preferences = Preferences()


@dataclass(frozen=True, slots=True)
class ContactChange:
    """What changes of a contact; None leaves as it is. Each change bumps `revision`.

    `acted_at` moves `last_action_at` forward, never back. `attributes` are merged in.
    """

    contact_id: int
    acted_at: datetime | None = None
    address_state: AddressState | None = None
    language: str | None = None
    zone: str | None = None
    preferences: Preferences | None = None
    attributes: Mapping[str, Value] | None = None
    rests_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunChange:
    """Where a run goes; the engine has checked RUN_TRANSITIONS."""

    run_id: int
    state: RunState
    step: str
    due_at: datetime
    planned_at: datetime
    decided_at: datetime
    last_send_at: datetime | None = None
    ended_because: str | None = None


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to begin; silently not begun where (scenario, contact, entry key) exists already."""

    scenario: str
    digest: str
    contact_id: int
    entry_key: str
    entered_at: datetime
    step: str
    due_at: datetime
    event_id: int | None = None
    this: Value = None
    state: RunState = RunState.DUE
    priority: int = 50
    held_out: bool = False
    stays: bool = False


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A mail to queue for a run; silently not queued where (enrolment, step) exists already."""

    run: Enrolment
    mail: QueueMail
    judged_revision: int
    queued_at: datetime
    template_digest: str | None


@dataclass(frozen=True, slots=True)
class Settlement:
    """How an attempt ended. `reply` is the server's last line, `not_before` when to try again.

    `expected` is the state that the message must still be in, so that two hands never settle one mail;
    `lease`, where given, the one under which it must still be held.
    """

    message_id: int
    expected: MessageState
    state: MessageState
    at: datetime
    reason: str | None = None
    rule: str | None = None
    reply: str | None = None
    not_before: datetime | None = None
    lease: datetime | None = None


@dataclass(frozen=True, slots=True)
class Postponed:
    """A claimed message that goes back until an instant; `planned_at` is moved where the delay is our own."""

    message_id: int
    until: datetime
    planned_at: datetime | None = None


# The fact that a database keeps of the law in force: whoever turns a switch of it writes another one.
POLICY_REVISION = "policy_revision"


@dataclass(frozen=True, slots=True)
class DoorCheck:
    """One message at the door: it may be marked `sending` only while what was judged still stands.

    `context` is what the template read, for the ledger; None keeps what is there. `judged_policy` is the
    `policy_revision` of the database when it was judged, `throttle` what the statistics allowed then, where
    the mail rests on the customer exception.
    """

    message_id: int
    contact_id: int
    judged_revision: int
    with_invitation: bool
    context: bytes | None = None
    template_digest: str | None = None
    basis: LegalBasis = LegalBasis.CONSENT
    reason: str | None = None
    rule: str | None = None
    judged_policy: str | None = None
    throttle: ThrottleState | None = None


@dataclass(frozen=True, slots=True)
class LiveScenario:
    """A scenario that takes part: its newest activated version and whether it runs."""

    name: str
    digest: str
    source: str
    state: str  # active | draining | ended
    activated_at: datetime
    activated_by: str


@dataclass(frozen=True, slots=True)
class PastEntry:
    """One former run of a contact, for `again`. `stays`: it has been in the segment ever since it entered."""

    contact_id: int
    scenario: str
    entry_key: str
    entered_at: datetime
    ended: bool
    stays: bool


@dataclass(frozen=True, slots=True)
class ChainRow:
    """One row of a person's consent ledger as it is kept; erased, `payload` and `salt` are gone.

    `digest` is «own:chain»: SHA-256 of salt and payload, and SHA-256 of the previous row's digest and own.
    """

    seq: int
    payload: str | None
    salt: str | None
    digest: str
    previous: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class KeptWording:
    """A form's or script's version in the database: since when, by whom, and whether it still proves anything."""

    wording: Wording
    added_at: datetime
    added_by: str
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    revoked_because: str | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """What one of the team did: `action` is the command («activate», «hold»), `subject` what it was done to.

    A contact is named by its number, never by its address, so that erasing somebody leaves no trace here.
    """

    at: datetime
    by: str
    action: str
    subject: str
    details: Mapping[str, Value] = field(default_factory=dict)


class StuckKind(StrEnum):
    """What can be stuck."""

    RUN = "run"
    EVENT = "event"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Stuck:
    """A row that does not get on: its step fails each time, its mail is deferred again and again, or nobody
    knows what became of it. `until`: when it is tried again by itself, None where it is not.
    """

    kind: StuckKind
    id: int
    contact_id: int
    what: str
    since: datetime
    until: datetime | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One mail of the send ledger with all that is kept of it.

    `inputs`: what the gate read; `context`: what the template read, compressed; `reply`: the server's last.
    """

    message: Message
    recipient: str
    inputs: Mapping[str, str]
    settled_at: datetime | None = None
    reply: str | None = None
    context: bytes | None = None


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """A switch of the law that was turned: from what to what, in words, by whom and when."""

    switch: str
    old: str
    new: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Brake:
    """A hold in force: of "prospecting", "all", or one scenario by name."""

    name: str
    reason: str
    by: str
    since: datetime
