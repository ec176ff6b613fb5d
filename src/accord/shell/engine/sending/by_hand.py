"""By hand: what a person of the team decides of one mail; the law is asked all the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from accord.core.model.consent import Nature
from accord.core.model.content import Catalogue
from accord.core.model.event import Event
from accord.core.model.expression import Value
from accord.core.model.message import BY_HAND, Message, MessageState
from accord.shell.engine.apply import journal
from accord.shell.engine.ports.rows import Deed, LedgerEntry, Settlement
from accord.shell.engine.ports.store import Store, Unit
from accord.shell.engine.sending.door import Later, at_the_door


class NotByHand(Exception):
    """A mail that no person may send or settle so; the text says why."""


def settle(
    store: Store, catalogue: Catalogue, message_id: int, *, arrived: bool, by: str, now: datetime
) -> None:
    """Say what became of a mail of unknown fate. Raises NotByHand for any other."""
    state = MessageState.ACCEPTED if arrived else MessageState.REJECTED
    with store.begin() as unit:
        message = _message(unit, message_id).message
        if message.state is not MessageState.UNKNOWN:
            raise NotByHand(
                f"Mail {message_id} is {message.state.value}: only unknown ones are settled by hand."
            )
        verdict = (None, None) if arrived else ("LOST", "operator")
        if not unit.settle([Settlement(message_id, message.state, state, now, *verdict)]):
            raise NotByHand(f"Mail {message_id} was settled by somebody else just now.")
        name, reason = ("mail.sent", "ACCEPTED") if arrived else ("mail.refused", "LOST")
        journal(unit, [_told(name, message, reason, "operator", now)], catalogue, now)
        unit.note_deed(Deed(now, by, "messages settle", str(message_id), {"state": state.value}))


def resend(store: Store, catalogue: Catalogue, message_id: int, *, by: str, now: datetime) -> Message:
    """Judge a mail again by what is known now, and queue it; returns it as judged.

    The sender judges once more at the door. Raises NotByHand where the law, or the mail's own state, says no:
    a prospecting mail that a server accepted is never sent twice.
    """
    with store.begin() as unit:
        message = _message(unit, message_id).message
        refused = why_not_again(message)
        if refused is not None:
            raise NotByHand(refused)
        judged = _judged_now(unit, message, catalogue, now)
        if not unit.send_again(message, judged, now):
            raise NotByHand(f"Mail {message_id} changed just now: look at it again.")
        journal(unit, [_told("mail.queued", judged, judged.reason, judged.rule, now)], catalogue, now)
        unit.note_deed(Deed(now, by, "messages resend", str(message_id), {"was": message.state.value}))
    return judged


def _message(unit: Unit, message_id: int) -> LedgerEntry:
    entry = unit.ledger_entry(message_id)
    if entry is None:
        raise NotByHand(f"There is no mail {message_id} in the ledger.")
    return entry


def why_not_again(message: Message) -> str | None:
    """Why a mail can't be sent again in its state, in a sentence; None where it can, if the law allows it."""
    number, state = message.id, message.state.value
    if MessageState.QUEUED not in BY_HAND.get(message.state, frozenset()):
        return f"Mail {number} is {state}: it can't be sent again."
    if message.state is MessageState.ACCEPTED and message.nature is not Nature.SERVICE:
        return f"Mail {number} was accepted by the server: a prospecting mail is never sent twice."
    return None


def _judged_now(unit: Unit, message: Message, catalogue: Catalogue, now: datetime) -> Message:
    """The mail as the law sees it now, as if it were planned for this instant."""
    known = unit.situations([message.contact_id])
    runs = unit.runs([message.enrolment_id])
    situation = next(iter(unit.with_runs(known, runs)), None)
    asked = replace(message, planned_at=now, queued_at=now, attempts=0)
    answer = at_the_door(asked, situation, catalogue, now=now)
    if isinstance(answer, Settlement):
        raise NotByHand(f"Mail {message.id} may not leave: {answer.reason} {answer.rule}.")
    if isinstance(answer, Later):
        return replace(message, reason=answer.reason, rule=answer.rule)
    return replace(answer.message, judged_revision=answer.situation.contact.revision)


def _told(name: str, message: Message, reason: str, rule: str, now: datetime) -> Event:
    data: dict[str, Value] = {
        "message_id": str(message.id),
        "scenario": message.scenario,
        "run": message.enrolment_id,
        "step": message.step,
        "template": message.template,
        "nature": message.nature.value,
        "purpose": message.purpose,
        "basis": message.basis.value,
        "reason": reason,
        "rule": rule,
        "by_hand": True,
    }
    return Event(message.contact_id, name, now, data)
