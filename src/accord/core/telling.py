"""What a decision is told as in the journal: the same words by the engine and in simulated days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from accord.core.model.decision import (
    Decision,
    Effect,
    EmitEvent,
    Finish,
    Hold,
    Leave,
    Note,
    QueueCall,
    QueueMail,
    Refuse,
    Way,
)
from accord.core.model.enrolment import Enrolment
from accord.core.model.event import Event
from accord.core.model.expression import Value

# Rows that the engine writes about its own doings: no cue listens to these by having been there before.
OWN_DOINGS = (
    "mail.queued",
    "mail.held",
    "mail.refused",
    "mail.sent",
    "scenario.noted",
    "scenario.reached",
    "call.queued",
    "call.held",
    "call.refused",
    "call.posted",
    "call.failed",
)

# All that a decision is told as, besides what an `emit` tells.
TOLD = frozenset({*OWN_DOINGS, "scenario.entered", "scenario.finished", "scenario.left"})

# The journal's own source; keyless, since each row is written with the change that it tells.
SOURCE = "accord"


def tell(decision: Decision, run: Enrolment, now: datetime) -> tuple[Event, ...]:
    """The journal's rows of one decision, in its order. Moves are not told: the next step will be."""
    rows = (_row(effect, run) for effect in decision.effects)
    return tuple(Event(run.contact_id, name, now, data, SOURCE) for name, data in filter(None, rows))


def tell_reached(run: Enrolment, event: Event, now: datetime) -> Event:
    """The journal's row of a run whose goal has come, and by which event."""
    data: dict[str, Value] = {"scenario": run.scenario, "run": run.id, "by": event.name}
    return Event(run.contact_id, "scenario.reached", now, data, SOURCE)


def tell_entered(run: Enrolment) -> Event:
    """The journal's row of a run that began."""
    data: dict[str, Value] = {"scenario": run.scenario, "run": run.id, "entry_key": run.entry_key}
    return Event(run.contact_id, "scenario.entered", run.entered_at, data, SOURCE)


def _row(effect: Effect, run: Enrolment) -> tuple[str, dict[str, Value]] | None:
    where: dict[str, Value] = {"scenario": run.scenario, "run": run.id}
    match effect:
        case QueueMail():
            return "mail.queued", {**where, **_mail(effect)}
        case QueueCall():
            return "call.queued", {**where, **_call(effect)}
        case Refuse(step, template, nature, verdict, way):
            told: dict[str, Value] = {"step": step, _TOLD_AS[way]: template}
            told["nature"] = nature.value if nature is not None else None
            told |= {"reason": verdict.reason, "rule": verdict.rule, "inputs": _inputs(verdict.inputs)}
            return f"{way}.refused", {**where, **told, **_against(verdict.against)}
        case Hold(step, until, reason, rule, against, way):
            held: dict[str, Value] = {"step": step, "until": until, "reason": reason, "rule": rule}
            return f"{way}.held", {**where, **held, **_against(against)}
        case Leave(reason, rule):
            return "scenario.left", {**where, "step": run.step, "reason": reason, "rule": rule}
        case Finish():
            return "scenario.finished", {**where, "step": run.step}
        case Note(step, code, detail):
            return "scenario.noted", {**where, "step": step, "reason": code, "detail": detail}
        case EmitEvent(name):
            return name, dict(where)
    return None


def _mail(mail: QueueMail) -> dict[str, Value]:
    verdict = mail.verdict
    return {
        "step": mail.step,
        "edition": mail.edition,
        "template": mail.template,
        "nature": mail.nature.value,
        "purpose": mail.purpose,
        "basis": verdict.basis.value if verdict.basis is not None else None,
        "reason": verdict.reason,
        "rule": verdict.rule,
        "flags": verdict.flags,
        "planned_at": mail.planned_at,
        "with_invitation": mail.with_invitation,
        "inputs": _inputs(verdict.inputs),
        **_subject(mail),
    }


def _subject(mail: QueueMail) -> dict[str, Value]:
    """Which of several subjects, and why."""
    return {"subject": mail.subject, "subject_because": mail.subject_because} if mail.subject else {}


def _call(call: QueueCall) -> dict[str, Value]:
    verdict = call.verdict
    return {
        "step": call.step,
        "webhook": call.webhook,
        "nature": call.nature.value,
        "purpose": call.purpose,
        "basis": verdict.basis.value if verdict.basis is not None else None,
        "reason": verdict.reason,
        "rule": verdict.rule,
        "planned_at": call.planned_at,
        "inputs": _inputs(verdict.inputs),
        **({"told": call.told} if call.told is not None else {}),
    }


# What is told of a mail by its template is told of a call by its webhook.
_TOLD_AS = {Way.MAIL: "template", Way.CALL: "webhook"}


def _against(places: tuple[str, ...]) -> dict[str, Value]:
    """Who took the places that a cap leaves, where it was a cap."""
    return {"against": places} if places else {}


def _inputs(inputs: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{name}={value}" for name, value in inputs.items())
