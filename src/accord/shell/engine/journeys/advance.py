"""Time in: due runs take one step each, a batch at a time, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from accord.core.decide import time_has_come
from accord.core.model.content import Catalogue
from accord.core.model.decision import Situation
from accord.core.model.enrolment import Enrolment
from accord.shell.engine.apart import Faults, apart, take
from accord.shell.engine.apply import Batch
from accord.shell.engine.catalogue import AtWork
from accord.shell.engine.journeys.measure import trials_at
from accord.shell.engine.journeys.surprise import count_and_look
from accord.shell.engine.ports.store import Store, Unit

# A run whose step fails stays leased for so long, so that one contact never stops the line.
POISONED_FOR = timedelta(hours=1)

BATCH = 500


def advance(
    store: Store,
    work: AtWork,
    *,
    now: datetime,
    on_fault: Callable[[str, int, Exception], None],
    limit: int = BATCH,
) -> int:
    """Claim up to `limit` due runs, decide each, write it all; returns how many were claimed.

    A run that can't be read, decided or written stays leased for an hour and is told to
    `on_fault(loop, run id, error)`. A crash anywhere undoes the whole batch: it is due again.
    Raises Stale.
    """

    def claim(unit: Unit, count: int) -> Sequence[Enrolment]:
        runs = unit.claim_due(now, count, now + POISONED_FOR)
        if runs:
            work.check(unit)
        return runs

    def step(unit: Unit, runs: Sequence[Enrolment]) -> Faults[Enrolment]:
        return _step(unit, runs, work.catalogue, now)

    with store.read() as unit:
        next_up = unit.next_run()
    if next_up is None or next_up > now:
        return 0  # an idle turn takes no lock that another writer would wait for
    taken, faults = take(store, claim, step, limit)
    for run, fault in faults:
        on_fault("advance", run.id, fault)
    return taken


def _step(unit: Unit, runs: Sequence[Enrolment], catalogue: Catalogue, now: datetime) -> Faults[Enrolment]:
    """One step of each run; returns those that can't take theirs."""

    def read(some: Sequence[Enrolment]) -> Sequence[tuple[Enrolment, Situation]]:
        known = unit.situations([run.contact_id for run in some], lock=True)
        found = unit.with_runs(known, some)
        return [(each.enrolment, each) for each in found if each.enrolment is not None]

    situations, faults = apart(runs, read)
    batch = Batch(catalogue, now)
    trials = trials_at(unit, [run for run, _ in situations], catalogue, now=now)
    for run, situation in situations:
        try:
            trial = trials.get(run.id)
            asked = situation if trial is None else replace(situation, trial=trial)
            batch.add(asked, time_has_come(asked, catalogue, now=now))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is one contact's
            faults.append((run, error))
    batch.write(unit)
    queued = Counter(message.run.scenario for message in batch.messages)
    count_and_look(unit, queued, catalogue.venue, now=now)
    return faults
