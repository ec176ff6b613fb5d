"""The reader: what a template promotes or hides, over all its branches, parts and languages (R-23)."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from accord.core.mail.parts import Part, parts_of
from accord.core.model.consent import Nature
from accord.core.model.content import Content
from accord.core.model.place import Diagnostic, Severity, Span
from accord.core.model.scenario import Send
from accord.core.model.venue import Venue

# A sum of money; a share taken off; the words of promotion, in French and in English.
_PRICE = re.compile(
    r"\d+(?:[ .,\u00a0\u202f]\d+)*\s?(?:€|euros?\b|EUR\b|\$|£)|(?:€|\$|£)\s?\d|\bEUR\s?\d|\|\s*money\b",
    re.IGNORECASE,
)
_DISCOUNT = re.compile(
    r"[-–−]\s?\d{1,2}\s?%|\d{1,2}\s?%\s?(?:de (?:réduction|remise)|off\b|discount)", re.IGNORECASE
)
_WORDS = re.compile(
    r"\b(?:promo(?:s|tion|tions|tionnel|tionnelle)?|code promo|réductions?|remises?|soldes|ventes? flash|"
    r"offres? (?:spéciales?|exceptionnelles?|limitées?|exclusives?)|bons plans?|profitez|meilleur prix|"
    r"tarifs? (?:réduits?|préférentiels?)|prix (?:cassés?|doux)|dernières? chances?|achetez|"
    r"discounts?|special offers?|limited offers?|sales? (?:ends?|now|starts?)|% off|best price|buy now|"
    r"last chance|coupons?|vouchers?|deals?|bargains?)\b",
    re.IGNORECASE,
)
_REPLY = re.compile(r"^\s*(?:re|tr|fwd?|aw)\s*:", re.IGNORECASE)
_ABOUT_SERVICE = re.compile(
    r"\b(?:votre (?:commande|facture|compte|paiement|réservation|livraison)|"
    r"your (?:order|invoice|account|payment|booking|delivery))\b",
    re.IGNORECASE,
)
_LINK = re.compile(r"""\bhref\s*=\s*["']([^"']+)["']""", re.IGNORECASE)
_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}", re.DOTALL)
_TAGS = re.compile(r"<style\b.*?</style>|<!--.*?-->|<[^>]+>", re.DOTALL | re.IGNORECASE)

NEUTRAL = (Nature.SERVICE, Nature.EDITORIAL, Nature.REVIEW_REQUEST, Nature.REACTIVATION)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found, where it stands: what kind of thing, and the author's own words."""

    kind: str
    words: str
    span: Span


def findings(name: str, files: Mapping[str, str], venue: Venue) -> list[Finding]:
    """Everything that the reader finds in one template; what it means depends on the mail's nature."""
    parts, _ = parts_of(name, files)
    return [found for part in parts for found in _in_part(part, venue)]


def _in_part(part: Part, venue: Venue) -> Iterator[Finding]:
    subject = part.head.get("subject", "")
    line = part.head_lines.get("subject", 1)
    if _REPLY.search(subject):
        yield Finding("false-reply", subject, _span(part, line))
    if _ABOUT_SERVICE.search(subject):
        yield Finding("service-subject", subject, _span(part, line))
    said = {line: f"{subject} {part.head.get('preheader', '')}"}
    for number, text in enumerate(_visible(part).split("\n"), start=1):
        said[number + part.offset] = text
    for number, text in said.items():
        for kind, pattern in (("price", _PRICE), ("discount", _DISCOUNT), ("wording", _WORDS)):
            match = pattern.search(text)
            if match is not None:
                yield Finding(kind, match[0].strip(), _span(part, number))
    yield from _links(part, venue)


def _span(part: Part, line: int) -> Span:
    return Span(f"templates/{part.file}", line, 1)


def _visible(part: Part) -> str:
    """The text that a reader sees, all branches one after the other; line breaks stay where they are."""

    def blank(match: re.Match[str]) -> str:
        return "\n" * match[0].count("\n") or " "

    text = _JINJA.sub(blank, part.body)
    return entities.unescape(text if part.is_text else _TAGS.sub(blank, text))


def _links(part: Part, venue: Venue) -> Iterator[Finding]:
    own = {*venue.entity.hosts, urlsplit(venue.base_url).hostname or ""}
    partners = {host for hosts in venue.partners.values() for host in hosts}
    for number, text in enumerate(part.body.split("\n"), start=1 + part.offset):
        for match in _LINK.finditer(text):
            target = entities.unescape(match[1])
            host = urlsplit(target).hostname if target.startswith(("http://", "https://")) else None
            if host is None or _within(host, own):
                continue
            kind = "partner-link" if _within(host, partners) else "foreign-link"
            yield Finding(kind, host, _span(part, number))


def _within(host: str, hosts: set[str]) -> bool:
    return any(host == known or host.endswith(f".{known}") for known in hosts if known)


def content_of(found: list[Finding]) -> Content:
    """What the gate reads of a template. The footer's own parts are the engine's, so they are never missing."""
    kinds = {each.kind for each in found}
    return Content(
        promo_block=bool(kinds & {"price", "discount"}),
        promotional_tone=bool(kinds & {"price", "discount", "wording"}),
        subject_misleading="false-reply" in kinds,
        partner_hosts=tuple(sorted({each.words for each in found if each.kind == "partner-link"})),
    )


def check_mail(step: str, mail: Send, found: list[Finding]) -> list[Diagnostic]:
    """What is wrong with sending this template as the nature that the step declares."""
    faults: list[Diagnostic] = []
    for each in found:
        fault = _fault(step, mail, each)
        if fault is not None:
            faults.append(fault)
    return faults


def _fault(step: str, mail: Send, found: Finding) -> Diagnostic | None:
    nature = mail.nature
    match found.kind:
        case "price" | "discount" | "wording" if nature in NEUTRAL:
            message = f"«{found.words}» promotes, but the step «{step}» sends this as {nature.value}."
            return Diagnostic(found.span, "promotional-content", message)
        case "false-reply":
            return Diagnostic(found.span, "subject-misleading", f"«{found.words}» pretends to be an answer.")
        case "service-subject" if nature is not Nature.SERVICE and nature is not Nature.REVIEW_REQUEST:
            message = f"«{found.words}» sounds like service mail, but «{step}» sends it as {nature.value}."
            return Diagnostic(found.span, "subject-misleading", message)
        case "foreign-link":
            message = f"{found.words} is neither the entity's nor a declared partner's."
            return Diagnostic(found.span, "foreign-link", message, severity=Severity.ERROR)
        case "partner-link" if nature is not Nature.SERVICE and mail.promotes:
            message = f"A partner's link ({found.words}) costs the whole mail the customer exception: only opt-ins get it."
            return Diagnostic(found.span, "partner-link", message, severity=Severity.WARNING)
    return None
