"""Keyed digests: HMAC-SHA256 (RFC 2104), of which what hangs on the key alone is done once."""

from __future__ import annotations

import hmac
from functools import lru_cache


class Keyed:
    """The digests under one key; a mail needs a dozen, and each begins with a copy of what is ready."""

    __slots__ = ("_ready",)

    def __init__(self, key: bytes) -> None:
        self._ready = hmac.new(key, digestmod="sha256")

    def digest(self, value: bytes) -> bytes:
        """The 32 bytes that nobody makes without the key."""
        ready = self._ready.copy()
        ready.update(value)
        return ready.digest()


@lru_cache(maxsize=64)
def keyed(key: bytes) -> Keyed:
    """The digests of this key."""
    return Keyed(key)
