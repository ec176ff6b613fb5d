"""Where the throttle stands from day to day: the state, its pin, and which days count for its next change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from accord.core.model.decision import ThrottleMode, ThrottleState
from accord.core.throttle import (
    DAYS_BETWEEN_CHANGES,
    JUDGED_ON,
    TOP,
    WINDOW_DAYS,
    Evidence,
    Ruling,
    at_share,
    decide,
)

# A person counts once in so many days, and what a mail came to is waited for as long (C.1).
CYCLE_DAYS = 28


@dataclass(frozen=True, slots=True)
class Standing:
    """The throttle on some day; days are the entity's.

    `at_most`: the share to which a person of the team has pinned it, the ladder's top where nobody has.
    `changed_on`: the day of the last change, or of the first judgement. `fallen_on`: of the last fall.
    """

    state: ThrottleState
    changed_on: date
    at_most: int = TOP
    fallen_on: date | None = None

    def counts_from(self, today: date) -> date:
        """The first day whose mails count: of the last 91, and none from before a fall (C.5)."""
        window = today - timedelta(days=WINDOW_DAYS)
        return window if self.fallen_on is None else max(window, self.fallen_on + timedelta(days=1))

    def fresh_from(self, today: date) -> date:
        """The first day of the e-values: they begin anew with each change, and look no further back than the
        window, so that good years hide no bad month.
        """
        return max(self.counts_from(today), self.changed_on + timedelta(days=1))

    def cycle_of(self, day: date) -> date:
        """The first day of the 28 in which a person counts once; they are counted from the last change."""
        begins = self.changed_on + timedelta(days=1)
        return begins + timedelta(days=(day - begins).days // CYCLE_DAYS * CYCLE_DAYS)


def begun(today: date) -> Standing:
    """Editorial only, from the day of the first judgement on."""
    return Standing(ThrottleState(), today)


def judged(standing: Standing, seen: Evidence, *, today: date, weekly: bool) -> tuple[Ruling, Standing]:
    """What the figures say today, and where the throttle stands after it (R-82)."""
    ruling = decide(
        standing.state,
        seen,
        weekly=weekly,
        days_since_change=(today - standing.changed_on).days,
        at_most=standing.at_most,
    )
    return ruling, _put(standing, ruling.state, today)


def pinned(standing: Standing, at_most: int, today: date) -> Standing:
    """Pinned by hand: never above what the statistics allow, and not above `at_most` until it is unpinned.

    Taking the pin out raises nothing: what was given up by hand must be earned again.
    """
    share = min(standing.state.share_percent, at_most)
    return _put(replace(standing, at_most=at_most), at_share(share), today)


def unpinned(standing: Standing) -> Standing:
    """The statistics alone again."""
    return replace(standing, at_most=TOP)


def _put(standing: Standing, state: ThrottleState, today: date) -> Standing:
    if state == standing.state:
        return standing
    fell = state.mode is ThrottleMode.EDITORIAL_ONLY
    return replace(standing, state=state, changed_on=today, fallen_on=today if fell else standing.fallen_on)


def is_weekly(since: date, today: date) -> bool:
    """Whether the day of the week's judgement is today, or was missed since the last one."""
    last = today - timedelta(days=(today.weekday() - JUDGED_ON) % 7)
    return last > since


def next_raise(standing: Standing, today: date) -> date:
    """The next day on which a raise is possible, if the figures then allow it."""
    earliest = max(today + timedelta(days=1), standing.changed_on + timedelta(days=DAYS_BETWEEN_CHANGES))
    return earliest + timedelta(days=(JUDGED_ON - earliest.weekday()) % 7)
