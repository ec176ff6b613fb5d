"""The port for systems around: the keys by which they come in, and the answers that they were given already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to be kept: `prefix` finds it, `digest` is SHA-256 of the whole key, `rate` is requests a minute."""

    name: str
    prefix: str
    digest: str
    scopes: tuple[str, ...]
    rate: int


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key as it is kept. After `ends_at` (a rotation) or once revoked it opens nothing.

    `used_at` is written once an hour at most.
    """

    id: int
    name: str
    prefix: str
    digest: str
    scopes: frozenset[str]
    rate: int
    made_at: datetime
    made_by: str
    ends_at: datetime | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None

    def opens(self, now: datetime) -> bool:
        """Whether it is good at this instant."""
        return self.revoked_at is None and (self.ends_at is None or now < self.ends_at)


@dataclass(frozen=True, slots=True)
class Given:
    """What a request was answered with. `place` is its Location, where it has one; `body` is JSON text."""

    status: int
    body: str
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """A request that was told with a key of its own: whose it is, and a digest of all that was asked.

    `answer` is None while it is being worked on, until `lease`: beyond it whoever worked on it has died. After
    `keep_until` it is as if it had never been.
    """

    caller: str
    key: str
    digest: str
    lease: datetime
    keep_until: datetime
    answer: Given | None = None


class Access(Protocol):
    """Keys are few and looked up one at a time; each method takes one statement or two."""

    def add_key(self, key: NewKey, by: str, now: datetime) -> None: ...
    def key_called(self, prefix: str) -> AccessKey | None: ...
    def all_keys(self) -> Sequence[AccessKey]:
        """All that were ever made, in order of name and age."""
        ...

    def end_keys(self, name: str, at: datetime) -> int:
        """Let the keys of this name that are good be so until `at` at most; how many those were."""
        ...

    def revoke_keys(self, name: str, now: datetime) -> int:
        """How many keys of this name were good, or would still have been."""
        ...

    def note_use(self, key_id: int, now: datetime) -> None: ...

    # answers given once
    def promised(self, caller: str, key: str, now: datetime) -> Promise | None:
        """The promise that stands: answered, or being worked on."""
        ...

    def promise(self, wanted: Promise, now: datetime) -> Promise | None:
        """Make a promise; None where it is made now, else the one that stands already."""
        ...

    def keep_answer(self, caller: str, key: str, answer: Given) -> None: ...
    def break_promise(self, caller: str, key: str) -> None:
        """Nothing was done: the key may be used for something else."""
        ...

    def old_answers(self, now: datetime) -> int:
        """How many are kept no longer."""
        ...

    def drop_answers(self, now: datetime) -> None: ...
