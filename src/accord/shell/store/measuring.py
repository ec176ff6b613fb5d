"""What scenarios measure themselves by, in the database: goals that came, subjects that were tried."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    case,
    false,
    func,
    or_,
    select,
    update,
)

from accord.core.model.enrolment import Enrolment, RunState
from accord.core.model.trial import Trial, TrialKey, Tried
from accord.shell.engine.ports.measuring import Reached
from accord.shell.store import tables
from accord.shell.store.bulk import insert_absent
from accord.shell.store.dialect import among, field_of, number_of
from accord.shell.store.funnel import Span
from accord.shell.store.journal import EVENT
from accord.shell.store.mail import MESSAGE
from accord.shell.store.posting_tables import SubjectTrialRow
from accord.shell.store.runs import RUN, enrolment
from accord.shell.store.statistics import DELIVERED

TRIAL = cast("Table", SubjectTrialRow.__table__)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class SqlMeasuring:
    """The port `Measuring` over one connection."""

    connection: Connection

    # -- goals -----------------------------------------------------------------------------------------------

    def may_reach(self, contact_ids: Sequence[int], since: Mapping[str, datetime]) -> Sequence[Enrolment]:
        """Runs of these people whose goal has not come: by scenario, those begun since."""
        begun = [and_(RUN.c.scenario == name, RUN.c.entered_at >= at) for name, at in since.items()]
        wanted = select(RUN).where(
            among(self.connection, RUN.c.contact_id, contact_ids),
            RUN.c.goal_at.is_(None),
            or_(false(), *begun),
            _took_part(),
        )
        return [enrolment(row) for row in self.connection.execute(wanted.order_by(RUN.c.id))]

    def reached(self, runs: Mapping[int, datetime]) -> None:
        """The goals of these runs came at these instants."""
        if runs:
            change = update(RUN).where(RUN.c.id == bindparam("b_id"), RUN.c.goal_at.is_(None))
            rows = [{"b_id": number, "b_at": at} for number, at in runs.items()]
            self.connection.execute(change.values(goal_at=bindparam("b_at", type_=RUN.c.goal_at.type)), rows)

    def goals(self, scenario: str, since: datetime, mature: datetime) -> tuple[Reached, Reached]:
        """Of those who took part, and of those held out: how many entered, how many reached it, how many may yet."""
        over, came = RUN.c.entered_at <= mature, RUN.c.goal_at.is_not(None)
        counted = (over, and_(over, came), ~over, and_(~over, came))
        sums = [func.sum(case((which, 1), else_=0)) for which in counted]
        wanted = (
            select(RUN.c.held_out, *sums)
            .where(RUN.c.scenario == scenario, RUN.c.entered_at >= since, _took_part())
            .group_by(RUN.c.held_out)
        )
        found = {bool(row[0]): Reached(*row[1:]) for row in self.connection.execute(wanted)}
        return found.get(False, Reached()), found.get(True, Reached())

    # -- subjects --------------------------------------------------------------------------------------------

    def trials(self, keys: Collection[TrialKey]) -> Mapping[TrialKey, Trial]:
        """What is known of these trials; those that have not begun are left out."""
        known = self.trials_of({each.digest for each in keys})
        return {key: known[key] for key in keys if key in known}

    def trials_of(self, digests: Collection[str]) -> Mapping[TrialKey, Trial]:
        """Every trial of these versions that has begun."""
        if not digests:
            return {}
        wanted = select(TRIAL).where(among(self.connection, TRIAL.c.digest, sorted(digests)))
        return {
            _key(row): Trial(row.began_at, _figures(row.figures)) for row in self.connection.execute(wanted)
        }

    def begin(self, keys: Collection[TrialKey], now: datetime) -> None:
        """These trials begin now; one that has begun stays as it is."""
        insert_absent(self.connection, TRIAL, [{**_row(key), "began_at": now} for key in keys])

    def count(self, key: TrialKey, until: datetime) -> Mapping[str, Tried]:
        """What came, until an instant, of each subject in the mails queued until then."""
        mails = and_(MESSAGE.c.digest == key.digest, MESSAGE.c.step == key.step, MESSAGE.c.queued_at <= until)
        if key.entered_at is not None:
            own = select(RUN.c.id).where(RUN.c.digest == key.digest, RUN.c.entered_at == key.entered_at)
            mails = and_(mails, MESSAGE.c.enrolment_id.in_(own))
        found = self._tried(mails, EVENT.c.at <= until)
        return {subject: figures for (_, subject), figures in found.items()}

    def keep(self, key: TrialKey, figures: Mapping[str, Tried]) -> None:
        """Write down what a trial came to, once for all."""
        said = {name: [each.delivered, each.clicked] for name, each in figures.items()}
        its = [TRIAL.c[name] == value for name, value in _row(key).items()]
        self.connection.execute(update(TRIAL).where(*its, TRIAL.c.figures.is_(None)).values(figures=said))

    def tried(self, scenario: str, since: datetime) -> Mapping[str, Mapping[str, Tried]]:
        """Step by step: what came of each subject in the mails sent since an instant."""
        mails = and_(MESSAGE.c.scenario == scenario, MESSAGE.c.sent_at >= since)
        found: dict[str, dict[str, Tried]] = {}
        for (step, subject), figures in self._tried(mails, EVENT.c.at >= since).items():
            found.setdefault(step, {})[subject] = figures
        return found

    def _tried(self, mails: ColumnElement[bool], clicks: ColumnElement[bool]) -> dict[tuple[str, str], Tried]:
        """By step and subject: mails delivered, and those in which a person clicked."""
        human = field_of(self.connection, EVENT.c.data, "verdict") == "human"
        number = number_of(self.connection, EVENT.c.data, "message_id")
        clicked = (
            select(number.label("number"))
            .where(tables.OUTCOMES, EVENT.c.name == "mail.clicked", clicks, human)
            .distinct()
            .cte("clicked")
            .prefix_with("MATERIALIZED", dialect="postgresql")
        )
        key = (MESSAGE.c.step, MESSAGE.c.subject)
        wanted = (
            select(*key, func.count(), func.count(clicked.c.number))
            .outerjoin(clicked, clicked.c.number == MESSAGE.c.id)
            .where(mails, DELIVERED, MESSAGE.c.subject.is_not(None))
            .group_by(*key)
        )
        return {(row[0], row[1]): Tried(row[2], row[3]) for row in self.connection.execute(wanted)}


def cohorts(connection: Connection, span: Span) -> Iterator[tuple[str, bool, int, int]]:
    """Of the runs that began in a span, by scenario and whether held out: how many, and of how many the goal came."""
    key = (RUN.c.scenario, RUN.c.held_out)
    reached = func.sum(case((RUN.c.goal_at.is_not(None), 1), else_=0))
    wanted = select(*key, func.count(), reached).where(*span.holds(RUN.c.entered_at), _took_part())
    for scenario, held_out, entered, came in connection.execute(wanted.group_by(*key)):
        yield scenario, bool(held_out), entered, int(came)


def _took_part() -> ColumnElement[bool]:
    """Not one of those who were noted as having left at activation, so that they don't enter."""
    return or_(RUN.c.state != RunState.LEFT.value, RUN.c.ended_because.is_not(None))


def _row(key: TrialKey) -> dict[str, Any]:
    at = key.entered_at
    occasion = at.astimezone(UTC).isoformat() if at is not None else ""
    return {"digest": key.digest, "step": key.step, "occasion": occasion}


def _key(row: Any) -> TrialKey:
    occasion = datetime.fromisoformat(row.occasion) if row.occasion else None
    return TrialKey(row.digest, row.step, occasion)


def _figures(said: Mapping[str, Sequence[int]] | None) -> Mapping[str, Tried] | None:
    return {name: Tried(*each) for name, each in said.items()} if said is not None else None
