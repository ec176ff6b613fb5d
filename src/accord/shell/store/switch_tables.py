"""The tables of switches and marks: what is on, who did what, how far loops have come, whose database it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from accord.shell.store.table_base import Row, at_column, id_column, json_column, number_column


class BrakeRow(Row, table=True):
    """A brake in force."""

    __tablename__ = "brake"
    name: str = Field(primary_key=True)
    reason: str
    by: str
    since: datetime = at_column()


class AuditRow(Row, table=True):
    """Who of the team did what, and when; people written to are named by their number alone."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_at", "at"),)
    id: int | None = id_column()
    at: datetime = at_column()
    by: str
    action: str
    subject: str
    details: Any = json_column()


class PolicyChangeRow(Row, table=True):
    """A switch of the law that was turned, by whom and from what to what."""

    __tablename__ = "policy_change"
    id: int | None = id_column()
    switch: str
    old: str
    new: str
    by: str
    at: datetime = at_column()


class ProgressRow(Row, table=True):
    """How far a loop has come."""

    __tablename__ = "progress"
    loop: str = Field(primary_key=True)
    mark: str
    at: datetime = at_column()


class TaskRow(Row, table=True):
    """Something that a person of the team must do."""

    __tablename__ = "task"
    __table_args__ = (UniqueConstraint("subject", "key"),)
    id: int | None = id_column()
    subject: str
    key: str
    contact_id: int | None = number_column(nullable=True)
    body: Any = json_column()
    raised_at: datetime = at_column()
    done_at: datetime | None = at_column(nullable=True)


class InstanceRow(Row, table=True):
    """The fence: which installation this database belongs to, and the prints of its keys."""

    __tablename__ = "instance"
    key: str = Field(primary_key=True)
    value: str
    since: datetime = at_column()
