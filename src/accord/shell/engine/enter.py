"""The calendar's way in: at each occasion of a schedule, a segment or a date, the base is walked in pages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from accord.core.decide import enters
from accord.core.model.content import Catalogue
from accord.core.model.decision import Situation
from accord.core.model.enrolment import RunState
from accord.core.model.expression import And, Condition, Constant, Expression, Operand, Truth, Type
from accord.core.model.place import Span
from accord.core.model.scenario import OnSegment, Scenario
from accord.core.triggers import occasions
from accord.core.triggers.occasion import Occasion
from accord.shell.engine.apply import Batch
from accord.shell.engine.ports import Store, Unit
from accord.shell.engine.react import last_entries, new_run
from accord.shell.engine.rows import NewRun

PAGE = 1000

EVERYBODY = Expression(
    "everybody", Span("", 1, 1), Truth(Constant(value=True, type=Type.BOOLEAN)), Type.BOOLEAN
)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a scenario's calendar has come: the last occasion done, and the page where one was broken off."""

    done_until: datetime
    page_of: datetime | None = None
    after_id: int = 0

    def written(self) -> str:
        """The mark as the store keeps it."""
        page = self.page_of.isoformat() if self.page_of is not None else None
        return json.dumps([self.done_until.isoformat(), page, self.after_id])

    @staticmethod
    def read(text: str) -> Mark:
        """The mark as it was written."""
        done, page, after_id = json.loads(text)
        return Mark(
            datetime.fromisoformat(done), datetime.fromisoformat(page) if page else None, int(after_id)
        )


def enter(store: Store, catalogue: Catalogue, activated: Mapping[str, datetime], *, now: datetime) -> int:
    """Take one page of each live scenario's next occasion; returns how many pages were taken.

    `activated` tells since when each scenario is live: nothing before that is an occasion of it. Each page
    and the mark behind it are one transaction, so that a crash repeats nothing and forgets nobody.
    """
    taken = 0
    for scenario in catalogue.live.values():
        with store.read() as unit:
            mark = _mark(unit, scenario, activated, now)
        next_up = _next_occasion(scenario, catalogue, mark, now)
        if next_up is not None:
            with store.begin() as unit:
                _take_page(unit, catalogue, scenario, next_up, mark, now=now)
            taken += 1
    return taken


def _mark(unit: Unit, scenario: Scenario, activated: Mapping[str, datetime], now: datetime) -> Mark:
    written = unit.progress(_loop(scenario))
    return Mark.read(written) if written is not None else Mark(activated.get(scenario.name, now))


def _loop(scenario: Scenario) -> str:
    return f"enter/{scenario.name}"


def _next_occasion(scenario: Scenario, catalogue: Catalogue, mark: Mark, now: datetime) -> Occasion | None:
    """The occasion that a crash broke off, else the first one since the mark."""
    zone = catalogue.venue.entity.clock
    until = mark.page_of or now
    due = occasions(scenario.entry.trigger, after=mark.done_until, until=until, zone=zone)
    return due[0] if due else None


def _take_page(
    unit: Unit, catalogue: Catalogue, scenario: Scenario, occasion: Occasion, mark: Mark, *, now: datetime
) -> None:
    after_id = mark.after_id if mark.page_of == occasion.at else 0
    once = not scenario.entry.again.each and scenario.entry.again.after is None
    ids = unit.matching(
        _who(scenario, occasion),
        now=occasion.at,
        not_in=scenario.name if once else None,
        after_id=after_id,
        limit=PAGE,
    )
    if ids:
        batch = Batch(catalogue, now)
        batch.runs += _begun(unit, catalogue, scenario, occasion, ids)
        batch.write(unit)
    left = Mark(occasion.at) if len(ids) < PAGE else Mark(mark.done_until, occasion.at, ids[-1])
    unit.note_progress(_loop(scenario), left.written(), now)


def _begun(
    unit: Unit, catalogue: Catalogue, scenario: Scenario, occasion: Occasion, ids: Sequence[int]
) -> list[NewRun]:
    """The runs that begin on one page: planned from the occasion itself, however late the daemon is."""
    known: Mapping[int, Situation] = unit.situations(ids, lock=True)
    last = last_entries(unit, catalogue, ids)
    trigger = scenario.entry.trigger
    first_look = (
        isinstance(trigger, OnSegment) and not trigger.existing and unit.progress(_loop(scenario)) is None
    )
    begun = []
    for contact_id, situation in known.items():
        for enrol in enters(
            situation,
            catalogue,
            scenario,
            now=occasion.at,
            occurrence=occasion.key,
            last_entered=last.get((contact_id, scenario.name), {}),
        ):
            run = new_run(enrol, contact_id, occasion.at)
            # Those in the segment at activation, where the author leaves them out, are noted as having left.
            begun.append(replace(run, state=RunState.LEFT) if first_look else run)
    return begun


def _who(scenario: Scenario, occasion: Occasion) -> Expression:
    """The occasion's segment and the entry's `if`, as one condition that the database can answer."""
    asked = (occasion.who, scenario.entry.condition)
    parts = [_condition(expression) for expression in asked if expression is not None]
    if not parts:
        return EVERYBODY
    return replace(EVERYBODY, source=scenario.name, tree=parts[0] if len(parts) == 1 else And(tuple(parts)))


def _condition(expression: Expression) -> Condition:
    tree = expression.tree
    return Truth(tree) if isinstance(tree, Operand) else tree
