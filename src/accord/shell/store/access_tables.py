"""The tables of the systems around: their keys, and what they were answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from accord.shell.store.table_base import Row, at_column, id_column, json_column


class AccessKeyRow(Row, table=True):
    """A bearer key. Its digest is SHA-256 without salt or stretching: 256 random bits are nobody's guess, and a
    digest that is dear to compute protects nothing but guessable secrets.
    """

    __tablename__ = "access_key"
    id: int | None = id_column()
    name: str = Field(index=True)
    prefix: str = Field(unique=True)
    digest: str
    scopes: Any = json_column(nullable=False)
    rate: int
    made_at: datetime = at_column()
    made_by: str
    ends_at: datetime | None = at_column(nullable=True)
    revoked_at: datetime | None = at_column(nullable=True)
    used_at: datetime | None = at_column(nullable=True)


class GivenAnswerRow(Row, table=True):
    """What a request with a key of its own was answered, so that it is done once; kept for a day or a week.

    What was asked is kept as a digest alone. An answer holds numbers and words; where lines of bulk were refused it may
    quote a value out of them, which is one more reason that it goes soon.
    """

    __tablename__ = "given_answer"
    __table_args__ = (UniqueConstraint("caller", "key"),)
    id: int | None = id_column()
    caller: str
    key: str
    digest: str
    lease_until: datetime = at_column()
    keep_until: datetime = at_column(index=True)
    status: int | None = None
    body: str | None = None
    place: str | None = None
