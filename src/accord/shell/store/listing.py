"""Long lists from the database, a page at a time: keyset pages, which newcomers never shift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Subquery, func, select, true, union_all

from accord.core.model.contact import Contact
from accord.core.model.message import Message, MessageState
from accord.shell.engine.ports.listing import Found, MailsWanted
from accord.shell.store import tables
from accord.shell.store.dialect import among
from accord.shell.store.mail import LEASED, MESSAGE, WAITING, message_of, with_recipients
from accord.shell.store.people import CONTACT, contact_of
from accord.shell.store.proving import HERE

# Mails that are looked through for one page at most: one after the other, or here and there as an index tells them.
IN_A_ROW, SCATTERED = 30_000, 2_000

_WAITING = frozenset({MessageState.QUEUED, MessageState.DEFERRED, MessageState.CLAIMED, MessageState.SENDING})
_ARRIVED = frozenset({MessageState.ACCEPTED})


@dataclass(frozen=True, slots=True)
class SqlListing:
    """The port `Listing` over one connection."""

    connection: Connection

    def contacts(self, after_id: int, limit: int) -> Sequence[Contact]:
        wanted = select(CONTACT).where(HERE, CONTACT.c.id > after_id).order_by(CONTACT.c.id).limit(limit)
        return [contact_of(row) for row in self.connection.execute(wanted)]

    def mails(
        self, wanted: MailsWanted, *, before_id: int | None, limit: int
    ) -> Sequence[tuple[Message, str]]:
        return self._page(wanted, MESSAGE.c.id < before_id if before_id is not None else true(), limit)

    def newest_mails(self, wanted: MailsWanted, *, before_id: int | None, limit: int) -> Found:
        """By the index that leaves least to be looked through, or in the order of writing."""
        last = self.connection.execute(select(func.max(MESSAGE.c.id))).scalar() or 0
        end = min(before_id, last + 1) if before_id is not None else last + 1
        pool = _pool(wanted)
        if pool is None:
            floor = max(0, end - IN_A_ROW)
            mails = self._page(wanted, (MESSAGE.c.id < end) & (MESSAGE.c.id >= floor), limit)
            return Found(mails, floor if floor > 1 else None)
        newest = select(pool.c.number).where(pool.c.number < end).order_by(pool.c.number.desc())
        ids = self.connection.execute(newest.limit(SCATTERED)).scalars().all()
        mails = self._page(wanted, among(self.connection, MESSAGE.c.id, ids), limit)
        return Found(mails, ids[-1] if len(ids) == SCATTERED else None)

    def _page(
        self, wanted: MailsWanted, which: ColumnElement[bool], limit: int
    ) -> Sequence[tuple[Message, str]]:
        page = with_recipients(wanted).where(which).order_by(MESSAGE.c.id.desc()).limit(limit)
        return [(message_of(row), row.email) for row in self.connection.execute(page)]


def _pool(wanted: MailsWanted) -> Subquery | None:
    """The numbers of the mails that an index tells, all that are wanted among them; None where none tells few enough.

    Who waits has no index in the order of numbers: those are few, and sorted.
    """
    states = {MessageState(state) for state in wanted.states or ()}
    if states and states <= _WAITING:
        unordered = (MESSAGE.c.id + 0).label("number")  # else the ledger is walked through in its order
        return union_all(*(select(unordered).where(which) for which in (WAITING, LEASED))).subquery()
    number = select(MESSAGE.c.id.label("number"))
    if states and not states & (_WAITING | _ARRIVED):
        return number.where(tables.TROUBLED, MESSAGE.c.state.in_(sorted(states))).subquery()
    return number.where(MESSAGE.c.scenario == wanted.scenario).subquery() if wanted.scenario else None
