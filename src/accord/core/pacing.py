"""How fast one domain is written to: slower at once when it asks for that, faster again step by step (AIMD).

A pace is a value; instants are seconds on any clock that never goes back, so that hours are tested in no time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

# A domain that asks for less is written to half as fast, down to this many mails a second.
SLOWEST = 1 / 60

# It is taken for well after so many seconds in which a mail was taken: then a step of so many up to the whole speed.
STEP_SECONDS, STEPS = 6.0, 100

# What may leave at once after a silence, in seconds' worth.
BURST_SECONDS = 1.0

# A mail that is held back is looked at again after so many seconds at most: the pace may be another by then.
LOOKS_AGAIN = 900.0

# What a server says that asks for less (RFC 5321, 3.8; RFC 3463, X.7.X): the session is over, or a policy says later.
_SLOWER = re.compile(r"421\b|4\d\d[ -]4\.7\.\d{1,3}\b")


def asks_for_less(reply: str) -> bool:
    """Whether a reply such as `421 4.7.28 too many messages` asks to be sent less."""
    return _SLOWER.match(reply) is not None


@dataclass(frozen=True, slots=True)
class Pace:
    """One domain. `rate`: mails a second, None without a limit; `goal`: what it goes back to after it was slowed.

    `most` is the configured limit. `free_at`: when the next may leave; `tail`: when the last that was held back may.
    """

    most: float | None = None
    rate: float | None = None
    goal: float | None = None
    free_at: float = float("-inf")
    tail: float = float("-inf")
    changed_at: float = float("-inf")

    @property
    def is_slowed(self) -> bool:
        """Whether it goes slower than it would by itself."""
        return self.goal is not None

    def is_idle(self, since: float) -> bool:
        """Whether it is well, and nothing has left or been held back since an instant."""
        return not self.is_slowed and max(self.free_at, self.tail) < since

    def slowed_after(self, instant: float) -> bool:
        """Whether it was slowed, or changed while slowed, at an instant or later."""
        return self.is_slowed and self.changed_at >= instant


def a_pace(most: float | None) -> Pace:
    """A domain of which nothing was heard yet."""
    return Pace(most=most, rate=most)


def place(pace: Pace, now: float) -> tuple[Pace, float]:
    """A mail would leave: 0.0 where it may, else the seconds after which it is looked at again.

    Those that are held back are told different instants, in their order, so that all of them do not come back at once.
    """
    if pace.rate is None:
        return pace, 0.0
    interval = 1 / pace.rate
    at_once = max(1.0, pace.rate * BURST_SECONDS)
    begins = max(pace.free_at, now - (at_once - 1) * interval)
    if begins <= now:
        return replace(pace, free_at=begins + interval), 0.0
    turn = max(pace.tail, pace.free_at)
    if turn - now >= LOOKS_AGAIN:
        return pace, LOOKS_AGAIN
    return replace(pace, tail=turn + interval), max(1.0, turn - now)


def slowed(pace: Pace, *, left_at: float, now: float, recent: float) -> Pace:
    """It asked for less, of a mail that left at `left_at`. `recent`: how many a second it was sent of late.

    What left before the last time that it was slowed says nothing new.
    """
    if pace.is_slowed and left_at < pace.changed_at:
        return pace
    before = pace.rate if pace.rate is not None else max(recent, 1.0)
    rate = max(SLOWEST, before / 2)
    goal = pace.goal if pace.goal is not None else before
    return replace(pace, rate=rate, goal=goal, changed_at=now, free_at=max(pace.free_at, now + 1 / rate))


def went_well(pace: Pace, *, left_at: float, now: float) -> Pace:
    """It took a mail that left at `left_at`: a step faster, if that is new."""
    if pace.goal is None or pace.rate is None or left_at < pace.changed_at:
        return pace
    if now - pace.changed_at < STEP_SECONDS:
        return pace
    rate = pace.rate + pace.goal / STEPS
    if rate >= pace.goal:
        return replace(pace, rate=pace.most, goal=None, changed_at=now)
    return replace(pace, rate=rate, changed_at=now, tail=float("-inf"))


@dataclass(frozen=True, slots=True)
class WarmUp:
    """A new address of a server is warmed up: so many prospecting mails on each day from the first on."""

    begins: date
    per_day: Sequence[int] = ()

    def allowed(self, day: date) -> int | None:
        """How many may leave on a day; None when it is over, or has not begun."""
        since = (day - self.begins).days
        return self.per_day[since] if 0 <= since < len(self.per_day) else None


@dataclass(frozen=True, slots=True)
class Rates:
    """What is configured: mails a second to any one domain, and to some by name; a plan by days."""

    per_domain: float | None = None
    domains: Mapping[str, float] = field(default_factory=dict)
    warm_up: WarmUp | None = None

    def most(self, domain: str) -> float | None:
        """The limit of one domain."""
        return self.domains.get(domain, self.per_domain)
