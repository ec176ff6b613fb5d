"""The door of webhooks: a claimed posting is judged again, and written from what is known at that instant."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accord.core.consent.holds import ALL, BRAKE_LOOKS_AGAIN
from accord.core.consent.permission import Wait, permission
from accord.core.decide import ended_by_law
from accord.core.model.contact import AddressState, Contact
from accord.core.model.content import Catalogue
from accord.core.model.decision import Situation
from accord.core.model.event import Event
from accord.core.model.posting import CallOf, Posting, PostingState
from accord.core.model.scenario import Call, Scenario
from accord.core.model.venue import Webhook
from accord.core.steps.call import told_fields
from accord.core.steps.passing import is_late, promoted
from accord.shell.engine.sending.door import LOOKS_AGAIN

# Between two attempts: the first wait, four times as long after each, up to the last. Together about three days.
FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=10), timedelta(hours=6)
MOST_ATTEMPTS = 18

# No more is posted at once: whoever is told that much should fetch it.
MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Written:
    """It may be posted: to this webhook, these bytes."""

    posting: Posting
    webhook: Webhook
    body: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """It may not be posted, or not now: the state it goes to, and why. `ours`: the wait makes nothing late."""

    posting: Posting
    state: PostingState
    reason: str
    rule: str
    until: datetime | None = None
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the person of a posting, with the run of its call, or the event that it tells.

    `held`: the brakes in force.
    """

    situation: Situation | None
    event: Event | None = None
    held: frozenset[str] = frozenset()


def judge(posting: Posting, known: Known, catalogue: Catalogue, *, now: datetime) -> Written | Verdict:
    """Whether a claimed posting may be posted now, and what: only what the webhook declares is read at all."""
    webhook = catalogue.venue.webhooks.get(posting.webhook)
    if webhook is None:
        return _later(posting, now + LOOKS_AGAIN, "NO_WEBHOOK")
    if posting.attempts >= MOST_ATTEMPTS:
        return Verdict(posting, PostingState.FAILED, "RECEIVER_SILENT", "delivery")
    if posting.call is not None:
        if known.situation is None:
            return _refused(posting, "INPUT_UNKNOWN", "R-01")
        no = _call_refused(posting, posting.call, known.situation, catalogue, now=now)
        what = f"{posting.call.scenario}.{posting.call.step}"
        return no or _written(posting, webhook, what, posting.queued_at, known.situation, catalogue, now)
    if ALL in known.held:
        return _later(posting, now + BRAKE_LOOKS_AGAIN, "HELD", "R-02", ours=True)
    event = known.event
    if event is None:
        # Its row is gone: the person was erased, or it has grown old.
        return Verdict(posting, PostingState.CANCELLED, "EVENT_GONE", "delivery")
    about = known.situation or _nobody(event)
    told = replace(about, entered_by=event, it=None, enrolment=None)
    return _written(posting, webhook, event.name, event.at, told, catalogue, now)


def _nobody(event: Event) -> Situation:
    """Of whom an event of the whole house tells: there is nothing to be told of them."""
    return Situation(Contact(0, "", "und", "UTC", event.at, address_state=AddressState.ERASED))


def _call_refused(
    posting: Posting, call: CallOf, situation: Situation, catalogue: Catalogue, *, now: datetime
) -> Verdict | None:
    """What stands in the way of a call, judged like a mail at its door; None where nothing does."""
    scenario = catalogue.versions.get(call.digest)
    if scenario is None:
        return _later(posting, now + LOOKS_AGAIN, "NO_VERSION")
    step = scenario.steps.get(call.step)
    if step is None or not isinstance(step.verb, Call):
        return _refused(posting, "INPUT_UNKNOWN", "R-01")
    if is_late(step.verb.if_late, posting.planned_at, now, ZoneInfo(situation.contact.zone)):
        return Verdict(posting, PostingState.EXPIRED, "LATE", "if_late")
    ended = ended_by_law(scenario, situation, catalogue, now=now)
    if ended is not None:
        return _refused(posting, ended.reason, ended.rule or "R-02")
    return _gate(posting, step.verb, scenario, situation, catalogue, now=now)


def _gate(
    posting: Posting,
    verb: Call,
    scenario: Scenario,
    situation: Situation,
    catalogue: Catalogue,
    *,
    now: datetime,
) -> Verdict | None:
    # What was queued or sent since it was queued does not count against it, as with a mail at its own door.
    before = tuple(mail for mail in situation.mails if mail.at < posting.queued_at)
    families = promoted(verb, situation, catalogue.venue, now=now)
    asked = replace(situation, mails=before)
    answer = permission(verb, families, asked, catalogue, scenario=scenario, now=now)
    if isinstance(answer, Wait):
        return _later(posting, answer.until, answer.reason, answer.rule, ours=True)
    return None if answer.allowed else _refused(posting, answer.reason, answer.rule)


def _written(
    posting: Posting,
    webhook: Webhook,
    what: str,
    at: datetime,
    situation: Situation,
    catalogue: Catalogue,
    now: datetime,
) -> Written | Verdict:
    fields = told_fields(webhook.fields, situation, catalogue.venue, now=now)
    body = payload(what, at, fields)
    if len(body) > MOST_BYTES:
        return Verdict(posting, PostingState.FAILED, "TOO_LARGE", "delivery")
    return Written(posting, webhook, body)


def payload(what: str, at: datetime, fields: Mapping[str, Any]) -> bytes:
    """The body of a webhook, as the standard would have it: what happened, when, and the declared fields."""
    told = {"type": what, "timestamp": at.isoformat(), "data": fields}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def retry_at(attempts: int, now: datetime) -> datetime:
    """When an attempt that failed is followed by the next; `attempts` were made."""
    wait: timedelta = FIRST_RETRY * 4 ** min(attempts - 1, 10)
    return now + min(wait, LONGEST_RETRY)


def _refused(posting: Posting, reason: str, rule: str) -> Verdict:
    return Verdict(posting, PostingState.REFUSED, reason, rule)


def _later(
    posting: Posting, until: datetime, reason: str, rule: str = "engine", *, ours: bool = False
) -> Verdict:
    return Verdict(posting, PostingState.WAITING, reason, rule, until, ours)
