"""How many requests each key has left: a bucket a key, filled again as time goes by, in this process's memory."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime

from accord.shell.engine.ports.access import AccessKey


@dataclass(slots=True)
class _Bucket:
    left: float
    at: datetime


@dataclass(slots=True)
class Rates:
    """A bucket holds a minute's requests, so that a burst may come at once and the minute's sum still holds.

    With several daemons each has buckets of its own.
    """

    _buckets: dict[int, _Bucket] = field(default_factory=dict)

    def wait(self, key: AccessKey, now: datetime) -> int:
        """Take one request out of a key's bucket; 0, or where it is empty the seconds until there is one."""
        bucket = self._buckets.setdefault(key.id, _Bucket(key.rate, now))
        passed = max(0.0, (now - bucket.at).total_seconds())
        bucket.left = min(float(key.rate), bucket.left + passed * key.rate / 60)
        bucket.at = now
        if bucket.left < 1:
            return max(1, math.ceil((1 - bucket.left) * 60 / key.rate))
        bucket.left -= 1
        return 0
