"""The tables of the way back: what came back after mails, and how far mailboxes have been read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field

from accord.shell.store.table_base import Row, at_column, bytes_column, id_column, number_column

TO_FORWARD = text("fate = 'to forward'")


class ReturnedRow(Row, table=True):
    """One thing that came back, unique by the digest of its bytes; `content` only until somebody has it."""

    __tablename__ = "returned"
    __table_args__ = (
        Index("ix_returned_at", "at"),
        Index("ix_returned_contact", "contact_id"),
        Index("ix_returned_due", "due_at", sqlite_where=TO_FORWARD, postgresql_where=TO_FORWARD),
    )
    id: int | None = id_column()
    digest: str = Field(unique=True)
    source: str
    at: datetime = at_column()
    kind: str = ""
    reason: str = ""
    rule: str = ""
    contact_id: int | None = number_column(nullable=True)
    message_id: int | None = number_column(nullable=True)
    matched: str | None = None
    fate: str = "noted"
    due_at: datetime | None = at_column(nullable=True)
    attempts: int = 0
    content: bytes | None = bytes_column()


class MailboxRow(Row, table=True):
    """A mailbox: how far it has been read, when it last answered, since when it does not and why."""

    __tablename__ = "mailbox"
    name: str = Field(primary_key=True)
    mark: str | None = None
    read_at: datetime | None = at_column(nullable=True)
    failing_since: datetime | None = at_column(nullable=True)
    why: str = ""
