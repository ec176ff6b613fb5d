"""Posting: one thing that another system is told through a webhook, and the table of its states."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from accord.core.model.consent import Nature


class PostingState(StrEnum):
    """The life of one posting. `failed`: it was tried for days; a person must look at it."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    POSTING = "posting"
    POSTED = "posted"
    REFUSED = "refused"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"


_S = PostingState
POSTING_TRANSITIONS: Mapping[PostingState, frozenset[PostingState]] = {
    _S.WAITING: frozenset({_S.CLAIMED, _S.CANCELLED}),
    _S.CLAIMED: frozenset({_S.POSTING, _S.WAITING, _S.REFUSED, _S.EXPIRED, _S.CANCELLED, _S.FAILED}),
    # Whose poster died is posted once more under the same id: the receiver takes each id once.
    _S.POSTING: frozenset({_S.POSTED, _S.WAITING, _S.FAILED, _S.CLAIMED}),
    # By hand alone, and through the same door.
    _S.FAILED: frozenset({_S.WAITING}),
    _S.POSTED: frozenset(),
    _S.REFUSED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.CANCELLED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class CallOf:
    """What a posting that a `call:` asked for hangs on: its run and step, and what it may be refused by."""

    run_id: int
    scenario: str
    digest: str
    step: str
    nature: Nature
    purpose: str


@dataclass(frozen=True, slots=True)
class Posting:
    """One row, unique on `key`, which the receiver sees as `webhook-id`: the same over every attempt.

    Nothing of the person stands in it: what is told is read anew at each attempt. `call` is None where it tells
    an event of the journal, `event_id`. `reply` is how the last attempt ended, in our words.
    """

    id: int
    key: str
    webhook: str
    contact_id: int
    state: PostingState
    planned_at: datetime
    queued_at: datetime
    due_at: datetime
    call: CallOf | None = None
    event_id: int | None = None
    attempts: int = 0
    reason: str | None = None
    rule: str | None = None
    reply: str | None = None
    settled_at: datetime | None = None


def key_of_call(webhook: str, run_id: int, entered_at: datetime, step: str) -> str:
    """The id of a call: of this run and step for ever, also in a copy of the database brought back."""
    return _key("call", webhook, str(run_id), entered_at.isoformat(), step)


def key_of_event(webhook: str, event_id: int, contact_id: int, name: str, at: datetime) -> str:
    """The id of an event that is told to a webhook."""
    return _key("event", webhook, str(event_id), str(contact_id), name, at.isoformat())


def _key(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]
