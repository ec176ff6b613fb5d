"""What left of late, counted in the database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from accord.shell.store.dialect import among, number_of
from accord.shell.store.journal import EVENT
from accord.shell.store.mail import MESSAGE, PROSPECTING_LANE
from accord.shell.store.tables import OUTCOMES

_BACK = ("mail.bounced", "mail.complained")

# More than that need not be counted: any limit is passed.
MOST = 100_000


@dataclass(frozen=True, slots=True)
class SqlOutflow:
    """The port `Outflow` over one connection."""

    connection: Connection

    def came_back(self, since: datetime) -> tuple[int, int]:
        """What the journal tells of mails, by their numbers; each counts once, and only if it left since."""
        number = number_of(self.connection, EVENT.c.data, "message_id")
        told = select(EVENT.c.name, number).where(OUTCOMES, EVENT.c.name.in_(_BACK), EVENT.c.at >= since)
        found: dict[str, set[int]] = {name: set() for name in _BACK}
        for name, message in self.connection.execute(told.limit(MOST)):
            if message is not None:
                found[name].add(message)
        bounced, complained = (self._left(found[name], since) for name in _BACK)
        return bounced, complained

    def _left(self, ids: Collection[int], since: datetime) -> int:
        wanted = select(func.count()).where(
            among(self.connection, MESSAGE.c.id, sorted(ids)),
            MESSAGE.c.sent_at >= since,
            MESSAGE.c.lane == PROSPECTING_LANE,
        )
        return self.connection.execute(wanted).scalar_one() if ids else 0

    def prospecting_since(self, since: datetime) -> int:
        left = select(func.count()).where(MESSAGE.c.sent_at >= since, MESSAGE.c.lane == PROSPECTING_LANE)
        return self.connection.execute(left).scalar_one()
