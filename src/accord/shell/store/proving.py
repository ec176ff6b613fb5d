"""What proves, in the database: ledgers as they are kept, mails that left, and people counted, nobody named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, and_, case, exists, false, func, select

from accord.core.model.consent import EVERYTHING, ConsentStatus
from accord.core.model.contact import GONE
from accord.core.model.event import EVENTS, Event
from accord.core.model.message import LEFT_THE_HOUSE, Message
from accord.shell.engine.ports.rows import ChainRow
from accord.shell.store.dialect import among
from accord.shell.store.journal import EVENT, event_of
from accord.shell.store.mail import MESSAGE, message_of
from accord.shell.store.people import CONTACT, ENTRY, STATE

# What tells of the person's last action, and of what became of the address.
ACTS = sorted({name for name, kind in EVENTS.items() if kind.renews} | {"mail.bounced", "mail.complained"})

HERE = CONTACT.c.address_state.not_in([state.value for state in GONE])


@dataclass(frozen=True, slots=True)
class SqlProving:
    """The port `Proving` over one connection."""

    connection: Connection

    def chain(self, contact_id: int) -> list[ChainRow]:
        wanted = select(ENTRY).where(ENTRY.c.contact_id == contact_id).order_by(ENTRY.c.seq)
        return [
            ChainRow(row.seq, row.payload, row.salt, row.digest, row.previous, row.written_at)
            for row in self.connection.execute(wanted)
        ]

    def inputs(self, contact_id: int) -> dict[int, dict[str, str]]:
        wanted = select(MESSAGE.c.id, MESSAGE.c.inputs).where(MESSAGE.c.contact_id == contact_id)
        return {row.id: dict(row.inputs or {}) for row in self.connection.execute(wanted)}

    def left_since(self, since: datetime, after_id: int, limit: int) -> list[tuple[Message, dict[str, str]]]:
        left = MESSAGE.c.state.in_(sorted(state.value for state in LEFT_THE_HOUSE))
        wanted = select(MESSAGE).where(left, MESSAGE.c.sent_at >= since, MESSAGE.c.id > after_id)
        rows = self.connection.execute(wanted.order_by(MESSAGE.c.id).limit(limit))
        return [(message_of(row), dict(row.inputs or {})) for row in rows]

    def acts(self, contact_ids: Sequence[int]) -> dict[int, list[Event]]:
        wanted = select(EVENT).where(
            among(self.connection, EVENT.c.contact_id, contact_ids),
            among(self.connection, EVENT.c.name, ACTS),
        )
        found: dict[int, list[Event]] = {}
        for row in self.connection.execute(wanted.order_by(EVENT.c.at, EVENT.c.id)):
            found.setdefault(row.contact_id, []).append(event_of(row))
        return found

    def states(self, purpose: str, kind: str) -> list[tuple[str, str | None, int]]:
        """Where no act named this kind, what was said of the whole purpose counts, else of everything."""
        own, whole, overall = STATE.alias(), STATE.alias(), STATE.alias()
        never = ConsentStatus.NEVER_ASKED.value
        status = func.coalesce(own.c.status, whole.c.status, overall.c.status, never)
        wording = case((own.c.id.is_not(None), own.c.wording), else_=whole.c.wording)
        said = (
            select(status.label("status"), wording.label("wording"))
            .select_from(
                CONTACT.outerjoin(
                    own,
                    and_(own.c.contact_id == CONTACT.c.id, own.c.purpose == purpose, own.c.kind == kind),
                )
                .outerjoin(
                    whole,
                    and_(
                        whole.c.contact_id == CONTACT.c.id,
                        whole.c.purpose == purpose,
                        whole.c.kind == EVERYTHING,
                    ),
                )
                .outerjoin(
                    overall, and_(overall.c.contact_id == CONTACT.c.id, overall.c.purpose == EVERYTHING)
                )
            )
            .where(HERE)
            .subquery()
        )
        by = (said.c.status, said.c.wording)
        rows = self.connection.execute(select(*by, func.count()).group_by(*by).order_by(*by))
        return [(row[0], row[1], row[2]) for row in rows]

    def people(self) -> tuple[int, int, int]:
        informed = exists().where(STATE.c.contact_id == CONTACT.c.id, STATE.c.informed.is_not(false()))
        wanted = select(
            func.count(),
            func.coalesce(func.sum(case((informed, 0), else_=1)), 0),
            func.coalesce(func.sum(case((CONTACT.c.from_third_party.is_not(false()), 1), else_=0)), 0),
        )
        row = self.connection.execute(wanted.select_from(CONTACT).where(HERE)).one()
        return row[0], row[1], row[2]

    def cut_offs(self) -> list[tuple[date, int]]:
        wanted = select(CONTACT.c.expires_on, func.count()).where(HERE, CONTACT.c.expires_on.is_not(None))
        by_day = wanted.group_by(CONTACT.c.expires_on).order_by(CONTACT.c.expires_on)
        return [(row[0], row[1]) for row in self.connection.execute(by_day)]
