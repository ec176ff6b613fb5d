"""What people wrote goes on to the team, through the house's own way out: at least once, and never in a circle."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from accord.core.mail.words import Wording
from accord.core.model.contact import email_key
from accord.core.model.message import MessageState
from accord.core.wayback.handed_on import HandingOn, handed_on, may_be_handed_on
from accord.core.wayback.opened import opened
from accord.shell.engine.ports.mailing import Carrier, Envelope, Unreachable
from accord.shell.engine.ports.store import Store
from accord.shell.engine.ports.wayback import RETURNED, Came

# Beyond every number of the ledger: a folder of mails keeps both apart.
BEYOND = 800_000_000_000

LEASE, AGAIN, MOST_ATTEMPTS, PAGE = timedelta(minutes=15), timedelta(minutes=10), 20, 20


@dataclass(frozen=True, slots=True)
class Team:
    """Where what people write goes, by the mailbox that it came into; `sender` is our own name and address."""

    addresses: Mapping[str, str]
    base_url: str
    sender: tuple[str, str]
    host: str
    wording: Wording


async def hand_on(store: Store, team: Team, carrier: Carrier, *, clock: Callable[[], datetime]) -> int:
    """Hand on what is due; how many went. What the server does not take now is tried again."""
    now = clock()
    with store.begin() as unit:
        due = unit.wayback.to_forward(now, PAGE, now + LEASE)
    gone = 0
    for came in due:
        envelope = await asyncio.to_thread(_envelope, came, team, now)
        if envelope is None:
            with store.begin() as unit:
                unit.wayback.forwarded(came.id)
            continue
        outcome = await _carried(carrier, envelope)
        with store.begin() as unit:
            if outcome in (MessageState.ACCEPTED, MessageState.UNKNOWN):
                unit.wayback.forwarded(came.id)
                gone += 1
            elif outcome is MessageState.REJECTED or came.attempts >= MOST_ATTEMPTS:
                unit.wayback.give_up(came.id)
                body = {"what": "NOT_FORWARDED", "source": came.source, "returned": came.id}
                unit.keeping.raise_task(RETURNED, str(came.id), body, now, came.contact_id)
            else:
                unit.wayback.forward_later(came.id, now + AGAIN)
    return gone


async def _carried(carrier: Carrier, envelope: Envelope) -> MessageState:
    try:
        while (wait := carrier.pause()) > 0:
            await asyncio.sleep(wait)
        await carrier.ready()
        return (await carrier.carry(envelope)).outcome
    except Unreachable:
        return MessageState.DEFERRED


def _envelope(came: Came, team: Team, now: datetime) -> Envelope | None:
    """The mail to the team; None where nothing is to be handed on, or it would go round."""
    to = team.addresses.get(came.source)
    if not to or came.content is None:
        return None
    original = opened(came.content)
    ours = {email_key(to), email_key(team.sender[1])}
    if not may_be_handed_on(original) or (original is not None and email_key(original.sender) in ours):
        return None
    link = f"{team.base_url}/console/people/{came.contact_id}" if came.contact_id is not None else None
    about = HandingOn(
        *team.sender,
        to,
        f"handed-on.{came.id}.{int(came.at.timestamp())}",
        team.host,
        now,
        link,
        team.wording,
    )
    return Envelope(BEYOND + came.id, "", to, handed_on(came.content, about))
