"""What an examination asks of the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection, DateTime, func, or_, select

from accord.core.consent.chain import broken
from accord.core.model.consent import Nature
from accord.core.model.message import MessageState
from accord.shell.engine.ports.checkup import Fared
from accord.shell.store.dialect import is_sqlite
from accord.shell.store.journal import EVENT
from accord.shell.store.mail import MESSAGE
from accord.shell.store.people import CONTACT, ENTRY


@dataclass(frozen=True, slots=True)
class SqlCheckup:
    """The port `Checkup` over one connection."""

    connection: Connection

    def clock(self) -> datetime | None:
        if is_sqlite(self.connection):
            return None
        return self.connection.execute(select(func.clock_timestamp(type_=DateTime(timezone=True)))).scalar()

    def newest_event(self) -> datetime | None:
        newest = select(EVENT.c.received_at).order_by(EVENT.c.id.desc()).limit(1)
        return self.connection.execute(newest).scalar()

    def broken_tail(self, newest: int) -> Iterator[tuple[int, int]]:
        """By the number of the row: the newest are at the end of the table, whoever wrote them."""
        latest = select(ENTRY.c.contact_id).order_by(ENTRY.c.id.desc()).limit(newest).subquery()
        chains = select(ENTRY).where(ENTRY.c.contact_id.in_(select(latest.c.contact_id)))
        rows = self.connection.execute(chains.order_by(ENTRY.c.contact_id, ENTRY.c.seq))
        for contact_id, own in groupby(rows, key=lambda row: row.contact_id):
            for seq in broken(own):
                yield contact_id, seq

    def fared(self, since: datetime, domains: Sequence[str] = ()) -> Fared:
        counted = (
            select(MESSAGE.c.state, func.count())
            .where(MESSAGE.c.sent_at >= since, MESSAGE.c.nature != Nature.SERVICE.value)
            .group_by(MESSAGE.c.state)
        )
        if domains:
            theirs = [CONTACT.c.email_key.endswith(f"@{domain}", autoescape=True) for domain in domains]
            counted = counted.join(CONTACT, CONTACT.c.id == MESSAGE.c.contact_id).where(or_(*theirs))
        counts = {state: int(count) for state, count in self.connection.execute(counted)}
        return Fared(
            sum(counts.get(state.value, 0) for state in _LEFT),
            counts.get(MessageState.BOUNCED.value, 0),
            counts.get(MessageState.COMPLAINED.value, 0),
        )


# What the other side took, whatever it said later.
_LEFT = (MessageState.ACCEPTED, MessageState.BOUNCED, MessageState.COMPLAINED)
