"""What comes back after a mail: bounces, complaints, replies, and what each of them changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from accord.core.model.consent import ConsentStatus
from accord.core.model.contact import AddressState
from accord.core.model.returned import Fate, unaccented

HARD_STATUSES = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
COMPLAINTS = frozenset({"abuse", "fraud"})
SOFT_BOUNCES, SOFT_BOUNCE_WINDOW = 5, timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a report changes: the address's state, the consent to all prospecting; None leaves as it is."""

    reason: str
    rule: str
    address: AddressState | None = None
    consent: ConsentStatus | None = None

    @property
    def changes(self) -> bool:
        """Whether anything changes at all."""
        return self.address is not None or self.consent is not None


TOLD_AS: Mapping[str, str] = {
    "HARD_BOUNCE": "mail.bounced",
    "SOFT_BOUNCE": "mail.soft_bounced",
    "GREYLISTED": "mail.greylisted",
    "MAILBOX_FULL": "mail.mailbox_full",
    "POLICY_BLOCK_IS_NOT_THE_ADDRESS": "mail.policy_blocked",
    "FAILURE_IS_NOT_THE_ADDRESS": "mail.soft_bounced",
    "ANOTHER_ADDRESS_FAILED": "mail.soft_bounced",
    "DELIVERED": "mail.delivered",
    "COMPLAINT_IS_OBJECTION": "mail.complained",
    "NOT_A_COMPLAINT": "mail.reported",
    "CHALLENGED": "mail.challenged",
    "VACATION": "mail.vacation",
    "AUTO_REPLY_IS_NOT_ACTION": "mail.auto_answered",
}
"""What the journal calls each finding that it is told of: a kind of event of its own."""

SOFT = frozenset({"mail.soft_bounced", "mail.mailbox_full"})
"""What counts towards the five that pause an address: a policy is not the address, and who is asked to wait does."""


def fate(told: Fate, *, ours: bool, is_the_address: bool) -> Finding:
    """What a server says of one recipient, told of a mail of ours (R-60).

    `is_the_address`: the address that failed is the one that is written to today. Where it is another one, to which
    the person has mail forwarded, or which was theirs before, nothing is known of today's.
    """
    if told.greylisted and ours:
        return Finding("GREYLISTED", "R-60")
    if ours and told.action == "delivered":
        return Finding("DELIVERED", "R-60")
    found = delivery_status(told.action, told.status, ours=ours)
    if found.address is AddressState.HARD_BOUNCED and not is_the_address:
        return Finding("ANOTHER_ADDRESS_FAILED", "R-60")
    return found


def delivery_status(action: str, status: str, *, ours: bool) -> Finding:
    """What a delivery status notification says of the address (RFC 3464, R-60).

    `action` and `status` are its fields as they stand; `ours`: its envelope id or VERP token is one that we
    issued. A report that we cannot match changes nothing, so that a forged one suppresses nobody.
    """
    if not ours:
        return Finding("FORGED_DSN", "R-60")
    code = re.match(r"\s*([245])\.(\d{1,3})\.(\d{1,3})(?!\d)", status)
    if code is None:
        return Finding("STATUS_UNREADABLE", "R-60")
    said = ".".join(code.groups())
    if said.startswith("4.") or action.strip().lower() == "delayed":
        return Finding("SOFT_BOUNCE", "R-60")
    if action.strip().lower() != "failed":
        return Finding("NOT_A_FAILURE", "R-60")
    if said in HARD_STATUSES:
        return Finding("HARD_BOUNCE", "R-60", AddressState.HARD_BOUNCED)
    if said == "5.2.2":
        return Finding("MAILBOX_FULL", "R-60")
    if said.startswith("5.7."):
        return Finding("POLICY_BLOCK_IS_NOT_THE_ADDRESS", "R-60")
    return Finding("FAILURE_IS_NOT_THE_ADDRESS", "R-60")


def feedback(feedback_type: str, *, ours: bool) -> Finding:
    """What an abuse report says (RFC 5965, R-61): a complaint is an objection to all prospecting.

    `opt-out`, which some providers still send, is an objection without a complaint (R-10).
    """
    if not ours:
        return Finding("FORGED_REPORT", "R-61")
    kind = feedback_type.strip().lower()
    if kind in COMPLAINTS:
        return Finding("COMPLAINT_IS_OBJECTION", "R-61", AddressState.COMPLAINED, ConsentStatus.ACTIVE_OPTOUT)
    if kind == "opt-out":
        return Finding("OBJECTION_HAS_NO_FORM", "R-10", consent=ConsentStatus.ACTIVE_OPTOUT)
    return Finding("NOT_A_COMPLAINT", "R-61")


# Said by people who want to be left alone, in French and English; accents and case do not matter.
_STOP = re.compile(
    r"(?<!non[ -])(?<!non)\b(stop(?! (?:at|by|in|off|over|bus)\b)|stopp?ez|arrete[rz]?(?= (?:de |d'|les? |vos |ces |votre |moi|tout|s'il|svp|ca\b)|[ !.]*$)|cessez|unsubscribe"
    r"|opt(?:ing|ed)?[ -]?out|(?:remove|delete) (?:me|my (?:e-?mail|address))|take (?:me|my \w+) off|leave me alone"
    r"|(?:do(?:n'?t| not)|never) (?:e-?mail|write|contact|send)|no (?:more|further) (?:e-?mails?|mails?|messages?|newsletters?)"
    r"|desabonne[rz]?|desabonnement|desinscri\w*|(?:retire|supprime|enleve|efface)[rz]?[ -](?:moi|mon adresse|mes coordonnees)"
    r"|(?:veux|souhaite|desire|voudrais|souhaiterais) (?:pas|plus) (?:recevoir|etre|que vous|de (?:vos|mails?|newsletters?|publicites?|messages?))"
    r"|ne (?:veux|souhaite|desire) plus|(?:de |merci de |pourriez[- ]vous |pouvez[- ]vous )ne plus (?:m'|me |nous )|ne (?:m'|me )\w+ plus"
    r"|plus (?:jamais )?recevoir|m'oppose|droit d'opposition)\b"
)
_QUOTED = re.compile(
    r"^\s*(>|-{2,} ?(original message|message d'origine|message original|forwarded message|message transfere)|_{5,}|-- ?$"
    r"|(envoye|sent) (de|depuis|from|avec|via) )",
    re.IGNORECASE,
)
_QUOTES = re.compile(
    r"^\s*(?:(?:on|le|el|am)\b[^\n]{4,200}(?:\n[^\n]{0,200})?\b(?:wrote|a ecrit|ecrit|schrieb) ?:|(?:from|de) ?:[^\n]*\n\s*(?:sent|envoye|date|to|a|objet|subject) ?:)",
    re.IGNORECASE | re.MULTILINE,
)


SHORT_ASKING = 80
"""A reply that only asks to stop does so in few words, counted in characters: what is longer may say more."""


def reply(text: str) -> Finding:
    """Whether a person's reply asks to stop; no form is required (R-10). Quoted text is not the person's."""
    if _STOP.search(_own_words(text)):
        return Finding("OBJECTION_HAS_NO_FORM", "R-10", consent=ConsentStatus.ACTIVE_OPTOUT)
    return Finding("REPLY_IS_NO_OBJECTION", "R-10")


def is_all_said(text: str) -> bool:
    """Whether a reply that asks to stop says nothing besides that a person of the team would have to read."""
    return len(_own_words(text)) <= SHORT_ASKING


def _own_words(text: str) -> str:
    """The reply without what it quotes and without a signature, in plain small letters."""
    plain = unaccented(text).replace("\r\n", "\n")
    own: list[str] = []
    begins = _QUOTES.search(plain)
    for line in plain[: begins.start() if begins is not None else None].splitlines():
        if _QUOTED.match(line) and not line.lstrip().startswith(">"):
            break
        if not line.lstrip().startswith(">"):
            own.append(line)
    return " ".join(" ".join(own).split())


def is_automatic(headers: Mapping[str, str]) -> bool:
    """Whether a message was sent by a machine (RFC 3834, R-62); header names in any case."""
    said = {name.lower(): value.strip().lower() for name, value in headers.items()}
    submitted = said.get("auto-submitted", "no").partition(";")[0].strip()
    bulk = said.get("precedence") in ("bulk", "auto_reply", "list")
    return submitted != "no" or bulk or said.get("return-path") == "<>"


def bounces_too_often(
    soft_bounces: Iterable[datetime], delivered: Iterable[datetime], *, now: datetime
) -> bool:
    """Whether an address is to be paused: 5 soft bounces in 30 days with no delivery between (R-60)."""
    last = max(delivered, default=None)
    recent = [
        at
        for at in soft_bounces
        if now - at <= SOFT_BOUNCE_WINDOW and at <= now and (last is None or at > last)
    ]
    return len(recent) >= SOFT_BOUNCES
