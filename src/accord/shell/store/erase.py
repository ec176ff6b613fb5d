"""Erasing people in the database: what goes, what becomes nobody's, and what the law makes us keep (R-45, R-46)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.engine import Row

from accord.core.consent.retention import ACCOUNTS_MONTHS
from accord.core.model.contact import AddressKind, AddressState
from accord.core.model.enrolment import RunState
from accord.core.model.message import MessageState
from accord.core.model.time import add_months, local_day
from accord.shell.engine.ports.keeping import Erased
from accord.shell.store import tables
from accord.shell.store.bulk import insert_absent
from accord.shell.store.dialect import among, pairs
from accord.shell.store.journal import EVENT, KEPT_OF_THE_GONE
from accord.shell.store.mail import MESSAGE
from accord.shell.store.orders import ARCHIVE, LINE, ORDER
from accord.shell.store.people import CONTACT, ENTRY, STATE, Law, bump, derive_states
from accord.shell.store.postings import cancel_all
from accord.shell.store.runs import OPEN, RUN
from accord.shell.store.wayback import forget_returned

TASK = cast("Table", tables.TaskRow.__table__)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Archive:
    """Whose orders are kept for the accounts, and by which calendar their years are counted."""

    entity: str
    zone: ZoneInfo


RECALLABLE = (MessageState.QUEUED, MessageState.DEFERRED, MessageState.CLAIMED)


def weights(connection: Connection, ids: Collection[int]) -> dict[int, int]:
    """About how many rows erasing each of these writes, the journal left out."""
    counted = [
        select(table.c.contact_id, func.count().label("rows"))
        .where(among(connection, table.c.contact_id, sorted(ids)))
        .group_by(table.c.contact_id)
        for table in (MESSAGE, RUN, ENTRY, STATE, LINE, ORDER)
    ]
    each = union_all(*counted).subquery()
    total = select(each.c.contact_id, func.sum(each.c.rows)).group_by(each.c.contact_id)
    found = {row[0]: int(row[1]) for row in connection.execute(total)}
    return {number: 1 + found.get(number, 0) for number in ids}


def erase(
    connection: Connection,
    proofs: Mapping[int, Collection[int]],
    owners: Mapping[int, str],
    archive: Archive,
    reason: str,
    now: datetime,
) -> Erased:
    """Erase people and the records merged into them. `proofs`: what stays of each ledger, by its numbers.

    `owners`: the keyed digest of each one's address. Mails and runs stay as numbers for the statistics, and
    are nobody's; ledger rows stay as links of their chains. What is journalled of them is `forget`'s.
    """
    ids = sorted(proofs)
    closed = among(connection, CONTACT.c.merged_into, ids)
    everybody = sorted({*ids, *connection.execute(select(CONTACT.c.id).where(closed)).scalars()})
    orders = _archive_orders(connection, ids, owners, archive, now)
    cancelled = _cancel(connection, ids, now)
    runs = _end_runs(connection, ids, reason)
    _blank_ledger(connection, everybody, proofs)
    for table in (STATE, TASK):
        connection.execute(delete(table).where(among(connection, table.c.contact_id, everybody)))
    forget_returned(connection, everybody)
    _bury(connection, everybody, now)
    _seal(connection, {number: owners[number] for number, kept in proofs.items() if kept})
    return Erased(len(ids), orders, cancelled, runs)


def _archive_orders(
    connection: Connection, ids: Sequence[int], owners: Mapping[int, str], archive: Archive, now: datetime
) -> int:
    """Our own orders go to the archive for as long as the accounts need them; other entities' are theirs."""
    wanted = select(ORDER, *(LINE.c[name].label(f"line_{name}") for name in _LINE)).join(
        LINE, LINE.c.order_id == ORDER.c.id
    )
    orders: dict[int, list[Row[Any]]] = {}
    own = among(connection, ORDER.c.contact_id, ids)
    for row in connection.execute(wanted.where(own).order_by(LINE.c.id)):
        orders.setdefault(row.id, []).append(row)
    today = local_day(now, archive.zone)
    ours = [lines for lines in orders.values() if lines[0].entity == archive.entity]
    rows = [_archived(lines, owners[lines[0].contact_id], archive.zone, now) for lines in ours]
    rows = [row for row in rows if row["keep_until"] > today]
    insert_absent(connection, ARCHIVE, rows)
    connection.execute(delete(LINE).where(among(connection, LINE.c.contact_id, ids)))
    connection.execute(delete(ORDER).where(own))
    return len(rows)


_LINE = ("family", "amount_cents", "currency", "paid_at", "delivered_at", "cancelled_at")
_INSTANTS = ("line_paid_at", "line_delivered_at", "line_cancelled_at")


def _archived(lines: Sequence[Row[Any]], owner: str, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    head = lines[0]
    told = [head.placed_at, *(getattr(line, name) for line in lines for name in _INSTANTS)]
    last = max(instant for instant in told if instant is not None)
    return {
        "entity": head.entity,
        "external_id": head.external_id,
        "owner": owner,
        "body": {
            "placed_at": head.placed_at,
            "lines": [{name: getattr(line, f"line_{name}") for name in _LINE} for line in lines],
        },
        "archived_at": now,
        "keep_until": add_months(local_day(last, zone), ACCOUNTS_MONTHS),
    }


def _cancel(connection: Connection, ids: Sequence[int], now: datetime) -> int:
    """Cancel every mail that has not left, service mail too; take what is personal out of all of them."""
    own = among(connection, MESSAGE.c.contact_id, ids)
    cancelled = connection.execute(
        update(MESSAGE)
        .where(own, MESSAGE.c.state.in_([state.value for state in RECALLABLE]))
        .values(
            state=MessageState.CANCELLED.value,
            reason="ADDR_ERASED",
            rule="R-45",
            settled_at=now,
            lease_until=None,
        )
    )
    connection.execute(update(MESSAGE).where(own).values(context=None, reply=None))
    cancel_all(connection, ids, "ADDR_ERASED", "R-45", now)
    return cancelled.rowcount


def _end_runs(connection: Connection, ids: Sequence[int], reason: str) -> int:
    """End what is open; an entry key may be an order's number, so it gives way to the run's own."""
    own = among(connection, RUN.c.contact_id, ids)
    ended = connection.execute(
        update(RUN)
        .where(own, OPEN)
        .values(state=RunState.LEFT.value, open=0, ended_because=reason, lease_until=None)
    )
    connection.execute(update(RUN).where(own).values(entry_key=_numbered(RUN.c.id), this=None, event_id=None))
    return ended.rowcount


def _numbered(number: ColumnElement[Any]) -> ColumnElement[str]:
    return literal("erased:") + sql_cast(number, Text)


def _blank_ledger(connection: Connection, ids: Sequence[int], proofs: Mapping[int, Collection[int]]) -> None:
    """Null payload and salt: digests stay, and the chain still holds."""
    goes = among(connection, ENTRY.c.contact_id, ids)
    if any(proofs.values()):
        goes &= ~_chosen(connection, proofs)
    connection.execute(update(ENTRY).where(goes).values(payload=None, salt=None, wording=None))


def _chosen(connection: Connection, seqs: Mapping[int, Collection[int]]) -> ColumnElement[bool]:
    """Whether a row of the ledger is one of these, by contact and number."""
    these = pairs(connection, [(number, seq) for number, its in seqs.items() for seq in sorted(its)])
    return select(these.c.a).where(these.c.a == ENTRY.c.contact_id, these.c.b == ENTRY.c.seq).exists()


def _bury(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """Leave a number and the instant; the address is free for a new record."""
    connection.execute(
        update(CONTACT)
        .where(among(connection, CONTACT.c.id, ids))
        .values(
            email_key=_numbered(CONTACT.c.id),
            email=_numbered(CONTACT.c.id),
            external_id=None,
            language="und",
            zone="UTC",
            address_state=AddressState.ERASED.value,
            address_kind=AddressKind.PERSONAL.value,
            from_third_party=False,
            collected_at=now,
            last_action_at=None,
            expires_on=None,
            newsletters_per_month=None,
            paused_until=None,
            rests_until=None,
            attributes={},
            merged_into=None,
            revision=CONTACT.c.revision + 1,
        )
    )


def _seal(connection: Connection, sealed: Mapping[int, str]) -> None:
    rows = [{"b_id": number, "b_owner": owner} for number, owner in sealed.items()]
    if rows:
        change = update(CONTACT).where(CONTACT.c.id == bindparam("b_id")).values(sealed=bindparam("b_owner"))
        connection.execute(change, rows)


def forget(connection: Connection, ids: Collection[int], limit: int) -> int:
    """Delete up to `limit` journal rows of erased people; take out what a late reply told of their mails."""
    own = among(connection, EVENT.c.contact_id, sorted(ids))
    chosen = select(EVENT.c.id).where(own, EVENT.c.name.not_in(KEPT_OF_THE_GONE)).limit(limit)
    gone = connection.execute(delete(EVENT).where(EVENT.c.id.in_(chosen.scalar_subquery()))).rowcount
    late = or_(MESSAGE.c.reply.is_not(None), MESSAGE.c.context.is_not(None))
    mails = update(MESSAGE).where(among(connection, MESSAGE.c.contact_id, sorted(ids)), late)
    return gone + connection.execute(mails.values(reply=None, context=None)).rowcount


def erased_since(connection: Connection, since: datetime, after_id: int, limit: int) -> list[int]:
    """People erased since an instant, in order of id: a tombstone's `collected_at` is when it was made."""
    wanted = select(CONTACT.c.id).where(
        CONTACT.c.id > after_id,
        CONTACT.c.address_state == AddressState.ERASED.value,
        CONTACT.c.collected_at >= since,
    )
    return list(connection.execute(wanted.order_by(CONTACT.c.id).limit(limit)).scalars())


# -- single acts, and proofs that were kept ------------------------------------------------------------------


def _null(connection: Connection, seqs: Mapping[int, Collection[int]]) -> None:
    own = among(connection, ENTRY.c.contact_id, sorted(seqs))
    goes = update(ENTRY).where(own, _chosen(connection, seqs))
    connection.execute(goes.values(payload=None, salt=None, wording=None))


def strike(connection: Connection, seqs: Mapping[int, Collection[int]], law: Law) -> None:
    """Erase single acts of people who stay; what the gate reads of them has changed."""
    ids = sorted(number for number, its in seqs.items() if its)
    if ids:
        bump(connection, ids)
        _null(connection, seqs)
        derive_states(connection, ids, law)


def sealed_people(connection: Connection, after_id: int, limit: int) -> list[int]:
    """Erased people of whom a proof is kept, in order of id."""
    wanted = select(CONTACT.c.id).where(CONTACT.c.sealed.is_not(None), CONTACT.c.id > after_id)
    return list(connection.execute(wanted.order_by(CONTACT.c.id).limit(limit)).scalars())


def sealed_as(connection: Connection, owners: Sequence[str]) -> list[int]:
    """Erased people whose address this digest was."""
    wanted = select(CONTACT.c.id).where(among(connection, CONTACT.c.sealed, list(owners)))
    return list(connection.execute(wanted.order_by(CONTACT.c.id)).scalars())


def drop_proofs(connection: Connection, seqs: Mapping[int, Collection[int]]) -> None:
    """Erase proofs whose time is over; who has none left can no longer be found."""
    if not seqs:
        return
    _null(connection, seqs)
    left = select(ENTRY.c.id).where(ENTRY.c.contact_id == CONTACT.c.id, ENTRY.c.payload.is_not(None))
    connection.execute(
        update(CONTACT)
        .where(among(connection, CONTACT.c.id, sorted(seqs)), ~left.exists())
        .values(sealed=None)
    )


def archived(connection: Connection, owners: Sequence[str]) -> list[Mapping[str, Any]]:
    """Archived orders of one address, for the person who asks and for nobody else."""
    wanted = select(ARCHIVE).where(among(connection, ARCHIVE.c.owner, list(owners))).order_by(ARCHIVE.c.id)
    return [
        {"order_id": row.external_id, "entity": row.entity, "keep_until": row.keep_until, **row.body}
        for row in connection.execute(wanted)
    ]


def raise_task(
    connection: Connection,
    subject: str,
    key: str,
    body: Mapping[str, Any],
    now: datetime,
    contact_id: int | None = None,
) -> None:
    """Something that a person of the team must do; told again it stays one task, with the newest words."""
    known = select(TASK.c.id).where(TASK.c.subject == subject, TASK.c.key == key)
    number = connection.execute(known).scalar()
    if number is None:
        row = {"subject": subject, "key": key, "contact_id": contact_id, "body": dict(body), "raised_at": now}
        connection.execute(insert(TASK), [row])
    else:
        connection.execute(update(TASK).where(TASK.c.id == number).values(body=dict(body), done_at=None))


def close_tasks(connection: Connection, subject: str, now: datetime, but: Collection[str]) -> None:
    """What has been done needs nobody any more."""
    done = update(TASK).where(TASK.c.subject == subject, TASK.c.done_at.is_(None))
    connection.execute(done.where(TASK.c.key.not_in(sorted(but))).values(done_at=now))


def close_task(connection: Connection, subject: str, key: str, now: datetime) -> None:
    """One thing has been done."""
    this = update(TASK).where(TASK.c.subject == subject, TASK.c.key == key, TASK.c.done_at.is_(None))
    connection.execute(this.values(done_at=now))
