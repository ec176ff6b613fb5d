"""Runs in the database: beginning, claiming what is due, moving on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Table,
    UpdateBase,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.engine import Row

from accord.core.model.enrolment import Enrolment, RunState
from accord.shell.engine.ports.rows import NewRun, PastEntry, RunChange
from accord.shell.store import tables
from accord.shell.store.bulk import change_each, each_given, insert_absent, numbered
from accord.shell.store.dialect import among, among_the, claimed, claiming, is_sqlite, listed
from accord.shell.store.leases import NOW, at, is_free
from accord.shell.store.pauses import stands_still

RUN = cast("Table", tables.EnrolmentRow.__table__)  # type: ignore[attr-defined]

# Said in the SQL itself, not as parameters: a partial index serves only what provably fits it.
ONE: ColumnElement[int] = literal_column("1")
ZERO: ColumnElement[int] = literal_column("0")
BEYOND_AUTHORS: ColumnElement[int] = literal_column("100")
OPEN = RUN.c.open == ONE

_OPEN_STATES = frozenset({RunState.DUE, RunState.WAITING})


def add(connection: Connection, runs: Sequence[NewRun]) -> list[Enrolment]:
    """Those that began, with their ids: a (scenario, contact, entry key) that exists begins nothing."""
    if not runs:
        return []
    rows = numbered(connection, RUN, [_row(run) for run in runs])
    insert_absent(connection, RUN, rows)
    return by_id(connection, [row["id"] for row in rows])


def _row(run: NewRun) -> dict[str, Any]:
    return {
        "contact_id": run.contact_id,
        "scenario": run.scenario,
        "digest": run.digest,
        "entry_key": run.entry_key,
        "entered_at": run.entered_at,
        "state": run.state.value,
        "open": int(run.state in _OPEN_STATES),
        "step": run.step,
        "due_at": run.due_at,
        "planned_at": run.due_at,
        "decided_at": run.entered_at,
        "event_id": run.event_id,
        "this": run.this,
        "priority": run.priority,
        "held_out": run.held_out,
        "stays": int(run.stays),
    }


def enrolment(row: Row[Any]) -> Enrolment:
    """The run of a row."""
    return Enrolment(
        id=row.id,
        contact_id=row.contact_id,
        scenario=row.scenario,
        digest=row.digest,
        entry_key=row.entry_key,
        entered_at=row.entered_at,
        state=RunState(row.state),
        step=row.step,
        due_at=row.due_at,
        planned_at=row.planned_at,
        decided_at=row.decided_at,
        event_id=row.event_id,
        this=row.this,
        last_send_at=row.last_send_at,
        priority=row.priority,
        held_out=bool(row.held_out),
        goal_at=row.goal_at,
    )


def claim_due(connection: Connection, now: datetime, limit: int, until: datetime) -> list[Enrolment]:
    """Due runs that nobody holds, at most one a contact, leased until `until`: service first, then oldest first.

    Of several due runs of one contact the batch takes the one with the highest priority, of equals the
    oldest; the others come with the next batch. Two daemons may hold one run each of the same contact: its
    row's lock lets them decide one after the other.
    """
    sqlite = is_sqlite(connection)
    first = {**at(now), "limit": limit, "until": until}
    service = connection.execute(_claiming_service(sqlite=sqlite), first).all()
    theirs = listed(connection, [row.contact_id for row in service])
    then = {**first, "limit": limit - len(service), "ids": theirs}
    others = connection.execute(_claiming_others(sqlite=sqlite), then).all()
    return [enrolment(row) for rows in (service, others) for row in sorted(rows, key=_in_turn)]


def _in_turn(row: Row[Any]) -> tuple[datetime, int]:
    return row.due_at, row.id


_DUE = RUN.alias("due")


@cache
def _claiming_service(*, sqlite: bool) -> UpdateBase:
    return _claiming(_DUE.c.priority > BEYOND_AUTHORS, sqlite=sqlite)


@cache
def _claiming_others(*, sqlite: bool) -> UpdateBase:
    return _claiming(~among_the("ids", _DUE.c.contact_id, sqlite=sqlite), sqlite=sqlite)


def _claiming(which: ColumnElement[bool], *, sqlite: bool) -> UpdateBase:
    due, other = _DUE, RUN.alias("other")
    older = or_(other.c.due_at < due.c.due_at, and_(other.c.due_at == due.c.due_at, other.c.id < due.c.id))
    before = or_(other.c.priority > due.c.priority, and_(other.c.priority == due.c.priority, older))
    # By an index on the contact, row by row. OFFSET keeps PostgreSQL from making a join of it, which reads all that is
    # due for each batch, and `open + 0` from the index on what is due: it takes both where it has no statistics yet.
    rivals = and_(other.c.contact_id == due.c.contact_id, other.c.open + ZERO == ONE, other.c.due_at <= NOW)
    goes_first = select(other.c.id).where(rivals, _is_free(other), before).offset(ZERO).exists()
    chosen = select(due.c.id).where(due.c.open == ONE, due.c.due_at <= NOW, which, _is_free(due), ~goes_first)
    chosen = chosen.order_by(due.c.due_at, due.c.id).limit(bindparam("limit"))
    change = update(RUN).values(lease_until=bindparam("until"))
    return claimed(change, RUN.c.id, claiming(chosen, due), sqlite=sqlite).returning(*RUN.c)


def _is_free(run: FromClause) -> ColumnElement[bool]:
    """Its scenario is not paused, and nobody holds it, or whoever did has died."""
    return and_(is_free(run.c.lease_until), ~stands_still(run.c.scenario, run.c.id))


def by_id(connection: Connection, ids: Sequence[int]) -> list[Enrolment]:
    """Runs by their number, ended ones too."""
    wanted = select(RUN).where(among(connection, RUN.c.id, ids)).order_by(RUN.c.id)
    return [enrolment(row) for row in connection.execute(wanted)]


def open_runs(connection: Connection, contact_ids: Sequence[int]) -> list[Enrolment]:
    """The runs of these contacts that have not ended."""
    wanted = select(RUN).where(among(connection, RUN.c.contact_id, contact_ids), OPEN).order_by(RUN.c.id)
    return [enrolment(row) for row in connection.execute(wanted)]


def going(connection: Connection, contact_ids: Sequence[int]) -> list[Enrolment]:
    """The runs of these contacts that have not ended, and whose scenario is not paused."""
    wanted = select(RUN).where(among(connection, RUN.c.contact_id, contact_ids), OPEN)
    wanted = wanted.where(~stands_still(RUN.c.scenario, RUN.c.id)).order_by(RUN.c.id)
    return [enrolment(row) for row in connection.execute(wanted)]


def of_contact(connection: Connection, contact_id: int) -> list[Enrolment]:
    """All runs of one person, ended ones too, oldest first."""
    wanted = select(RUN).where(RUN.c.contact_id == contact_id).order_by(RUN.c.id)
    return [enrolment(row) for row in connection.execute(wanted)]


def past_entries(
    connection: Connection, contact_ids: Sequence[int], scenarios: Sequence[str]
) -> list[PastEntry]:
    """When these contacts entered these scenarios, ended or not."""
    columns = (
        RUN.c.contact_id,
        RUN.c.scenario,
        RUN.c.entry_key,
        RUN.c.entered_at,
        RUN.c.open,
        RUN.c.stays,
    )
    wanted = select(*columns).where(
        among(connection, RUN.c.contact_id, contact_ids), among(connection, RUN.c.scenario, scenarios)
    )
    return [
        PastEntry(row.contact_id, row.scenario, row.entry_key, row.entered_at, not row.open, row.stays == 1)
        for row in connection.execute(wanted)
    ]


def change(connection: Connection, changes: Sequence[RunChange]) -> None:
    """Move runs, and give back their lease; a run that has ended meanwhile stays ended."""
    rows = [
        {
            "b_id": each.run_id,
            "b_state": each.state.value,
            "b_open": int(each.state in _OPEN_STATES),
            "b_step": each.step,
            "b_due_at": each.due_at,
            "b_planned_at": each.planned_at,
            "b_decided_at": each.decided_at,
            "b_last_send_at": each.last_send_at,
            "b_ended_because": each.ended_because,
        }
        for each in changes
    ]
    change_each(connection, _moving(sqlite=is_sqlite(connection)), rows)


_MOVED = ("state", "open", "step", "due_at", "planned_at", "decided_at", "last_send_at", "ended_because")


@cache
def _moving(*, sqlite: bool) -> UpdateBase:
    kinds = {"b_id": RUN.c.id.type, **{f"b_{name}": RUN.c[name].type for name in _MOVED}}
    given = each_given(kinds, sqlite=sqlite)
    values = {name: given[f"b_{name}"] for name in _MOVED}
    return update(RUN).where(RUN.c.id == given["b_id"], OPEN).values(lease_until=None, **values)


def oldest_due(connection: Connection, now: datetime) -> tuple[int, datetime | None]:
    """How many runs are due and not paused, and since when the oldest of them is."""
    due = select(func.count(), func.min(RUN.c.due_at)).select_from(RUN).where(OPEN, RUN.c.due_at <= now)
    row = connection.execute(due.where(~stands_still(RUN.c.scenario, RUN.c.id))).one()
    return row[0], row[1]


def next_due(connection: Connection) -> datetime | None:
    """The instant at which the next run that is not paused is due, whoever holds it."""
    return connection.execute(_NEXT).scalar()


_NEXT = (
    select(RUN.c.due_at)
    .where(OPEN, ~stands_still(RUN.c.scenario, RUN.c.id))
    .order_by(RUN.c.due_at)
    .limit(literal_column("1"))
)


def in_flight(connection: Connection) -> list[tuple[str, str, str, int]]:
    """(scenario, digest, step, how many) of all open runs."""
    wanted = (
        select(RUN.c.scenario, RUN.c.digest, RUN.c.step, func.count())
        .where(OPEN)
        .group_by(RUN.c.scenario, RUN.c.digest, RUN.c.step)
        .order_by(RUN.c.scenario, RUN.c.digest, RUN.c.step)
    )
    return [tuple(row) for row in connection.execute(wanted)]
