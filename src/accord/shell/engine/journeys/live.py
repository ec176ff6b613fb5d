"""Going live and coming to an end: activating a version, closing the ways in, ending once nobody is under way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from accord.core.model.expression import Value
from accord.core.model.scenario import Scenario
from accord.shell.engine.catalogue import AtWork
from accord.shell.engine.journeys.enter import reopen
from accord.shell.engine.journeys.steering import CannotBe, known, live_row, note, tell_of
from accord.shell.engine.ports.running import Activation
from accord.shell.engine.ports.store import Store, Unit

ACTIVE, DRAINING, ENDED = "active", "draining", "ended"

# Who acts where nobody of the team does.
ITSELF = "accord"


def go_live(unit: Unit, scenario: Scenario, *, forecast: Mapping[date, int], by: str, now: datetime) -> None:
    """Let people enter by this version from now on; whoever is under way keeps theirs.

    `forecast`: mails a day, as `by` has accepted it; the guard watches by it. A scenario that had been
    drained begins anew: what its calendar would have called meanwhile is not made up for.
    """
    before = live_row(unit, scenario.name)
    unit.activate(scenario.name, scenario.digest, scenario.source, by, now)
    if before is not None and before.state != ACTIVE:
        reopen(unit, scenario.name, now)
    unit.running.note_activation(Activation(scenario.name, scenario.digest, now, by, forecast))
    mails = sum(forecast.values()) if forecast else None
    details: dict[str, Value] = {"digest": scenario.digest, "forecast": mails}
    note(unit, "activate", "scenario.activated", scenario.name, by, now, **details)


def drain(unit: Unit, name: str, *, by: str, now: datetime) -> None:
    """Let nobody in any more; those under way go on to their end. Raises CannotBe."""
    if known(unit, name).state != ACTIVE:
        raise CannotBe(f"«{name}» lets nobody in already.")
    unit.set_scenario_state(name, DRAINING, by, now)
    note(unit, "drain", "scenario.drained", name, by, now)


def end_the_drained(store: Store, work: AtWork, *, now: datetime) -> int:
    """Draining scenarios in which nobody is under way any more have ended; how many did."""
    draining = [name for name, _, state in work.switched if state == DRAINING]
    if not draining:
        return 0
    with store.read() as unit:
        empty = [name for name in unit.running.emptied() if name in draining]
    if not empty:
        return 0
    with store.begin() as unit:
        ended = [name for name in empty if unit.running.end_if_empty(name, ITSELF, now)]
        tell_of(unit, "scenario.ended", ended, ITSELF, now)
    return len(ended)
