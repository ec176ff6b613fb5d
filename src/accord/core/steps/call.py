"""`call`: the declared fields of a webhook, posted to another system; through the gate like a mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from accord.core.consent.permission import Wait
from accord.core.expressions.evaluate import value_of
from accord.core.model.contact import GONE
from accord.core.model.decision import Leave, QueueCall, Situation
from accord.core.model.expression import Expression, Name, Type, Value
from accord.core.model.place import Span
from accord.core.model.scenario import Call, Refused
from accord.core.model.venue import Venue
from accord.core.steps.asking import Asked, Done
from accord.core.steps.passing import held, may, refused, too_late

# What a webhook may be told besides what conditions read: the address, and the number that a person has here.
OWN_FIELDS = ("contact.email", "contact.id")


def call(verb: Call, asked: Asked) -> Done:
    """Queue the posting, hold the run, or say why not; skipped is not done, but the run goes on."""
    late = too_late(verb, asked)
    if late is not None:
        return Done((late,), asked.next_step)
    answer = may(verb, asked)
    if isinstance(answer, Wait):
        return Done((held(answer, asked),))
    if answer.allowed:
        queued = QueueCall(
            asked.step.name, verb.webhook, verb.nature, verb.purpose, answer, asked.run.planned_at
        )
        return Done((queued,), asked.next_step)
    no = refused(verb, answer, asked)
    if verb.if_not_allowed is Refused.LEAVE:
        return Done((no, Leave(answer.reason, answer.rule)))
    return Done((no,), asked.next_step)


def told_fields(
    fields: Sequence[str], situation: Situation, venue: Venue, *, now: datetime
) -> Mapping[str, Any]:
    """What another system is told of one person: these names and nothing else, as JSON can say them.

    What is missing of this person is None. Nothing is read but what `fields` names.
    """
    return {path: _plain(_value(path, situation, venue, now)) for path in fields}


def _value(path: str, situation: Situation, venue: Venue, now: datetime) -> Value:
    contact = situation.contact
    if path == "contact.id":
        return contact.id
    if path.startswith("contact.") and contact.address_state in GONE:
        return None  # what stands there now is nobody's
    if path == "contact.email":
        return contact.email
    expression = Expression(path, Span("", 1, 1), Name(path, Type.TEXT), Type.TEXT)
    return value_of(expression, situation, venue, now=now)


def _plain(value: Value) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
