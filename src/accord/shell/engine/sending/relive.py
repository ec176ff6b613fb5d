"""A restored copy: what may have left between its making and its return is of unknown fate, and is not sent again."""

from __future__ import annotations

from datetime import datetime

from accord.core.model.consent import Nature
from accord.core.model.content import Catalogue
from accord.core.model.event import Event
from accord.core.model.message import Message, MessageState
from accord.shell.engine.apply import about, journal
from accord.shell.engine.ports.rows import Settlement
from accord.shell.engine.ports.store import Store

PAGE = 500

RESTORED = "RESTORED"


def doubt_what_waits(store: Store, catalogue: Catalogue, *, now: datetime) -> int:
    """Hold every prospecting mail of the queue to be of unknown fate; returns how many there were.

    To be asked of a copy in nobody's reach, after it was brought up to `now` by thinking: what was due
    meanwhile stands in the queue then, beside what waited when the copy was made. Service mail stays: it is
    sent once more at most, with the same Message-ID.
    """
    doubted, last = 0, 0
    while True:
        with store.begin() as unit:
            page = unit.unsent(after_id=last, limit=PAGE)
            prospecting = [message for message in page if message.nature is not Nature.SERVICE]
            unit.settle([_doubt(message, now) for message in prospecting])
            journal(unit, [_told(message, now) for message in prospecting], catalogue, now)
        doubted += len(prospecting)
        if len(page) < PAGE:
            return doubted
        last = page[-1].id


def _doubt(message: Message, now: datetime) -> Settlement:
    return Settlement(message.id, message.state, MessageState.UNKNOWN, now, reason=RESTORED, rule="delivery")


def _told(message: Message, now: datetime) -> Event:
    data = about(message) | {"reason": RESTORED, "rule": "delivery"}
    return Event(message.contact_id, "mail.held", now, data)
