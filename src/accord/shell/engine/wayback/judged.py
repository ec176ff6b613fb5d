"""What something that came back means, once it is known whom it is about; nothing is changed here."""

from __future__ import annotations

from accord.core.consent.reports import Finding, fate, feedback, reply
from accord.core.model.consent import ConsentStatus
from accord.core.model.contact import email_key
from accord.core.model.returned import Fate, Returned, ReturnKind
from accord.shell.engine.wayback.known import Known

NOT_MATCHED = Finding("NOT_MATCHED", "R-60")
UNREADABLE = Finding("UNREADABLE", "R-60")

_BY_ITSELF = {
    ReturnKind.CHALLENGE: Finding("CHALLENGED", "R-62"),
    ReturnKind.VACATION: Finding("VACATION", "R-62"),
    ReturnKind.AUTOMATIC: Finding("AUTO_REPLY_IS_NOT_ACTION", "R-62"),
}


def judged(returned: Returned, known: Known | None) -> Finding:
    """The finding, with its reason and rule.

    What nobody can match is believed in nothing, but for an automatic answer, which changes nothing, and a person's
    own words, which a person must then read.
    """
    match returned.kind:
        case ReturnKind.UNREADABLE:
            return UNREADABLE
        case ReturnKind.CHALLENGE | ReturnKind.VACATION | ReturnKind.AUTOMATIC:
            return _BY_ITSELF[returned.kind]
        case ReturnKind.REPLY:
            said = reply(f"{_own_subject(returned.subject)}\n{returned.text}")
            return NOT_MATCHED if known is None and said.consent is not None else said
    if known is None:
        return NOT_MATCHED
    match returned.kind:
        case ReturnKind.FEEDBACK:
            return feedback(returned.feedback_type, ours=True)
        case ReturnKind.UNSUBSCRIBE:
            return Finding("UNSUBSCRIBED", "R-10", consent=ConsentStatus.ACTIVE_OPTOUT)
    told = fate_of(returned, known)
    return fate(told, ours=True, is_the_address=is_the_address(told, known))


def fate_of(returned: Returned, known: Known) -> Fate:
    """Of several recipients that a report tells of, this person; else the first."""
    fates = returned.fates or (Fate("failed", ""),)
    own = [each for each in fates if is_the_address(each, known)]
    return (own or list(fates))[0]


def is_the_address(told: Fate, known: Known) -> bool:
    """Whether the address that failed is named, and the one that this person is written to today.

    A report that names another one tells of where mail is forwarded to, or of an address of former times.
    """
    return email_key(told.recipient) == email_key(known.contact.email)


def _own_subject(subject: str) -> str:
    """The subject, where the person wrote it: what answers a mail repeats ours."""
    return "" if ":" in subject[:5] else subject
