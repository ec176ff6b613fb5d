"""The tables of webhooks out, and of the subjects that are tried on readers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text

from accord.shell.store.table_base import Row, at_column, id_column, json_column, number_column

_UNSETTLED = text("state IN ('waiting','claimed','posting')")

_FAILED = text("state = 'failed'")


class PostingRow(Row, table=True):
    """One thing that another system is told: a call of a run's step, or an event. Nothing personal stands in it."""

    __tablename__ = "posting"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_posting_due", "webhook", "due_at", sqlite_where=_UNSETTLED, postgresql_where=_UNSETTLED),
        Index("ix_posting_failed", "webhook", "state", sqlite_where=_FAILED, postgresql_where=_FAILED),
        Index("ix_posting_contact", "contact_id"),
        Index("ix_posting_queued", "queued_at"),
    )
    id: int | None = id_column()
    key: str
    webhook: str
    contact_id: int = number_column()
    event_id: int | None = number_column(nullable=True)
    enrolment_id: int | None = number_column(nullable=True)
    scenario: str | None = None
    digest: str | None = None
    step: str | None = None
    nature: str | None = None
    purpose: str | None = None
    state: str
    planned_at: datetime = at_column()
    queued_at: datetime = at_column()
    due_at: datetime = at_column()
    attempts: int = 0
    lease_until: datetime | None = at_column(nullable=True)
    reason: str | None = None
    rule: str | None = None
    reply: str | None = None
    settled_at: datetime | None = at_column(nullable=True)


class SubjectTrialRow(Row, table=True):
    """A test of one step's subjects: since when, and what it came to once it was over.

    `occasion` is the instant of the mailing it belongs to, empty where all mails of the step are of one test.
    """

    __tablename__ = "subject_trial"
    __table_args__ = (UniqueConstraint("digest", "step", "occasion"),)
    id: int | None = id_column()
    digest: str
    step: str
    occasion: str = ""
    began_at: datetime = at_column()
    figures: Any = json_column()
