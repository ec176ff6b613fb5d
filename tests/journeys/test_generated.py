"""Journeys made up from a seed are decided alike, at the same planned instants, by the engine and in imagined days."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from accord.core.model.contact import Preferences
from accord.core.model.content import Catalogue
from accord.core.model.decision import Situation
from accord.core.simulate import simulate
from accord.shell.engine.ports.rows import ContactChange, NewContact
from accord.shell.store.database import SqlStore, open_store
from both_ways import calls
from builders import a_catalogue, a_contact, a_scenario
from conftest import KEYS
from engine_driver import Driver, told
from made_journeys import Journey, a_journey

# Fifty here; `make soak` walks as many more as it is told.
MORE = 600 if os.environ.get("ACCORD_SOAK") else 0
YEARS = [(seed, None) for seed in range(34 + MORE)]
WEEKS = [(seed, 12) for seed in range(1000, 1014 + MORE)]
HOURLY = [(seed, 2) for seed in range(2000, 2002 + MORE // 10)]

# A journey in which little is decided proves little, and one in which very much is takes very long.
FEW, MANY = 8, 16


@dataclass(frozen=True)
class Slate:
    """One store for all journeys, wiped between them: making its tables, and compiling its statements, takes as long
    as a journey.
    """

    store: SqlStore
    empty: Path

    def wiped(self) -> SqlStore:
        self.store.close()
        assert self.store.file is not None
        for left in ("-wal", "-shm"):
            Path(f"{self.store.file}{left}").unlink(missing_ok=True)
        shutil.copy(self.empty, self.store.file)
        return self.store


@pytest.fixture(scope="session")
def slate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slate]:
    path = tmp_path_factory.mktemp("journeys") / "accord.db"
    store = open_store(f"sqlite:///{path}", dice=os.urandom, keys=lambda: KEYS)
    store.upgrade()
    store.close()
    shutil.copy(path, path.with_name("empty.db"))
    yield Slate(store, path.with_name("empty.db"))
    store.close()


def a_catalogue_of(journey: Journey) -> Catalogue:
    scenarios = [a_scenario(text, journey.venue) for text in journey.scenarios]
    return a_catalogue(*scenarios, venue=journey.venue)


def the_journey(seed: int, days: int | None) -> tuple[Journey, Catalogue, list[str]]:
    """The first journey of a seed in which neither too little nor too much is decided, and what is imagined of it."""
    for variant in range(1000):
        journey = a_journey(seed * 1000 + variant, days=days)
        catalogue = a_catalogue_of(journey)
        before = journey.start - timedelta(days=9)
        contact = a_contact(
            collected_at=before,
            last_action_at=before,
            zone=journey.zone,
            preferences=journey.wishes or Preferences(),
        )
        imagined = told(
            simulate(Situation(contact), journey.script, catalogue, start=journey.start, until=journey.until)
        )
        if FEW <= len(imagined) <= MANY:
            return journey, catalogue, imagined
    raise AssertionError(f"seed {seed} leads nowhere")


def done_by_the_engine(
    store: SqlStore, journey: Journey, catalogue: Catalogue, *, hourly: bool = False
) -> list[str]:
    before = journey.start - timedelta(days=9)
    with store.begin() as unit:
        [number] = unit.add_contacts([NewContact("ada@example.org", "fr", journey.zone, before)])
        unit.change_contacts([ContactChange(number, acted_at=before, preferences=journey.wishes)])
    assert number == 1
    driver = Driver(store, catalogue, journey.start)
    asked = calls(catalogue, journey.start, journey.until, journey.is_near)
    driver.walk_quickly(journey.script, journey.until, asked, hourly=hourly)
    assert driver.faults == []
    return told(driver.journal())


def test_what_the_journeys_are_made_of_is_all_there() -> None:
    """Goals are reached, other systems told, subjects tried, dates told anew: a generator that forgot one would prove less."""
    wanted = {"scenario.reached", "call.queued", "subject_because=tested", "order.updated", "date: event."}
    for seed, days in YEARS:
        journey, _, imagined = the_journey(seed, days)
        shown = [*imagined, *journey.scenarios, *(each.event.name for each in journey.script if each.event)]
        wanted = {each for each in wanted if not any(each in line for line in shown)}
        if not wanted:
            return
    raise AssertionError(f"no journey has {wanted}")


@pytest.mark.parametrize(("seed", "days"), [*YEARS, *WEEKS, *HOURLY])
def test_a_journey_is_decided_alike_by_both(slate: Slate, seed: int, days: int | None) -> None:
    """Over a year; over days round a change of clocks, with segments; and some at every full hour besides."""
    journey, catalogue, imagined = the_journey(seed, days)
    done = done_by_the_engine(slate.wiped(), journey, catalogue, hourly=(seed, days) in HOURLY)
    assert done == imagined, "\n".join(journey.scenarios)


@pytest.mark.parametrize(("seed", "days"), [YEARS[3], YEARS[5], WEEKS[4]])
def test_a_journey_is_decided_alike_on_postgresql(postgres_url: str, seed: int, days: int | None) -> None:
    journey, catalogue, imagined = the_journey(seed, days)
    store = open_store(postgres_url, dice=os.urandom, keys=lambda: KEYS)
    store.upgrade()
    try:
        assert done_by_the_engine(store, journey, catalogue) == imagined
    finally:
        store.close()
