"""What a provider tells is taken like what comes back by mail: by the same law, into the same book."""

from __future__ import annotations

import hashlib
from datetime import datetime

from accord.shell.engine.ports.store import Unit
from accord.shell.engine.ports.wayback import RETURNED, Came
from accord.shell.engine.wayback.take import Desk, take
from accord.shell.inbound.provider import Told


def take_told(unit: Unit, desk: Desk, source: str, told: Told, *, now: datetime) -> int:
    """Take one thing; 1 where it was new."""
    if told.asks is not None:
        unit.keeping.raise_task(
            RETURNED, f"{source}: {told.asks['what']}", {**told.asks, "source": source}, now
        )
    if told.returned is None:
        return 0
    digest = hashlib.sha256(f"{source}\n{told.key}".encode("utf-8", "surrogatepass")).hexdigest()
    return int(take(unit, desk, Came(digest, source, now), told.returned, now=now) is not None)
