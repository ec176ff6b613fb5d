"""Lengths of time as authors spell them: «3 days», «36 hours», «1 week», «2 months»."""

from __future__ import annotations

import re

from accord.core.model.time import Duration

_SHAPE = re.compile(r"(\d{1,4})\s+(hour|day|week|month|year)s?")


def duration_of(text: str) -> Duration | None:
    """The duration that a text spells, or None."""
    match = _SHAPE.fullmatch(text.strip())
    if match is None:
        return None
    count, unit = int(match[1]), match[2]
    return {
        "hour": Duration(hours=count),
        "day": Duration(days=count),
        "week": Duration(days=7 * count),
        "month": Duration(months=count),
        "year": Duration(months=12 * count),
    }[unit]
