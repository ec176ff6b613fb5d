"""What servers say where their codes say nothing, or say the wrong thing: phrases, and the code that each stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from accord.core.model.returned import unaccented

_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\w.])([245])[0-5]\d(?=[ \-:)]|$)", re.MULTILINE)

_GREYLISTED = re.compile(
    r"gr[ea]y[ -]?list|liste grise|(?:please|veuillez) (?:try again|retry|reessayer|retenter) (?:later|in|dans|plus tard)"
    r"[^.]{0,40}(?:seconds|minutes|secondes)"
)

_POLICY = re.compile(
    r"\bspam|unsolicited|indesirable|black ?list|block ?list|blocked|bloque[er]?\b|(?<!not )listed (?:at|by|in|on)|spamhaus|spamcop|\brbl\b"
    r"|reputation|\bdmarc\b|\bspf\b|\bdkim\b|policy|politique|complaints?|not authori[sz]ed|non autorise|access denied"
    r"|relay(?:ing)? (?:access )?denied|rate.?limit|too many (?:connections|messages)|throttl|virus|banned|prohibited"
    r"|content re(?:jected|fused)|service refuse|refused by|authentication (?:required|failed)|reverse dns|\bptr\b|5\.7\.\d"
)

_FULL = re.compile(
    r"(?:mail ?box|quota|inbox|storage|account|boite|messagerie|espace)[^.\n]{0,60}(?:\bfull|exceeded|exceeds|over|plein|sature|depasse|insuffisant)"
    r"|(?:over|exceed\w*|depass\w*|out of|insufficient)[^.\n]{0,30}(?:quota|storage|espace|capacite|disk space)|mailfull|quotaexceeded"
    r"|boite (?:aux lettres |de reception )?(?:est )?pleine"
)

_DISABLED = re.compile(
    r"(?:account|mail ?box|user|recipient|compte|boite)[^.\n]{0,60}(?:disabled|deactivated|inactive|suspended|closed|discontinued|expired"
    r"|desactive|inactif|suspendu|ferme|resilie)|no longer (?:active|available|in use|accept)|n'est plus (?:active?|utilise)"
)

_NOBODY = re.compile(
    r"(?:user|recipient|address|mail ?box|account|alias|destinataire|adresse|utilisateur|compte|boite)[^.\n]{0,80}"
    r"(?:unknown|not (?:found|exist|known|valid|listed)|doesn'?t (?:exist|have)|does not (?:exist|have)|invalide?\b|inexistante?|inconnue?|n'existe (?:pas|plus)"
    r"|couldn'?t be found|could not be found|wasn'?t found|introuvable|incorrecte?)"
    r"|(?:no such|unknown|invalid|non-?existent|no) (?:user|recipient|address|mail ?box|account|person|local)\b|recipnotfound|nosuchuser"
    r"|(?:user|utilisateur|destinataire|adresse|addressee) (?:inconnue?|unknown)|email account that you tried to reach does not exist"
    r"|mailbox unavailable \(s\d|requested action not taken: mailbox unavailable|this user doesn'?t have|n'a pas ete trouve"
)

_UNSPECIFIC = frozenset({"0", "5"})
_HARD = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10", "2.1"})


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a server's words come to: an enhanced status, or none; and whether it only asks to come again."""

    status: str
    greylisted: bool = False


def meaning(status: str, words: str) -> Meaning:
    """The status that is meant: the one that is given, unless it says nothing, or the words take back how bad it is.

    `status` is an enhanced code (RFC 3463) or empty, `words` are what the server said. A code that says nothing is
    made good by the words; one that says that nobody lives there is believed, unless the words speak of spam, of a
    policy or of a full mailbox, and of nobody unknown. Words alone never make out of a delay a failure.
    """
    plain = _plain(words)
    given = _CODE.search(status) or _CODE.search(words)
    kind, detail = (given[1], f"{given[2]}.{given[3]}") if given is not None else (_class_of(words), "0.0")
    if given is not None and kind == "5" and _class_of(words) == "4" and detail.startswith("0."):
        kind = "4"
    if not kind:
        kind = "5" if said(plain) else ""
    if not kind:
        return Meaning("")
    return Meaning(f"{kind}.{_meant(detail, plain)}", kind == "4" and bool(_GREYLISTED.search(plain)))


def by_words_alone(words: str) -> Meaning:
    """The status of a report in which no server's code stands: never more than a soft one, for words can be anybody's."""
    plain = _plain(words)
    spoken = said(plain)
    return Meaning(f"4.{spoken}" if spoken else "", bool(_GREYLISTED.search(plain)))


def _plain(words: str) -> str:
    return " ".join(unaccented(words).split())


def said(plain: str) -> str | None:
    """What words alone say, as subject and detail; None where they say nothing that is known."""
    if _FULL.search(plain):
        return "2.2"
    if _POLICY.search(plain) and not _is_plainly_nobody(plain):
        return "7.1"
    if _DISABLED.search(plain):
        return "2.1"
    return "1.1" if _NOBODY.search(plain) else None


def _meant(detail: str, plain: str) -> str:
    spoken = said(plain)
    if detail in _HARD:
        return spoken if spoken in ("2.2", "7.1") and not _NOBODY.search(plain) else detail
    if detail.partition(".")[0] in _UNSPECIFIC:
        return spoken or detail
    return detail


def _is_plainly_nobody(plain: str) -> bool:
    """Whether nobody is there, and a word such as «policy» only stands in an address for more information."""
    return bool(_NOBODY.search(plain)) and not _POLICY.search(re.sub(r"https?://\S+", " ", plain))


def _class_of(words: str) -> str:
    """The first digit of the reply code in the words (RFC 5321), the last one said; empty where there is none."""
    found = _REPLY.findall(words)
    return found[-1] if found else ""


def first_code(words: str) -> str:
    """The first enhanced code that stands in a text."""
    found = _CODE.search(words)
    return found[0] if found is not None else ""


def reply_class(words: str) -> str:
    """The first digit of a reply code in a text: `4`, `5`, or empty."""
    return _class_of(words)
