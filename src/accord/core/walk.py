"""One person's walk through imagined days: what comes next, what it changes, what is decided about it."""

from __future__ import annotations

import heapq
import itertools
import json
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from accord.core.agenda import HOUR, NEVER, full_hour, next_look
from accord.core.consent.collection import consents
from accord.core.consent.evidence import after, learn, told
from accord.core.decide import enters, moved, reaches_goal, something_happened, time_has_come
from accord.core.expressions.evaluate import holds
from accord.core.memory import (
    Proven,
    about,
    as_sent,
    begun,
    clicked_in,
    first_number,
    last_entries,
    queue_left,
)
from accord.core.model.consent import ConsentEntry
from accord.core.model.decision import (
    Decision,
    Effect,
    EmitEvent,
    Finish,
    Hold,
    Leave,
    Move,
    QueueCall,
    QueueMail,
    SetAttribute,
    Situation,
)
from accord.core.model.enrolment import Enrolment, RunState
from accord.core.model.event import Event, told_anew
from accord.core.model.scenario import OnSegment, Scenario
from accord.core.model.trial import Trial, TrialKey
from accord.core.steps.call import told_fields
from accord.core.steps.subjects import Because, trial_of
from accord.core.telling import OWN_DOINGS, tell, tell_entered, tell_reached
from accord.core.triggers import asks_of_returning, wakes
from accord.core.world import Happening, Known, Witness, World

# A scenario that loops on its own events would never end; no honest journey takes this many steps.
MOST_TURNS = 10_000

# The reason of a hold under a brake: only a person of the team takes it off.
BRAKE = "HELD"


class Walk:
    """The walk's own state: what is known of the person, the runs, what is still to come."""

    def __init__(self, world: World, known: Known, script: Sequence[Happening], witness: Witness) -> None:
        self.world, self.witness, self.venue = world, witness, world.catalogue.venue
        self.hears_itself = world.hears_itself
        self.now = world.start
        self.situation = queue_left(known.situation, world.start)
        self.ledger = list(known.ledger)
        self.heard: list[Event] = []
        self.unanswered: deque[Event] = deque()
        self.runs: dict[int, Enrolment] = {}
        self.ended: dict[int, Enrolment] = {}
        self.trials: dict[TrialKey, Trial] = dict(world.trials)
        self.proven: Proven | None = None
        self.keys = set(known.entries)
        self.entered = last_entries(known.entries)
        self.sources: dict[int, Event] = {}
        self.before: dict[int, tuple[Event, ...]] = {}
        self.calls = iter(world.agenda.calls)
        self.call = next(self.calls, None)
        self.unseen = set(world.unseen)
        self.staying = set(known.staying)
        self.looks = {each.name: full_hour(world.start) for each in world.agenda.segments}
        self.asked_at: datetime | None = None
        self.numbers = itertools.count(first_number(known))
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
        """Instant by instant: what happens, then whom the calendar lets in, then one step that is due.

        What anything of it writes down is answered before the next thing is done, as the engine's turns do.
        """
        for _ in range(MOST_TURNS):
            if self.unanswered:
                self._answer(self.unanswered.popleft())
                continue
            happens = self.script[0][0] if self.script else NEVER
            calls = self.call.occasion.at if self.call is not None else NEVER
            looks = min(self.looks.values()) if self.looks else NEVER
            due = self._next_due()
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

    def _next_due(self) -> datetime:
        due = NEVER
        for run in self.runs.values():
            if run.due_at < due:
                due = run.due_at
        return due

    def _be_called(self) -> None:
        call = self.call
        self.call = next(self.calls, None)
        if call is None:
            return
        who = call.occasion.who
        if who is None or holds(who, self.situation, self.venue, now=self.now):
            self._enter(call.scenario, None, call.occasion.key)

    def _be_looked_for(self, hour: datetime) -> None:
        """The hour's look at every segment whose answer may have changed."""
        for scenario in self.world.agenda.segments:
            trigger = scenario.entry.trigger
            if self.looks[scenario.name] != hour or not isinstance(trigger, OnSegment):
                continue
            in_it = holds(trigger.segment, self.situation, self.venue, now=self.now)
            if not in_it:
                self.staying.discard(scenario.name)
            elif not self._stays(scenario) and self._enter(scenario, None, hour.isoformat()):
                self.staying.add(scenario.name)
            self.unseen.discard(scenario.name)
            waits = in_it and not self._stays(scenario)
            entered = self.entered.get(scenario.name, {}).values()
            zones = (self.venue.entity.clock, ZoneInfo(self.situation.contact.zone))
            self.looks[scenario.name] = next_look(scenario, hour, entered, zones, waits=waits)

    def _stays(self, scenario: Scenario) -> bool:
        return scenario.name in self.staying and asks_of_returning(scenario)

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
            self._let_in(thing, thing.event, thing.lets_into)
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
            event = self._numbered(event)
            self.witness.happened(event, self.now)
            self._learn(event)
            self._hear(event)

    def _let_in(self, thing: Happening, event: Event, name: str) -> None:
        event = self._numbered(event)
        self.witness.happened(event, self.now)
        scenario = self.world.catalogue.live[name]
        if not wakes(scenario.entry.trigger, event.name):
            return
        known, before = self.situation, set(self.runs)
        if thing.entries or thing.lines:
            self.proven = Proven(thing)
            self.situation = self.proven.over(known, self.ledger, self.venue)
        self._enter(scenario, event, "")
        if self.proven is not None:
            self.proven.runs |= self.runs.keys() - before
        self.situation = known

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

    def _hear(self, event: Event) -> None:
        """It is in the journal now, and put before the scenarios where one of them listens to it."""
        self.heard.append(event)
        if event.name.endswith(".updated"):
            self.sources = {run: told_anew(source, event) for run, source in self.sources.items()}
        if self.world.listens(event.name):
            self.unanswered.append(event)

    def _answer(self, event: Event) -> None:
        """One event: count it as success, ask each run, then each way in."""
        self._reach_goals(event)
        for run in list(self.runs.values()):
            asked = replace(self._of(run), it=event)
            self._apply(run, something_happened(asked, self.world.catalogue, now=self.now))
        for scenario in self.world.scenarios:
            if wakes(scenario.entry.trigger, event.name):
                self._enter(scenario, event, "")

    def _reach_goals(self, event: Event) -> None:
        """Runs that have ended are asked, too."""
        for runs in (self.runs, self.ended):
            for run in list(runs.values()):
                if self.world.catalogue.versions[run.digest].goal is None:
                    continue
                asked = replace(self._of(run), it=event)
                if reaches_goal(asked, self.world.catalogue, now=self.now):
                    runs[run.id] = replace(run, goal_at=event.at)
                    self.witness.reached(run, event, self.now)
                    self._echo_heard([tell_reached(run, event, self.now)])

    def _learn(self, event: Event) -> None:
        learned = learn(event, self.situation, self.venue)
        self.ledger += learned.entries
        self.situation = after(self.situation, learned, self.ledger, self.venue.policy)
        if event.name == "mail.clicked" and event.data.get("verdict") == "human":
            self.situation = replace(self.situation, mails=clicked_in(self.situation.mails, event))
        self._stir()

    def _enter(self, scenario: Scenario, event: Event | None, occurrence: str) -> bool:
        """The runs that begin; whether any does. Who is in a segment already, where the author leaves those out, is
        only noted.
        """
        begins = False
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
            begins = True
            self.keys.add((scenario.name, enrol.entry_key))
            self.entered.setdefault(scenario.name, {})[enrol.per_key] = self.now
            if not leaves_out:
                self._begin(begun(enrol, next(self.numbers), situation, self.now), event)
        return begins

    def _begin(self, run: Enrolment, event: Event | None) -> None:
        self.runs[run.id] = run
        if event is not None:
            self.sources[run.id] = event
        self.witness.entered(run)
        self._echo_heard([tell_entered(run)])

    # -- steps --------------------------------------------------------------------------------------------

    def _advance(self) -> None:
        """One due run takes one step: the one with the highest priority, of equals the oldest."""
        due = [run for run in self.runs.values() if run.due_at <= self.now]
        run = due[0] if len(due) == 1 else min(due, key=_goes_first)
        self._apply(run, time_has_come(self._of(run), self.world.catalogue, now=self.now))

    def _of(self, run: Enrolment) -> Situation:
        since = run.last_send_at or run.entered_at
        first = run.event_id or 0
        own = [event for event in self.before.get(run.id, ()) if event.at >= since]
        own += [
            event
            for event in self.heard
            if event.at >= since and event.id > first and event.name not in OWN_DOINGS
        ]
        key = self._trial(run)
        trial = self.trials.get(key) if key is not None else None
        known = self.situation
        if self.proven is not None and run.id in self.proven.runs:
            known = self.proven.over(known, self.ledger, self.venue)
        return known.in_run(run, self.sources.get(run.id), tuple(own), trial)

    def _trial(self, run: Enrolment) -> TrialKey | None:
        return trial_of(self.world.catalogue.versions[run.digest], run)

    def _apply(self, run: Enrolment, decision: Decision) -> None:
        if not decision.effects:
            return
        asked, now, emits = run, self.now, False
        self.witness.decided(run, self._as_told(run, decision), now)
        for effect in decision.effects:
            match effect:
                case QueueMail():
                    self._try_out(run, effect)
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
                case EmitEvent():
                    emits = True
                case Finish() | Leave():
                    self.runs.pop(run.id, None)
                    run = replace(run, state=RunState.FINISHED)
                    self.ended[run.id] = run
        if run.id in self.runs:
            self.runs[run.id] = run
        if emits or self.hears_itself:
            self._echo_heard(tell(decision, asked, now))

    def _echo_heard(self, rows: Sequence[Event]) -> None:
        """What was written down of a decision is heard by those who listen to it."""
        for row in rows:
            if self.world.listens(row.name):
                self._hear(self._numbered(row))

    def _as_told(self, run: Enrolment, decision: Decision) -> Decision:
        """A call with what the other system would be told: in imagined days, and in them alone."""
        if not any(isinstance(effect, QueueCall) for effect in decision.effects):
            return decision

        def told(effect: Effect) -> Effect:
            webhook = self.venue.webhooks.get(effect.webhook) if isinstance(effect, QueueCall) else None
            if not isinstance(effect, QueueCall) or webhook is None:
                return effect
            fields = told_fields(webhook.fields, self._of(run), self.venue, now=self.now)
            return replace(effect, told=json.dumps(fields, ensure_ascii=False))

        return Decision(tuple(map(told, decision.effects)))

    def _try_out(self, run: Enrolment, mail: QueueMail) -> None:
        """The test of a step's subjects begins with the first mail that tries one."""
        key = self._trial(run)
        if key is not None and mail.subject_because == Because.TESTED:
            self.trials.setdefault(key, Trial(self.now))

    def _send(self, run: Enrolment, mail: QueueMail) -> None:
        """In imagined days each mail that was allowed leaves at once."""
        facts = self.world.catalogue.templates.get(mail.template)
        past = as_sent(run, mail, facts, next(self.numbers), self.now)
        self.situation = replace(self.situation, mails=(*self.situation.mails, past))
        self._stir()
        if self.world.listens("mail.sent"):
            self._await(Happening(self.now, Event(run.contact_id, "mail.sent", self.now, about(run, mail))))
        if self.world.answers is not None:
            for answer in self.world.answers(self.situation, run, mail, self.now):
                self._await(answer)


def _goes_first(run: Enrolment) -> tuple[int, datetime, int]:
    return (-run.priority, run.due_at, run.id)
