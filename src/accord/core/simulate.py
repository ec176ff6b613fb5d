"""A scenario walked through imagined days: the same decisions as the engine's, in memory, for one person."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from accord.core.consent.collection import consents
from accord.core.consent.evidence import after, learn, told
from accord.core.decide import enters, moved, something_happened, time_has_come
from accord.core.expressions.evaluate import holds
from accord.core.model.consent import ConsentEntry, LegalBasis
from accord.core.model.content import Catalogue
from accord.core.model.decision import (
    Decision,
    EmitEvent,
    Enrol,
    Finish,
    Hold,
    Leave,
    Move,
    QueueMail,
    SetAttribute,
    Situation,
)
from accord.core.model.enrolment import Enrolment, RunState
from accord.core.model.event import Event
from accord.core.model.message import PastMail
from accord.core.model.order import OrderLine
from accord.core.model.scenario import OnEvent, Scenario
from accord.core.telling import tell, tell_entered
from accord.core.triggers import occasions, wakes
from accord.core.triggers.occasion import Occasion

# A scenario that loops on its own events would never end; no honest journey takes this many steps.
MOST_TURNS = 10_000


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing of the script: an event, acts for the consent ledger, or an order's lines.

    `teaches`: whether the event is evidence; an imagined one only lets the person in.
    """

    at: datetime
    event: Event | None = None
    teaches: bool = True
    entries: tuple[ConsentEntry, ...] = ()
    lines: tuple[OrderLine, ...] = ()


@dataclass(frozen=True, slots=True)
class _Call:
    """An occasion at which the calendar asks whether the person enters."""

    scenario: Scenario
    occasion: Occasion


@dataclass(slots=True)
class _Walk:
    """The walk's own state: what is known of the person, the runs, what is still to come."""

    catalogue: Catalogue
    situation: Situation
    scenarios: tuple[Scenario, ...]
    ledger: list[ConsentEntry]
    journal: list[Event] = field(default_factory=list)
    heard: list[Event] = field(default_factory=list)
    runs: dict[int, Enrolment] = field(default_factory=dict)
    entered: dict[tuple[str, str], datetime] = field(default_factory=dict)
    keys: set[tuple[str, str]] = field(default_factory=set)
    sources: dict[int, Event] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))


def simulate(
    situation: Situation,
    script: Sequence[Happening],
    catalogue: Catalogue,
    *,
    start: datetime,
    until: datetime,
    ledger: Sequence[ConsentEntry] = (),
    scenarios: Sequence[Scenario] | None = None,
) -> tuple[Event, ...]:
    """The journal of one person's days from `start` to `until` (UTC), as the engine would write it.

    `situation` is the person as known at `start`, `ledger` the consent entries behind it; `scenarios` are
    those to walk (all live ones by default). Nothing is written and no clock is read.
    """
    chosen = tuple(scenarios if scenarios is not None else catalogue.live.values())
    known = dict(catalogue.versions) | {scenario.digest: scenario for scenario in chosen}
    walk = _Walk(replace(catalogue, versions=known), situation, chosen, list(ledger))
    pending = sorted(script, key=lambda happening: happening.at)
    agenda: list[tuple[datetime, int, int, Happening | _Call]] = [
        (call.occasion.at, 1, order, call) for order, call in enumerate(_calls(walk, start, until))
    ]
    agenda += [(thing.at, 0, order, thing) for order, thing in enumerate(pending)]
    heapq.heapify(agenda)
    for _ in range(MOST_TURNS):
        due = min((run.due_at for run in walk.runs.values()), default=None)
        if agenda and (due is None or agenda[0][0] <= due):
            instant, _kind, _order, thing = heapq.heappop(agenda)
            if instant > until:
                break
            _take(walk, thing, instant)
        elif due is not None and due <= until:
            _advance(walk, due)
        else:
            break
    return tuple(walk.journal)


def _calls(walk: _Walk, start: datetime, until: datetime) -> list[_Call]:
    """Every occasion of the calendar's triggers, half an hour at a time, so that none hides another."""
    found: list[_Call] = []
    zone = walk.catalogue.venue.entity.clock
    for scenario in walk.scenarios:
        if isinstance(scenario.entry.trigger, OnEvent):
            continue
        mark, ahead = start - timedelta(microseconds=1), start
        while mark < until:
            due = occasions(scenario.entry.trigger, after=mark, until=ahead, zone=zone)
            found += [_Call(scenario, occasion) for occasion in due]
            mark, ahead = ahead, min(ahead + timedelta(minutes=30), until)
    return found


def _take(walk: _Walk, thing: Happening | _Call, now: datetime) -> None:
    if isinstance(thing, Happening):
        _happen(walk, thing, now)
        return
    who, venue = thing.occasion.who, walk.catalogue.venue
    if who is None or holds(who, walk.situation, venue, now=now):
        _enter(walk, thing.scenario, replace(walk.situation, it=None), now, thing.occasion.key)


def _happen(walk: _Walk, thing: Happening, now: datetime) -> None:
    """Facts first, then what scenarios make of them, as the engine records and reacts."""
    if thing.lines:
        changed = {line.order_id for line in thing.lines}
        kept = tuple(line for line in walk.situation.lines if line.order_id not in changed)
        walk.situation = replace(walk.situation, lines=(*kept, *thing.lines))
    events = _consent_events(walk, thing.entries)
    if thing.event is not None:
        events = (*events, thing.event)
    for event in events:
        _hear(walk, event, now, teaches=thing.teaches)


def _consent_events(walk: _Walk, entries: Sequence[ConsentEntry]) -> tuple[Event, ...]:
    if not entries:
        return ()
    before = walk.situation.consents
    walk.ledger += entries
    walk.situation = replace(walk.situation, consents=consents(walk.ledger, walk.catalogue.venue.policy))
    return told(entries, before, walk.situation.consents)


def _hear(walk: _Walk, event: Event, now: datetime, *, teaches: bool = True) -> None:
    """One event: learn from it, ask each run, then each way in."""
    event = replace(event, id=next(walk.numbers), contact_id=walk.situation.contact.id)
    walk.journal.append(event)
    walk.heard.append(event)
    if teaches:
        learned = learn(event, walk.situation, walk.catalogue.venue)
        walk.ledger += learned.entries
        policy = walk.catalogue.venue.policy
        walk.situation = after(walk.situation, learned, walk.ledger, policy)
    for run in list(walk.runs.values()):
        asked = replace(_of(walk, run), it=event)
        _apply(walk, run, something_happened(asked, walk.catalogue, now=now), now)
    for scenario in walk.scenarios:
        if wakes(scenario.entry.trigger, event.name):
            _enter(walk, scenario, replace(walk.situation, it=event), now, "")


def _enter(walk: _Walk, scenario: Scenario, situation: Situation, now: datetime, occurrence: str) -> None:
    last = {key: instant for (name, key), instant in walk.entered.items() if name == scenario.name}
    for enrol in enters(
        situation, walk.catalogue, scenario, now=now, occurrence=occurrence, last_entered=last
    ):
        if (scenario.name, enrol.entry_key) in walk.keys:
            continue
        walk.keys.add((scenario.name, enrol.entry_key))
        walk.entered[scenario.name, enrol.per_key] = now
        run = _run(enrol, next(walk.numbers), situation, now)
        walk.runs[run.id] = run
        if situation.it is not None:
            walk.sources[run.id] = situation.it
        walk.journal.append(tell_entered(run))


def _run(enrol: Enrol, number: int, situation: Situation, now: datetime) -> Enrolment:
    return Enrolment(
        id=number,
        contact_id=situation.contact.id,
        scenario=enrol.scenario,
        digest=enrol.digest,
        entry_key=enrol.entry_key,
        entered_at=now,
        state=RunState.DUE,
        step=enrol.step,
        due_at=enrol.due_at,
        planned_at=enrol.due_at,
        decided_at=now,
        event_id=enrol.event_id,
        this=enrol.this,
        priority=enrol.priority,
    )


def _of(walk: _Walk, run: Enrolment) -> Situation:
    since = run.last_send_at or run.entered_at
    own = tuple(event for event in walk.heard if event.at >= since and event.id > (run.event_id or 0))
    return replace(walk.situation, enrolment=run, entered_by=walk.sources.get(run.id), events=own)


def _advance(walk: _Walk, now: datetime) -> None:
    """The run that is due first takes one step; of several at once, the one with the highest priority."""
    run = min(walk.runs.values(), key=lambda each: (each.due_at, -each.priority, each.id))
    _apply(walk, run, time_has_come(_of(walk, run), walk.catalogue, now=now), now)


def _apply(walk: _Walk, run: Enrolment, decision: Decision, now: datetime) -> None:
    rows = tell(decision, run, now)
    emitted = {effect.name for effect in decision.effects if isinstance(effect, EmitEvent)}
    walk.journal += [row for row in rows if row.name not in emitted]
    for effect in decision.effects:
        match effect:
            case QueueMail():
                _send(walk, run, effect, now)
                run = replace(run, last_send_at=now)
            case Move():
                run = moved(run, effect, now)
            case Hold(until=until):
                run = replace(run, due_at=until, planned_at=until)
            case SetAttribute(name, value):
                contact = walk.situation.contact
                changed = replace(contact, attributes={**contact.attributes, name: value})
                walk.situation = replace(walk.situation, contact=changed)
            case Finish() | Leave():
                walk.runs.pop(run.id, None)
                run = replace(run, state=RunState.FINISHED)
    if run.id in walk.runs:
        walk.runs[run.id] = run
    for name in emitted:
        _hear(walk, Event(run.contact_id, name, now), now)


def _send(walk: _Walk, run: Enrolment, mail: QueueMail, now: datetime) -> None:
    """In imagined days each mail that was allowed leaves at once."""
    facts = walk.catalogue.templates.get(mail.template)
    past = PastMail(
        scenario=run.scenario,
        step=mail.step,
        purpose=mail.purpose,
        nature=mail.nature,
        basis=mail.verdict.basis or LegalBasis.SERVICE,
        at=now,
        template=mail.template,
        template_digest=facts.digest if facts is not None else None,
        enrolment_id=run.id,
        with_invitation=mail.with_invitation,
    )
    walk.situation = replace(walk.situation, mails=(*walk.situation.mails, past))
