"""Running scenarios in the database: pauses, who stands where, each going live with its forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.engine import Row

from accord.core.model.enrolment import Enrolment
from accord.core.model.message import MessageState
from accord.shell.engine.ports.running import Activation, Pause, WaitingMail
from accord.shell.store import postings, tables
from accord.shell.store.dialect import among, insert_new
from accord.shell.store.mail import MESSAGE, WAITING
from accord.shell.store.pauses import PAUSE
from accord.shell.store.postings import POSTING
from accord.shell.store.runs import OPEN, RUN, enrolment
from accord.shell.store.switches import SCENARIO

ACTIVATION = cast("Table", tables.ActivationRow.__table__)  # type: ignore[attr-defined]

# A mail may be called back until it is being handed over.
_RECALLABLE = or_(WAITING, MESSAGE.c.state == MessageState.CLAIMED.value)

_EMPTIED = and_(
    SCENARIO.c.state == "draining",
    ~select(RUN.c.id).where(RUN.c.scenario == SCENARIO.c.name, OPEN).exists(),
)


@dataclass(frozen=True, slots=True)
class SqlRunning:
    """The port `Running` over one connection."""

    connection: Connection

    # pauses
    def pauses(self) -> Mapping[str, Pause]:
        rows = self.connection.execute(select(PAUSE).order_by(PAUSE.c.name))
        return {row.name: _pause(row) for row in rows}

    def pause(self, name: str, by: str, now: datetime) -> bool:
        row = {"name": name, "by": by, "since": now, "freed_to": 0}
        begun = self.connection.execute(insert_new(self.connection, PAUSE).returning(PAUSE.c.name), [row])
        return len(begun.all()) > 0

    def lock_pause(self, name: str) -> Pause | None:
        wanted = select(PAUSE).where(PAUSE.c.name == name).with_for_update()
        row = self.connection.execute(wanted).one_or_none()
        return _pause(row) if row is not None else None

    def freed(self, name: str, through: int, until: datetime | None) -> None:
        change = update(PAUSE).where(PAUSE.c.name == name)
        self.connection.execute(change.values(freed_to=through, freed_until=until))

    def end_pause(self, name: str) -> None:
        self.connection.execute(delete(PAUSE).where(PAUSE.c.name == name))

    # who stands where
    def standing(
        self, name: str, *, after_id: int, limit: int, of: Sequence[int] | None = None
    ) -> Sequence[int]:
        waits = select(MESSAGE.c.id).where(MESSAGE.c.enrolment_id == RUN.c.id, _RECALLABLE).exists()
        calls = select(POSTING.c.id).where(POSTING.c.enrolment_id == RUN.c.id, postings.RECALLABLE).exists()
        wanted = select(RUN.c.id).where(RUN.c.scenario == name, RUN.c.id > after_id, or_(OPEN, waits, calls))
        if of is not None:
            wanted = wanted.where(among(self.connection, RUN.c.contact_id, of))
        return list(self.connection.execute(wanted.order_by(RUN.c.id).limit(limit)).scalars())

    def open_runs(
        self, name: str, *, after_id: int, limit: int, not_of: str | None = None
    ) -> Sequence[Enrolment]:
        wanted = select(RUN).where(RUN.c.scenario == name, OPEN, RUN.c.id > after_id)
        if not_of is not None:
            wanted = wanted.where(RUN.c.digest != not_of)
        return self._locked(wanted.order_by(RUN.c.id).limit(limit))

    def lock_runs(self, ids: Sequence[int]) -> Sequence[Enrolment]:
        return self._locked(select(RUN).where(among(self.connection, RUN.c.id, ids), OPEN).order_by(RUN.c.id))

    def _locked(self, wanted: Any) -> Sequence[Enrolment]:
        return [enrolment(row) for row in self.connection.execute(wanted.with_for_update())]

    def pin(self, run_ids: Sequence[int], digest: str, priority: int) -> None:
        change = update(RUN).where(among(self.connection, RUN.c.id, run_ids), OPEN)
        self.connection.execute(change.values(digest=digest, priority=priority))

    # mail that waits
    def waiting_mails(self, run_ids: Sequence[int]) -> Sequence[WaitingMail]:
        wanted = select(MESSAGE).where(among(self.connection, MESSAGE.c.enrolment_id, run_ids), _RECALLABLE)
        return [
            WaitingMail(
                row.id,
                row.enrolment_id,
                row.contact_id,
                row.scenario,
                row.step,
                row.template,
                row.nature,
                row.planned_at,
            )
            for row in self.connection.execute(wanted.order_by(MESSAGE.c.planned_at, MESSAGE.c.id))
        ]

    def plan_mails(self, instants: Mapping[int, datetime]) -> None:
        rows = [{"b_id": number, "b_at": at} for number, at in instants.items()]
        if rows:
            change = update(MESSAGE).where(MESSAGE.c.id == bindparam("b_id"), WAITING)
            self.connection.execute(
                change.values(due_at=bindparam("b_at"), planned_at=bindparam("b_at")), rows
            )

    def cancel_mails(self, message_ids: Sequence[int], reason: str, now: datetime) -> Sequence[int]:
        change = update(MESSAGE).where(among(self.connection, MESSAGE.c.id, message_ids), _RECALLABLE)
        done = change.values(
            state=MessageState.CANCELLED.value, reason=reason, rule="team", settled_at=now, lease_until=None
        )
        return sorted(self.connection.execute(done.returning(MESSAGE.c.id)).scalars())

    # going live
    def note_activation(self, activation: Activation) -> None:
        row = {
            "name": activation.name,
            "digest": activation.digest,
            "at": activation.at,
            "by": activation.by,
            "forecast": {day.isoformat(): mails for day, mails in activation.forecast.items()},
            "queued": activation.queued,
            "accepted": activation.accepted,
        }
        self.connection.execute(insert(ACTIVATION), [row])

    def activation(self, name: str) -> Activation | None:
        wanted = select(ACTIVATION).where(ACTIVATION.c.name == name).order_by(ACTIVATION.c.id.desc()).limit(1)
        row = self.connection.execute(wanted).one_or_none()
        return _activation(row) if row is not None else None

    def count_mails(self, queued: Mapping[str, int]) -> Sequence[Activation]:
        # One scenario after the other, in the same order everywhere: two daemons never wait for each other.
        return [
            _activation(row)
            for name in sorted(queued)
            for row in self.connection.execute(
                update(ACTIVATION)
                .where(ACTIVATION.c.id == _newest(name))
                .values(queued=ACTIVATION.c.queued + queued[name])
                .returning(*ACTIVATION.c)
            )
        ]

    def accept_mails(self, name: str) -> None:
        change = update(ACTIVATION).where(ACTIVATION.c.id == _newest(name))
        self.connection.execute(change.values(accepted=ACTIVATION.c.queued))

    def emptied(self) -> Sequence[str]:
        wanted = select(SCENARIO.c.name).where(_EMPTIED).order_by(SCENARIO.c.name)
        return list(self.connection.execute(wanted).scalars())

    def end_if_empty(self, name: str, by: str, now: datetime) -> bool:
        change = update(SCENARIO).where(SCENARIO.c.name == name, _EMPTIED)
        done = change.values(state="ended", changed_at=now, changed_by=by).returning(SCENARIO.c.name)
        return len(self.connection.execute(done).all()) > 0


def _newest(name: str) -> ColumnElement[Any]:
    return select(func.max(ACTIVATION.c.id)).where(ACTIVATION.c.name == name).scalar_subquery()


def _pause(row: Row[Any]) -> Pause:
    return Pause(row.name, row.by, row.since, row.freed_to, row.freed_until)


def _activation(row: Row[Any]) -> Activation:
    forecast = {date.fromisoformat(day): mails for day, mails in (row.forecast or {}).items()}
    return Activation(row.name, row.digest, row.at, row.by, forecast, row.queued, row.accepted)
