"""From decisions to rows: what the core asked for becomes one batch of writes in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from accord.core.decide import listened_names, moved
from accord.core.model.content import Catalogue
from accord.core.model.decision import (
    Decision,
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
from accord.core.model.enrolment import RUN_TRANSITIONS, Enrolment, RunState
from accord.core.model.event import Event
from accord.core.model.expression import Value
from accord.core.model.message import Message
from accord.core.model.posting import CallOf, Posting
from accord.core.model.trial import TrialKey
from accord.core.steps.subjects import Because, trial_of
from accord.core.telling import tell, tell_entered, tell_reached
from accord.shell.engine.ports.posting import NewCall
from accord.shell.engine.ports.rows import ContactChange, NewMessage, NewRun, RunChange
from accord.shell.engine.ports.store import Unit


@dataclass(slots=True)
class Batch:
    """The writes of many decisions, gathered so that each table is written once."""

    catalogue: Catalogue
    now: datetime
    changes: list[RunChange] = field(default_factory=list)
    messages: list[NewMessage] = field(default_factory=list)
    contacts: list[ContactChange] = field(default_factory=list)
    journal: list[Event] = field(default_factory=list)
    runs: list[NewRun] = field(default_factory=list)
    calls: list[NewCall] = field(default_factory=list)
    trials: set[TrialKey] = field(default_factory=set)
    goals: dict[int, datetime] = field(default_factory=dict)

    def add(self, situation: Situation, decision: Decision) -> None:
        """Gather what one decision about one run asks for."""
        run = situation.enrolment
        if run is None or not decision.effects:
            return
        told = tell(decision, run, self.now)
        after, state, reason, sent_at = run, None, None, run.last_send_at
        messages: list[NewMessage] = []
        contacts: list[ContactChange] = []
        calls: list[NewCall] = []
        for effect in decision.effects:
            match effect:
                case QueueMail():
                    messages.append(self._message(run, effect, situation))
                    sent_at = self.now
                case QueueCall():
                    calls.append(NewCall(run, effect, self.now))
                case Move():
                    after = moved(after, effect, self.now)
                case Hold(until=until):
                    after = replace(after, due_at=until, planned_at=until)
                case Finish():
                    state, reason = RunState.FINISHED, "finished"
                case Leave(why, _):
                    state, reason = RunState.LEFT, why
                case SetAttribute(name, value):
                    contacts.append(ContactChange(run.contact_id, attributes={name: value}))
                case EmitEvent():
                    pass  # told in the journal, which is all that emitting is
        # All of it or nothing: what fails above has gathered nothing.
        self.changes.append(_change(run, after, state or after.state, reason, sent_at))
        self.messages += messages
        self.contacts += contacts
        self.calls += calls
        self.trials.update(self._trials_begun(run, messages))
        self.journal += told

    def reach(self, situation: Situation) -> None:
        """Gather that `situation.it` is what the run's scenario counts as success."""
        run, event = situation.enrolment, situation.it
        if run is not None and event is not None:
            self.goals[run.id] = event.at
            self.journal.append(tell_reached(run, event, self.now))

    def include(self, other: Batch) -> None:
        """Gather what another batch has gathered."""
        self.changes += other.changes
        self.messages += other.messages
        self.contacts += other.contacts
        self.journal += other.journal
        self.runs += other.runs
        self.calls += other.calls
        self.trials |= other.trials
        self.goals |= other.goals

    def _trials_begun(self, run: Enrolment, messages: Iterable[NewMessage]) -> Iterator[TrialKey]:
        """The tests of subjects that these mails are part of: each begins with its first mail."""
        key = trial_of(self.catalogue.versions[run.digest], run)
        if key is not None and any(new.mail.subject_because == Because.TESTED for new in messages):
            yield key

    def _message(self, run: Enrolment, mail: QueueMail, situation: Situation) -> NewMessage:
        facts = self.catalogue.templates.get(mail.template)
        return NewMessage(
            run=run,
            mail=mail,
            judged_revision=situation.contact.revision,
            queued_at=self.now,
            template_digest=facts.digest if facts is not None else None,
        )

    def write(self, unit: Unit) -> None:
        """Write everything; the caller's transaction makes it happen wholly or not at all."""
        if self.contacts:
            unit.change_contacts(self.contacts)
        if self.messages:
            unit.queue(self.messages)
        if self.calls:
            unit.postings.queue(self.calls)
        if self.trials:
            unit.measuring.begin(self.trials, self.now)
        if self.goals:
            unit.measuring.reached(self.goals)
        if self.changes:
            unit.change_runs(self.changes)
        if self.runs:
            begun = unit.add_runs(self.runs)
            self.journal += [tell_entered(run) for run in begun if run.state is RunState.DUE]
        journal(unit, self.journal, self.catalogue, self.now)


def _change(
    run: Enrolment, after: Enrolment, state: RunState, reason: str | None, sent_at: datetime | None
) -> RunChange:
    if state is not run.state and state not in RUN_TRANSITIONS[run.state]:
        raise ValueError(f"run {run.id} cannot go from {run.state} to {state}")
    return RunChange(
        run_id=run.id,
        state=state,
        step=after.step,
        due_at=after.due_at,
        planned_at=after.planned_at,
        decided_at=after.decided_at,
        last_send_at=sent_at,
        ended_because=reason,
    )


def about(message: Message) -> dict[str, Value]:
    """What every row of the journal about a mail of the ledger says of it."""
    return {
        "message_id": str(message.id),
        "scenario": message.scenario,
        "run": message.enrolment_id,
        "step": message.step,
        "template": message.template,
        "nature": message.nature.value,
        "purpose": message.purpose,
        "basis": message.basis.value,
        "at_the_door": True,
    }


def about_call(posting: Posting, call: CallOf) -> dict[str, Value]:
    """What every row of the journal about a posting of a call says of it."""
    return {
        "scenario": call.scenario,
        "run": call.run_id,
        "step": call.step,
        "webhook": posting.webhook,
        "nature": call.nature.value,
        "purpose": call.purpose,
        "at_the_door": True,
    }


def journal(unit: Unit, events: Iterable[Event], catalogue: Catalogue, now: datetime) -> Sequence[Event]:
    """Append events of our own; only what some scenario listens to is put before the scenarios."""
    listened = listened_names(catalogue)
    heard: list[Event] = []
    told: list[Event] = []
    for event in events:
        (heard if listened is None or event.name in listened else told).append(event)
    new: list[Event] = []
    if told:
        new += unit.append(told, received_at=now, reacts=False)
    if heard:
        new += unit.append(heard, received_at=now, reacts=True)
    return new
