"""Clicks in the database: found while nobody is sure of them, and judged anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from accord.core.model.event import Event
from accord.core.robots import ClickVerdict
from accord.shell.store.dialect import among, field_of
from accord.shell.store.journal import EVENT, event_of
from accord.shell.store.people import CONTACT, Law


@dataclass(frozen=True, slots=True)
class SqlClicks:
    """The port `Clicks` over one connection."""

    connection: Connection
    law: Law

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

    def take_back(self, verdicts: Mapping[int, ClickVerdict]) -> None:
        clicks = self._judge(verdicts)
        for click in clicks:
            before = click.data.get("clock_before")
            last = datetime.fromisoformat(str(before)) if before else None
            alone = (CONTACT.c.id == click.contact_id, CONTACT.c.last_action_at == click.at)
            for row in self.connection.execute(select(CONTACT.c.collected_at).where(*alone)).all():
                ends = self.law.runs_out(row.collected_at, last)
                change = update(CONTACT).where(*alone).values(last_action_at=last, expires_on=ends)
                self.connection.execute(change.values(revision=CONTACT.c.revision + 1))

    def call_human(self, click_ids: Collection[int], *, reacts: bool) -> None:
        self._judge(dict.fromkeys(click_ids, ClickVerdict.HUMAN))
        if reacts:
            own = among(self.connection, EVENT.c.id, sorted(click_ids))
            self.connection.execute(update(EVENT).where(own).values(answered=0))

    def _judge(self, verdicts: Mapping[int, ClickVerdict]) -> list[Event]:
        """Write verdicts down; the clicks as they were, newest first."""
        if not verdicts:
            return []
        wanted = select(EVENT).where(among(self.connection, EVENT.c.id, sorted(verdicts)))
        clicks = [event_of(row) for row in self.connection.execute(wanted.order_by(EVENT.c.at.desc()))]
        change = update(EVENT).where(EVENT.c.id == bindparam("b_id"))
        change = change.values(data=bindparam("b_data", type_=EVENT.c.data.type))
        rows = [
            {"b_id": click.id, "b_data": {**click.data, "verdict": verdicts[click.id].value}}
            for click in clicks
        ]
        self.connection.execute(change, rows)
        return clicks
