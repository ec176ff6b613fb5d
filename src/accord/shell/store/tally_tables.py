"""The table of the roll-ups: what each day came to."""

from __future__ import annotations

from datetime import date

from sqlalchemy import UniqueConstraint

from accord.shell.store.table_base import Row, id_column


class DailyCountRow(Row, table=True):
    """The roll-ups: what each day came to; `key` is a JSON list, whose parts the subject names."""

    __tablename__ = "daily_count"
    __table_args__ = (UniqueConstraint("subject", "day", "key"),)
    id: int | None = id_column()
    day: date
    subject: str
    key: str
    count: int = 0
