"""The send ledger in the database: queueing, claiming, the conditional write at the door, settling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, Table, and_, bindparam, case, false, func, or_, select, true, update
from sqlalchemy.engine import Row

from accord.core.model.consent import LegalBasis, Nature
from accord.core.model.message import MESSAGE_TRANSITIONS, Message, MessageState
from accord.shell.engine.rows import DoorCheck, NewMessage, Settlement
from accord.shell.engine.send import LEASE
from accord.shell.store import tables
from accord.shell.store.dialect import among, claimed, claiming, insert_new, pairs
from accord.shell.store.people import CONTACT

MESSAGE = cast("Table", tables.MessageRow.__table__)  # type: ignore[attr-defined]

# Service mail has a lane of its own, before everything else.
SERVICE_LANE, PROSPECTING_LANE = 0, 1

WAITING = MESSAGE.c.state.in_(("queued", "deferred"))


def queue(connection: Connection, messages: Sequence[NewMessage]) -> int:
    """Put mails in the ledger; returns how many were new on (enrolment, step)."""
    rows = [_row(each) for each in messages]
    if not rows:
        return 0
    new = connection.execute(insert_new(connection, MESSAGE).returning(MESSAGE.c.id), rows)
    return len(new.all())


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
        "template_digest": new.template_digest,
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
        not_before=row.due_at,
        sent_at=row.sent_at,
        template_digest=row.template_digest,
    )


def claim(
    connection: Connection, now: datetime, limit: int, until: datetime, held: frozenset[str]
) -> list[Message]:
    """Messages whose time has come, service mail first, none of what is held, leased until `until`."""
    taken: list[Message] = []
    for lane in (SERVICE_LANE, PROSPECTING_LANE):
        if ALL in held or (PROSPECTING in held and lane == PROSPECTING_LANE) or len(taken) == limit:
            continue
        # One lane at a time, so that the index gives its oldest without looking at what is not due yet.
        chosen = (
            select(MESSAGE.c.id)
            .where(WAITING, MESSAGE.c.lane == lane, MESSAGE.c.due_at <= now)
            .order_by(MESSAGE.c.due_at, MESSAGE.c.id)
            .limit(limit - len(taken))
        )
        if held:
            chosen = chosen.where(MESSAGE.c.scenario.not_in(sorted(held)))
        change = update(MESSAGE).values(state=MessageState.CLAIMED.value, lease_until=until)
        claim_them = claimed(connection, change, MESSAGE.c.id, claiming(connection, chosen, MESSAGE))
        rows = connection.execute(claim_them.returning(*MESSAGE.c)).all()
        taken += [message_of(row) for row in sorted(rows, key=lambda row: (row.due_at, row.id))]
    return taken


def still_claimed(connection: Connection, ids: Sequence[int], lease: datetime) -> list[Message]:
    """Of these messages those that are claimed under this very lease."""
    wanted = select(MESSAGE).where(
        among(connection, MESSAGE.c.id, ids),
        MESSAGE.c.state == MessageState.CLAIMED.value,
        MESSAGE.c.lease_until == lease,
    )
    return [message_of(row) for row in connection.execute(wanted.order_by(MESSAGE.c.id))]


def mark_sending(
    connection: Connection, checks: Sequence[DoorCheck], now: datetime, *, lease: datetime, until: datetime
) -> frozenset[int]:
    """The one conditional write at the door: ids of those that may be handed over now.

    Marked is what is still claimed under the caller's `lease`, held by no brake, and judged by what still
    stands: everything that the gate reads of a person bumps `contact.revision`, a switch of the law the
    database's own `policy_revision`. What is marked is leased until `until`.
    """
    ids = _judged_by_what_stands(connection, checks)
    if not ids:
        return frozenset()
    marked = connection.execute(
        update(MESSAGE)
        .where(
            among(connection, MESSAGE.c.id, ids),
            MESSAGE.c.state == MessageState.CLAIMED.value,
            MESSAGE.c.lease_until == lease,
            ~_braked(),
        )
        .values(
            state=MessageState.SENDING.value,
            sent_at=now,
            attempts=MESSAGE.c.attempts + 1,
            lease_until=until,
        )
        .returning(MESSAGE.c.id)
    ).scalars()
    going = frozenset(marked)
    _keep_contexts(connection, [check for check in checks if check.message_id in going])
    return going


def _judged_by_what_stands(connection: Connection, checks: Sequence[DoorCheck]) -> list[int]:
    """Ids of those whose person, and whose law, is still the one that was judged.

    The people stay locked until this transaction ends (PostgreSQL; SQLite has one writer), one after the
    other in the order that every writer keeps: a withdrawal under way is waited for, and then seen.
    """
    law = switches.fact(connection, POLICY_REVISION)
    judged = [check for check in checks if check.judged_policy == law]
    people = sorted({check.contact_id for check in judged})
    wanted = select(CONTACT.c.id, CONTACT.c.revision).where(among(connection, CONTACT.c.id, people))
    locked = wanted.order_by(CONTACT.c.id).with_for_update(read=True)
    revisions = {row.id: row.revision for row in connection.execute(locked)} if people else {}
    return [check.message_id for check in judged if revisions.get(check.contact_id) == check.judged_revision]


def _braked() -> ColumnElement[bool]:
    """A brake holds this message: on everything, on its lane, on its scenario."""
    brake = switches.BRAKE.c.name
    lane = and_(brake == PROSPECTING, MESSAGE.c.lane == PROSPECTING_LANE)
    return select(brake).where(or_(brake == ALL, brake == MESSAGE.c.scenario, lane)).exists()


def _keep_contexts(connection: Connection, checks: Sequence[DoorCheck]) -> None:
    rows = [
        {
            "b_id": check.message_id,
            "with_invitation": check.with_invitation,
            "judged_revision": check.judged_revision,
            "context": check.context,
            "template_digest": check.template_digest,
        }
        for check in checks
    ]
    if rows:
        values: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "b_id"}
        connection.execute(update(MESSAGE).where(MESSAGE.c.id == bindparam("b_id")).values(**values), rows)


def settle(connection: Connection, settlements: Sequence[Settlement]) -> frozenset[int]:
    """Write endings, each only where the message still is as expected; returns the ids of those that took."""
    for each in settlements:
        if each.state not in MESSAGE_TRANSITIONS[each.expected]:
            raise ValueError(f"message {each.message_id} cannot go from {each.expected} to {each.state}")
    standing = _as_expected(connection, settlements)
    rows = [
        {
            "b_id": each.message_id,
            "b_state": each.state.value,
            "b_at": each.at,
            "b_reason": each.reason,
            "b_rule": each.rule,
            "b_reply": each.reply,
            "b_due": each.not_before,
        }
        for each in standing
    ]
    if rows:
        connection.execute(
            update(MESSAGE)
            .where(MESSAGE.c.id == bindparam("b_id"))
            .values(
                state=bindparam("b_state"),
                settled_at=bindparam("b_at"),
                reason=func.coalesce(bindparam("b_reason"), MESSAGE.c.reason),
                rule=func.coalesce(bindparam("b_rule"), MESSAGE.c.rule),
                reply=func.coalesce(bindparam("b_reply"), MESSAGE.c.reply),
                due_at=func.coalesce(bindparam("b_due", type_=MESSAGE.c.due_at.type), MESSAGE.c.due_at),
                lease_until=None,
            ),
            rows,
        )
    return frozenset(each.message_id for each in standing)


def _as_expected(connection: Connection, settlements: Sequence[Settlement]) -> list[Settlement]:
    """Those whose message is in the state, and under the lease, that they expect; its row stays locked."""
    ids = sorted({each.message_id for each in settlements})
    if not ids:
        return []
    wanted = select(MESSAGE.c.id, MESSAGE.c.state, MESSAGE.c.lease_until).where(
        among(connection, MESSAGE.c.id, ids)
    )
    rows = {row.id: row for row in connection.execute(wanted.order_by(MESSAGE.c.id).with_for_update())}
    return [
        each
        for each in settlements
        if each.message_id in rows
        and rows[each.message_id].state == each.expected.value
        and each.lease in (None, rows[each.message_id].lease_until)
    ]


def requeue(
    connection: Connection,
    message_ids: Sequence[int],
    not_before: datetime | None = None,
    *,
    lease: datetime | None = None,
    planned_at: datetime | None = None,
) -> None:
    """Give claimed messages back: those tried before as deferred, the others as queued.

    `not_before`: when they are due again; None leaves them their turn. `lease`: only what is held under it.
    `planned_at` is moved where the delay is of our own making, so that it makes nothing late.
    """
    if not message_ids:
        return
    back = case((MESSAGE.c.attempts > 0, MessageState.DEFERRED.value), else_=MessageState.QUEUED.value)
    ours = [] if lease is None else [MESSAGE.c.lease_until == lease]
    values: dict[str, Any] = {"state": back, "lease_until": None}
    if not_before is not None:
        values["due_at"] = not_before
    if planned_at is not None:
        values["planned_at"] = planned_at
    connection.execute(
        update(MESSAGE)
        .where(
            among(connection, MESSAGE.c.id, message_ids),
            MESSAGE.c.state == MessageState.CLAIMED.value,
            *ours,
        )
        .values(**values)
    )


def cancel(
    connection: Connection,
    contact_id: int,
    purpose: str | None,
    reason: str,
    now: datetime,
    basis: LegalBasis | None = None,
) -> list[int]:
    """Cancel prospecting that has not left yet: of one purpose, or all (None); of one basis, or any."""
    recallable = MESSAGE.c.state.in_(("queued", "deferred", "claimed"))
    scope = MESSAGE.c.purpose == purpose if purpose is not None else MESSAGE.c.lane == PROSPECTING_LANE
    done = connection.execute(
        update(MESSAGE)
        .where(MESSAGE.c.contact_id == contact_id, recallable, scope, MESSAGE.c.lane == PROSPECTING_LANE)
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


def orphans(connection: Connection, now: datetime, limit: int, longest: timedelta) -> list[Message]:
    """Messages whose sender died: the lease has run out, or is longer than any can be."""
    gone = expired(MESSAGE.c.lease_until, now, longest)
    wanted = select(MESSAGE).where(LEASED, gone).order_by(MESSAGE.c.id).limit(limit)
    return [message_of(row) for row in connection.execute(claiming(connection, wanted, MESSAGE))]


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
    wanted = select(MESSAGE, CONTACT.c.email).join(CONTACT, CONTACT.c.id == MESSAGE.c.contact_id)
    if states:
        wanted = wanted.where(MESSAGE.c.state.in_(states))
    if basis:
        wanted = wanted.where(MESSAGE.c.basis == basis)
    if purpose:
        wanted = wanted.where(MESSAGE.c.purpose == purpose)
    if since:
        wanted = wanted.where(MESSAGE.c.queued_at >= since)
    rows = connection.execute(wanted.order_by(MESSAGE.c.id.desc()).limit(limit)).all()
    return [(message_of(row), row.email, row.reply) for row in rows]


def counts(connection: Connection) -> dict[str, int]:
    """How many messages are in each state."""
    wanted = select(MESSAGE.c.state, func.count()).group_by(MESSAGE.c.state)
    return {row[0]: row[1] for row in connection.execute(wanted)}


def next_due(connection: Connection) -> datetime | None:
    """When the next waiting message may be tried."""
    return connection.execute(select(func.min(MESSAGE.c.due_at)).where(WAITING)).scalar()


def remembered(connection: Connection, contact_ids: Sequence[int]) -> Mapping[int, list[Row[Any]]]:
    """Rows of mails that left the house, or are about to, by contact, oldest first."""
    kept = MESSAGE.c.state.in_(
        ("queued", "claimed", "deferred", "sending", "accepted", "unknown", "bounced", "complained")
    )
    at = case((MESSAGE.c.sent_at.is_not(None), MESSAGE.c.sent_at), else_=MESSAGE.c.planned_at).label("at")
    wanted = (
        select(MESSAGE, at)
        .where(and_(among(connection, MESSAGE.c.contact_id, contact_ids), kept))
        .order_by(at, MESSAGE.c.id)
    )
    found: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(wanted):
        found.setdefault(row.contact_id, []).append(row)
    return found


def awaiting(connection: Connection, now: datetime) -> tuple[int, datetime | None]:
    """How many messages could be sent now, and since when the oldest of them could."""
    row = connection.execute(
        select(func.count(), func.min(MESSAGE.c.due_at)).where(WAITING, MESSAGE.c.due_at <= now)
    ).one()
    return row[0], row[1]
