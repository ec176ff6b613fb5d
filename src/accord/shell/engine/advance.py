"""Time in: due runs take one step each, a batch at a time, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from accord.core.decide import time_has_come
from accord.core.model.content import Catalogue
from accord.core.model.decision import Situation
from accord.shell.engine.apply import Batch
from accord.shell.engine.ports import Store

# A run whose step fails stays leased for so long, so that one contact never stops the line.
POISONED_FOR = timedelta(hours=1)

BATCH = 500


def advance(
    store: Store,
    catalogue: Catalogue,
    *,
    now: datetime,
    on_fault: Callable[[str, int, Exception], None],
    limit: int = BATCH,
) -> int:
    """Claim up to `limit` due runs, decide each, write it all; returns how many were claimed.

    A decision that raises leaves its run leased for an hour and is told to `on_fault(loop, run id, error)`
    after the batch is written. A crash anywhere undoes the whole batch: it is due again.
    """
    faults: list[tuple[int, Exception]] = []
    with store.begin() as unit:
        runs = unit.claim_due(now, limit, now + POISONED_FOR)
        if not runs:
            return 0
        known = unit.situations([run.contact_id for run in runs], lock=True)
        batch = Batch(catalogue, now)
        for situation in unit.with_runs(known, runs):
            try:
                batch.add(situation, time_has_come(situation, catalogue, now=now))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is one contact's
                faults.append((_run_id(situation), error))
        batch.write(unit)
    for run_id, fault in faults:
        on_fault("advance", run_id, fault)
    return len(runs)


def _run_id(situation: Situation) -> int:
    return situation.enrolment.id if situation.enrolment is not None else 0
