"""The never-ending tidying: mails whose sender died."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from accord.core.model.consent import Nature
from accord.core.model.content import Catalogue
from accord.core.model.event import Event
from accord.core.model.message import Message, MessageState
from accord.shell.engine.apply import about, journal
from accord.shell.engine.ports.rows import Settlement
from accord.shell.engine.ports.store import Store

BATCH = 500


def recover(
    store: Store,
    catalogue: Catalogue,
    *,
    now: datetime,
    in_hand: Collection[int] = (),
    limit: int = BATCH,
) -> int:
    """Look after messages whose lease is over; returns how many.

    What was only claimed goes back to the queue. What was being handed over may have arrived: it becomes
    `unknown`, which the journal is told, and stays so until a person or a provider's report settles it,
    unless it is service mail. `in_hand`: mails that this very process still waits to hear of, however the
    clock has jumped.
    """
    with store.begin() as unit:
        orphans: Sequence[Message] = [each for each in unit.orphans(now, limit) if each.id not in in_hand]
        claimed = [message.id for message in orphans if message.state is MessageState.CLAIMED]
        lost = [message for message in orphans if message.state is MessageState.SENDING]
        unit.requeue(claimed)
        unit.settle([_unknown(message, now) for message in lost])
        again = [message for message in lost if may_repeat(message)]
        unit.settle([once_more(message.id, now) for message in again])
        journal(unit, [_told(message, message in again, now) for message in lost], catalogue, now)
    return len(orphans)


def _unknown(message: Message, now: datetime) -> Settlement:
    return Settlement(
        message.id, MessageState.SENDING, MessageState.UNKNOWN, now, reason="SENDER_DIED", rule="delivery"
    )


def _told(message: Message, again: bool, now: datetime) -> Event:
    data = about(message) | {"reason": "SENDER_DIED", "rule": "delivery", "sent_once_more": again}
    return Event(message.contact_id, "mail.held", now, data)


def once_more(message_id: int, at: datetime) -> Settlement:
    """Back into the queue, with the same Message-ID, not before `at`."""
    return Settlement(message_id, MessageState.UNKNOWN, MessageState.QUEUED, at, not_before=at)


def may_repeat(message: Message) -> bool:
    """Whether a mail that may have arrived is sent again by itself: service mail, once. Prospecting never is."""
    return message.nature is Nature.SERVICE and message.repeated == 0
