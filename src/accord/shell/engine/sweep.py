"""The nightly and the never-ending tidying: mails whose sender died, first of all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accord.core.model.consent import Nature
from accord.core.model.message import Message, MessageState
from accord.shell.engine.ports import Store
from accord.shell.engine.rows import Settlement

BATCH = 500

# A service mail of unknown fate is sent once more, with the same Message-ID; a prospecting mail never.
MOST_ATTEMPTS_OF_UNKNOWN = 2


def recover(store: Store, *, now: datetime, limit: int = BATCH) -> int:
    """Look after messages whose lease ran out; returns how many.

    What was only claimed goes back to the queue. What was being handed over may have arrived: it becomes
    `unknown`, and stays so until a person or a provider's report settles it, unless it is service mail.
    """
    with store.begin() as unit:
        orphans: Sequence[Message] = unit.orphans(now, limit)
        claimed = [message.id for message in orphans if message.state is MessageState.CLAIMED]
        lost = [message for message in orphans if message.state is MessageState.SENDING]
        if claimed:
            unit.requeue(claimed, now)
        unit.settle([_unknown(message, now) for message in lost])
        unit.settle(
            [
                once_more(message.id, now)
                for message in lost
                if may_repeat(message, attempts_made=message.attempts)
            ]
        )
    return len(orphans)


def _unknown(message: Message, now: datetime) -> Settlement:
    return Settlement(
        message.id, MessageState.SENDING, MessageState.UNKNOWN, now, reason="SENDER_DIED", rule="delivery"
    )


def once_more(message_id: int, at: datetime) -> Settlement:
    """Back into the queue, with the same Message-ID, not before `at`."""
    return Settlement(message_id, MessageState.UNKNOWN, MessageState.QUEUED, at, not_before=at)


def may_repeat(message: Message, *, attempts_made: int) -> bool:
    """Whether a mail that may have arrived is sent again by itself: service mail, once."""
    return message.nature is Nature.SERVICE and attempts_made < MOST_ATTEMPTS_OF_UNKNOWN
