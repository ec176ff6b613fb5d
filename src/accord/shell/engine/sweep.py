"""The nightly and the never-ending tidying: mails whose sender died, first of all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accord.core.model.consent import Nature
from accord.core.model.message import Message, MessageState
from accord.shell.engine.ports import Settlement, Store

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
        unit.settle([_once_more(message, now) for message in lost if _may_repeat(message)])
    return len(orphans)


def _unknown(message: Message, now: datetime) -> Settlement:
    return Settlement(
        message.id, MessageState.SENDING, MessageState.UNKNOWN, now, reason="SENDER_DIED", rule="delivery"
    )


def _once_more(message: Message, now: datetime) -> Settlement:
    return Settlement(message.id, MessageState.UNKNOWN, MessageState.QUEUED, now, not_before=now)


def _may_repeat(message: Message) -> bool:
    return message.nature is Nature.SERVICE and message.attempts < MOST_ATTEMPTS_OF_UNKNOWN
