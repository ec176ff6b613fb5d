"""Answers that no person wrote: vacations, challenges, and whatever else answers by itself (RFC 3834, R-62)."""

from __future__ import annotations

import re

from accord.core.consent.reports import is_automatic
from accord.core.model.returned import unaccented
from accord.core.wayback.opened import Opened

_AWAY = re.compile(
    r"out of (?:the )?office|\booo\b|automatic reply|auto(?:matic)?[- ]?(?:reply|response|responder)|vacation|on (?:annual |holiday )?leave|away from"
    r"|absence|absente?\b|reponse automatique|message d'absence|en conges?|en vacances|abwesen|autoreply"
)
_CHALLENGE = re.compile(
    r"confirm (?:that )?(?:you|your (?:e-?mail|message|address))|verify (?:that )?(?:you|your (?:e-?mail|address|message))|spam ?arrest|boxbe|mailinblack"
    r"|(?:sender|expediteur)[^.\n]{0,40}(?:verif|authentifi|confirm)|(?:demande d'|vous )authentifi|challenge|prouve[rz] que vous|not a robot|whitelist"
    r"|confirme[rz] (?:votre|que|l'envoi)|waiting list|approve (?:this|your) (?:message|sender)|liste d'attente|quarantine"
)
_HEADERS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-reply-from",
    "x-mail-autoreply",
    "x-vacation",
    "x-auto-response-suppress-reply",
)
_CHALLENGERS = (
    "x-boxbe-verification",
    "x-spamarrest-challenge",
    "x-mailinblack-challenge",
    "x-challenge-response",
)


def is_from_a_machine(mail: Opened) -> bool:
    """Whether it is no action of a person: by its headers, or by a subject that only machines write."""
    seen = {name: mail.header(name) for name in ("auto-submitted", "precedence", "return-path")}
    seen = {name: value for name, value in seen.items() if value}
    if is_automatic(seen) or any(mail.header(name) for name in (*_HEADERS, *_CHALLENGERS, "list-id")):
        return True
    return bool(_AWAY.search(_start_of(mail.subject)))


def is_challenge(mail: Opened) -> bool:
    """Whether a machine asks the sender to prove that he is a person, and holds the mail until then."""
    if any(mail.header(name) for name in _CHALLENGERS):
        return True
    subject = unaccented(mail.subject)
    return bool(_CHALLENGE.search(subject)) or (
        is_from_a_machine(mail) and bool(_CHALLENGE.search(unaccented(mail.text[:2000])))
    )


def is_away(mail: Opened) -> bool:
    """Whether the person is said to be away."""
    return bool(_AWAY.search(unaccented(f"{mail.subject}\n{mail.text[:2000]}")))


def _start_of(subject: str) -> str:
    """The subject, unless it answers one of ours: then what it repeats was our own."""
    plain = unaccented(subject)
    return (
        ""
        if re.match(r"\s*(?:re|rep|tr|fwd?|aw)\s*:", plain) and not plain.startswith("re: automatic")
        else plain
    )
