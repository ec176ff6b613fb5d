"""Events in front of the scenarios: each unanswered event asks its contact's runs, then the ways in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from accord.core.decide import enters, per_key, reaches_goal, something_happened
from accord.core.model.content import Catalogue
from accord.core.model.decision import Enrol, Situation
from accord.core.model.enrolment import Enrolment
from accord.core.model.event import Event
from accord.core.triggers import wakes
from accord.shell.engine.apart import Faults, apart, take
from accord.shell.engine.apply import Batch
from accord.shell.engine.catalogue import AtWork
from accord.shell.engine.journeys.advance import BATCH, POISONED_FOR
from accord.shell.engine.journeys.measure import runs_with_goals
from accord.shell.engine.ports.rows import NewRun
from accord.shell.engine.ports.store import Store, Unit


def react(
    store: Store,
    work: AtWork,
    *,
    now: datetime,
    on_fault: Callable[[str, int, Exception], None],
    limit: int = BATCH,
) -> int:
    """Answer the oldest event of each of up to `limit` contacts; returns how many were claimed.

    An event that can't be answered stays leased for an hour and is told to `on_fault(loop, event id, error)`.
    Raises Stale.
    """

    def claim(unit: Unit, count: int) -> Sequence[Event]:
        events = unit.claim_events(now, count, now + POISONED_FOR)
        if events:
            work.check(unit)
        return events

    def answer(unit: Unit, events: Sequence[Event]) -> Faults[Event]:
        return _answer_all(unit, events, work.catalogue, now)

    with store.read() as unit:
        if not unit.has_unanswered():
            return 0  # an idle turn takes no lock that another writer would wait for
    taken, faults = take(store, claim, answer, limit)
    for event, fault in faults:
        on_fault("react", event.id, fault)
    return taken


def _answer_all(unit: Unit, events: Sequence[Event], catalogue: Catalogue, now: datetime) -> Faults[Event]:
    """Answer each; returns those that can't be."""
    of = {event.contact_id: event for event in events}

    def read(some: Sequence[Event]) -> Sequence[_Asked]:
        contacts = [event.contact_id for event in some]
        known = unit.situations(contacts, lock=True)
        runs = _by_contact(unit, known, unit.open_runs(contacts))
        hoping = _by_contact(unit, known, runs_with_goals(unit, some, catalogue))
        return [
            _Asked(of[number], each, runs.get(number, ()), hoping.get(number, ()))
            for number, each in known.items()
        ]

    asked, faults = apart(events, read)
    last = last_entries(unit, catalogue, list(of))
    batch = Batch(catalogue, now)
    for each in asked:
        own = Batch(catalogue, now)
        try:
            _answer(each, last, own)
            batch.include(own)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is one contact's
            faults.append((each.event, error))
    batch.write(unit)
    failed = {event.id for event, _ in faults}
    unit.answered([event.id for event in events if event.id not in failed])
    return faults


@dataclass(frozen=True, slots=True)
class _Asked:
    """An event, what is known of its contact, the open runs, and those whose goal it may be (ended ones too)."""

    event: Event
    situation: Situation
    runs: Sequence[Situation]
    hoping: Sequence[Situation] = ()


def _answer(asked: _Asked, last: Mapping[tuple[int, str], Mapping[str, datetime]], batch: Batch) -> None:
    """Ask the runs first, so that what an event ends does not see what it begins."""
    event, situation = asked.event, asked.situation
    decisions = [
        (run, something_happened(replace(run, it=event), batch.catalogue, now=batch.now))
        for run in asked.runs
    ]
    begun = [
        enrol
        for scenario in batch.catalogue.live.values()
        if wakes(scenario.entry.trigger, event.name)
        for enrol in enters(
            replace(situation, it=event),
            batch.catalogue,
            scenario,
            now=batch.now,
            last_entered=last.get((event.contact_id, scenario.name), {}),
        )
    ]
    for run in asked.hoping:
        hopes = replace(run, it=event)
        if reaches_goal(hopes, batch.catalogue, now=batch.now):
            batch.reach(hopes)
    for run, decision in decisions:
        batch.add(run, decision)
    batch.runs += [new_run(enrol, event.contact_id, batch.now) for enrol in begun]


def _by_contact(
    unit: Unit, known: Mapping[int, Situation], runs: Sequence[Enrolment]
) -> dict[int, list[Situation]]:
    found: dict[int, list[Situation]] = {}
    for situation in unit.with_runs(known, runs):
        found.setdefault(situation.contact.id, []).append(situation)
    return found


def last_entries(
    unit: Unit, catalogue: Catalogue, contacts: Sequence[int]
) -> dict[tuple[int, str], dict[str, datetime]]:
    """When each contact last entered each scenario that is live, by `per` value."""
    found: dict[tuple[int, str], dict[str, datetime]] = {}
    for entry in unit.past_entries(contacts, list(catalogue.live)):
        per = per_key(entry.entry_key)
        by_value = found.setdefault((entry.contact_id, entry.scenario), {})
        by_value[per] = max(entry.entered_at, by_value.get(per, entry.entered_at))
    return found


def new_run(enrol: Enrol, contact_id: int, entered_at: datetime) -> NewRun:
    """The row of a run that the core asked for."""
    return NewRun(
        scenario=enrol.scenario,
        digest=enrol.digest,
        contact_id=contact_id,
        entry_key=enrol.entry_key,
        entered_at=entered_at,
        step=enrol.step,
        due_at=enrol.due_at,
        event_id=enrol.event_id,
        this=enrol.this,
        priority=enrol.priority,
        held_out=enrol.held_out,
        stays=enrol.stays,
    )
