"""Leases: until when a row is somebody's; over once that has passed, or where it lies ahead of any lease."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_

# The longest lease that anybody takes. Two clocks differ by less than that, or one of them is wrong.
LONGEST = timedelta(hours=1)


def is_free(lease: Any, now: datetime) -> ColumnElement[bool]:
    """Nobody holds it, or whoever did has died, or the clock had jumped ahead when it was taken."""
    return or_(lease.is_(None), is_over(lease, now))


def is_over(lease: Any, now: datetime) -> ColumnElement[bool]:
    """Somebody held it, and does no more."""
    return or_(lease <= now, lease > now + 2 * LONGEST)
