"""Spreading a backlog: what would all come at once comes one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# So many a second where mail may leave faster, or at any speed: 18,000 an hour.
GENTLE = 5.0


def pace(per_second: float | None) -> float:
    """How many of a backlog may come a second: at most half of what may leave, so that other mail gets past."""
    return GENTLE if per_second is None else min(GENTLE, per_second / 2)


@dataclass(slots=True)
class Spread:
    """Gives each of a backlog its instant; `until` is the first that is free."""

    now: datetime
    pace: float
    until: datetime | None = None

    def offset(self) -> timedelta:
        """How long after `now` the next of them comes."""
        at = max(self.until or self.now, self.now)
        self.until = at + timedelta(seconds=1 / self.pace)
        return at - self.now
