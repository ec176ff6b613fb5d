"""Messages: the send ledger by pages, and one mail with what the gate read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from accord.core.expressions.fields import Unreadable, read_instant
from accord.core.model.consent import LegalBasis
from accord.core.model.message import MessageState
from accord.core.model.venue import Venue
from accord.shell.documents import MAIL_COLUMNS, mail_document, mail_row
from accord.shell.engine.ports.listing import MailsWanted
from accord.shell.web.api.cursors import DEFAULT, page, page_of, paged
from accord.shell.web.api.operation import Answer, Call, Operation, Query, Told
from accord.shell.web.api.schemas import (
    ANYTHING,
    EMAIL,
    FLAG,
    INSTANT,
    MAYBE_INSTANT,
    MAYBE_TEXT,
    NUMBER,
    TEXT,
    record,
)
from accord.shell.web.problems import Problem

PATH = "/api/v1/messages"


def listed(call: Call) -> Answer:
    """A page of the ledger, newest first."""
    asked = call.query
    limit = asked.get("limit", DEFAULT)
    state = asked.get("state")
    wanted = MailsWanted(
        [state] if state else None,
        asked.get("basis"),
        asked.get("purpose"),
        asked.get("since"),
        asked.get("contact"),
    )
    with call.store.read() as unit:
        found = unit.listing.mails(wanted, before_id=asked.get("cursor"), limit=limit + 1)
    return Answer(page("messages", found, limit, lambda each: each[0].id, lambda each: mail_row(*each)))


def read(call: Call) -> Answer:
    """One mail."""
    text = call.path["id"]
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
    with call.store.read() as unit:
        entry = unit.ledger_entry(number)
    if entry is None:
        raise Problem("not-found", "There is no such mail.")
    return Answer(mail_document(entry))


def _among(words: type[StrEnum]) -> Callable[[str, Venue], str]:
    def read_word(text: str, _: Venue) -> str:
        if text not in list(words):
            raise ValueError(f"it is none of {', '.join(words)}")
        return text

    return read_word


def _purpose(text: str, venue: Venue) -> str:
    known = ("service", *venue.purposes)
    if text not in known:
        raise ValueError(f"it is none of {', '.join(known)}")
    return text


def _since(text: str, venue: Venue) -> datetime:
    try:
        return read_instant(text, venue.entity.clock)
    except Unreadable as fault:
        raise ValueError(str(fault)) from None


def _number(text: str, _: Venue) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ValueError("it is no number of a contact")
    return int(text)


MAIL = {
    "id": NUMBER,
    "at": INSTANT,
    "to": EMAIL,
    "scenario": TEXT,
    "step": TEXT,
    "nature": TEXT,
    "state": TEXT,
    "reason": TEXT,
    "rule": TEXT,
    "basis": TEXT,
}
SENT = {
    "id": 42,
    "to": "ada@example.org",
    "scenario": "lettre",
    "step": "lettre",
    "edition": "main",
    "template": "lettre/magazine",
    "nature": "editorial",
    "purpose": "newsletter",
    "state": "accepted",
    "basis": "consent",
    "reason": "OPTIN_PROVEN",
    "rule": "R-04",
    "with_invitation": False,
    "attempts": 1,
    "planned_at": "2026-11-24T09:00:00+00:00",
    "queued_at": "2026-11-24T09:00:01+00:00",
    "sent_at": "2026-11-24T09:00:02+00:00",
    "settled_at": "2026-11-24T09:00:02+00:00",
    "reply": "250 2.0.0 Ok",
    "inputs": {"consent": "optin_proven", "relation": "none"},
}

OPERATIONS = (
    Operation(
        "listMessages",
        "GET",
        PATH,
        "messages:read",
        "List mails",
        "The send ledger, newest first, as `scenario messages --json` prints it: what left or did not, and by which rule.",
        listed,
        Told(
            page_of(record(MAIL)),
            {
                "items": [{**{name: SENT.get(name) for name in MAIL_COLUMNS}, "at": SENT["sent_at"]}],
                "next": "bWVzc2FnZXM6NDI",
            },
        ),
        query=(
            *paged("messages"),
            Query("state", "Only those in this state.", {"enum": list(MessageState)}, _among(MessageState)),
            Query("basis", "Only those that rested on this.", {"enum": list(LegalBasis)}, _among(LegalBasis)),
            Query("purpose", "Only those of this purpose.", TEXT, _purpose),
            Query("since", "Only those queued since; ISO 8601.", {"type": "string"}, _since),
            Query("contact", "Only those to this contact, by number.", NUMBER, _number),
        ),
    ),
    Operation(
        "readMessage",
        "GET",
        f"{PATH}/{{id}}",
        "messages:read",
        "Read a mail",
        "What was decided, by which rule, on what inputs, and what became of it. Not the mail's own text.",
        read,
        Told(
            record(
                {
                    **{name: schema for name, schema in MAIL.items() if name != "at"},
                    "edition": TEXT,
                    "template": TEXT,
                    "purpose": TEXT,
                    "with_invitation": FLAG,
                    "attempts": NUMBER,
                    "planned_at": INSTANT,
                    "queued_at": INSTANT,
                    "sent_at": MAYBE_INSTANT,
                    "settled_at": MAYBE_INSTANT,
                    "reply": MAYBE_TEXT,
                    "inputs": ANYTHING,
                }
            ),
            SENT,
        ),
        problems=("not-found",),
    ),
)
