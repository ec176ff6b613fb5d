"""`wait_until`: listen for an event, for so long at most, and both ways on."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from accord.core.expressions.evaluate import holds
from accord.core.model.content import Catalogue
from accord.core.model.decision import Move, Note, Situation
from accord.core.model.enrolment import RunState
from accord.core.model.event import Event
from accord.core.model.scenario import Cue, WaitUntil
from accord.core.model.time import later
from accord.core.steps.asking import Asked, Done


def wait_until(verb: WaitUntil, asked: Asked) -> Done:
    """Go on at once if it has come since the run's last mail; else listen until `at_most` has passed."""
    if asked.run.state is RunState.WAITING:
        return Done((Note(asked.step.name, "TIMED_OUT", str(verb.at_most)),), verb.otherwise)
    for event in asked.situation.events:
        if heard(verb.cue, event, asked):
            return Done((Note(asked.step.name, "HEARD", event.name),), verb.then)
    if not verb.cue.when and heard(verb.cue, None, asked):
        return Done((Note(asked.step.name, "HEARD", "if"),), verb.then)
    until = later(asked.now, verb.at_most, ZoneInfo(asked.situation.contact.zone))
    return Done((Move(asked.step.name, until, until, RunState.WAITING),))


def heard(cue: Cue, event: Event | None, asked: Asked) -> bool:
    """Whether a cue holds for an event that came (`it` in the cue's condition)."""
    return cue_holds(cue, replace(asked.situation, it=event), asked.catalogue, now_of=asked)


def cue_holds(cue: Cue, situation: Situation, catalogue: Catalogue, *, now_of: Asked) -> bool:
    """Both halves of a cue: one of its events is `situation.it`, and its condition is true."""
    if cue.when and (situation.it is None or situation.it.name not in cue.when or situation.it.is_a_robots):
        return False
    return cue.condition is None or holds(cue.condition, situation, catalogue.venue, now=now_of.now)
