"""Clicks in the database: found while nobody is sure of them, and judged anew."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from accord.core.model.event import Event
from accord.core.robots import ClickVerdict
from accord.shell.store.dialect import among, field_of
from accord.shell.store.journal import EVENT, event_of


@dataclass(frozen=True, slots=True)
class SqlClicks:
    """The port `Clicks` over one connection."""

    connection: Connection

    def unsure(self, contact_ids: Collection[int], since: datetime) -> Sequence[Event]:
        wanted = (
            select(EVENT)
            .where(
                among(self.connection, EVENT.c.contact_id, sorted(contact_ids)),
                EVENT.c.at >= since,
                EVENT.c.name == "mail.clicked",
                field_of(self.connection, EVENT.c.data, "verdict") == ClickVerdict.UNSURE.value,
            )
            .order_by(EVENT.c.at, EVENT.c.id)
        )
        return [event_of(row) for row in self.connection.execute(wanted)]

    def call_human(self, click_ids: Collection[int], *, reacts: bool) -> None:
        wanted = select(EVENT.c.id, EVENT.c.data).where(among(self.connection, EVENT.c.id, sorted(click_ids)))
        rows = [
            {"b_id": row.id, "b_data": {**row.data, "verdict": ClickVerdict.HUMAN.value}}
            for row in self.connection.execute(wanted)
        ]
        if rows:
            values = {"data": bindparam("b_data", type_=EVENT.c.data.type)}
            change = update(EVENT).where(EVENT.c.id == bindparam("b_id"))
            self.connection.execute(change.values(**values, **({"answered": 0} if reacts else {})), rows)
