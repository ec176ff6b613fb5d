"""Leases: until when a row is somebody's; over once that has passed, or where it lies ahead of any lease."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, or_

from accord.shell.store.columns import UtcDateTime

# The longest lease that anybody takes. Two clocks differ by less than that, or one of them is wrong.
LONGEST = timedelta(hours=1)


# The same instants in statements that are built once: `at(now)` gives them.
NOW = bindparam("now", type_=UtcDateTime())
BEYOND = bindparam("beyond", type_=UtcDateTime())


def at(now: datetime) -> dict[str, datetime]:
    """What a statement with `is_free` and NOW in it is given."""
    return {"now": now, "beyond": now + 2 * LONGEST}


def is_free(lease: Any) -> ColumnElement[bool]:
    """Nobody holds it, or whoever did has died, or the clock had jumped ahead when it was taken."""
    return or_(lease.is_(None), _is_over(lease, now=NOW, beyond=BEYOND))


def is_over(lease: Any, now: datetime) -> ColumnElement[bool]:
    """Somebody held it, and does no more."""
    return _is_over(lease, **at(now))


def _is_over(lease: Any, now: Any, beyond: Any) -> ColumnElement[bool]:
    return or_(lease <= now, lease > beyond)
