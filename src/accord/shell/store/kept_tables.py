"""What outlives a person's record: the objection list, and the archive of orders."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from accord.shell.store.table_base import Row, at_column, id_column, json_column


class SuppressionRow(Row, table=True):
    """The objection list: keyed digests of addresses, never the addresses (R-44)."""

    __tablename__ = "suppression"
    __table_args__ = (UniqueConstraint("entity", "purpose", "digest"),)
    id: int | None = id_column()
    entity: str
    purpose: str
    digest: str = Field(index=True)
    since: datetime = at_column()


class OrderArchiveRow(Row, table=True):
    """An order whose buyer is gone: for the accounts alone, no scenario reads it (R-46).

    `owner` is a keyed digest of the buyer's address, of another kind than the objection list's, so that it
    can be found for the buyer who asks, and the two lists can't be laid over each other.
    """

    __tablename__ = "order_archive"
    __table_args__ = (UniqueConstraint("entity", "external_id"),)
    id: int | None = id_column()
    entity: str
    external_id: str
    owner: str = Field(index=True)
    body: Any = json_column()
    archived_at: datetime = at_column()
    keep_until: date = Field(index=True)
