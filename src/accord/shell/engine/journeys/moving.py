"""By the team's hand: runs that end now, and runs that go on by another version of their scenario."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from accord.core.decide import priority_of
from accord.core.model.content import Catalogue
from accord.core.model.decision import Decision, Leave, Move, Note, Situation
from accord.core.model.enrolment import Enrolment
from accord.core.model.expression import Value
from accord.core.model.scenario import Scenario
from accord.core.standstill import moves, opening, put_off
from accord.core.versions import Obstacle, obstacle
from accord.shell.engine.apply import Batch
from accord.shell.engine.journeys.pause import PAGE, Fault, cancel, recall
from accord.shell.engine.journeys.spread import Spread, pace
from accord.shell.engine.journeys.steering import known, note
from accord.shell.engine.ports.rows import Deed
from accord.shell.engine.ports.store import Store, Unit

EJECTED, MIGRATED = "EJECTED", "MIGRATED"


# -- out of a scenario -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Ejected:
    """What an ejecting came to: runs that have ended, mails that were called back."""

    runs: int = 0
    mails: int = 0


def eject(
    store: Store, catalogue: Catalogue, name: str, *, contacts: Sequence[int] | None, by: str, now: datetime
) -> Ejected:
    """End the runs of these contacts (None: of everybody) now, and cancel what is queued. Raises CannotBe.

    A page is one transaction. Whoever is broken off begins again: what has ended is not found a second time.
    """
    done, last = Ejected(), 0
    with store.read() as unit:
        known(unit, name)
    while True:
        with store.begin() as unit:
            ids = unit.running.standing(name, after_id=last, limit=PAGE, of=contacts)
            if not ids:
                _note_ejected(unit, name, done, contacts, by, now)
                return done
            _eject_a_page(unit, ids, catalogue, by, now, done)
            last = ids[-1]


def _note_ejected(
    unit: Unit, name: str, done: Ejected, contacts: Sequence[int] | None, by: str, now: datetime
) -> None:
    """Put it on record: of single people by their numbers, and only of everybody as the scenario's own story."""
    if contacts is None:
        note(unit, "eject", "scenario.ejected", name, by, now, runs=done.runs, mails=done.mails)
        return
    details: dict[str, Value] = {
        "contacts": tuple(map(str, contacts)),
        "runs": done.runs,
        "mails": done.mails,
    }
    unit.note_deed(Deed(now, by, "eject", name, details))


def _eject_a_page(
    unit: Unit, ids: Sequence[int], catalogue: Catalogue, by: str, now: datetime, done: Ejected
) -> None:
    """Runs first: whoever was just taking a step is waited for, and the mail of that step is seen."""
    batch = Batch(catalogue, now)
    runs = unit.running.lock_runs(ids)
    people = unit.situations([run.contact_id for run in runs])
    for situation in unit.with_runs(people, runs):
        batch.add(situation, Decision((Leave(EJECTED, f"by {by}"),)))
    batch.write(unit)
    done.runs += len(runs)
    done.mails += cancel(unit, unit.running.waiting_mails(ids), EJECTED, catalogue, now)
    recall(unit, ids, EJECTED, catalogue, now)


# -- to another version --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """Where people stay: by which version, at which step, and why they can't move."""

    digest: str
    step: str
    why: Obstacle


@dataclass(slots=True)
class Migrated:
    """What a migration came to: how many moved from each step, who stays where (numbers of contacts)."""

    moved: Counter[str] = field(default_factory=Counter)
    stays: dict[Standing, list[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Migration:
    """What a migration goes by: `new` is the version that runs."""

    catalogue: Catalogue
    new: Scenario
    spread: Spread
    now: datetime
    on_fault: Fault


def migrate(
    store: Store,
    catalogue: Catalogue,
    name: str,
    *,
    per_second: float | None,
    by: str,
    now: datetime,
    on_fault: Fault,
) -> Migrated:
    """Let people under way by older versions go on by the one that runs, where their step still exists.

    A page is one transaction. Whoever is broken off begins again: who has moved is of the new version, and is
    not found a second time. Raises CannotBe.
    """
    done, last = Migrated(), 0
    with store.read() as unit:
        new = catalogue.versions[known(unit, name).digest]
    how = Migration(catalogue, new, Spread(now, pace(per_second)), now, on_fault)
    while True:
        with store.begin() as unit:
            runs = unit.running.open_runs(name, after_id=last, limit=PAGE, not_of=new.digest)
            if not runs:
                stay = sum(len(each) for each in done.stays.values())
                moved = done.moved.total()
                note(
                    unit,
                    "migrate",
                    "scenario.migrated",
                    name,
                    by,
                    now,
                    digest=new.digest,
                    moved=moved,
                    stay=stay,
                )
                return done
            _migrate_a_page(unit, runs, how, done)
            last = runs[-1].id


def _migrate_a_page(unit: Unit, runs: Sequence[Enrolment], how: Migration, done: Migrated) -> None:
    going = []
    for run in runs:
        why = _why_not(run, how)
        if why is None:
            going.append(run)
        else:
            done.stays.setdefault(Standing(run.digest, run.step, why), []).append(run.contact_id)
    people = unit.situations([run.contact_id for run in going])
    batch = Batch(how.catalogue, how.now)
    moved: list[Enrolment] = []
    for situation in unit.with_runs(people, going):
        if situation.enrolment is None:
            continue
        try:
            batch.add(situation, _moved(situation, situation.enrolment, how))
            moved.append(situation.enrolment)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is one run's, which stays where it is
            how.on_fault("migrate", situation.enrolment.id, error)
    batch.write(unit)
    unit.running.pin([run.id for run in moved], how.new.digest, priority_of(how.new))
    done.moved.update(run.step for run in moved)


def _why_not(run: Enrolment, how: Migration) -> Obstacle | None:
    old = how.catalogue.versions.get(run.digest)
    return obstacle(run.step, old, how.new) if old is not None else Obstacle.UNREADABLE


def _moved(situation: Situation, run: Enrolment, how: Migration) -> Decision:
    """What is told of one run that moves, and its step planned as the new version plans it."""
    decision = moves(situation, how.catalogue, how.new, now=how.now)
    zone = ZoneInfo(situation.contact.zone)
    first = opening(how.new, zone, how.now)
    if any(isinstance(each, Move) and each.due_at <= first for each in decision.effects):
        decision = put_off(decision, how.spread.offset(), how.new, zone)
    told = Note(run.step, MIGRATED, f"{run.digest[:8]} to {how.new.digest[:8]}")
    return Decision((told, *decision.effects))
