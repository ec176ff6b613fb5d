"""Endings: what became of an attempt at one mail, as the ledger and the journal are told it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from accord.core.consent.reports import delivery_status
from accord.core.model.content import Catalogue
from accord.core.model.event import Event
from accord.core.model.message import Message, MessageState
from accord.shell.engine.apply import about, journal
from accord.shell.engine.ports.mailing import Receipt
from accord.shell.engine.ports.rows import Settlement
from accord.shell.engine.ports.store import Unit
from accord.shell.engine.record import events_in
from accord.shell.engine.sending.door import Later, Passed
from accord.shell.engine.sending.followup import is_followup, record_followups
from accord.shell.engine.sending.sweep import may_repeat, once_more
from accord.shell.engine.wayback.rest import raise_undeliverable

# Between two attempts at one mail: the first wait, doubled each time, up to the last.
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=5), timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Ending:
    """How one mail ended, for now; `passed` where it was handed over, `refused` as in its receipt."""

    message: Message
    settlement: Settlement
    passed: Passed | None = None
    refused: str | None = None

    @property
    def concerns_person(self) -> bool:
        """Whether it tells something of its person too: an address that is none, a yes that is complete."""
        return bool(_bounce(self)) or _completes(self)


def landed(passed: Passed, receipt: Receipt, lease: datetime, now: datetime) -> Ending:
    """What a receipt means: a deferred mail is due again after a while that doubles with each attempt."""
    message = passed.message
    retry = min(FIRST_RETRY * 2 ** min(message.attempts, 10), LONGEST_RETRY)
    settlement = Settlement(
        message.id,
        MessageState.SENDING,
        receipt.outcome,
        now,
        reply=receipt.reply,
        not_before=now + retry if receipt.outcome is MessageState.DEFERRED else None,
        lease=lease,
    )
    return Ending(message, settlement, passed, receipt.refused)


def write_endings(unit: Unit, endings: Sequence[Ending], catalogue: Catalogue, now: datetime) -> list[Ending]:
    """Settle and journal; returns those that took, the others were settled by somebody else."""
    took = unit.settle([each.settlement for each in endings])
    written = [each for each in endings if each.settlement.message_id in took]
    written += _known_after_all(unit, [each for each in endings if each.settlement.message_id not in took])
    unit.settle(_repeats(written, now))
    journal(unit, [_told(each.message, each.settlement) for each in written], catalogue, now)
    bounces = [bounce for each in written for bounce in _bounce(each)]
    if bounces:
        events_in(unit, catalogue, bounces, now=now)
        for each in written:
            if _bounce(each):
                raise_undeliverable(unit, each.message, now)
    followups = [each.passed for each in written if each.passed is not None and _completes(each)]
    if followups:
        record_followups(unit, catalogue, followups, now=now)
    return written


def _known_after_all(unit: Unit, late: Sequence[Ending]) -> list[Ending]:
    """Mails that somebody held to be of unknown fate before the server's answer could be written."""
    final = (MessageState.ACCEPTED, MessageState.REJECTED)
    answers = [
        replace(each, settlement=replace(each.settlement, expected=MessageState.UNKNOWN, lease=None))
        for each in late
        if each.settlement.state in final and each.settlement.expected is MessageState.SENDING
    ]
    took = unit.settle([each.settlement for each in answers])
    return [each for each in answers if each.message.id in took]


def _repeats(endings: Sequence[Ending], now: datetime) -> list[Settlement]:
    """Service mails of which the carrier does not know whether they arrived: once more, a little later."""
    return [
        once_more(each.message.id, now + FIRST_RETRY)
        for each in endings
        if each.settlement.state is MessageState.UNKNOWN and may_repeat(each.message)
    ]


def _bounce(ending: Ending) -> list[Event]:
    """What a refused recipient tells of the address: the server we gave the mail to said so itself (R-60)."""
    if ending.settlement.state is not MessageState.REJECTED or ending.refused is None:
        return []
    finding = delivery_status("failed", ending.refused, ours=True)
    if finding.address is None:
        return []
    data = about(ending.message) | {"reason": finding.reason, "rule": finding.rule, "status": ending.refused}
    return [Event(ending.message.contact_id, "mail.bounced", ending.settlement.at, data)]


def _completes(ending: Ending) -> bool:
    """Whether a mail that left completes what was said aloud."""
    accepted = ending.settlement.state is MessageState.ACCEPTED
    return accepted and ending.passed is not None and is_followup(ending.passed)


# -- as the journal is told ----------------------------------------------------------------------------------

# The journal's word for an ending; what is deferred or unknown is told again when it ends.
_WORDS = {
    MessageState.ACCEPTED: "mail.sent",
    MessageState.REJECTED: "mail.refused",
    MessageState.REFUSED: "mail.refused",
    MessageState.EXPIRED: "mail.refused",
    MessageState.CANCELLED: "mail.refused",
    MessageState.DEFERRED: "mail.held",
    MessageState.UNKNOWN: "mail.held",
}


def _told(message: Message, settlement: Settlement) -> Event:
    data = about(message) | {
        "reason": settlement.reason or settlement.state.value.upper(),
        "rule": settlement.rule or "delivery",
        "reply": settlement.reply,
    }
    return Event(message.contact_id, _WORDS[settlement.state], settlement.at, data)


def told_later(later: Later, now: datetime) -> Event:
    """The journal's row of a mail that waits at the door."""
    data = about(later.message) | {"reason": later.reason, "rule": later.rule, "until": later.until}
    if later.against:
        data["against"] = later.against
    return Event(later.message.contact_id, "mail.held", now, data)
