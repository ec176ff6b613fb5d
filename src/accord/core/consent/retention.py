"""The three-year clock: what renews it, when it runs out, what becomes of the data then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from accord.core.consent.history import CONFIRM_WITHIN, REFUSALS
from accord.core.model.consent import EVERYTHING, Act, ConsentEntry, Nature
from accord.core.model.contact import Contact
from accord.core.model.event import EVENTS, Event
from accord.core.model.expression import Value
from accord.core.model.message import PastMail
from accord.core.model.time import add_months, local_day
from accord.core.model.venue import Venue

LONGEST_MONTHS = 36
ACCOUNTS_MONTHS = 120  # code de commerce L123-22: ten years for what the accounts rest on
ASKED_MONTHS = 1  # where one question is allowed at the end of the term, how long its answer is waited for
INFORM_MONTHS = 1  # art. 14(3): who did not give us the address is told so within a month


@lru_cache(maxsize=1024)  # of one person it is asked before every step
def runs_out(collected_at: datetime, last_action_at: datetime | None, months: int, zone: ZoneInfo) -> date:
    """The day on which the clock runs out: calendar months, 36 at most, after the last action (R-40).

    Where there was no action, after the collection. The day is one of `zone`; the 29th of February becomes
    the 28th.
    """
    return add_months(local_day(last_action_at or collected_at, zone), min(months, LONGEST_MONTHS))


def cut_off(contact: Contact, venue: Venue) -> date:
    """The day, in the entity's zone, from which the contact may no longer be written to or kept (R-40)."""
    return runs_out(contact.collected_at, contact.last_action_at, venue.retention.months, venue.entity.clock)


def is_expired(contact: Contact, venue: Venue, *, now: datetime) -> bool:
    """Whether the clock has run out; it has on the anniversary day itself (R-40)."""
    return local_day(now, venue.entity.clock) >= cut_off(contact, venue)


def erased_on(contact: Contact, venue: Venue) -> date:
    """The day on which the sweep erases the contact: that of the cut-off (R-46).

    Where the policy lets one question be asked at the end of the term, a month later: without a clear yes
    by then the person is erased all the same (R-47).
    """
    day = cut_off(contact, venue)
    return add_months(day, ASKED_MONTHS) if venue.policy.one_question_after_cutoff else day


_NO_INTEREST = frozenset({"unsubscribe", "view-online", "view_online", "view online"})


def renews(event: Event, mails: Sequence[PastMail] = ()) -> bool:
    """Whether an event is an act of the person that renews the clock (R-42, R-43).

    `mails`: what was sent, where the event's own data may not say which nature the clicked mail had. An
    event that the venue declared itself renews nothing.
    """
    kind = EVENTS.get(event.name)
    if kind is None or not kind.renews:
        return False
    if event.name == "mail.clicked":
        return _click_renews(event, mails)
    return event.data.get("automatic") is not True


def _click_renews(event: Event, mails: Sequence[PastMail]) -> bool:
    """A click counts when a person made it, on content, in a mail that does not itself ask to be kept."""
    if event.data.get("verdict") != "human":
        return False
    target = str(event.data.get("target") or "").strip().casefold()
    if target in _NO_INTEREST or "/u/" in target:
        return False
    message = str(event.data.get("message_id") or "")
    natures = {mail.nature for mail in mails if message and str(mail.message_id) == message}
    return event.data.get("nature") != Nature.REACTIVATION and Nature.REACTIVATION not in natures


# -- what goes, and what must stay --------------------------------------------------------------------------

# An opt-in of these kinds is one that may have to be proved; REFUSALS take it back.
_GIVEN = frozenset({Act.OPTIN_PROVEN, Act.CONFIRM_POST, Act.FOLLOWUP})


def proof_kept_until(
    entries: Sequence[ConsentEntry], months: int, zone: ZoneInfo, *, today: date
) -> Mapping[int, date]:
    """Which entries of an erased person's ledger stay, and until when: seq to the day of erasing (R-19).

    A consent that was given and then taken back may have to be proved against a claim, so its acts and the
    withdrawal stay for `months` after it (five years, code civil 2224). What was never agreed to, or never
    taken back, goes with the person. Days are of `zone`.
    """
    kept: dict[int, date] = {}
    for purpose, kind in dict.fromkeys((e.purpose, e.kind) for e in entries if e.act in _GIVEN):
        bearing = [e for e in entries if _bears_on(e, purpose, kind)]
        given = min(e.at for e in bearing if e.act in _GIVEN)
        taken_back = [e.at for e in bearing if e.act in REFUSALS and e.at >= given]
        if taken_back:
            until = add_months(local_day(max(taken_back), zone), months)
            for entry in bearing:
                kept[entry.seq] = max(until, kept.get(entry.seq, until))
    return {seq: until for seq, until in kept.items() if today < until}


def _bears_on(entry: ConsentEntry, purpose: str, kind: str) -> bool:
    named = entry.purpose == purpose and entry.kind in (kind, EVERYTHING)
    return named or entry.purpose == EVERYTHING


def lapsed(entries: Iterable[ConsentEntry], *, now: datetime) -> frozenset[int]:
    """The seqs of sign-ups that nobody confirmed within seven days, which are deleted then (R-54)."""
    entries = tuple(entries)
    confirmed = [e for e in entries if e.act is Act.CONFIRM_POST]
    return frozenset(
        e.seq
        for e in entries
        if e.act is Act.OPTIN_PENDING
        and now - e.at > CONFIRM_WITHIN
        and not any(_confirms(answer, e) for answer in confirmed)
    )


def _confirms(answer: ConsentEntry, sign_up: ConsentEntry) -> bool:
    same = (answer.purpose, answer.kind) == (sign_up.purpose, sign_up.kind)
    return same and sign_up.at <= answer.at <= sign_up.at + CONFIRM_WITHIN


def is_sign_up_alone(entries: Sequence[ConsentEntry], gone: frozenset[int]) -> bool:
    """Whether a ledger holds nothing but sign-ups that lapsed, and what came of their links (R-54)."""
    return bool(entries) and all(e.seq in gone or e.act is Act.CONFIRM_GET for e in entries)


def inform_by(collected_at: datetime, zone: ZoneInfo) -> date:
    """The last day, in `zone`, to tell somebody that a third party gave us the address (art. 14(3), R-48)."""
    return add_months(local_day(collected_at, zone), INFORM_MONTHS)


# -- the words of the policy cases ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Word:
    """One thing that may happen, as the journal would record it (None: it is never journalled as an act)."""

    event: str | None
    reason: str
    rule: str = "R-42"
    data: Mapping[str, Value] = field(default_factory=dict)


WORDS: Mapping[str, _Word] = {
    "open": _Word(None, "OPEN_DOES_NOT_COUNT"),
    "click_human": _Word("mail.clicked", "CLICK_COUNTS", data={"verdict": "human"}),
    "click_bot_burst": _Word("mail.clicked", "BOT_CLICK", "R-43", {"verdict": "robot"}),
    "click_with_honeypot": _Word("mail.clicked", "BOT_CLICK", "R-43", {"verdict": "robot"}),
    "click_head": _Word("mail.clicked", "BOT_CLICK", "R-43", {"verdict": "robot"}),
    "click_unsubscribe": _Word(
        "mail.clicked", "OBJECTION_IS_NOT_INTEREST", data={"verdict": "human", "target": "unsubscribe"}
    ),
    "click_view_online": _Word(
        "mail.clicked", "VIEW_ONLINE_IS_NOT_INTEREST", data={"verdict": "human", "target": "view-online"}
    ),
    "auto_reply": _Word("contact.replied", "AUTO_REPLY_IS_NOT_ACTION", "R-62", {"automatic": True}),
    "human_reply": _Word("contact.replied", "REPLY_COUNTS"),
    "purchase_online": _Word("order.placed", "PURCHASE_COUNTS"),
    "purchase_offline": _Word("order.placed", "PURCHASE_COUNTS", data={"offline": True}),
    "ticket_scan": _Word("ticket.scanned", "TICKET_SCAN_COUNTS"),
    "form": _Word("form.submitted", "FORM_COUNTS"),
    "preference_change": _Word("preferences.updated", "PREFERENCE_CHANGE_COUNTS"),
    "keep_me": _Word("contact.kept", "KEEP_ME_COUNTS", "R-47"),
    "login": _Word("contact.logged_in", "LOGIN_COUNTS"),
    "call": _Word("contact.called", "CALL_COUNTS"),
    "import": _Word("contact.imported", "IMPORT_IS_NOT_ACTION"),
    "sent": _Word("mail.sent", "OUTBOUND_IS_NOT_ACTION"),
    "delivered": _Word("mail.delivered", "OUTBOUND_IS_NOT_ACTION"),
    "bounce": _Word("mail.bounced", "BOUNCE_IS_NOT_ACTION"),
    "complaint": _Word("mail.complained", "OBJECTION_IS_NOT_INTEREST"),
}
_SOME_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a case of this room comes to, with its reason and rule."""

    got: str
    reason: str
    rule: str


_UNKNOWN = Answer("deny", "INPUT_UNKNOWN", "R-01")


def last_action(words: Sequence[str]) -> Answer:
    """Whether these happenings, taken together, renew the clock: `event` or `unchanged`."""
    found = [WORDS[word] for word in words if word in WORDS]
    if not found or len(found) < len(words):
        return _UNKNOWN
    renewing = [word for word in found if _word_renews(word)]
    decisive = (renewing or found)[0]
    return Answer("event" if renewing else "unchanged", decisive.reason, decisive.rule)


def _word_renews(word: _Word) -> bool:
    return word.event is not None and renews(Event(0, word.event, _SOME_INSTANT, word.data))


def what_then(
    *,
    last_action: date | None,
    collected: date | None,
    today: date,
    objection: date | None = None,
    invoice: date | None = None,
    months: int = LONGEST_MONTHS,
) -> Answer:
    """What is to become of one contact today; all days are in the entity's zone (R-40 to R-46).

    `suppressed`: an objector, of whom the keyed hash stays whatever else is erased (R-44).
    `archive_order_erase_marketing`: the clock has run out, an invoice must still be kept (R-46).
    """
    start = last_action or collected
    if start is None:
        return _UNKNOWN
    if objection is not None and objection <= today:
        return Answer("suppressed", "OBJECTION_LIST_STAYS", "R-44")
    if today < add_months(start, months):
        return Answer("active", "LESS_THAN_3_YEARS", "R-40")
    if invoice is not None and today < add_months(invoice, ACCOUNTS_MONTHS):
        return Answer("archive_order_erase_marketing", "INTERMEDIATE_ARCHIVE", "R-46")
    started = "CLOCK_STARTS_AT_COLLECTION" if last_action is None else "EXPIRED_ON_THE_ANNIVERSARY"
    return Answer("expired", started, "R-40")
