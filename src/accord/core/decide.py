"""The two questions: has its time come, and did something happen; the answers are effects as data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from accord.core.consent.retention import is_expired
from accord.core.expressions.evaluate import holds, value_of
from accord.core.model.consent import SERVICE_PURPOSE, ConsentStatus
from accord.core.model.contact import AddressState
from accord.core.model.content import Catalogue
from accord.core.model.decision import (
    OBJECTING,
    Decision,
    Effect,
    Enrol,
    Finish,
    Leave,
    Move,
    Note,
    Output,
    Situation,
    Verdict,
)
from accord.core.model.enrolment import Enrolment, RunState
from accord.core.model.event import update_of
from accord.core.model.expression import Expression, Value
from accord.core.model.scenario import END, Call, OnEvent, OnSegment, Scenario, Send, Step, WaitUntil
from accord.core.model.time import Duration, later, local_day
from accord.core.steps import perform
from accord.core.steps.asking import Asked
from accord.core.steps.choose import lot
from accord.core.steps.passing import refused
from accord.core.steps.planning import date_fault, next_opening, plan
from accord.core.steps.wait import cue_holds
from accord.core.triggers import wakes

# Stands in an entry key between the `per` value and the occasion; no declared value holds a tab.
APART = "\t"

# Service runs go before all that an author can say: no prospecting of the same person ever delays them.
SERVICE_PRIORITY = 101

# -- the first question: has its time come? ----------------------------------------------------------------


def time_has_come(situation: Situation, catalogue: Catalogue, *, now: datetime) -> Decision:
    """What the due step of `situation.enrolment` does now: one step, or the end of a waiting.

    The order is that of the language: the law's own end, `leave`, the date read again, `if`, the verb.
    """
    asked = _asked(situation, catalogue, now)
    ended = _ended(asked)
    if ended is not None:
        return Decision((ended,))
    if asked.run.state is RunState.DUE:
        before = _before_the_verb(asked)
        if before is not None:
            return before
    done = perform(asked.step.verb, asked)
    if done.then is None:
        return Decision(done.effects)
    return Decision((*done.effects, *_go_to(done.then, asked)))


def _before_the_verb(asked: Asked) -> Decision | None:
    """A step that was done, a date that moved or passed, closed hours, a false `if`; None to go on."""
    step, now = asked.step, asked.now
    if _was_done(asked):
        return _skip(asked, "DONE_ALREADY")
    if step.date is not None:
        fault = date_fault(step, asked.situation, asked.catalogue.venue, now=now)
        if fault is not None:
            return _skip(asked, fault)
        planned = _plan(step, asked, asked.run.decided_at)
        if planned is not None and planned > now:
            return Decision((Move(step.name, planned, planned),))
    if asked.scenario.hours is not None:
        opening = next_opening(now, asked.scenario.hours, ZoneInfo(asked.situation.contact.zone))
        if opening > now:
            # The daemon's own delay led out of the window: lateness still counts from the planned instant.
            return Decision((Move(step.name, opening, asked.run.planned_at),))
    if step.condition is not None and not _true(asked, step.condition):
        return _skip(asked, "IF_FALSE")
    return None


def _was_done(asked: Asked) -> bool:
    """The step's mail went to this very run before: by another version, in which it stood elsewhere."""
    done = ((mail.enrolment_id, mail.scenario, mail.step) for mail in asked.situation.mails)
    return isinstance(asked.step.verb, Send) and (asked.run.id, asked.scenario.name, asked.step.name) in done


def skip_step(situation: Situation, catalogue: Catalogue, code: str, *, now: datetime) -> Decision:
    """Go past the step of `situation.enrolment` without doing it; `code` says why."""
    return _skip(_asked(situation, catalogue, now), code)


def _skip(asked: Asked, code: str) -> Decision:
    """Go past a step without doing it, and say why."""
    verb = asked.step.verb
    told: Effect = Note(asked.step.name, code)
    if isinstance(verb, Send | Call):
        told = refused(verb, Verdict(Output.DENY, code, "step"), asked)
    target = verb.otherwise if isinstance(verb, WaitUntil) else asked.next_step
    return Decision((told, *_go_to(target, asked)))


def _go_to(name: str, asked: Asked) -> tuple[Effect, ...]:
    """The way to a step: planned from now, or past it where it hangs on a date that is missing."""
    if name == END:
        return (Finish(),)
    step = asked.scenario.steps[name]
    planned = _plan(step, asked, asked.now)
    if planned is None:
        told = _skip(replace(asked, step=step), "DATE_MISSING")
        return told.effects
    return (Move(name, planned, planned),)


# -- the second question: did something happen? --------------------------------------------------------------


def something_happened(situation: Situation, catalogue: Catalogue, *, now: datetime) -> Decision:
    """What `situation.it` changes for one run: its end, the end of a waiting, a date to read again."""
    asked = _asked(situation, catalogue, now)
    ended = _ended(asked)
    if ended is not None:
        return Decision((ended,))
    verb = asked.step.verb
    waiting = asked.run.state is RunState.WAITING and isinstance(verb, WaitUntil)
    if waiting and cue_holds(verb.cue, situation, catalogue, now_of=asked):  # type: ignore[union-attr]
        heard = Note(asked.step.name, "HEARD", situation.it.name if situation.it else "if")
        return Decision((heard, *_go_to(verb.then, asked)))  # type: ignore[union-attr]
    if asked.step.date is not None and not waiting:
        return _read_again(asked)
    return Decision()


def _read_again(asked: Asked) -> Decision:
    """The step is planned anew where its date has changed. One that is past now is planned for now: it is not
    the daemon's delay, and nothing is late by it.
    """
    planned = _plan(asked.step, asked, asked.run.decided_at)
    if planned is None:
        return Decision()
    instant = max(planned, asked.now)
    if instant == max(asked.run.planned_at, asked.now):
        return Decision()
    return Decision((Move(asked.step.name, instant, instant),))


def reaches_goal(situation: Situation, catalogue: Catalogue, *, now: datetime) -> bool:
    """Whether `situation.it` is what the run's scenario counts as success: it came after the run had begun, and
    within the goal's while of that. A run counts once, whether it has ended, and whether it was held out.
    """
    asked, event = _asked(situation, catalogue, now), situation.it
    goal, run = asked.scenario.goal, asked.run
    if goal is None or event is None or run.goal_at is not None:
        return False
    ends = later(run.entered_at, goal.within, ZoneInfo(situation.contact.zone))
    came_after = run.entered_at <= event.at <= ends and event.id > (run.event_id or 0)
    return came_after and cue_holds(goal.cue, situation, catalogue, now_of=asked)


def goals_of(catalogue: Catalogue, events: Collection[str]) -> Mapping[str, Duration]:
    """The scenarios in use that may count one of these events as success, each with its longest while."""
    found: dict[str, Duration] = {}
    for scenario in _in_use(catalogue):
        goal = scenario.goal
        if goal is not None and (not goal.cue.when or not set(goal.cue.when).isdisjoint(events)):
            known = found.get(scenario.name, goal.within)
            found[scenario.name] = max(known, goal.within, key=_length)
    return found


def _length(duration: Duration) -> int:
    return ((duration.months * 31 + duration.days) * 24 + duration.hours) * 60 + duration.minutes


def _in_use(catalogue: Catalogue) -> Collection[Scenario]:
    return {**catalogue.versions, **{each.digest: each for each in catalogue.live.values()}}.values()


def enters(
    situation: Situation,
    catalogue: Catalogue,
    scenario: Scenario,
    *,
    now: datetime,
    occurrence: str = "",
    last_entered: Mapping[str, datetime],
) -> tuple[Enrol, ...]:
    """The runs that begin for one person: by `situation.it`, or by an occurrence of a scan, a day, a date.

    `last_entered` tells when the person last entered this scenario, by `per` value. The store refuses a
    second run with the same (scenario, contact, entry key), so that asking twice enrols once.
    """
    entry = scenario.entry
    event = situation.it
    if isinstance(entry.trigger, OnEvent) and (event is None or not wakes(entry.trigger, event.name)):
        return ()
    if event is not None and event.is_a_robots:
        return ()
    today = local_day(now, catalogue.venue.entity.clock)
    if (entry.opens and today < entry.opens) or (entry.closes and today > entry.closes):
        return ()
    situation = replace(situation, entered_by=event, enrolment=None)
    starts = []
    for value in _per_values(scenario, situation, catalogue, now):
        chosen = replace(situation, this=value)
        if entry.condition is not None and not holds(entry.condition, chosen, catalogue.venue, now=now):
            continue
        key = "" if value is None else str(value)
        if not _may_enter_again(scenario, last_entered.get(key), now, chosen):
            continue
        starts.append(_enrol(scenario, chosen, catalogue, key, occurrence, now))
    return tuple(starts)


def _per_values(
    scenario: Scenario, situation: Situation, catalogue: Catalogue, now: datetime
) -> tuple[Value, ...]:
    """One run a value of `per:`; a list gives one run each, a missing value none."""
    if scenario.entry.per is None:
        return (None,)
    value = value_of(scenario.entry.per, situation, catalogue.venue, now=now)
    if value is None:
        return ()
    return tuple(dict.fromkeys(value)) if isinstance(value, tuple) else (value,)


def _may_enter_again(scenario: Scenario, last: datetime | None, now: datetime, situation: Situation) -> bool:
    again = scenario.entry.again
    if last is None or again.each:
        return True
    return again.after is not None and now >= later(last, again.after, ZoneInfo(situation.contact.zone))


def _enrol(
    scenario: Scenario, situation: Situation, catalogue: Catalogue, key: str, occurrence: str, now: datetime
) -> Enrol:
    """The run's first row. A first step that hangs on a missing date is due now and skipped then."""
    event = situation.it
    again = scenario.entry.again
    once = not again.each and again.after is None
    told_apart = occurrence or (str(event.id) if event is not None else now.isoformat())
    first = scenario.steps[scenario.first]
    planned = plan(first, scenario, situation, catalogue.venue, decided_at=now, now=now)
    return Enrol(
        scenario=scenario.name,
        digest=scenario.digest,
        entry_key=key if once else f"{key}{APART}{told_apart}",
        per_key=key,
        step=first.name,
        due_at=planned or now,
        event_id=event.id if event is not None else None,
        this=situation.this,
        held_out=is_held_out(scenario, situation.contact.id),
        stays=isinstance(scenario.entry.trigger, OnSegment),
        priority=priority_of(scenario),
    )


def priority_of(scenario: Scenario) -> int:
    """Who goes first of one person's due runs: service before all that an author can say."""
    return SERVICE_PRIORITY if scenario.purpose == SERVICE_PURPOSE else scenario.priority


def is_held_out(scenario: Scenario, contact_id: int) -> bool:
    """Whether somebody who enters is one of those who get nothing: the same people each time, no dice."""
    return lot(scenario.name, "", contact_id) < scenario.holdout


def per_key(entry_key: str) -> str:
    """The `per` value of an entry key, without the occasion that told it apart from earlier ones."""
    return entry_key.partition(APART)[0]


def listened_names(catalogue: Catalogue) -> frozenset[str] | None:
    """The events that any scenario in use listens to; None when a cue without `when` listens to all."""
    names: set[str] = set(ALWAYS_HEARD)
    for scenario in _in_use(catalogue):
        if isinstance(scenario.entry.trigger, OnEvent):
            names.update(scenario.entry.trigger.events, map(update_of, scenario.entry.trigger.events))
        cues = [*scenario.leave]
        cues += [scenario.goal.cue] if scenario.goal is not None else []
        cues += [step.verb.cue for step in scenario.steps.values() if isinstance(step.verb, WaitUntil)]
        for cue in cues:
            if not cue.when:
                return None
            names.update(cue.when)
    return frozenset(names)


# What may end a run by law, or move a date, is heard whether or not an author listens.
ALWAYS_HEARD = frozenset(
    {
        "consent.objected",
        "consent.refused",
        "consent.withdrawn",
        "contact.erased",
        "contact.merged",
        "contact.updated",
        "mail.complained",
    }
)


def moved(run: Enrolment, move: Move, now: datetime) -> Enrolment:
    """The run after a move. A date read again or a closed window leaves the instant of the last decision."""
    return run.at(
        move.step,
        move.state,
        due_at=move.due_at,
        planned_at=move.planned_at,
        decided_at=now if move.step != run.step else run.decided_at,
    )


# -- what both ask -------------------------------------------------------------------------------------------


def _asked(situation: Situation, catalogue: Catalogue, now: datetime) -> Asked:
    run: Enrolment | None = situation.enrolment
    if run is None:
        raise ValueError("a decision is about a run, and this situation has none")
    scenario = catalogue.versions[run.digest]
    if situation.this != run.this:
        situation = replace(situation, this=run.this)
    return Asked(scenario.steps[run.step], scenario, run, situation, catalogue, now)


def _plan(step: Step, asked: Asked, decided_at: datetime) -> datetime | None:
    return plan(
        step,
        asked.scenario,
        asked.situation,
        asked.catalogue.venue,
        decided_at=decided_at,
        now=asked.now,
    )


def _true(asked: Asked, condition: Expression) -> bool:
    return holds(condition, asked.situation, asked.catalogue.venue, now=asked.now)


def _ended(asked: Asked) -> Leave | None:
    """Why the run ends before its end: the law, the holdout, or one of the file's own cues."""
    by_law = ended_by_law(asked.scenario, asked.situation, asked.catalogue, now=asked.now)
    if by_law is not None:
        return by_law
    if asked.run.held_out:
        return Leave("HOLDOUT")
    for cue in asked.scenario.leave:
        if cue_holds(cue, asked.situation, asked.catalogue, now_of=asked):
            return Leave("CUE", asked.situation.it.name if asked.situation.it else "leave")
    return None


def ended_by_law(
    scenario: Scenario, situation: Situation, catalogue: Catalogue, *, now: datetime
) -> Leave | None:
    """What ends a run whatever its author says: erasure; for prospecting also a complaint, an objection or
    a withdrawal that covers the whole purpose, and the cut-off (R-10, R-12, R-40, R-45, R-61).
    """
    contact = situation.contact
    if contact.address_state is AddressState.ERASED:
        return Leave("ADDR_ERASED", "R-45")
    if scenario.purpose == SERVICE_PURPOSE:
        return None
    if contact.address_state is AddressState.COMPLAINED:
        return Leave("COMPLAINED", "R-61")
    purpose = catalogue.venue.purposes.get(scenario.purpose)
    states = (
        [situation.consents.of(scenario.purpose, kind).status for kind in purpose.kinds] if purpose else []
    )
    if states and all(state in OBJECTING for state in states):
        objected = ConsentStatus.ACTIVE_OPTOUT in states
        return Leave("OBJECTION", "R-10") if objected else Leave("CONSENT_WITHDRAWN", "R-12")
    if is_expired(contact, catalogue.venue, now=now):
        return Leave("RETENTION_EXPIRED", "R-40")
    return None
