"""The door of SMTP: a claimed message is judged again, with what is known at that instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from accord.core.consent.permission import Wait, permission
from accord.core.decide import ended_by_law
from accord.core.model.content import Catalogue
from accord.core.model.decision import Output, Situation
from accord.core.model.message import Message, MessageState
from accord.core.model.scenario import Send
from accord.core.steps.send import edition_of, is_late, promoted
from accord.shell.engine.rows import Settlement

# A service mail is tried for so long; what it confirms is stale then, and a person must look at it.
GIVE_UP_AFTER = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Passed:
    """It may leave: what was judged, and whether with its invitation."""

    message: Message
    situation: Situation
    with_invitation: bool


@dataclass(frozen=True, slots=True)
class Later:
    """Not now: a brake, a pause or a cap of ours."""

    message: Message
    until: datetime


Answer = Passed | Later | Settlement


def at_the_door(
    message: Message, situation: Situation | None, catalogue: Catalogue, *, now: datetime
) -> Answer:
    """Whether a claimed message may leave now. A refusal here only cancels: no fallback, no move back."""
    scenario = catalogue.versions.get(message.digest)
    step = scenario.steps.get(message.step) if scenario is not None else None
    if situation is None or scenario is None or step is None or not isinstance(step.verb, Send):
        return _refused(message, "INPUT_UNKNOWN", "R-01", now)
    verb = edition_of(step.verb, message.edition)
    if is_late(verb.if_late, message.planned_at, now, ZoneInfo(situation.contact.zone)):
        return _settled(message, MessageState.EXPIRED, "LATE", "if_late", now)
    if now > message.planned_at + GIVE_UP_AFTER:
        return _settled(message, MessageState.EXPIRED, "GAVE_UP", "delivery", now)
    ended = ended_by_law(scenario, situation, catalogue, now=now)
    if ended is not None:
        return _refused(message, ended.reason, ended.rule or "R-02", now)
    families = promoted(verb, situation, catalogue.venue, now=now)
    answer = permission(
        verb, families, situation, catalogue, scenario=scenario, now=now, message_id=message.id
    )
    if isinstance(answer, Wait):
        return Later(message, answer.until)
    if not answer.allowed:
        return _refused(message, answer.reason, answer.rule, now)
    invited = message.with_invitation and answer.output is Output.ALLOW
    basis = answer.basis or message.basis
    return Passed(replace(message, basis=basis), situation, invited)


def _refused(message: Message, reason: str, rule: str, now: datetime) -> Settlement:
    return _settled(message, MessageState.REFUSED, reason, rule, now)


def _settled(message: Message, state: MessageState, reason: str, rule: str, now: datetime) -> Settlement:
    return Settlement(message.id, MessageState.CLAIMED, state, now, reason=reason, rule=rule)


def sort_answers(
    answers: Mapping[int, Answer],
) -> tuple[list[Passed], list[Later], list[Settlement]]:
    """The three piles, each in the order of the batch."""
    passed = [answer for answer in answers.values() if isinstance(answer, Passed)]
    delayed = [answer for answer in answers.values() if isinstance(answer, Later)]
    settled = [answer for answer in answers.values() if isinstance(answer, Settlement)]
    return passed, delayed, settled
