"""Lengths of time as authors spell them: «3 days», «36 hours», «1 week», «2 months»."""

from __future__ import annotations

import re

from accord.core.model.time import Duration

PATTERN = r"(\d{1,4}) +(hour|day|week|month|year)s?"

# Longer than a century nobody waits, and calendar sums have no room.
LONGEST_DAYS, LONGEST_MONTHS = 36_525, 1_200

_SHAPE = re.compile(PATTERN)


def duration_of(text: str) -> Duration | None:
    """The duration that a text spells, or None; a hundred years at most."""
    match = _SHAPE.fullmatch(text.strip())
    if match is None:
        return None
    count, unit = int(match[1]), match[2]
    found = {
        "hour": Duration(hours=count),
        "day": Duration(days=count),
        "week": Duration(days=7 * count),
        "month": Duration(months=count),
        "year": Duration(months=12 * count),
    }[unit]
    return found if found.days <= LONGEST_DAYS and found.months <= LONGEST_MONTHS else None
