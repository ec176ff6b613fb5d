"""Against floods and robots at open forms, without a third party: a trap, a signed hour, a bucket a caller."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer

from accord.core.model.caller import network_of

# Nobody reads a question and types an address in less; a page left open for longer is fetched anew.
SOONEST, LATEST = timedelta(seconds=2), timedelta(days=1)

# So many forms may one caller send in a while; a household or an office shares one.
FORMS, WHILE = 10, timedelta(minutes=10)

# Callers remembered; beyond it the one not seen for longest is forgotten.
MOST_CALLERS = 50_000

TRAP = "website"  # a field that people never see


@dataclass(frozen=True, slots=True)
class Hours:
    """Stamps a page with the hour at which it was served, and reads the stamp again."""

    keys: Sequence[bytes]

    def stamp(self, what: str, now: datetime) -> str:
        """A signed mark of what was served, and when."""
        return str(self._serializer().dumps([what, int(now.timestamp())]))

    def is_fresh(self, stamp: str, what: str, now: datetime) -> bool:
        """Whether a person may have filled in the page meanwhile."""
        try:
            served, seconds = self._serializer().loads(stamp)
            age = now - datetime.fromtimestamp(int(seconds), UTC)
        except (BadData, ValueError, TypeError, OverflowError, OSError):
            return False
        return bool(served == what) and SOONEST <= age <= LATEST

    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(
            list(reversed(self.keys)),
            salt="accord-form",
            signer_kwargs={"digest_method": hashlib.sha256},
        )


@dataclass(slots=True)
class Buckets:
    """How many forms each caller has sent of late; callers are networks (/24, /64), kept in memory alone."""

    _sent: OrderedDict[str, list[datetime]] = field(default_factory=OrderedDict)

    def is_full(self, caller: str, now: datetime) -> bool:
        """Count one more form of this caller; whether that is one too many."""
        name = network_of(caller)
        recent = [at for at in self._sent.pop(name, []) if now - at < WHILE]
        full = len(recent) >= FORMS
        self._sent[name] = recent if full else [*recent, now]
        while len(self._sent) > MOST_CALLERS:
            self._sent.popitem(last=False)
        return full
