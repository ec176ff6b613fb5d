"""The ports of webhooks out: the queue of what is to be posted, and whoever posts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from accord.core.model.decision import QueueCall
from accord.core.model.enrolment import Enrolment
from accord.core.model.event import Event
from accord.core.model.posting import Posting, PostingState
from accord.shell.engine.ports.keeping import Page


@dataclass(frozen=True, slots=True)
class NewCall:
    """A posting to queue for a run; silently not queued where its run and step have one already."""

    run: Enrolment
    call: QueueCall
    queued_at: datetime


@dataclass(frozen=True, slots=True)
class Posted:
    """How an attempt ended, or what the door says; `not_before` where it waits again.

    `lease`: the one under which it must still be held, so that two hands never settle one posting.
    `planned_at` is moved where the wait is of our own making.
    """

    posting: Posting
    state: PostingState
    at: datetime
    lease: datetime
    reason: str | None = None
    rule: str | None = None
    reply: str | None = None
    not_before: datetime | None = None
    planned_at: datetime | None = None


class Postings(Protocol):
    """The queue. Telling events needs no method: what is journalled and subscribed to stands in it already."""

    def queue(self, calls: Sequence[NewCall]) -> None: ...
    def claim(self, now: datetime, room: Mapping[str, int], until: datetime) -> Sequence[Posting]:
        """The oldest that are due, for each webhook as many as it has room for, leased until `until`.

        Whose poster died is among them: its lease is over.
        """
        ...

    def mark(self, postings: Sequence[Posting], lease: datetime) -> frozenset[int]:
        """Mark these as being posted, each only where it is still claimed under `lease`, and neither its pause nor
        a brake came in between; ids of those that are.
        """
        ...

    def settle(self, posted: Sequence[Posted]) -> frozenset[int]:
        """Write endings; ids of those that took."""
        ...

    def events(self, ids: Sequence[int]) -> Mapping[int, Event]:
        """The events that postings tell, by number."""
        ...

    def listed(self, *, state: PostingState | None, webhook: str | None, limit: int) -> Sequence[Posting]:
        """Postings, newest first."""
        ...

    def counts(self) -> Sequence[tuple[str, PostingState, int, datetime | None]]:
        """(webhook, state, how many, when the oldest was queued)."""
        ...

    def outstanding(self) -> Mapping[str, tuple[int, int]]:
        """Of each webhook: how many are on their way, and how many failed for good. Cheap, however many there were."""
        ...

    def try_again(self, ids: Sequence[int], now: datetime) -> int:
        """Give failed postings back to the queue, under the ids that they had; how many there were."""
        ...

    def recall(self, run_ids: Sequence[int], reason: str, now: datetime) -> Sequence[Posting]:
        """Cancel calls of these runs that have not left; those that there were."""
        ...

    def plan_anew(self, run_ids: Sequence[int], now: datetime) -> None:
        """Plan waiting calls of these runs for now: what kept them makes nothing late."""
        ...

    def unsettled_versions(self) -> Sequence[str]:
        """Digests of the scenario versions by which calls wait."""
        ...

    def old(self, before: datetime, after_id: int, limit: int) -> Page:
        """A page of those that were queued before an instant and are settled."""
        ...

    def drop(self, ids: Sequence[int]) -> None: ...
    def has_due(self, now: datetime) -> bool:
        """Whether any waits whose time has come, or is nobody's any more."""
        ...

    def next_due(self) -> datetime | None:
        """When the next one that waits may be tried."""
        ...


class Telling(Protocol):
    """What a transaction has of it."""

    @property
    def postings(self) -> Postings: ...


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a poster is handed: where to, and the bytes of one request with its headers."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it: whether it was taken, in our own words why not, and whether trying again makes sense."""

    taken: bool
    words: str
    gone: bool = False


class Poster(Protocol):
    """Posts one request and waits for its answer; never raises for what the other side does."""

    async def post(self, parcel: Parcel) -> Answer: ...
    async def close(self) -> None: ...
