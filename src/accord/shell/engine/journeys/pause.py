"""Standing still and going on: a paused scenario takes no step and sends no mail, and catches up as it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from accord.core.model.content import Catalogue
from accord.core.model.decision import Decision, Move, Refuse, Situation
from accord.core.model.event import Event
from accord.core.model.expression import Value
from accord.core.standstill import MISSED, Late, goes_on, opening, put_off
from accord.shell.engine.apply import Batch, about_call, journal
from accord.shell.engine.journeys.spread import Spread, pace
from accord.shell.engine.journeys.steering import CannotBe, known, note
from accord.shell.engine.ports.running import Pause, WaitingMail
from accord.shell.engine.ports.store import Store, Unit

# Runs in one transaction; with their mails and what is told of them that is less than 5,000 rows.
PAGE = 1000

Fault = Callable[[str, int, Exception], None]


def pause(unit: Unit, name: str, *, by: str, now: datetime) -> None:
    """Let a scenario stand still, from this transaction on and however many are under way. Raises CannotBe.

    People still come in, wait at their first step, and leave as the law and `leave` say.
    """
    known(unit, name)
    if not unit.running.pause(name, by, now):
        raise CannotBe(f"«{name}» is paused already.")
    note(unit, "pause", "scenario.paused", name, by, now)


@dataclass(slots=True)
class Resumed:
    """What a resuming came to: runs that go on, mails that are skipped, what was spread, and until when."""

    runs: int = 0
    skipped: int = 0
    spread: int = 0
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Resuming:
    """How a scenario goes on: `late` says what becomes of what came due meanwhile; `per_second` mails may leave."""

    catalogue: Catalogue
    late: Late
    per_second: float | None
    now: datetime
    on_fault: Fault


def resume(store: Store, name: str, how: Resuming, *, by: str, limit: int = PAGE) -> Resumed:
    """Let a paused scenario go on, a page of `limit` runs at a time. Raises CannotBe.

    A page, its mails and the mark behind it are one transaction: what lies before the mark goes on, what lies
    behind it stands still. Whoever is broken off begins again at the mark, so that nothing is done twice.
    """
    done = Resumed()
    more = True
    while more:
        with store.begin() as unit:
            paused = unit.running.lock_pause(name)
            if paused is None:
                known(unit, name)
                raise CannotBe(f"«{name}» is not paused.")
            more = _free_a_page(unit, paused, how, done, limit)
            if not more:
                unit.running.end_pause(name)
                told = {"late": how.late.value, "skipped": done.skipped}
                note(unit, "resume", "scenario.resumed", name, by, how.now, **told)
    return done


def _free_a_page(unit: Unit, paused: Pause, how: Resuming, done: Resumed, limit: int) -> bool:
    """Free the runs of the next page; whether there was one."""
    ids = unit.running.standing(paused.name, after_id=paused.freed_to, limit=limit)
    if not ids:
        return False
    spread = Spread(how.now, pace(how.per_second), paused.freed_until)
    _free_mails(unit, unit.running.waiting_mails(ids), how, spread, done)
    _free_calls(unit, ids, how, done)
    batch = Batch(how.catalogue, how.now)
    runs = unit.running.lock_runs(ids)
    known_people = unit.situations([run.contact_id for run in runs])
    found = sorted(unit.with_runs(known_people, runs), key=_planned)
    for situation in found:
        try:
            decision = _decided(situation, paused.since, how, spread, done)
            batch.add(situation, decision)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is one run's, which goes on as it stands
            how.on_fault("resume", situation.enrolment.id if situation.enrolment else 0, error)
    batch.write(unit)
    unit.running.freed(paused.name, ids[-1], spread.until)
    done.runs += len(found)
    done.until = spread.until
    return True


def _planned(situation: Situation) -> datetime:
    run = situation.enrolment
    return run.planned_at if run is not None else situation.contact.collected_at


def _decided(situation: Situation, since: datetime, how: Resuming, spread: Spread, done: Resumed) -> Decision:
    """What becomes of one run; what would come at once is spread."""
    decision = goes_on(situation, how.catalogue, how.late, since=since, now=how.now)
    done.skipped += any(
        isinstance(each, Refuse) and each.verdict.reason == MISSED for each in decision.effects
    )
    run = situation.enrolment
    moves = [each for each in decision.effects if isinstance(each, Move)]
    if run is None or not moves:
        return decision
    scenario, zone = how.catalogue.versions[run.digest], ZoneInfo(situation.contact.zone)
    if moves[0].due_at > opening(scenario, zone, how.now):
        return decision
    done.spread += 1
    return put_off(decision, spread.offset(), scenario, zone)


def _free_mails(
    unit: Unit, mails: Sequence[WaitingMail], how: Resuming, spread: Spread, done: Resumed
) -> None:
    """Mails that were queued already, before what comes behind them: skipped, or sent one after the other."""
    if how.late is Late.SKIP:
        done.skipped += cancel(unit, mails, MISSED, how.catalogue, how.now)
        return
    unit.running.plan_mails({mail.id: how.now + spread.offset() for mail in mails})
    done.spread += len(mails)


def _free_calls(unit: Unit, run_ids: Sequence[int], how: Resuming, done: Resumed) -> None:
    """Calls that were queued already: skipped, or posted as their receiver takes them."""
    if how.late is Late.SKIP:
        done.skipped += recall(unit, run_ids, MISSED, how.catalogue, how.now)
    else:
        unit.postings.plan_anew(run_ids, how.now)


def cancel(unit: Unit, mails: Sequence[WaitingMail], reason: str, catalogue: Catalogue, now: datetime) -> int:
    """Cancel mails that have not left, and tell it of each; how many there were."""
    gone = set(unit.running.cancel_mails([mail.id for mail in mails], reason, now)) if mails else set()
    journal(unit, [_told(mail, reason, now) for mail in mails if mail.id in gone], catalogue, now)
    return len(gone)


def recall(unit: Unit, run_ids: Sequence[int], reason: str, catalogue: Catalogue, now: datetime) -> int:
    """Cancel calls of these runs that have not left, and tell it of each; how many there were."""
    gone = unit.postings.recall(run_ids, reason, now)
    why: dict[str, Value] = {"reason": reason, "rule": "team"}
    told = [
        Event(each.contact_id, "call.refused", now, about_call(each, each.call) | why)
        for each in gone
        if each.call is not None
    ]
    journal(unit, told, catalogue, now)
    return len(gone)


def _told(mail: WaitingMail, reason: str, now: datetime) -> Event:
    data: dict[str, Value] = {
        "message_id": str(mail.id),
        "scenario": mail.scenario,
        "run": mail.run_id,
        "step": mail.step,
        "template": mail.template,
        "nature": mail.nature,
        "reason": reason,
        "rule": "team",
        "at_the_door": True,
    }
    return Event(mail.contact_id, "mail.refused", now, data)
