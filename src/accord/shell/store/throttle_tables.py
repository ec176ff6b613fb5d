"""The tables of the throttle: the persons that its figures count, and how they were judged."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from accord.shell.store.table_base import Row, at_column, id_column, json_column, number_column


class EntrantRow(Row, table=True):
    """A person in the figures: the first mail of its kind that they got in a cycle of 28 days, and its outcome.

    Written when its day is over and before any outcome is looked at.
    It holds no more of a person than the number that the send ledger keeps, and is dropped when no judgement
    can read it any more.
    """

    __tablename__ = "entrant"
    __table_args__ = (
        UniqueConstraint("contact_id", "mailing", "cycle"),
        # All that a batch is counted by, in the order in which it is: the table itself need not be read.
        Index(
            "ix_entrant_batch",
            *("day", "campaign", "mailing", "soft", "clicked", "left", "complained", "reporting"),
        ),
        UniqueConstraint("message_id"),
    )
    id: int | None = id_column()
    contact_id: int = number_column()
    mailing: str
    cycle: date
    day: date
    campaign: str
    message_id: int = number_column()
    sent_at: datetime = at_column()
    soft: int
    reporting: int
    clicked: int = 0
    left: int = 0
    complained: int = 0


class ThrottleStateRow(Row, table=True):
    """The throttle's history; the newest row is in force. A day is judged once, by whichever daemon is first."""

    __tablename__ = "throttle_state"
    id: int | None = id_column()
    day: date | None = Field(default=None, unique=True)
    move: str
    weekly: bool = False
    mode: str
    share_percent: int
    at_most: int
    changed_on: date
    fallen_on: date | None = None
    reason: str
    by: str
    evidence: Any = json_column()
    at: datetime = at_column()
