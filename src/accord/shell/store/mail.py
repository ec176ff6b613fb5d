"""The send ledger in the database: queueing, cancelling, and all that is read of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.engine import Row

from accord.core.model.consent import LegalBasis, Nature
from accord.core.model.message import Lane, Message, MessageState
from accord.shell.engine.ports.listing import MailsWanted
from accord.shell.engine.ports.rows import NewMessage
from accord.shell.store import tables
from accord.shell.store.bulk import insert_absent
from accord.shell.store.dialect import among, among_the, rows_among
from accord.shell.store.pauses import stands_still
from accord.shell.store.people import CONTACT

MESSAGE = cast("Table", tables.MessageRow.__table__)  # type: ignore[attr-defined]

SERVICE_LANE, PROSPECTING_LANE = int(Lane.SERVICE), int(Lane.PROSPECTING)

# Said in the SQL itself, not as parameters: a partial index serves only what provably fits it.
WAITING = MESSAGE.c.state.in_([literal_column("'queued'"), literal_column("'deferred'")])
LEASED = MESSAGE.c.state.in_([literal_column("'claimed'"), literal_column("'sending'")])
IN_TURN = (MESSAGE.c.lane, MESSAGE.c.due_at, MESSAGE.c.id)
UNKNOWN: ColumnElement[bool] = MESSAGE.c.state == literal_column("'unknown'")

# What leaves when its time has come: a pause is not over for what is left out here.
GOING = and_(WAITING, ~stands_still(MESSAGE.c.scenario, MESSAGE.c.enrolment_id))


# All that a Message is made of: what the gate and the template read is large, and looked at by hand alone.
PLAIN: list[Any] = [column for column in MESSAGE.c if column.name not in ("inputs", "context", "reply")]


def queue(connection: Connection, messages: Sequence[NewMessage]) -> None:
    """Put mails in the ledger, those that are new on (enrolment, step)."""
    insert_absent(connection, MESSAGE, [_row(each) for each in messages])


def _row(new: NewMessage) -> dict[str, Any]:
    run, mail, verdict = new.run, new.mail, new.mail.verdict
    return {
        "enrolment_id": run.id,
        "contact_id": run.contact_id,
        "scenario": run.scenario,
        "digest": run.digest,
        "step": mail.step,
        "edition": mail.edition,
        "template": mail.template,
        "nature": mail.nature.value,
        "purpose": mail.purpose,
        "lane": SERVICE_LANE if mail.nature is Nature.SERVICE else PROSPECTING_LANE,
        "state": MessageState.QUEUED.value,
        "planned_at": mail.planned_at,
        "queued_at": new.queued_at,
        "due_at": new.queued_at,
        "basis": (verdict.basis or LegalBasis.SERVICE).value,
        "reason": verdict.reason,
        "rule": verdict.rule,
        "inputs": dict(verdict.inputs),
        "with_invitation": mail.with_invitation,
        "judged_revision": new.judged_revision,
        "attempts": 0,
        "repeated": 0,
        "template_digest": new.template_digest,
        "subject": mail.subject,
    }


def message_of(row: Row[Any]) -> Message:
    """The message of a row."""
    return Message(
        id=row.id,
        enrolment_id=row.enrolment_id,
        contact_id=row.contact_id,
        scenario=row.scenario,
        digest=row.digest,
        step=row.step,
        edition=row.edition,
        template=row.template,
        nature=Nature(row.nature),
        purpose=row.purpose,
        state=MessageState(row.state),
        planned_at=row.planned_at,
        queued_at=row.queued_at,
        basis=LegalBasis(row.basis),
        reason=row.reason,
        rule=row.rule,
        with_invitation=bool(row.with_invitation),
        judged_revision=row.judged_revision,
        attempts=row.attempts,
        repeated=row.repeated,
        not_before=row.due_at,
        sent_at=row.sent_at,
        template_digest=row.template_digest,
        subject=row.subject,
    )


def cancel(
    connection: Connection,
    contact_ids: Sequence[int],
    purpose: str | None,
    reason: str,
    now: datetime,
    basis: LegalBasis | None = None,
) -> list[int]:
    """Cancel prospecting to these people that has not left yet: of one purpose, or all; of one basis, or any."""
    recallable = MESSAGE.c.state.in_(("queued", "deferred", "claimed"))
    scope = MESSAGE.c.purpose == purpose if purpose is not None else MESSAGE.c.lane == PROSPECTING_LANE
    theirs = among(connection, MESSAGE.c.contact_id, contact_ids)
    done = connection.execute(
        update(MESSAGE)
        .where(theirs, recallable, scope, MESSAGE.c.lane == PROSPECTING_LANE)
        .where(MESSAGE.c.basis == basis.value if basis is not None else true())
        .values(
            state=MessageState.CANCELLED.value,
            reason=reason,
            rule="R-02",
            settled_at=now,
            lease_until=None,
        )
        .returning(MESSAGE.c.id)
    )
    return list(done.scalars())


def unsent(connection: Connection, after_id: int, limit: int) -> list[Message]:
    """Messages that wait or are being sent, in order of id."""
    wanted = select(*PLAIN).where(or_(WAITING, LEASED), MESSAGE.c.id > after_id)
    return [message_of(row) for row in connection.execute(wanted.order_by(MESSAGE.c.id).limit(limit))]


def of_contact(connection: Connection, contact_id: int) -> list[Message]:
    """One person's mails, oldest first."""
    wanted = select(MESSAGE).where(MESSAGE.c.contact_id == contact_id).order_by(MESSAGE.c.id)
    return [message_of(row) for row in connection.execute(wanted)]


def by_id(connection: Connection, message_id: int) -> Message | None:
    """One message."""
    row = connection.execute(select(MESSAGE).where(MESSAGE.c.id == message_id)).one_or_none()
    return message_of(row) if row is not None else None


def listed(
    connection: Connection,
    *,
    states: Sequence[str] | None,
    basis: str | None,
    purpose: str | None,
    since: datetime | None,
    limit: int,
) -> list[tuple[Message, str, str | None]]:
    """The ledger, newest first, each with its recipient and the server's reply."""
    wanted = with_recipients(MailsWanted(states, basis, purpose, since))
    rows = connection.execute(wanted.order_by(MESSAGE.c.id.desc()).limit(limit)).all()
    return [(message_of(row), row.email, row.reply) for row in rows]


def with_recipients(wanted: MailsWanted) -> Select[Any]:
    """The mails of the ledger that are wanted, each with the address of its recipient."""
    found = select(MESSAGE, CONTACT.c.email).join(CONTACT, CONTACT.c.id == MESSAGE.c.contact_id)
    if wanted.states:
        found = found.where(MESSAGE.c.state.in_(wanted.states))
    for name in ("basis", "purpose", "nature", "scenario"):
        if value := getattr(wanted, name):
            found = found.where(MESSAGE.c[name] == value)
    if wanted.since:
        found = found.where(MESSAGE.c.queued_at >= wanted.since)
    if wanted.contact_id is not None:
        found = found.where(MESSAGE.c.contact_id == wanted.contact_id)
    return found


def counts(connection: Connection) -> dict[str, int]:
    """How many messages are in each state; those that simply arrived are what is left of all.

    Each is counted by an index of its own, and no message is looked at.
    """
    found: dict[str, int] = {}
    for states in (WAITING, LEASED, tables.TROUBLED):
        wanted = select(MESSAGE.c.state, func.count()).where(states).group_by(MESSAGE.c.state)
        found.update((row[0], row[1]) for row in connection.execute(wanted))
    arrived = connection.execute(select(func.count()).select_from(MESSAGE)).scalar_one() - sum(found.values())
    return {**found, MessageState.ACCEPTED.value: arrived} if arrived else found


def next_due(connection: Connection) -> datetime | None:
    """When the next waiting message that is not paused may be tried."""
    return connection.execute(select(func.min(MESSAGE.c.due_at)).where(GOING)).scalar()


def remembered(connection: Connection, contact_ids: Sequence[int]) -> Mapping[int, list[Row[Any]]]:
    """Rows of mails that left the house, or are about to, by contact, oldest first."""
    found: dict[int, list[Row[Any]]] = {}
    for row in rows_among(connection, _remembered, contact_ids):
        found.setdefault(row.contact_id, []).append(row)
    return found


@cache
def _remembered(*, sqlite: bool) -> Select[Any]:
    kept = MESSAGE.c.state.in_(
        ("queued", "claimed", "deferred", "sending", "accepted", "unknown", "bounced", "complained")
    )
    at = case((MESSAGE.c.sent_at.is_not(None), MESSAGE.c.sent_at), else_=MESSAGE.c.planned_at).label("at")
    theirs = among_the("ids", MESSAGE.c.contact_id, sqlite=sqlite)
    return select(*PLAIN, at).where(theirs, kept).order_by(at, MESSAGE.c.id)


def awaiting(connection: Connection, now: datetime) -> tuple[int, datetime | None]:
    """How many messages could be sent now, and since when the oldest of them could."""
    row = connection.execute(
        select(func.count(), func.min(MESSAGE.c.due_at)).where(GOING, MESSAGE.c.due_at <= now)
    ).one()
    return row[0], row[1]
