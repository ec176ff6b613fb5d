"""The calendar's way in: at each occasion of a schedule, a segment or a date, the base is walked in pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accord.core.decide import enters
from accord.core.model.content import Catalogue
from accord.core.model.enrolment import RunState
from accord.core.model.expression import And, Condition, Constant, Expression, Operand, Or, Truth, Type
from accord.core.model.place import Span
from accord.core.model.scenario import OnEvent, OnSegment, Scenario
from accord.core.model.time import later
from accord.core.triggers import asks_of_returning, occasions
from accord.core.triggers.occasion import Occasion
from accord.shell.engine.apart import Faults, apart
from accord.shell.engine.apply import Batch
from accord.shell.engine.catalogue import AtWork, Stale
from accord.shell.engine.journeys.react import last_entries, new_run
from accord.shell.engine.ports.rows import NewRun
from accord.shell.engine.ports.store import Store, StoreError, Unit

PAGE = 1000

# Months differ in length, and zones in their clocks, by less than this.
LEEWAY = timedelta(days=4)

EVERYBODY = Expression(
    "everybody", Span("", 1, 1), Truth(Constant(value=True, type=Type.BOOLEAN)), Type.BOOLEAN
)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a scenario's calendar has come: the last occasion done, and the page where one was broken off.

    `first`: no occasion has been done to its end yet.
    """

    done_until: datetime
    page_of: datetime | None = None
    after_id: int = 0
    first: bool = False

    def written(self) -> str:
        """The mark as the store keeps it."""
        page = self.page_of.isoformat() if self.page_of is not None else None
        return json.dumps([self.done_until.isoformat(), page, self.after_id, self.first])

    @staticmethod
    def read(text: str) -> Mark:
        """The mark as it was written."""
        done, page, after_id, first = json.loads(text)
        return Mark(
            datetime.fromisoformat(done), datetime.fromisoformat(page) if page else None, int(after_id), first
        )


def enter(
    store: Store,
    work: AtWork,
    *,
    now: datetime,
    on_fault: Callable[[str, int, Exception], None],
) -> int:
    """Take one page of each live scenario's next occasion that calls anybody; returns how many were taken.

    Nothing before a scenario went live is an occasion of it. Each page and the mark behind it are one
    transaction, so that a crash repeats nothing and forgets nobody. Who can't be read is told to
    `on_fault(loop, contact id, error)` and left out; a scenario whose page fails stops no other one.
    Raises Stale.
    """
    taken = 0
    live = work.catalogue.live.values()
    called = [each for each in live if not isinstance(each.entry.trigger, OnEvent)]
    if not called:
        return 0
    with store.read() as unit:
        marks = {each.name: unit.progress(_loop(each)) for each in called}
    for scenario in called:
        try:
            taken += _take_next_page(store, work, scenario, marks[scenario.name], now=now, on_fault=on_fault)
        except (StoreError, Stale):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this scenario's
            on_fault(_loop(scenario), 0, error)
    return taken


def _take_next_page(
    store: Store,
    work: AtWork,
    scenario: Scenario,
    written: str | None,
    *,
    now: datetime,
    on_fault: Callable[[str, int, Exception], None],
) -> bool:
    """Whether there was a page to take: most times there is none, which the mark as it is `written` can tell.

    After a sleep many days may have passed that are nobody's: they are gone past in one transaction.
    """
    since = work.activated.get(scenario.name, now)
    mark = Mark.read(written) if written is not None else Mark(since, first=True)
    due = _occasions(scenario, work.catalogue, mark, now)
    if not due:
        return False
    with store.begin() as unit:
        if unit.progress(_loop(scenario), lock=True) != written:
            # Another daemon has taken this page meanwhile.
            return True
        work.check(unit)
        for occasion in _of_anybody(unit, due, now):
            mark, faults, somebody = _take_page(unit, work.catalogue, scenario, occasion, mark, now=now)
            if somebody:
                break
        unit.note_progress(_loop(scenario), mark.written(), now)
    for contact_id, fault in faults:
        on_fault(_loop(scenario), contact_id, fault)
    return True


def _loop(scenario: Scenario) -> str:
    return f"enter/{scenario.name}"


def reopen(unit: Unit, name: str, now: datetime) -> None:
    """Ways in that were closed are open again: what they would have called meanwhile is no occasion."""
    loop = f"enter/{name}"
    if unit.progress(loop, lock=True) is not None:
        unit.note_progress(loop, Mark(now, first=True).written(), now)


def _occasions(scenario: Scenario, catalogue: Catalogue, mark: Mark, now: datetime) -> tuple[Occasion, ...]:
    """The occasion that a crash broke off, else those since the mark, oldest first."""
    zone = catalogue.venue.entity.clock
    until = mark.page_of or now
    return occasions(scenario.entry.trigger, after=mark.done_until, until=until, zone=zone)


def _of_anybody(unit: Unit, due: Sequence[Occasion], now: datetime) -> Sequence[Occasion]:
    """The last occasion alone, where several days are due and none of them is anybody's: one question for all."""
    days = [each.who.tree for each in due if each.who is not None]
    if len(due) == 1 or len(days) < len(due):
        return due
    anybody = replace(EVERYBODY, tree=Or(tuple(_condition(day) for day in days)))
    return due if unit.matching(anybody, now=now, not_in=None, after_id=0, limit=1) else due[-1:]


def _take_page(
    unit: Unit, catalogue: Catalogue, scenario: Scenario, occasion: Occasion, mark: Mark, *, now: datetime
) -> tuple[Mark, Faults[int], bool]:
    """The mark behind one page, who could not be read, and whether anybody was called."""
    after_id = mark.after_id if mark.page_of == occasion.at else 0
    if occasion.who is not None and asks_of_returning(scenario) and not after_id:
        unit.let_go(scenario.name, occasion.who, now=occasion.at)
    ids = unit.matching(
        _who(scenario, occasion),
        now=occasion.at,
        **_not_again(scenario, occasion.at),
        after_id=after_id,
        limit=PAGE,
    )
    faults: Faults[int] = []
    if ids:
        batch = Batch(catalogue, now)
        begun, faults = _begun(unit, catalogue, scenario, occasion, ids)
        trigger = scenario.entry.trigger
        if isinstance(trigger, OnSegment) and not trigger.existing and mark.first:
            # Those in the segment at activation, where the author leaves them out, are noted as having left.
            begun = [replace(run, state=RunState.LEFT) for run in begun]
        batch.runs += begun
        batch.write(unit)
    more = Mark(mark.done_until, occasion.at, ids[-1], mark.first) if len(ids) == PAGE else None
    return more or Mark(occasion.at), faults, bool(ids)


def _not_again(scenario: Scenario, now: datetime) -> dict[str, Any]:
    """Who need not be looked at: those of whom it is plain already that they may not enter again.

    Where runs are counted by `per`, or the last one lies so far back that it hangs on a day, `enters` says.
    """
    again = scenario.entry.again
    staying = scenario.name if asks_of_returning(scenario) else None
    if again.each or scenario.entry.per is not None:
        return {"not_in": None, "staying": staying}
    if again.after is None:
        return {"not_in": scenario.name}
    since = later(now, -again.after, ZoneInfo("UTC")) + LEEWAY
    return {"not_in": scenario.name, "not_since": since, "staying": staying}


def _begun(
    unit: Unit, catalogue: Catalogue, scenario: Scenario, occasion: Occasion, ids: Sequence[int]
) -> tuple[list[NewRun], Faults[int]]:
    """The runs that begin on one page: planned from the occasion itself, however late the daemon is."""
    known, faults = apart(ids, lambda some: list(unit.situations(some, lock=True).items()))
    last = last_entries(unit, catalogue, ids)
    begun: list[NewRun] = []
    for contact_id, situation in known:
        try:
            enrols = enters(
                situation,
                catalogue,
                scenario,
                now=occasion.at,
                occurrence=occasion.key,
                last_entered=last.get((contact_id, scenario.name), {}),
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, it is one contact's
            faults.append((contact_id, error))
            continue
        begun += [new_run(enrol, contact_id, occasion.at) for enrol in enrols]
    return begun, faults


def _who(scenario: Scenario, occasion: Occasion) -> Expression:
    """The occasion's segment and the entry's `if`, as one condition that the database can answer."""
    asked = (occasion.who, scenario.entry.condition)
    parts = [_condition(expression.tree) for expression in asked if expression is not None]
    if not parts:
        return EVERYBODY
    return replace(EVERYBODY, source=scenario.name, tree=parts[0] if len(parts) == 1 else And(tuple(parts)))


def _condition(tree: Condition | Operand) -> Condition:
    return Truth(tree) if isinstance(tree, Operand) else tree
