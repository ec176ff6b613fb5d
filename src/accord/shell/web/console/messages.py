"""Messages: the send ledger with filters, a page at a time; one mail whole, and what a person decides of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from accord.core.model.consent import LegalBasis, Nature
from accord.core.model.event import Event
from accord.core.model.message import Message, MessageState
from accord.shell.engine.ports.listing import MailsWanted
from accord.shell.engine.ports.rows import LedgerEntry
from accord.shell.engine.sending.by_hand import why_not_again
from accord.shell.web.console.door import NotFound
from accord.shell.wiring import House

PAGE = 50

# Of a journal so much is looked through for what it tells of one mail.
MOST_ROWS = 2000

STATES: Mapping[str, tuple[MessageState, ...]] = {
    "unknown": (MessageState.UNKNOWN,),
    "waiting": (MessageState.QUEUED, MessageState.DEFERRED, MessageState.CLAIMED, MessageState.SENDING),
    "accepted": (MessageState.ACCEPTED,),
    "not sent": (MessageState.REJECTED, MessageState.REFUSED, MessageState.EXPIRED, MessageState.CANCELLED),
    "bounced": (MessageState.BOUNCED,),
    "complained": (MessageState.COMPLAINED,),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One filter of the page: what may be chosen, and what is."""

    name: str
    options: Sequence[str]
    chosen: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """The whole page; `older` is the query of the next one, None on the last.

    `broken_off`: among the mails that were looked through there are no more, and there are older ones.
    """

    rows: Sequence[tuple[Message, str]]
    choices: Sequence[Choice]
    older: str | None
    broken_off: bool


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail whole. `again`: it may be judged once more and queued; `unsure`: nobody knows its fate."""

    entry: LedgerEntry
    journal: Sequence[Event]
    again: bool
    unsure: bool


def ledger(house: House, query: Mapping[str, str]) -> Ledger:
    """Read the page. What the query says wrongly is as if it were not said."""
    with house.store.read() as unit:
        scenarios = [row.name for row in unit.live_scenarios()]
        choices = [
            _choice(query, "state", list(STATES)),
            _choice(query, "nature", [nature.value for nature in Nature]),
            _choice(query, "basis", [basis.value for basis in LegalBasis]),
            _choice(query, "purpose", ["service", *house.venue.purposes]),
            _choice(query, "scenario", scenarios),
        ]
        chosen = {choice.name: choice.chosen for choice in choices if choice.chosen}
        wanted = MailsWanted(
            states=[state.value for state in STATES.get(chosen.get("state", ""), ())],
            basis=chosen.get("basis"),
            purpose=chosen.get("purpose"),
            nature=chosen.get("nature"),
            scenario=chosen.get("scenario"),
        )
        before = query.get("before", "")
        before_id = int(before) if before.isdecimal() and len(before) < 16 else None
        found = unit.listing.newest_mails(wanted, before_id=before_id, limit=PAGE + 1)
    more = len(found.mails) > PAGE
    end = found.mails[PAGE - 1][0].id if more else found.looked_to
    older = urlencode({**chosen, "before": end}) if end is not None else None
    return Ledger(found.mails[:PAGE], choices, older, older is not None and not more)


def _choice(query: Mapping[str, str], name: str, options: Sequence[str]) -> Choice:
    said = query.get(name, "")
    return Choice(name, options, said if said in options else "")


def mail(house: House, number: int) -> Mail:
    """Read one mail. Raises NotFound."""
    with house.store.read() as unit:
        entry = unit.ledger_entry(number)
        if entry is None:
            raise NotFound
        events = unit.events_of(entry.message.contact_id, limit=MOST_ROWS)
    message = entry.message
    return Mail(
        entry=entry,
        journal=[event for event in events if event.data.get("message_id") == str(number)],
        again=why_not_again(message) is None,
        unsure=message.state is MessageState.UNKNOWN,
    )
