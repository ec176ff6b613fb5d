"""`send`: one e-mail through the gate, its edition to fall back on, and what becomes of a late one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from accord.core.consent.permission import Wait, permission
from accord.core.expressions.evaluate import value_of
from accord.core.model.decision import Hold, Leave, Output, QueueMail, Refuse, Situation, Verdict
from accord.core.model.expression import Expression
from accord.core.model.scenario import LateChoice, Lateness, Refused, Send
from accord.core.model.time import later
from accord.core.model.venue import Venue
from accord.core.steps.asking import Asked, Done

# A tick is never quite on time; below this nobody would call a mail late.
GRACE = timedelta(minutes=5)

MAIN, FALLBACK = "main", "fallback"


def send(verb: Send, asked: Asked) -> Done:
    """Queue the mail, hold the run, or say why not; skipped is not done, but the run goes on."""
    if is_late(verb.if_late, asked.run.planned_at, asked.now, ZoneInfo(asked.situation.contact.zone)):
        late = Verdict(Output.DENY, "LATE", "if_late")
        return Done((Refuse(asked.step.name, verb.template, verb.nature, late),), asked.next_step)
    answer = _may(verb, asked)
    if isinstance(answer, Wait):
        return Done((_hold(answer, asked),))
    if answer.allowed:
        return Done((_mail(verb, MAIN, answer, asked),), asked.next_step)
    refused = Refuse(asked.step.name, verb.template, verb.nature, answer)
    return _otherwise(verb, refused, asked)


def _otherwise(verb: Send, refused: Refuse, asked: Asked) -> Done:
    """What `if_not_allowed` says: another edition through the same gate, going on, or leaving."""
    if verb.if_not_allowed is Refused.LEAVE:
        return Done((refused, Leave(refused.verdict.reason, refused.verdict.rule)))
    if not isinstance(verb.if_not_allowed, Send):
        return Done((refused,), asked.next_step)
    edition = verb.if_not_allowed
    answer = _may(edition, asked)
    if isinstance(answer, Wait):
        return Done((refused, _hold(answer, asked)))
    if answer.allowed:
        return Done((refused, _mail(edition, FALLBACK, answer, asked)), asked.next_step)
    again = Refuse(asked.step.name, edition.template, edition.nature, answer)
    return Done((refused, again), asked.next_step)


def _may(verb: Send, asked: Asked) -> Verdict | Wait:
    families = promoted(verb, asked.situation, asked.catalogue.venue, now=asked.now)
    return permission(
        verb, families, asked.situation, asked.catalogue, scenario=asked.scenario, now=asked.now
    )


def _hold(wait: Wait, asked: Asked) -> Hold:
    return Hold(asked.step.name, wait.until, wait.reason, wait.rule, wait.against)


def _mail(verb: Send, edition: str, verdict: Verdict, asked: Asked) -> QueueMail:
    return QueueMail(
        step=asked.step.name,
        edition=edition,
        template=verb.template,
        nature=verb.nature,
        purpose=verb.purpose,
        verdict=verdict,
        with_invitation=verb.invite is not None and verdict.output is Output.ALLOW,
        planned_at=asked.run.planned_at,
    )


def promoted(verb: Send, situation: Situation, venue: Venue, *, now: datetime) -> tuple[str, ...]:
    """The families that a mail promotes: as listed, or as its expression gives them for this person."""
    if not isinstance(verb.promotes, Expression):
        return verb.promotes
    value = value_of(verb.promotes, situation, venue, now=now)
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (str(value),)


def edition_of(verb: Send, edition: str) -> Send:
    """The edition that a queued message names: the step's own mail, or the one it falls back on."""
    if edition == FALLBACK and isinstance(verb.if_not_allowed, Send):
        return replace(verb.if_not_allowed, if_late=verb.if_late)
    return verb


def is_late(lateness: Lateness, planned_at: datetime, now: datetime, zone: ZoneInfo) -> bool:
    """Whether the daemon's own delay is more than the author allows (asked again at the door)."""
    if lateness.choice is LateChoice.SEND:
        return False
    return now > later(planned_at, lateness.after, zone) + GRACE
