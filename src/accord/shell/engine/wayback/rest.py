"""What follows for the team and for an address: a mail that must find another way; rest after five mails that came back in thirty days without one that arrived between them (R-60)."""

from __future__ import annotations

from datetime import datetime, timedelta

from accord.core.consent.reports import SOFT, SOFT_BOUNCE_WINDOW, TOLD_AS, Finding, bounces_too_often
from accord.core.model.consent import Nature
from accord.core.model.content import Catalogue
from accord.core.model.event import RESTED, Event
from accord.core.model.message import Message, MessageState
from accord.core.model.returned import Fate
from accord.shell.engine.ports.store import Unit
from accord.shell.engine.ports.wayback import RETURNED
from accord.shell.engine.record import events_in
from accord.shell.engine.wayback.known import Known

# For so long a server may try (RFC 5321 4.5.4.1); what has not come back by then has arrived.
TRIED_FOR = timedelta(days=5)


def rest_if_it_bounces_often(
    unit: Unit, catalogue: Catalogue, known: Known, found: Finding, told: Fate, now: datetime
) -> None:
    """Leave the address in peace for thirty days where this was the fifth. Service mail is tried all the same."""
    if TOLD_AS.get(found.reason) not in SOFT or told.action == "delayed":
        return
    resting = known.contact.rests_until
    if resting is not None and resting > now:
        return
    events = [each for each in unit.events_of(known.contact.id) if each.at > now - SOFT_BOUNCE_WINDOW]
    bounced = {
        str(each.data.get("message_id")): each.at
        for each in events
        if each.name in SOFT and each.data.get("action") != "delayed"
    }
    arrived = [each.at for each in events if each.name == "mail.delivered"]
    arrived += [
        mail.sent_at
        for mail in unit.messages_of(known.contact.id)
        if mail.state is MessageState.ACCEPTED
        and mail.sent_at is not None
        and mail.sent_at + TRIED_FOR <= now
        and str(mail.id) not in bounced
    ]
    if bounces_too_often(bounced.values(), arrived, now=now):
        event = Event(known.contact.id, RESTED, now, {"until": now + SOFT_BOUNCE_WINDOW}, "wayback")
        events_in(unit, catalogue, [event], now=now)


def raise_undeliverable(unit: Unit, message: Message, now: datetime) -> None:
    """A mail that its reader needed has no address any more: somebody must find another way (R-60)."""
    if message.nature is Nature.SERVICE:
        body = {
            "what": "UNDELIVERABLE",
            "message": message.id,
            "scenario": message.scenario,
            "step": message.step,
        }
        unit.keeping.raise_task(RETURNED, f"mail {message.id}", body, now, message.contact_id)
