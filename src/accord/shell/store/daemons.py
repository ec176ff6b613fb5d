"""The daemons in the database: who is at work, as what, and when each was last heard of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import cast

from sqlalchemy import Connection, Table, and_, delete, or_, select

from accord.shell.engine.ports.daemons import SILENT_AFTER, DaemonRole, Presence
from accord.shell.store.daemon_tables import DaemonRow
from accord.shell.store.dialect import upsert

DAEMON = cast("Table", DaemonRow.__table__)  # type: ignore[attr-defined]

FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SqlDaemons:
    """The port `Daemons` over one connection."""

    connection: Connection

    def beat(self, me: Presence) -> None:
        row = asdict(me) | {"role": me.role.value}
        written = upsert(self.connection, DAEMON, ["name"], ["host", "role", "version", "since", "seen_at"])
        self.connection.execute(written, [row])
        replaced = and_(
            DAEMON.c.host == me.host,
            DAEMON.c.role == me.role.value,
            DAEMON.c.seen_at < min(me.since, me.seen_at - SILENT_AFTER / 2),
        )
        long_gone = DAEMON.c.seen_at < me.seen_at - FORGOTTEN_AFTER
        self.connection.execute(delete(DAEMON).where(or_(replaced, long_gone)))

    def left(self, name: str) -> None:
        self.connection.execute(delete(DAEMON).where(DAEMON.c.name == name))

    def known(self) -> Sequence[Presence]:
        rows = self.connection.execute(select(DAEMON).order_by(DAEMON.c.name)).mappings()
        return [Presence(**{**row, "role": DaemonRole(row["role"])}) for row in rows]
