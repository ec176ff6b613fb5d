"""The roll-ups in the database: one day counted from the ledgers, and read again from a few rows."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Connection, Table, delete, func, select, true

from accord.core.model.consent import Nature
from accord.shell.engine.ports.tallies import (
    CAME_BACK,
    ENTERED,
    HELD_OUT,
    KEPT,
    REACHED,
    TOOK_PART,
    WRITTEN_TO,
    Subject,
    Tally,
)
from accord.shell.store import aging, funnel, measuring, runs, switches, tables
from accord.shell.store.bulk import insert_rows
from accord.shell.store.dialect import field_of, upsert
from accord.shell.store.funnel import Span
from accord.shell.store.journal import EVENT
from accord.shell.store.mail import MESSAGE

COUNT = cast("Table", tables.DailyCountRow.__table__)  # type: ignore[attr-defined]

_TURN, _COUNTED = "roll up", "rolled up"

# A row of this subject says of a day that it was counted, and how many days it was over by then.
_MARKER = "counted"

_EVER = (date(1900, 1, 1), date(9999, 1, 1))

Counted = Iterator[tuple[Subject, Sequence[str | None], int]]


@dataclass(frozen=True, slots=True)
class SqlTallies:
    """The port `Tallies` over one connection."""

    connection: Connection

    # -- for pages -------------------------------------------------------------------------------------------

    def counts(self, subject: str, since: date, until: date) -> list[Tally]:
        """What was counted of these days, `until` left out."""
        wanted = (
            select(COUNT.c.day, COUNT.c.key, COUNT.c.count)
            .where(COUNT.c.subject == subject, COUNT.c.day >= since, COUNT.c.day < until)
            .order_by(COUNT.c.day, COUNT.c.key)
        )
        rows = self.connection.execute(wanted)
        return [Tally(day, subject, _parts(key), count) for day, key, count in rows]

    def totals(self, subject: str, since: date, until: date) -> dict[tuple[str, ...], int]:
        """The same of all these days together."""
        wanted = (
            select(COUNT.c.key, func.sum(COUNT.c.count))
            .where(COUNT.c.subject == subject, COUNT.c.day >= since, COUNT.c.day < until)
            .group_by(COUNT.c.key)
            .order_by(COUNT.c.key)
        )
        return {_parts(key): int(count) for key, count in self.connection.execute(wanted)}

    def counted_at(self) -> datetime | None:
        """When the newest count was written."""
        mark = switches.progress(self.connection, _COUNTED)
        return datetime.fromisoformat(mark) if mark is not None else None

    # -- for the loop that counts ----------------------------------------------------------------------------

    def take_turn(self, now: datetime, every: timedelta) -> bool:
        """One conditional write: of several daemons one gets it."""
        return switches.take_turn(self.connection, _TURN, now, every)

    def still_mine(self, now: datetime) -> bool:
        """Whether nobody has taken a turn since; the mark is locked until the transaction ends."""
        return switches.progress(self.connection, _TURN, lock=True) == now.isoformat()

    def counted_days(self) -> dict[date, int]:
        """Each day that was counted, and how many days it was over by then."""
        wanted = select(COUNT.c.day, COUNT.c.count.label("age")).where(COUNT.c.subject == _MARKER)
        return {row.day: row.age for row in self.connection.execute(wanted)}

    def of_day(self, day: date, since: datetime, until: datetime) -> list[Tally]:
        """Count one day from the ledgers."""
        span = Span(since, until)
        parts = (self._left, self._refused, self._held, self._mails, self._people, self._goals)
        month = f"{day:%Y-%m}"
        return [
            *(_tally(day, *counted) for part in parts for counted in part(span)),
            *(_tally(day, Subject.REACTIVATION, (month, what), n) for what, n in self._reactivated(span)),
        ]

    def in_flight(self, day: date) -> list[Tally]:
        """Where people stand now."""
        found = runs.in_flight(self.connection)
        return [_tally(day, Subject.IN_FLIGHT, where, count) for *where, count in found]

    def cut_off(self, day: date) -> list[Tally]:
        """How many people reach their cut-off in each month, past months too."""
        found = aging.cut_offs(self.connection, *_EVER)
        return [_tally(day, Subject.CUT_OFF, (month,), count) for month, count in found]

    def replace(self, day: date, subjects: Collection[Subject], tallies: Sequence[Tally]) -> None:
        """Write these in place of what was there."""
        old = delete(COUNT).where(COUNT.c.subject.in_(sorted(subjects)), COUNT.c.day == day)
        self.connection.execute(old)
        insert_rows(self.connection, COUNT, [_row(each) for each in tallies])

    def note(self, day: date, age: int, now: datetime) -> None:
        """A day was counted."""
        noted = upsert(self.connection, COUNT, ("subject", "day", "key"), ("count",))
        self.connection.execute(noted, [_row(Tally(day, _MARKER, (), age))])
        switches.note_progress(self.connection, _COUNTED, now.isoformat(), now)

    def drop(self, before: date) -> None:
        """Days that nobody asks for any more."""
        subjects = sorted({*Subject, _MARKER})
        self.connection.execute(delete(COUNT).where(COUNT.c.subject.in_(subjects), COUNT.c.day < before))

    # -- one day ---------------------------------------------------------------------------------------------

    def _left(self, span: Span) -> Counted:
        key = (MESSAGE.c.nature, MESSAGE.c.basis, MESSAGE.c.state)
        wanted = select(*key, func.count()).where(*span.holds(MESSAGE.c.sent_at), funnel.LEFT_US)
        for *told, count in self.connection.execute(wanted.group_by(*key)):
            yield Subject.LEFT, told, count

    def _refused(self, span: Span) -> Counted:
        refused = (tables.OUTCOMES, EVENT.c.name == "mail.refused", *span.holds(EVENT.c.at))
        return self._told(Subject.REFUSED, ("reason", "rule", "nature"), refused)

    def _held(self, span: Span) -> Counted:
        return self._told(Subject.HELD, ("reason", "nature"), (tables.HELD, *span.holds(EVENT.c.at)))

    def _told(self, subject: Subject, names: Sequence[str], which: Sequence[Any]) -> Counted:
        """How often the journal tells these fields."""
        fields = (field_of(self.connection, EVENT.c.data, name).label(name) for name in names)
        rows = select(*fields).where(*which).subquery()
        for *told, count in self.connection.execute(select(*rows.c, func.count()).group_by(*rows.c)):
            yield subject, told, count

    def _mails(self, span: Span) -> Counted:
        found = funnel.funnel(self.connection, span, None)
        for step in found.steps:
            place = (step.scenario, step.step, step.edition)
            for what, count in step.counts.items():
                yield Subject.MAIL, (*place, what), count
        refused: dict[tuple[str, str], int] = {}
        for (scenario, step_name, _), reasons in found.not_sent.items():
            where = (scenario, step_name)
            refused[where] = refused.get(where, 0) + sum(reasons.values())
        for where, count in refused.items():
            yield Subject.MAIL, (*where, "", "refused"), count

    def _people(self, span: Span) -> Counted:
        for scenario, counts in funnel.people(self.connection, span, None).items():
            for what, count in counts.items():
                if count:
                    yield Subject.PEOPLE, (scenario, what), count

    def _goals(self, span: Span) -> Counted:
        for scenario, held_out, entered, reached in measuring.cohorts(self.connection, span):
            group = HELD_OUT if held_out else TOOK_PART
            yield Subject.GOAL, (scenario, group, ENTERED), entered
            if reached:
                yield Subject.GOAL, (scenario, group, REACHED), reached

    def _reactivated(self, span: Span) -> Iterator[tuple[str, int]]:
        """People who were asked to stay, and those of them who came back."""
        asked = (
            *span.holds(MESSAGE.c.sent_at),
            funnel.LEFT_US,
            MESSAGE.c.nature == Nature.REACTIVATION.value,
        )
        people = func.count(MESSAGE.c.contact_id.distinct())
        clicked = funnel.clicked(self.connection, span)
        kept = select(EVENT.c.id).where(
            EVENT.c.contact_id == MESSAGE.c.contact_id,
            EVENT.c.at >= MESSAGE.c.sent_at,
            EVENT.c.name == "contact.kept",
            *span.answers.holds(EVENT.c.at),
        )
        which = {WRITTEN_TO: true(), CAME_BACK: MESSAGE.c.id.in_(clicked), KEPT: kept.exists()}
        for what, condition in which.items():
            count = self.connection.execute(select(people).where(*asked, condition)).scalar_one()
            if count:
                yield what, count


@lru_cache(maxsize=4096)
def _parts(key: str) -> tuple[str, ...]:
    """A key as it was counted; the same ones come again each day."""
    return tuple(json.loads(key))


def _tally(day: date, subject: Subject, key: Sequence[str | None], count: int) -> Tally:
    return Tally(day, subject, tuple(part or "" for part in key), count)


def _row(tally: Tally) -> dict[str, Any]:
    key = json.dumps(tally.key, ensure_ascii=False)
    return {"day": tally.day, "subject": tally.subject, "key": key, "count": tally.count}
