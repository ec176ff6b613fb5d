"""How far people and mails came, scenario by scenario and step by step, in a span of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from accord.core.model.enrolment import RunState
from accord.core.model.message import MessageState
from accord.shell.engine.ports.figures import Funnel, StepCount
from accord.shell.engine.ports.tallies import ANSWERED_WITHIN
from accord.shell.store import tables
from accord.shell.store.dialect import field_of, number_of
from accord.shell.store.journal import EVENT
from accord.shell.store.mail import MESSAGE, PROSPECTING_LANE
from accord.shell.store.runs import RUN

_PLACE = (MESSAGE.c.scenario, MESSAGE.c.step, MESSAGE.c.edition)

_RUNS = {RunState.DUE: "under way", RunState.WAITING: "under way", RunState.FINISHED: "finished"}
_MAILS = {
    MessageState.ACCEPTED: ("sent", "delivered"),
    MessageState.COMPLAINED: ("sent", "delivered"),
    MessageState.BOUNCED: ("sent", "bounced"),
    MessageState.UNKNOWN: ("sent", "unknown"),
}

# What was handed over, whatever became of it then.
LEFT_US = MESSAGE.c.state.in_([state.value for state in _MAILS])

_UNSUBSCRIBES = ("consent.objected", "consent.withdrawn")

Counts = dict[str, int]
Place = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Span:
    """From one instant to another that is left out, or until now."""

    since: datetime
    until: datetime | None = None

    def holds(self, instant: ColumnElement[Any]) -> tuple[ColumnElement[bool], ...]:
        """Whether an instant lies in it."""
        if self.until is None:
            return (instant >= self.since,)
        return (instant >= self.since, instant < self.until)

    @property
    def answers(self) -> Span:
        """When mails of this span may have been answered."""
        return Span(self.since, self.until + ANSWERED_WITHIN if self.until is not None else None)


def funnel(connection: Connection, span: Span, scenario: str | None) -> Funnel:
    """People who entered and mails that were sent in a span, of one scenario or of all."""
    templates, counts = _sent(connection, span, scenario)
    reached = {
        "clicked": clicked(connection, span),
        "left": _last_mails_before(_UNSUBSCRIBES, span),
        "complained": _last_mails_before(("mail.complained",), span),
    }
    for what, mails in reached.items():
        for place, count in _by_place(connection, mails, span, scenario):
            counts[place][what] = count
    return Funnel(
        people(connection, span, scenario),
        [StepCount(*place, templates[place], its) for place, its in counts.items()],
        _not_sent(connection, span, scenario),
    )


def people(connection: Connection, span: Span, scenario: str | None) -> dict[str, Counts]:
    """By scenario: how many entered, and where they are, or why they left."""
    key = (RUN.c.scenario, RUN.c.state, RUN.c.ended_because)
    wanted = select(*key, func.count()).where(*span.holds(RUN.c.entered_at), *_only(RUN.c.scenario, scenario))
    found: dict[str, Counts] = {}
    for name, state, because, count in connection.execute(wanted.group_by(*key)):
        its = found.setdefault(name, {"entered": 0, "under way": 0, "finished": 0})
        where = _RUNS.get(RunState(state), f"left: {because}")
        its["entered"] += count
        its[where] = its.get(where, 0) + count
    return found


def _sent(
    connection: Connection, span: Span, scenario: str | None
) -> tuple[dict[Place, str], dict[Place, Counts]]:
    template = func.max(MESSAGE.c.template)
    wanted = (
        select(*_PLACE, MESSAGE.c.state, template, func.count())
        .where(*span.holds(MESSAGE.c.sent_at), *_only(MESSAGE.c.scenario, scenario))
        .group_by(*_PLACE, MESSAGE.c.state)
    )
    templates: dict[Place, str] = {}
    counts: dict[Place, Counts] = {}
    for name, step, edition, state, text, count in connection.execute(wanted):
        place = (name, step, edition)
        templates[place] = text
        its = counts.setdefault(place, {})
        for what in _MAILS.get(MessageState(state), ()):
            its[what] = its.get(what, 0) + count
    return templates, counts


def clicked(connection: Connection, span: Span) -> Select[Any]:
    """Mails in which a person clicked."""
    human = field_of(connection, EVENT.c.data, "verdict") == "human"
    number = number_of(connection, EVENT.c.data, "message_id")
    told = (EVENT.c.name == "mail.clicked", *span.answers.holds(EVENT.c.at), human)
    return select(number.label("number")).where(tables.OUTCOMES, *told)


def _last_mails_before(names: Sequence[str], span: Span) -> Select[Any]:
    """The last prospecting mail before each of these events: what the person most likely answers."""
    last = (
        select(MESSAGE.c.id)
        .where(
            MESSAGE.c.contact_id == EVENT.c.contact_id,
            MESSAGE.c.sent_at <= EVENT.c.at,
            MESSAGE.c.lane == PROSPECTING_LANE,
        )
        .order_by(MESSAGE.c.sent_at.desc(), MESSAGE.c.id.desc())
        .limit(1)
        .correlate(EVENT)
        .scalar_subquery()
    )
    answered = (EVENT.c.name.in_(names), *span.answers.holds(EVENT.c.at))
    return select(last.label("number")).where(tables.OUTCOMES, *answered)


def _by_place(
    connection: Connection, mails: Select[Any], span: Span, scenario: str | None
) -> list[tuple[Place, int]]:
    """How many of these mails each place sent. They are looked up first and once: they are few."""
    found = mails.distinct().cte("told").prefix_with("MATERIALIZED", dialect="postgresql")
    wanted = (
        select(*_PLACE, func.count())
        .join(found, found.c.number == MESSAGE.c.id)
        .where(*span.holds(MESSAGE.c.sent_at), *_only(MESSAGE.c.scenario, scenario))
        .group_by(*_PLACE)
    )
    return [((row[0], row[1], row[2]), row[3]) for row in connection.execute(wanted)]


def _not_sent(connection: Connection, span: Span, scenario: str | None) -> dict[Place, Counts]:
    """By scenario, step and template: why mails were not sent, and how many."""
    told = ("scenario", "step", "template", "reason")
    fields = (func.coalesce(field_of(connection, EVENT.c.data, key), "").label(key) for key in told)
    refused = (EVENT.c.name == "mail.refused", *span.holds(EVENT.c.at))
    rows = select(*fields).where(tables.OUTCOMES, *refused).subquery()
    key = (rows.c.scenario, rows.c.step, rows.c.template, rows.c.reason)
    wanted = select(*key, func.count()).where(*_only(rows.c.scenario, scenario)).group_by(*key)
    found: dict[Place, Counts] = {}
    for name, step, template, because, count in connection.execute(wanted):
        found.setdefault((name, step, template), {})[because] = count
    return found


def _only(column: ColumnElement[Any], scenario: str | None) -> tuple[ColumnElement[bool], ...]:
    return (column == scenario,) if scenario is not None else ()
