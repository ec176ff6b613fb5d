"""One person's walk through imagined days: what comes next, what it changes, what is decided about it."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from accord.core.agenda import HOUR, NEVER, Call, full_hour, next_day
from accord.core.consent.collection import consents
from accord.core.consent.evidence import after, learn, told
from accord.core.decide import enters, moved, per_key, something_happened, time_has_come
from accord.core.expressions.evaluate import holds
from accord.core.model.consent import ConsentEntry, LegalBasis
from accord.core.model.decision import (
    Decision,
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
from accord.core.model.scenario import OnSegment, Scenario
from accord.core.telling import tell, tell_entered
from accord.core.triggers import wakes
from accord.core.triggers.occasion import Occasion
from accord.core.world import Happening, Known, Witness, World

# A scenario that loops on its own events would never end; no honest journey takes this many steps.
MOST_TURNS = 10_000

# The reason of a hold under a brake: only a person of the team takes it off.
BRAKE = "HELD"


class Walk:
    """The walk's own state: what is known of the person, the runs, what is still to come."""

    def __init__(self, world: World, known: Known, script: Sequence[Happening], witness: Witness) -> None:
        self.world, self.witness, self.venue = world, witness, world.catalogue.venue
        self.now = world.start
        self.situation = _queue_left(known.situation, world.start)
        self.ledger = list(known.ledger)
        self.heard: list[Event] = []
        self.runs: dict[int, Enrolment] = {}
        self.keys = set(known.entries)
        self.entered = _last_entries(known.entries)
        self.sources: dict[int, Event] = {}
        self.before: dict[int, tuple[Event, ...]] = {}
        self.calls = iter(world.agenda.calls)
        self.call = next(self.calls, None)
        self.unseen = set(world.unseen)
        self.looks = {each.name: full_hour(world.start) for each in world.agenda.segments}
        self.asked_at: datetime | None = None
        self.numbers = itertools.count(_first_number(known))
        self.script: list[tuple[datetime, int, Happening]] = []
        for happening in script:
            self._await(happening)
        for run in known.runs:
            self._take_up(run)

    def _await(self, happening: Happening) -> None:
        heapq.heappush(self.script, (happening.at, next(self.numbers), happening))

    def _take_up(self, situation: Situation) -> None:
        """A run in flight; one of a version that can't be read any more stands still, as in the engine."""
        run = situation.enrolment
        if run is None or run.digest not in self.world.catalogue.versions:
            return
        self.runs[run.id] = run
        self.before[run.id] = situation.events
        if situation.entered_by is not None:
            self.sources[run.id] = situation.entered_by

    # -- what comes next ----------------------------------------------------------------------------------

    def go(self) -> None:
        """Instant by instant: what happens, then whom the calendar lets in, then the steps that are due."""
        for _ in range(MOST_TURNS):
            happens = self.script[0][0] if self.script else NEVER
            calls = self.call.occasion.at if self.call is not None else NEVER
            looks = min(self.looks.values(), default=NEVER)
            due = min((run.due_at for run in self.runs.values()), default=NEVER)
            instant = max(min(happens, calls, looks, due), self.now)
            if instant > self.world.until:
                return
            self.now = instant
            if happens <= instant:
                self._happen(heapq.heappop(self.script)[2])
                continue
            self.asked_at = instant
            if calls <= instant:
                self._be_called()
            elif looks <= instant:
                self._be_looked_for(looks)
            else:
                self._advance()

    def _be_called(self) -> None:
        call = self.call
        self.call = next(self.calls, None)
        if call is not None:
            self._ask(call)

    def _ask(self, call: Call) -> bool:
        """Let the person in where the occasion is theirs; whether it is."""
        who = call.occasion.who
        theirs = who is None or holds(who, self.situation, self.venue, now=self.now)
        if theirs:
            self._enter(call.scenario, None, call.occasion.key)
        return theirs

    def _be_looked_for(self, hour: datetime) -> None:
        """The hour's look at every segment whose answer may have changed."""
        for scenario in self.world.agenda.segments:
            trigger = scenario.entry.trigger
            if self.looks[scenario.name] != hour or not isinstance(trigger, OnSegment):
                continue
            in_it = self._ask(Call(scenario, Occasion(hour, hour.isoformat(), trigger.segment)))
            self.unseen.discard(scenario.name)
            self.looks[scenario.name] = self._next_look(scenario, hour, in_it=in_it)

    def _next_look(self, scenario: Scenario, hour: datetime, *, in_it: bool) -> datetime:
        entry = scenario.entry
        if in_it and (entry.again.each or entry.again.after is not None or entry.per is not None):
            return hour + HOUR
        if not in_it or (scenario.name, "") not in self.keys:
            return next_day(hour, self.venue.entity.clock)
        return NEVER

    def _stir(self) -> None:
        """Something of the person has changed: segments are asked anew at the next full hour."""
        hour = full_hour(self.now)
        if hour == self.asked_at:
            hour += HOUR  # the calendar has asked at this instant already: steps come after it
        for name, look in self.looks.items():
            if look is not NEVER:
                self.looks[name] = min(look, hour)

    # -- what happens -------------------------------------------------------------------------------------

    def _happen(self, thing: Happening) -> None:
        """Facts first, then what scenarios make of them, as the engine records and reacts."""
        if thing.lets_into is not None and thing.event is not None:
            self._let_in(thing.event, thing.lets_into)
            return
        if thing.lines:
            changed = {line.order_id for line in thing.lines}
            kept = tuple(line for line in self.situation.lines if line.order_id not in changed)
            self.situation = replace(self.situation, lines=(*kept, *thing.lines))
            self._stir()
        events = self._consent_events(thing.entries)
        if thing.event is not None:
            events = (*events, thing.event)
        for event in events:
            self._hear(event, teaches=True)

    def _let_in(self, event: Event, name: str) -> None:
        event = self._numbered(event)
        self.witness.happened(event, self.now)
        scenario = self.world.catalogue.live[name]
        if wakes(scenario.entry.trigger, event.name):
            self._enter(scenario, event, "")

    def _consent_events(self, entries: Sequence[ConsentEntry]) -> tuple[Event, ...]:
        if not entries:
            return ()
        before = self.situation.consents
        self.ledger += entries
        self.situation = replace(self.situation, consents=consents(self.ledger, self.venue.policy))
        self._stir()
        return told(entries, before, self.situation.consents)

    def _numbered(self, event: Event) -> Event:
        return replace(event, id=next(self.numbers), contact_id=self.situation.contact.id)

    def _hear(self, event: Event, *, teaches: bool) -> None:
        """One event: learn from it, ask each run, then each way in."""
        event = self._numbered(event)
        if teaches:
            self.witness.happened(event, self.now)
            self._learn(event)
        self.heard.append(event)
        for run in list(self.runs.values()):
            asked = replace(self._of(run), it=event)
            self._apply(run, something_happened(asked, self.world.catalogue, now=self.now))
        for scenario in self.world.scenarios:
            if wakes(scenario.entry.trigger, event.name):
                self._enter(scenario, event, "")

    def _learn(self, event: Event) -> None:
        learned = learn(event, self.situation, self.venue)
        self.ledger += learned.entries
        self.situation = after(self.situation, learned, self.ledger, self.venue.policy)
        if event.name == "mail.clicked" and event.data.get("verdict") == "human":
            self.situation = replace(self.situation, mails=_clicked(self.situation.mails, event))
        self._stir()

    def _enter(self, scenario: Scenario, event: Event | None, occurrence: str) -> None:
        """The runs that begin. Who is in a segment already, where the author leaves those out, is only noted."""
        last = self.entered.get(scenario.name, {})
        situation = replace(self.situation, it=event)
        trigger = scenario.entry.trigger
        leaves_out = isinstance(trigger, OnSegment) and not trigger.existing and scenario.name in self.unseen
        for enrol in enters(
            situation,
            self.world.catalogue,
            scenario,
            now=self.now,
            occurrence=occurrence,
            last_entered=last,
        ):
            if (scenario.name, enrol.entry_key) in self.keys:
                continue
            self.keys.add((scenario.name, enrol.entry_key))
            self.entered.setdefault(scenario.name, {})[enrol.per_key] = self.now
            if not leaves_out:
                self._begin(_run(enrol, next(self.numbers), situation, self.now), event)

    def _begin(self, run: Enrolment, event: Event | None) -> None:
        self.runs[run.id] = run
        if event is not None:
            self.sources[run.id] = event
        self.witness.entered(run)
        self._echo([tell_entered(run)] if self._listens("scenario.entered") else [])

    # -- steps --------------------------------------------------------------------------------------------

    def _advance(self) -> None:
        """One due run takes one step: the one with the highest priority, of equals the oldest."""
        due = (run for run in self.runs.values() if run.due_at <= self.now)
        run = min(due, key=lambda each: (-each.priority, each.due_at, each.id))
        self._apply(run, time_has_come(self._of(run), self.world.catalogue, now=self.now))

    def _of(self, run: Enrolment) -> Situation:
        since = run.last_send_at or run.entered_at
        first = run.event_id or 0
        own = [event for event in self.before.get(run.id, ()) if event.at >= since]
        own += [event for event in self.heard if event.at >= since and event.id > first]
        return replace(self.situation, enrolment=run, entered_by=self.sources.get(run.id), events=tuple(own))

    def _apply(self, run: Enrolment, decision: Decision) -> None:
        if not decision.effects:
            return
        asked, now = run, self.now
        self.witness.decided(run, decision, now)
        for effect in decision.effects:
            match effect:
                case QueueMail():
                    self._send(run, effect)
                    run = replace(run, last_send_at=now)
                case Move():
                    run = moved(run, effect, now)
                case Hold(until=until, reason=reason):
                    # A brake is not taken off in imagined days: what it holds stays where it is.
                    until = NEVER if reason == BRAKE else until
                    run = replace(run, due_at=until, planned_at=until)
                case SetAttribute(name, value):
                    contact = self.situation.contact
                    changed = replace(contact, attributes={**contact.attributes, name: value})
                    self.situation = replace(self.situation, contact=changed)
                    self._stir()
                case Finish() | Leave():
                    self.runs.pop(run.id, None)
                    run = replace(run, state=RunState.FINISHED)
        if run.id in self.runs:
            self.runs[run.id] = run
        self._echo([row for row in tell(decision, asked, now) if self._listens(row.name)])

    def _listens(self, name: str) -> bool:
        return self.world.listened is None or name in self.world.listened

    def _echo(self, rows: Sequence[Event]) -> None:
        """What was written down of a decision is heard by those who listen to it."""
        for row in rows:
            self._hear(row, teaches=False)

    def _send(self, run: Enrolment, mail: QueueMail) -> None:
        """In imagined days each mail that was allowed leaves at once."""
        facts = self.world.catalogue.templates.get(mail.template)
        past = PastMail(
            scenario=run.scenario,
            step=mail.step,
            purpose=mail.purpose,
            nature=mail.nature,
            basis=mail.verdict.basis or LegalBasis.SERVICE,
            at=self.now,
            template=mail.template,
            template_digest=facts.digest if facts is not None else None,
            message_id=next(self.numbers),
            enrolment_id=run.id,
            with_invitation=mail.with_invitation,
        )
        self.situation = replace(self.situation, mails=(*self.situation.mails, past))
        self._stir()
        if self.world.answers is not None:
            for answer in self.world.answers(self.situation, run, mail, self.now):
                self._await(answer)


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


def _first_number(known: Known) -> int:
    """Beyond every number that the person's runs, events and mails bear already."""
    numbers = [mail.message_id for mail in known.situation.mails]
    for run in known.runs:
        numbers += [event.id for event in run.events]
        if run.enrolment is not None:
            numbers += [run.enrolment.id, run.enrolment.event_id or 0]
    return max(numbers, default=0) + 1


def _last_entries(entries: Mapping[tuple[str, str], datetime]) -> dict[str, dict[str, datetime]]:
    """When each scenario was last entered, by `per` value."""
    last: dict[str, dict[str, datetime]] = {}
    for (name, key), at in entries.items():
        by_value = last.setdefault(name, {})
        per = per_key(key)
        by_value[per] = max(at, by_value.get(per, at))
    return last


def _queue_left(situation: Situation, start: datetime) -> Situation:
    """What waits in the queue leaves as the days begin."""
    if all(mail.left for mail in situation.mails):
        return situation
    mails = tuple(
        mail if mail.left else replace(mail, left=True, at=max(mail.at, start)) for mail in situation.mails
    )
    return replace(situation, mails=mails)


def _clicked(mails: tuple[PastMail, ...], event: Event) -> tuple[PastMail, ...]:
    number = str(event.data.get("message_id"))
    return tuple(replace(mail, clicked=True) if str(mail.message_id) == number else mail for mail in mails)
