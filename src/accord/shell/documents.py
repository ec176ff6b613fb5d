"""People, mails and decisions as JSON documents: what `--json` prints, and the API answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from accord.core.consent.collection import state_of
from accord.core.consent.retention import cut_off
from accord.core.model.consent import EVERYTHING, Act, ConsentEntry
from accord.core.model.contact import Contact
from accord.core.model.decision import Situation
from accord.core.model.enrolment import Enrolment
from accord.core.model.event import Event
from accord.core.model.message import Message
from accord.core.model.venue import Venue
from accord.shell.engine.intake.people import Taken
from accord.shell.engine.ports.rows import LedgerEntry

# What a person is told of their mails and runs, of all that the journal has.
EXPLAINED = (
    "mail.queued",
    "mail.sent",
    "mail.refused",
    "mail.held",
    "mail.bounced",
    "mail.complained",
    "mail.soft_bounced",
    "mail.mailbox_full",
    "mail.policy_blocked",
    "mail.greylisted",
    "mail.challenged",
    "mail.vacation",
    "mail.auto_answered",
    "mail.reported",
    "contact.rested",
    "scenario.entered",
    "scenario.left",
    "scenario.finished",
    "scenario.noted",
    "scenario.reached",
    "call.queued",
    "call.posted",
    "call.refused",
    "call.held",
    "call.failed",
)

# What is told of scenarios as a whole.
STEERED = (
    "scenario.activated",
    "scenario.drained",
    "scenario.ejected",
    "scenario.ended",
    "scenario.held",
    "scenario.migrated",
    "scenario.paused",
    "scenario.released",
    "scenario.resumed",
)

# Of one person's journal so much is looked through, newest first.
MOST_ROWS = 10_000

# What there is of a mail in a list of them.
MAIL_COLUMNS = ("id", "at", "to", "scenario", "step", "nature", "state", "reason", "rule", "basis")


def as_json(document: Any, *, indent: int | None = None) -> str:
    """A document as JSON text: instants and days in ISO, whatever can be walked through as a list."""
    return json.dumps(document, ensure_ascii=False, indent=indent, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable):
        return list(value)
    return str(value)


# -- people --------------------------------------------------------------------------------------------------


def contact_document(
    venue: Venue, situation: Situation, runs: Sequence[Enrolment], closed: Sequence[Contact]
) -> dict[str, Any]:
    """What is known of one person, with the addresses of the records that were merged into theirs."""
    contact = situation.contact
    return {
        "id": contact.id,
        "email": contact.email,
        "also": [each.email for each in closed],
        "language": contact.language,
        "zone": contact.zone,
        "address": contact.address_state.value,
        "kind": contact.address_kind.value,
        "collected_at": contact.collected_at,
        "from_third_party": contact.from_third_party,
        "last_action_at": contact.last_action_at,
        "expires_on": cut_off(contact, venue),
        "newsletters_per_month": contact.preferences.newsletters_per_month,
        "attributes": dict(contact.attributes),
        "consents": states_of(venue, situation),
        "orders": len({line.order_id for line in situation.lines}),
        "runs": [{"scenario": run.scenario, "step": run.step, "due_at": run.due_at} for run in runs],
    }


def states_of(venue: Venue, situation: Situation) -> list[dict[str, Any]]:
    """Where one person stands for each purpose and kind of the venue."""
    found = []
    for purpose in venue.purposes.values():
        for kind in purpose.kinds:
            state = state_of(situation.consents, purpose.name, kind)
            found.append(
                {
                    "purpose": purpose.name,
                    "kind": kind,
                    "state": state.status.value,
                    "informed": state.informed,
                    "since": state.since,
                }
            )
    return found


def ledger_document(venue: Venue, situation: Situation, entries: Sequence[ConsentEntry]) -> dict[str, Any]:
    """Every act of one person, oldest first, and the states that they come to."""
    acts = [
        {
            "seq": entry.seq,
            "at": entry.at,
            "purpose": entry.purpose,
            "kind": entry.kind,
            "act": entry.act.value,
            "informed": entry.informed,
            "wording": entry.wording,
            "details": dict(entry.details),
        }
        for entry in entries
    ]
    return {"email": situation.contact.email, "acts": acts, "states": states_of(venue, situation)}


def act_document(act: Act, reason: str, rule: str, entries: Sequence[ConsentEntry]) -> dict[str, Any]:
    """What one act came to: what it bears on, by which reason and rule."""
    bears_on = ["everything" if e.purpose == EVERYTHING else f"{e.purpose}/{e.kind}" for e in entries]
    return {"act": act.value, "for": bears_on, "reason": reason, "rule": rule}


# -- what came in --------------------------------------------------------------------------------------------


def taken_document(taken: Taken) -> dict[str, Any]:
    """What a file, or a body, of lines came to; every refusal with row, field and reason."""
    refusals = [{"row": r.row, "field": r.field, "reason": r.reason} for r in taken.refusals]
    return {"new": taken.new, "known": taken.known, "refused": refusals}


# -- mails and decisions ---------------------------------------------------------------------------------------


def mail_row(message: Message, address: str) -> dict[str, Any]:
    """One mail as one of many."""
    row = (
        message.id,
        message.sent_at or message.planned_at,
        address,
        message.scenario,
        message.step,
        message.nature.value,
        message.state.value,
        message.reason,
        message.rule,
        message.basis.value,
    )
    return dict(zip(MAIL_COLUMNS, row, strict=True))


def mail_document(entry: LedgerEntry) -> dict[str, Any]:
    """One mail with all that is kept of it, but for what its template read."""
    message = entry.message
    return {
        "id": message.id,
        "to": entry.recipient,
        "scenario": message.scenario,
        "step": message.step,
        "edition": message.edition,
        "template": message.template,
        "nature": message.nature.value,
        "purpose": message.purpose,
        "state": message.state.value,
        "basis": message.basis.value,
        "reason": message.reason,
        "rule": message.rule,
        "with_invitation": message.with_invitation,
        "attempts": message.attempts,
        "planned_at": message.planned_at,
        "queued_at": message.queued_at,
        "sent_at": message.sent_at,
        "settled_at": entry.settled_at,
        "reply": entry.reply,
        "inputs": dict(entry.inputs),
    }


def journal_rows(rows: Iterable[Event]) -> list[dict[str, Any]]:
    """Rows of the journal, each with what it tells."""
    return [{"at": row.at, "event": row.name, **row.data} for row in rows]
