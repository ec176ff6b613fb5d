"""What left of late, counted in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from accord.shell.store.mail import MESSAGE, PROSPECTING_LANE


@dataclass(frozen=True, slots=True)
class SqlOutflow:
    """The port `Outflow` over one connection."""

    connection: Connection

    def prospecting_since(self, since: datetime) -> int:
        left = select(func.count()).where(MESSAGE.c.sent_at >= since, MESSAGE.c.lane == PROSPECTING_LANE)
        return self.connection.execute(left).scalar_one()
