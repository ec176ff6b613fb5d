"""The port of the throttle's figures: who was written to, what came of it, and how it was judged."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from accord.core.model.consent import Nature
from accord.core.standing import Standing
from accord.core.throttle import Pair


class Mailing(StrEnum):
    """The two kinds of mail that are compared: an abandoned cart promotes; the rest is left out (R-80)."""

    EDITORIAL = "editorial"
    PROMOTIONAL = "promotional"


MAILINGS: Mapping[Nature, Mailing] = {
    Nature.EDITORIAL: Mailing.EDITORIAL,
    Nature.PROMOTIONAL: Mailing.PROMOTIONAL,
    Nature.ABANDONED_CART: Mailing.PROMOTIONAL,
}


class Outcome(StrEnum):
    """What may come of a mail; `bounced` means that it was not delivered after all."""

    CLICKED = "clicked"
    LEFT = "left"
    COMPLAINED = "complained"
    BOUNCED = "bounced"


@dataclass(frozen=True, slots=True)
class Campaign:
    """One mail as a whole base gets it: a step's edition in one version of its text."""

    scenario: str
    step: str
    edition: str
    digest: str | None

    def __str__(self) -> str:
        version = f" {self.digest[:8]}" if self.digest else ""
        fallback = "" if self.edition == "main" else f" ({self.edition})"
        return f"{self.scenario}/{self.step}{fallback}{version}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A mail that was accepted: `soft` where it rested on the customer exception; `domain` of the address."""

    message_id: int
    contact_id: int
    campaign: Campaign
    mailing: Mailing
    soft: bool
    domain: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Entrant:
    """A person who enters the figures, once in a cycle of 28 days for each kind of mailing.

    `reporting`: whether a complaint of theirs would be heard of.
    """

    delivery: Delivery
    day: date
    cycle: date
    reporting: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """What one campaign's mails of one day came to."""

    day: date
    campaign: str
    mailing: Mailing
    pair: Pair


@dataclass(frozen=True, slots=True)
class Judgement:
    """One row of the throttle's history; the newest is in force.

    `move`: `start`, `raise`, `fall`, `hold`, `pin` or `unpin`. `day` is the one that it judges, None for what
    a person of the team did.
    """

    at: datetime
    move: str
    standing: Standing
    reason: str
    by: str
    day: date | None = None
    weekly: bool = False
    evidence: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Heads:
    """Different persons of one side, and those of them whose complaints would be heard of."""

    persons: int = 0
    heard: int = 0


@dataclass(frozen=True, slots=True)
class StepCount:
    """Mails of one step's edition: in how many of them something happened, and why others were not sent."""

    scenario: str
    step: str
    edition: str
    template: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Funnel:
    """What became of people and mails since an instant; `not_sent` by scenario, step and template, and why."""

    people: Mapping[str, Mapping[str, int]]
    steps: Sequence[StepCount]
    not_sent: Mapping[tuple[str, str, str], Mapping[str, int]]


class Figures(Protocol):
    """All methods take a constant number of statements, whatever the size of the base."""

    # who enters
    def shared_campaigns(self, since: datetime, until: datetime) -> Collection[Campaign]:
        """Campaigns whose mails, sent between these instants, reached both O and R."""
        ...

    def deliveries(
        self, since: datetime, until: datetime, *, after: tuple[datetime, int] | None, limit: int
    ) -> Sequence[Delivery]:
        """A page of what was sent and accepted, in order of (sent_at, message_id)."""
        ...

    def admit(self, entrants: Sequence[Entrant]) -> None:
        """Write them down, the first of each person, kind of mailing and cycle."""
        ...

    # what came of it
    def outcomes(self, outcome: Outcome, since: date, events_since: datetime) -> Sequence[int]:
        """Entrants since a day of whom the journal tells this and the figures do not yet."""
        ...

    def mark(self, outcome: Outcome, entrants: Sequence[int]) -> None: ...
    def forget(self, before: date, limit: int) -> int:
        """Drop entrants of before a day; returns how many there were, up to `limit`."""
        ...

    # as it is judged
    def batches(self, since: date) -> Sequence[Batch]: ...
    def heads(self, since: date, mailings: Collection[Mailing]) -> tuple[Heads, Heads]:
        """How many different persons of O, and of R, the batches since a day hold."""
        ...

    def newest(self, *, lock: bool = False) -> Judgement | None:
        """The judgement in force; `lock` keeps others from judging until the transaction ends."""
        ...

    def keep(self, judgement: Judgement) -> bool:
        """Append to the history; False where that day has been judged by somebody else."""
        ...

    def history(self, *, every: bool, limit: int) -> Sequence[Judgement]:
        """Newest first: changes and weekly judgements, or every day's."""
        ...

    # for people to look at
    def funnel(self, since: datetime, scenario: str | None) -> Funnel: ...
