"""The door of SMTP: a claimed message is judged again, with what is known at that instant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from accord.core.consent.permission import Wait, permission
from accord.core.decide import ended_by_law
from accord.core.model.content import Catalogue
from accord.core.model.decision import Output, Situation
from accord.core.model.message import Message, MessageState
from accord.core.model.scenario import Scenario, Send
from accord.core.steps.passing import GRACE, is_late, promoted
from accord.core.steps.planning import date_fault, next_opening
from accord.core.steps.send import edition_of
from accord.shell.engine.ports.rows import Settlement

# A mail that was handed over in vain is tried for so long; then a person must look at it (RFC 5321, 4.5.4.1).
GIVE_UP_AFTER = timedelta(days=5)

# How long a mail waits whose template or scenario has no good version just now: a slip loses nobody's mail.
LOOKS_AGAIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Passed:
    """It may leave: the message as it is to be written, with its basis and invitation as just judged."""

    message: Message
    situation: Situation


@dataclass(frozen=True, slots=True)
class Later:
    """Not now. `ours`: a brake, a pause or a cap of our own making, so that the wait makes nothing late."""

    message: Message
    until: datetime
    reason: str
    rule: str
    ours: bool = True
    against: tuple[str, ...] = ()


Answer = Passed | Later | Settlement


def at_the_door(
    message: Message, situation: Situation | None, catalogue: Catalogue, *, now: datetime
) -> Answer:
    """Whether a claimed message may leave now. A refusal here only cancels: no fallback, no move back."""
    scenario = catalogue.versions.get(message.digest)
    step = scenario.steps.get(message.step) if scenario is not None else None
    if scenario is None and not gives_up(message, now):
        return Later(message, now + LOOKS_AGAIN, "NO_VERSION", "engine", ours=False)
    if situation is None or scenario is None or step is None or not isinstance(step.verb, Send):
        return _refused(message, "INPUT_UNKNOWN", "R-01", now)
    verb = edition_of(step.verb, message.edition)
    if is_late(verb.if_late, message.planned_at, now, ZoneInfo(situation.contact.zone)):
        return _settled(message, MessageState.EXPIRED, "LATE", "if_late", now)
    passed = date_fault(step, situation, catalogue.venue, now=now)
    if passed is not None:
        return _settled(message, MessageState.EXPIRED, passed, "date", now)
    if message.attempts and gives_up(message, now):
        return _settled(message, MessageState.EXPIRED, "GAVE_UP", "delivery", now)
    ended = ended_by_law(scenario, situation, catalogue, now=now)
    if ended is not None:
        return _refused(message, ended.reason, ended.rule or "R-02", now)
    return _judged(message, verb, scenario, situation, catalogue, now=now)


def _judged(
    message: Message,
    verb: Send,
    scenario: Scenario,
    situation: Situation,
    catalogue: Catalogue,
    *,
    now: datetime,
) -> Answer:
    families = promoted(verb, situation, catalogue.venue, now=now)
    answer = permission(
        verb, families, situation, catalogue, scenario=scenario, now=now, message_id=message.id
    )
    if isinstance(answer, Wait):
        return Later(message, answer.until, answer.reason, answer.rule, against=answer.against)
    if not answer.allowed:
        return _refused(message, answer.reason, answer.rule, now)
    opening = _quiet_until(scenario, ZoneInfo(situation.contact.zone), now)
    if opening is not None:
        return Later(message, opening, "QUIET_HOURS", "hours", ours=False)
    if message.template not in catalogue.templates:
        if gives_up(message, now):
            return _settled(message, MessageState.EXPIRED, "NO_TEMPLATE", "render", now)
        return Later(message, now + LOOKS_AGAIN, "NO_TEMPLATE", "render", ours=False)
    basis, invited = answer.basis or message.basis, message.with_invitation and answer.output is Output.ALLOW
    as_before = message.basis, message.reason, message.rule, message.with_invitation
    if (basis, answer.reason, answer.rule, invited) == as_before:
        return Passed(message, situation)
    judged = replace(message, basis=basis, reason=answer.reason, rule=answer.rule, with_invitation=invited)
    return Passed(judged, situation)


def _quiet_until(scenario: Scenario, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When the scenario's hours begin again; None while they last, or have hardly ended.

    A queue that was long, or a server that was away, led out of them. Lateness still counts from the planned
    instant, as it does before the step. Service files have no hours.
    """
    if scenario.hours is None:
        return None
    opening = next_opening(now, scenario.hours, zone)
    just_closed = next_opening(now - GRACE, scenario.hours, zone) <= now - GRACE
    return opening if opening > now and not just_closed else None


def gives_up(message: Message, now: datetime) -> bool:
    """Whether a mail has been in the queue for as long as any is tried."""
    return now > message.queued_at + GIVE_UP_AFTER


def _refused(message: Message, reason: str, rule: str, now: datetime) -> Settlement:
    return _settled(message, MessageState.REFUSED, reason, rule, now)


def _settled(message: Message, state: MessageState, reason: str, rule: str, now: datetime) -> Settlement:
    return Settlement(message.id, MessageState.CLAIMED, state, now, reason=reason, rule=rule)


def sort_answers(answers: Iterable[Answer]) -> tuple[list[Passed], list[Later], list[Settlement]]:
    """The three piles, each in the order of the batch."""
    answers = list(answers)
    passed = [answer for answer in answers if isinstance(answer, Passed)]
    delayed = [answer for answer in answers if isinstance(answer, Later)]
    settled = [answer for answer in answers if isinstance(answer, Settlement)]
    return passed, delayed, settled
