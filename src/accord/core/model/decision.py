"""Situation: all that is known of one person at one instant; Decision: the effects that the core asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from accord.core.model.consent import Consents, ConsentStatus, LegalBasis, Nature
from accord.core.model.contact import Contact
from accord.core.model.enrolment import Enrolment, RunState
from accord.core.model.event import Event
from accord.core.model.expression import Value
from accord.core.model.message import PastMail
from accord.core.model.order import OrderLine
from accord.core.model.trial import Trial


class ThrottleMode(StrEnum):
    """What the statistics of the opt-out target allow (R-80)."""

    EDITORIAL_ONLY = "EDITORIAL_ONLY"
    PROMO = "PROMO"


@dataclass(frozen=True, slots=True)
class ThrottleState:
    """EDITORIAL_ONLY, or PROMO with the largest share of promotions, in hundredths (0, 10, 25, 50)."""

    mode: ThrottleMode = ThrottleMode.EDITORIAL_ONLY
    share_percent: int = 0

    def __str__(self) -> str:
        share = f"({self.share_percent / 100:.2f})" if self.mode is ThrottleMode.PROMO else ""
        return f"{self.mode.value}{share}"


@dataclass(frozen=True, slots=True)
class Situation:
    """One person at one instant: everything that a step, a trigger or the gate may read.

    `mails` left the house to this person or are queued for it, oldest first; `events` came since the run's last mail, oldest
    first; `entered_by` is `event` in expressions, `it` the event that just came, `this` the `per` value.
    `trial`: what is known of the test of the due step's subjects, if it has one.
    `held` names the brakes in force: "prospecting", "all" or a scenario's name.
    """

    contact: Contact
    consents: Consents = Consents()
    lines: tuple[OrderLine, ...] = ()
    mails: tuple[PastMail, ...] = ()
    events: tuple[Event, ...] = ()
    contract_in_progress: bool = False
    throttle: ThrottleState = ThrottleState()
    held: frozenset[str] = frozenset()
    enrolment: Enrolment | None = None
    entered_by: Event | None = None
    it: Event | None = None
    this: Value = None
    trial: Trial | None = None

    def in_run(
        self,
        run: Enrolment,
        entered_by: Event | None,
        events: tuple[Event, ...],
        trial: Trial | None = None,
    ) -> Situation:
        """The same person in one run: what it was entered by, and what came since its last mail."""
        return Situation(
            self.contact,
            self.consents,
            self.lines,
            self.mails,
            events,
            self.contract_in_progress,
            self.throttle,
            self.held,
            run,
            entered_by,
            None,
            run.this,
            trial,
        )


class Output(StrEnum):
    """The gate's three answers."""

    ALLOW = "allow"
    ALLOW_WITHOUT_UPSELL = "allow_without_upsell"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's answer with its reason code, the rule that it follows, and the inputs that it read.

    `against`: the steps, as SCENARIO/STEP, whose mails took the places that a cap leaves.
    """

    output: Output
    reason: str
    rule: str
    basis: LegalBasis | None = None
    flags: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    against: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the mail may leave, with or without its invitation."""
        return self.output is not Output.DENY


# -- effects: what the core asks the shell to do ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QueueMail:
    """Put one mail in the ledger, unique on (enrolment, step).

    `subject`: which of the step's subjects, where it has several, and why this one.
    """

    step: str
    edition: str
    template: str
    nature: Nature
    purpose: str
    verdict: Verdict
    with_invitation: bool
    planned_at: datetime
    subject: str | None = None
    subject_because: str | None = None


@dataclass(frozen=True, slots=True)
class QueueCall:
    """Put one posting to a webhook in its queue, unique on (enrolment, step). `told`: what, in imagined days."""

    step: str
    webhook: str
    nature: Nature
    purpose: str
    verdict: Verdict
    planned_at: datetime
    told: str | None = None


class Way(StrEnum):
    """What a step would have sent: a mail, or a call to another system."""

    MAIL = "mail"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Refuse:
    """Journal that a step sent nothing, and why; skipped is not done. `template`: a mail's, or the webhook."""

    step: str
    template: str | None
    nature: Nature | None
    verdict: Verdict
    way: Way = Way.MAIL


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep the run where it is until `until`: a cap or a brake of ours, so the planned instant moves too.

    `against`: the steps, as SCENARIO/STEP, whose mails took the places that a cap leaves.
    """

    step: str
    until: datetime
    reason: str
    rule: str
    against: tuple[str, ...] = ()
    way: Way = Way.MAIL


@dataclass(frozen=True, slots=True)
class Move:
    """The run goes to `step`, to be done at `due_at`; `state` says whether it listens meanwhile."""

    step: str
    due_at: datetime
    planned_at: datetime
    state: RunState = RunState.DUE


@dataclass(frozen=True, slots=True)
class Finish:
    """The run has come to its end."""


@dataclass(frozen=True, slots=True)
class Leave:
    """The run ends before its end: a cue, the law, or `if_not_allowed: leave`."""

    reason: str
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Enrol:
    """A run begins: its first step, planned.

    `entry_key` makes it unique in its scenario; `per_key` is the part of it that `again` counts by; of one
    person's due runs the one with the highest `priority` goes first. `held_out`: it is to get nothing.
    `stays`: the person is in the segment that it is entered by.
    """

    scenario: str
    digest: str
    entry_key: str
    per_key: str
    step: str
    due_at: datetime
    event_id: int | None = None
    this: Value = None
    priority: int = 50
    held_out: bool = False
    stays: bool = False


@dataclass(frozen=True, slots=True)
class SetAttribute:
    """Write one declared attribute of the contact."""

    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class EmitEvent:
    """Journal an event of the venue's own."""

    name: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth telling in `explain` and `dry-run` that changes nothing: a way taken, a step skipped."""

    step: str
    code: str
    detail: str = ""


Effect: TypeAlias = (
    QueueMail | QueueCall | Refuse | Hold | Move | Finish | Leave | Enrol | SetAttribute | EmitEvent | Note
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What one question about one run was answered with, in the order in which it happens."""

    effects: tuple[Effect, ...] = ()

    def of(self, kind: type) -> tuple[Effect, ...]:
        """The effects of one kind."""
        return tuple(effect for effect in self.effects if isinstance(effect, kind))


OBJECTING: frozenset[ConsentStatus] = frozenset({ConsentStatus.ACTIVE_OPTOUT, ConsentStatus.WITHDRAWN})
