"""The ledger's chain: each row is bound to the one before, and still is when its content has been erased."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Protocol

GENESIS = "0" * 64


class Link(Protocol):
    """A row of one person's ledger: `digest` is «own:chain», payload and salt are None once erased."""

    @property
    def seq(self) -> int: ...
    @property
    def payload(self) -> str | None: ...
    @property
    def salt(self) -> str | None: ...
    @property
    def digest(self) -> str: ...
    @property
    def previous(self) -> str: ...


def chained(previous: str, salt: str, payload: str) -> str:
    """The digest of a row: «own:chain».

    own = SHA-256(salt ‖ payload), chain = SHA-256(previous ‖ own). The payload enters as a digest of its own,
    so that the chain verifies when payload and salt are erased, and nobody can guess an erased payload from it.
    """
    own = hashlib.sha256(f"{salt}{payload}".encode()).hexdigest()
    return f"{own}:{_bound(previous, own)}"


def _bound(previous: str, own: str) -> str:
    return hashlib.sha256(f"{previous}{own}".encode()).hexdigest()


def broken(rows: Iterable[Link]) -> Iterator[int]:
    """The numbers of those rows of one person, in their order, whose digest or predecessor is not right."""
    seq, previous = 0, GENESIS
    for row in rows:
        own = row.digest.partition(":")[0]
        right = row.digest == f"{own}:{_bound(previous, own)}"
        if row.payload is not None:
            right = right and row.digest == chained(previous, row.salt or "", row.payload)
        if not right or row.previous != previous or row.seq != seq + 1:
            yield row.seq
        seq, previous = row.seq, row.digest
