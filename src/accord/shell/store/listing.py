"""Long lists from the database, a page at a time: keyset pages, which newcomers never shift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, true

from accord.core.model.contact import Contact
from accord.core.model.message import Message
from accord.shell.engine.ports.listing import MailsWanted
from accord.shell.store.mail import MESSAGE, message_of, with_recipients
from accord.shell.store.people import CONTACT, contact_of
from accord.shell.store.proving import HERE


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
        page = with_recipients(wanted).where(MESSAGE.c.id < before_id if before_id is not None else true())
        rows = self.connection.execute(page.order_by(MESSAGE.c.id.desc()).limit(limit))
        return [(message_of(row), row.email) for row in rows]
