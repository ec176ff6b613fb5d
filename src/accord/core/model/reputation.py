"""What comes back of prospecting mail, and how much of it a sender can bear before receivers turn away (R-58, R-60)."""

from __future__ import annotations

from dataclasses import dataclass

# So few are no rate, however few mails there were.
FEWEST = 3

_SAID = {"bounces": "bounced", "complaints": "were complained of"}


@dataclass(frozen=True, slots=True)
class Bearable:
    """How many of 100 mails may come back: from `warn` on somebody is told, from `stop` on prospecting stops."""

    warn: float
    stop: float


@dataclass(frozen=True, slots=True)
class Reputation:
    """The limits, over the mails of the last `days`; nothing is said of fewer mails than `sample`."""

    bounces: Bearable = Bearable(2.0, 5.0)
    complaints: Bearable = Bearable(0.1, 0.3)
    days: int = 3
    sample: int = 500


@dataclass(frozen=True, slots=True)
class CameBack:
    """Of `mails` that left, how many bounced hard and of how many their readers complained."""

    mails: int
    bounced: int = 0
    complained: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """One figure beside its limits; `what` is `bounces` or `complaints`."""

    what: str
    count: int
    mails: int
    bearable: Bearable
    sample: int

    @property
    def per_100(self) -> float:
        """How many of 100 mails."""
        return 100 * self.count / self.mails if self.mails else 0.0

    @property
    def counts(self) -> bool:
        """Whether there is enough to speak of a rate."""
        return self.mails >= self.sample and self.count >= FEWEST

    @property
    def warns(self) -> bool:
        """Whether somebody is to be told."""
        return self.counts and self.per_100 >= self.bearable.warn

    @property
    def stops(self) -> bool:
        """Whether prospecting is to stop."""
        return self.counts and self.per_100 >= self.bearable.stop

    @property
    def sentence(self) -> str:
        """In words."""
        rate, most = _percent(self.per_100), _percent(self.bearable.stop)
        return f"{self.count} of {self.mails} mails {_SAID[self.what]} ({rate}, where {most} is the limit)"


def readings(came: CameBack, limits: Reputation) -> tuple[Reading, Reading]:
    """Both figures: hard bounces, complaints."""
    return (
        Reading("bounces", came.bounced, came.mails, limits.bounces, limits.sample),
        Reading("complaints", came.complained, came.mails, limits.complaints, limits.sample),
    )


def _percent(per_100: float) -> str:
    return f"{per_100:.2f}".rstrip("0").rstrip(".") + " %"
