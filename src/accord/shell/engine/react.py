"""Events in front of the scenarios: each unanswered event asks its contact's runs, then the ways in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from accord.core.decide import enters, per_key, something_happened
from accord.core.model.content import Catalogue
from accord.core.model.decision import Enrol, Situation
from accord.core.model.enrolment import Enrolment
from accord.core.model.event import Event
from accord.core.triggers import wakes
from accord.shell.engine.advance import BATCH, POISONED_FOR
from accord.shell.engine.apply import Batch
from accord.shell.engine.ports import Store, Unit
from accord.shell.engine.rows import NewRun


def react(
    store: Store,
    catalogue: Catalogue,
    *,
    now: datetime,
    on_fault: Callable[[str, int, Exception], None],
    limit: int = BATCH,
) -> int:
    """Answer the oldest event of each of up to `limit` contacts; returns how many were claimed.

    A failing event stays leased for an hour and is told to `on_fault(loop, event id, error)`.
    """
    faults: list[tuple[int, Exception]] = []
    with store.begin() as unit:
        events = unit.claim_events(now, limit, now + POISONED_FOR)
        if not events:
            return 0
        contacts = [event.contact_id for event in events]
        known = unit.situations(contacts, lock=True)
        runs = _runs_by_contact(unit, known, contacts)
        last = last_entries(unit, catalogue, contacts)
        batch = Batch(catalogue, now)
        answered = []
        for event in events:
            try:
                _answer(event, known, runs.get(event.contact_id, ()), last, batch)
                answered.append(event.id)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is one contact's
                faults.append((event.id, error))
        batch.write(unit)
        unit.answered(answered)
    for event_id, fault in faults:
        on_fault("react", event_id, fault)
    return len(events)


def _answer(
    event: Event,
    known: Mapping[int, Situation],
    runs: Sequence[Situation],
    last: Mapping[tuple[int, str], Mapping[str, datetime]],
    batch: Batch,
) -> None:
    """Ask the runs first, so that what an event ends does not see what it begins."""
    situation = known.get(event.contact_id)
    if situation is None:
        return
    decisions = [
        (run, something_happened(replace(run, it=event), batch.catalogue, now=batch.now)) for run in runs
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
    for run, decision in decisions:
        batch.add(run, decision)
    batch.runs += [new_run(enrol, event.contact_id, batch.now) for enrol in begun]


def _runs_by_contact(
    unit: Unit, known: Mapping[int, Situation], contacts: Sequence[int]
) -> dict[int, list[Situation]]:
    found: dict[int, list[Situation]] = {}
    runs: Sequence[Enrolment] = unit.open_runs(contacts)
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
    )
