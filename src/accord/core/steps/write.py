"""`set` and `emit`: the verbs that write down something of the venue's own."""

from __future__ import annotations

from accord.core.expressions.evaluate import value_of
from accord.core.model.decision import EmitEvent, SetAttribute
from accord.core.model.scenario import Emit, Set
from accord.core.steps.asking import Asked, Done


def set_attributes(verb: Set, asked: Asked) -> Done:
    """Write declared attributes; each expression reads the person as they were before the step."""
    venue = asked.catalogue.venue
    written = tuple(
        SetAttribute(name, value_of(expression, asked.situation, venue, now=asked.now))
        for name, expression in verb.assignments
    )
    return Done(written, asked.next_step)


def emit(verb: Emit, asked: Asked) -> Done:
    """Journal one event of the venue's own."""
    return Done((EmitEvent(verb.event),), asked.next_step)
