"""The send ledger on the way out: claiming, the one conditional write at the door, settling, giving back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    UpdateBase,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    update,
)

from accord.core.consent.holds import ALL, PROSPECTING
from accord.core.model.message import MESSAGE_TRANSITIONS, Lane, Message, MessageState
from accord.shell.engine.ports.rows import POLICY_REVISION, DoorCheck, Postponed, Settlement
from accord.shell.store import switches
from accord.shell.store.bulk import change_each, each_given
from accord.shell.store.dialect import among, among_the, claimed, claiming, is_sqlite, listed
from accord.shell.store.leases import is_over
from accord.shell.store.mail import (
    GOING,
    LEASED,
    MESSAGE,
    PLAIN,
    PROSPECTING_LANE,
    WAITING,
    message_of,
)
from accord.shell.store.pauses import stands_still
from accord.shell.store.people import CONTACT

_CLAIMED = MESSAGE.c.state == MessageState.CLAIMED.value

# Where a claimed message goes when it is given back: what was tried before is deferred, not queued.
_AT_REST = case((MESSAGE.c.attempts > 0, MessageState.DEFERRED.value), else_=MessageState.QUEUED.value)


def claim(
    connection: Connection,
    now: datetime,
    limit: int,
    until: datetime,
    held: frozenset[str],
    lanes: Sequence[Lane] = tuple(Lane),
) -> list[Message]:
    """Messages whose time has come, service mail first, none of what is held or paused, leased until `until`."""
    taken: list[Message] = []
    for lane in lanes:
        if ALL in held or (PROSPECTING in held and lane == PROSPECTING_LANE) or len(taken) == limit:
            continue
        # One lane at a time, so that the index gives its oldest without looking at what is not due yet.
        chosen = (
            select(MESSAGE.c.id)
            .where(GOING, MESSAGE.c.lane == int(lane), MESSAGE.c.due_at <= now)
            .order_by(MESSAGE.c.due_at, MESSAGE.c.id)
            .limit(limit - len(taken))
        )
        if held:
            chosen = chosen.where(MESSAGE.c.scenario.not_in(sorted(held)))
        change = update(MESSAGE).values(state=MessageState.CLAIMED.value, lease_until=until)
        chosen = claiming(chosen, MESSAGE)
        claim_them = claimed(change, MESSAGE.c.id, chosen, sqlite=is_sqlite(connection))
        rows = connection.execute(claim_them.returning(*PLAIN)).all()
        taken += [message_of(row) for row in sorted(rows, key=lambda row: (row.due_at, row.id))]
    return taken


def still_claimed(connection: Connection, ids: Sequence[int], lease: datetime) -> list[Message]:
    """Of these messages those that are claimed under this very lease."""
    wanted = select(*PLAIN).where(
        among(connection, MESSAGE.c.id, ids),
        MESSAGE.c.state == MessageState.CLAIMED.value,
        MESSAGE.c.lease_until == lease,
    )
    return [message_of(row) for row in connection.execute(wanted.order_by(MESSAGE.c.id))]


def mark_sending(
    connection: Connection, checks: Sequence[DoorCheck], now: datetime, *, lease: datetime, until: datetime
) -> frozenset[int]:
    """The one conditional write at the door: ids of those that may be handed over now.

    Marked is what is still claimed under the caller's `lease`, not held or paused, and judged by what still
    stands: everything that the gate reads of a person bumps `contact.revision`, a switch of the law the
    database's own `policy_revision`. What is marked is leased until `until`.
    """
    ids = _judged_by_what_stands(connection, checks)
    if not ids:
        return frozenset()
    given = {"ids": listed(connection, ids), "lease": lease, "now": now, "until": until}
    going = frozenset(connection.execute(_statements(sqlite=is_sqlite(connection)).mark, given).scalars())
    _keep_contexts(connection, [check for check in checks if check.message_id in going])
    return going


def _judged_by_what_stands(connection: Connection, checks: Sequence[DoorCheck]) -> list[int]:
    """Ids of those whose person, law and throttle are still the ones that they were judged by.

    The people stay locked until this transaction ends (PostgreSQL; SQLite has one writer), one after the
    other in the order that every writer keeps: a withdrawal under way is waited for, and then seen.
    """
    law = switches.fact(connection, POLICY_REVISION)
    judged = [check for check in checks if check.judged_policy == law]
    if any(check.throttle is not None for check in judged):
        throttle = switches.throttle(connection)
        judged = [check for check in judged if check.throttle in (None, throttle)]
    if not judged:
        return []
    people = {"ids": listed(connection, sorted({check.contact_id for check in judged}))}
    locked = connection.execute(_statements(sqlite=is_sqlite(connection)).people, people)
    revisions = {row.id: row.revision for row in locked}
    return [check.message_id for check in judged if revisions.get(check.contact_id) == check.judged_revision]


def _braked() -> ColumnElement[bool]:
    """A brake holds this message: on everything, on its lane, on its scenario."""
    return select(switches.BRAKE.c.name).where(_holds(switches.BRAKE.c.name)).exists()


def _holds(brake: Any) -> ColumnElement[bool]:
    lane = and_(brake == PROSPECTING, MESSAGE.c.lane == PROSPECTING_LANE)
    return or_(brake == ALL, brake == MESSAGE.c.scenario, lane)


def forgive_wait(connection: Connection, brake: str, now: datetime) -> None:
    """Plan what waited under a brake anew, from now: the operator's own delay makes nothing late."""
    held = _holds(literal(brake))
    waited = update(MESSAGE).where(WAITING, MESSAGE.c.planned_at < now, held)
    connection.execute(waited.values(planned_at=now))


def _keep_contexts(connection: Connection, checks: Sequence[DoorCheck]) -> None:
    rows = [
        {
            "b_id": check.message_id,
            "b_with_invitation": check.with_invitation,
            "b_basis": check.basis.value,
            "b_reason": check.reason,
            "b_rule": check.rule,
            "b_judged_revision": check.judged_revision,
            "b_context": check.context,
            "b_template_digest": check.template_digest,
        }
        for check in checks
    ]
    change_each(connection, _statements(sqlite=is_sqlite(connection)).keep, rows)


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
            "b_settled_at": each.at,
            "b_reason": each.reason,
            "b_rule": each.rule,
            "b_reply": each.reply,
            "b_due_at": each.not_before,
            "b_repeated": int(each.expected is MessageState.UNKNOWN and each.state is MessageState.QUEUED),
        }
        for each in standing
    ]
    change_each(connection, _statements(sqlite=is_sqlite(connection)).settle, rows)
    return frozenset(each.message_id for each in standing)


def _as_expected(connection: Connection, settlements: Sequence[Settlement]) -> list[Settlement]:
    """Those whose message is in the state, and under the lease, that they expect; its row stays locked."""
    ids = sorted({each.message_id for each in settlements})
    if not ids:
        return []
    locked = connection.execute(
        _statements(sqlite=is_sqlite(connection)).standing, {"ids": listed(connection, ids)}
    )
    rows = {row.id: row for row in locked}
    return [
        each
        for each in settlements
        if each.message_id in rows
        and rows[each.message_id].state == each.expected.value
        and each.lease in (None, rows[each.message_id].lease_until)
    ]


@dataclass(frozen=True, slots=True)
class _Statements:
    """What is asked for every window of mails, built once: building costs more than the database's answer."""

    people: Select[Any]
    mark: UpdateBase
    keep: UpdateBase
    standing: Select[Any]
    settle: UpdateBase


@cache
def _statements(*, sqlite: bool) -> _Statements:
    def given(table: Table) -> ColumnElement[bool]:
        return among_the("ids", table.c.id, sqlite=sqlite)

    kept = _given("with_invitation", "basis", "judged_revision", *_KEPT, sqlite=sqlite)
    settled = _given("state", "settled_at", "repeated", *_SETTLED, sqlite=sqlite)
    standing = select(MESSAGE.c.id, MESSAGE.c.state, MESSAGE.c.lease_until).where(given(MESSAGE))
    people = select(CONTACT.c.id, CONTACT.c.revision).where(given(CONTACT))
    mark = update(MESSAGE).where(given(MESSAGE), _CLAIMED, MESSAGE.c.lease_until == bindparam("lease"))
    may_leave = ~or_(_braked(), stands_still(MESSAGE.c.scenario, MESSAGE.c.enrolment_id))
    return _Statements(
        people=people.order_by(CONTACT.c.id).with_for_update(read=True),
        mark=mark.where(may_leave)
        .values(
            state=MessageState.SENDING.value,
            sent_at=bindparam("now"),
            attempts=MESSAGE.c.attempts + 1,
            lease_until=bindparam("until"),
        )
        .returning(MESSAGE.c.id),
        keep=update(MESSAGE)
        .where(MESSAGE.c.id == kept["b_id"])
        .values(
            with_invitation=kept["b_with_invitation"],
            basis=kept["b_basis"],
            judged_revision=kept["b_judged_revision"],
            **_given_or_kept(kept, _KEPT),
        ),
        standing=standing.order_by(MESSAGE.c.id).with_for_update(),
        settle=update(MESSAGE)
        .where(MESSAGE.c.id == settled["b_id"])
        .values(
            state=settled["b_state"],
            settled_at=settled["b_settled_at"],
            repeated=MESSAGE.c.repeated + settled["b_repeated"],
            lease_until=None,
            **_given_or_kept(settled, _SETTLED),
        ),
    )


# What a mail's hand-over, and its ending, may say besides; what they do not say stays as it is.
_KEPT = ("reason", "rule", "context", "template_digest")
_SETTLED = ("reason", "rule", "reply", "due_at")


def _given(*names: str, sqlite: bool) -> Mapping[str, ColumnElement[Any]]:
    """The message's number and these columns of it, each given under `b_NAME`."""
    return each_given({f"b_{name}": MESSAGE.c[name].type for name in ("id", *names)}, sqlite=sqlite)


def _given_or_kept(given: Mapping[str, ColumnElement[Any]], names: Sequence[str]) -> dict[str, Any]:
    """Columns that are set to what is given; None leaves what is there."""
    return {name: func.coalesce(given[f"b_{name}"], MESSAGE.c[name]) for name in names}


def requeue(
    connection: Connection,
    message_ids: Sequence[int],
    not_before: datetime | None = None,
    *,
    lease: datetime | None = None,
) -> None:
    """Give claimed messages back. `not_before`: when they are due again; None leaves them their turn.

    `lease`: only what is held under it.
    """
    if not message_ids:
        return
    ours = [] if lease is None else [MESSAGE.c.lease_until == lease]
    due = {} if not_before is None else {"due_at": not_before}
    connection.execute(
        update(MESSAGE)
        .where(among(connection, MESSAGE.c.id, message_ids), _CLAIMED, *ours)
        .values(state=_AT_REST, lease_until=None, **due)
    )


def postpone(connection: Connection, waits: Sequence[Postponed], lease: datetime) -> None:
    """Give claimed messages back, each due at an instant of its own."""
    rows = [{"b_id": each.message_id, "b_due": each.until, "b_planned": each.planned_at} for each in waits]
    if not rows:
        return
    planned = bindparam("b_planned", type_=MESSAGE.c.planned_at.type)
    connection.execute(
        update(MESSAGE)
        .where(MESSAGE.c.id == bindparam("b_id"), _CLAIMED, MESSAGE.c.lease_until == lease)
        .values(
            state=_AT_REST,
            lease_until=None,
            due_at=bindparam("b_due"),
            planned_at=func.coalesce(planned, MESSAGE.c.planned_at),
        ),
        rows,
    )


def orphans(connection: Connection, now: datetime, limit: int) -> list[Message]:
    """Messages whose sender died: the lease is over."""
    wanted = (
        select(*PLAIN).where(LEASED, is_over(MESSAGE.c.lease_until, now)).order_by(MESSAGE.c.id).limit(limit)
    )
    return [message_of(row) for row in connection.execute(claiming(wanted, MESSAGE))]
