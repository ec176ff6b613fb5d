"""What `send` and `call` have in common: both may be late, both promise something, both pass the gate."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from accord.core.consent.permission import Wait, permission
from accord.core.expressions.evaluate import value_of
from accord.core.model.decision import Hold, Output, Refuse, Situation, Verdict, Way
from accord.core.model.expression import Expression
from accord.core.model.scenario import Call, LateChoice, Lateness, Outgoing
from accord.core.model.time import later
from accord.core.model.venue import Venue
from accord.core.steps.asking import Asked

# A tick is never quite on time; below this nobody would call a mail late.
GRACE = timedelta(minutes=5)


def may(verb: Outgoing, asked: Asked) -> Verdict | Wait:
    """The gate's answer about what this step would send now."""
    families = promoted(verb, asked.situation, asked.catalogue.venue, now=asked.now)
    return permission(
        verb, families, asked.situation, asked.catalogue, scenario=asked.scenario, now=asked.now
    )


def held(wait: Wait, asked: Asked) -> Hold:
    """The run waits where it is, for a courtesy of ours."""
    return Hold(asked.step.name, wait.until, wait.reason, wait.rule, wait.against, way_of(asked.step.verb))


def refused(verb: Outgoing, verdict: Verdict, asked: Asked) -> Refuse:
    """What was not sent, and why."""
    what = verb.webhook if isinstance(verb, Call) else verb.template
    return Refuse(asked.step.name, what, verb.nature, verdict, way_of(verb))


def way_of(verb: object) -> Way:
    """By which way a step's verb tells somebody something."""
    return Way.CALL if isinstance(verb, Call) else Way.MAIL


def too_late(verb: Outgoing, asked: Asked) -> Refuse | None:
    """What the author says of our own delay, where it was too long."""
    if is_late(verb.if_late, asked.run.planned_at, asked.now, ZoneInfo(asked.situation.contact.zone)):
        return refused(verb, Verdict(Output.DENY, "LATE", "if_late"), asked)
    return None


def promoted(verb: Outgoing, situation: Situation, venue: Venue, *, now: datetime) -> tuple[str, ...]:
    """The families that a mail promotes: as listed, or as its expression gives them for this person."""
    if not isinstance(verb.promotes, Expression):
        return verb.promotes
    value = value_of(verb.promotes, situation, venue, now=now)
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (str(value),)


def is_late(lateness: Lateness, planned_at: datetime, now: datetime, zone: ZoneInfo) -> bool:
    """Whether the daemon's own delay is more than the author allows (asked again at the door)."""
    if lateness.choice is LateChoice.SEND or now <= planned_at + GRACE:
        return False
    return now > later(planned_at, lateness.after, zone) + GRACE
