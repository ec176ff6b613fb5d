"""The reader: what a template promotes or hides, over all its branches, parts and languages (R-23)."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from jinja2 import TemplateSyntaxError

from accord.core.mail.compile import files_of
from accord.core.mail.parts import Part, read_part
from accord.core.mail.pieces import Piece, pieces_of
from accord.core.mail.promotion import promotion
from accord.core.mail.visible import BRANCH, VALUES, marked, visible
from accord.core.model.consent import Nature
from accord.core.model.content import Content
from accord.core.model.place import Diagnostic, Severity, Span
from accord.core.model.scenario import Send
from accord.core.model.venue import Venue

# Natures in which nothing may promote; in the first two a sum of the person's own order does not.
ABOUT_AN_ORDER = (Nature.SERVICE, Nature.REVIEW_REQUEST)
NEUTRAL = (*ABOUT_AN_ORDER, Nature.EDITORIAL, Nature.REACTIVATION)

# Both read folded text, as the patterns of promotion do.
_REPLY = re.compile(r"\s*\[?(?:re|tr|fwd?|aw|sv|rif)\]? ?:")
_ABOUT_SERVICE = re.compile(
    r"\b(?:votre (?:commande|facture|compte|paiement|reservation|livraison|colis|remboursement)|"
    r"(?:confirmation|recapitulatif|suivi) de (?:votre )?(?:commande|reservation|paiement)|rappel de paiement|"
    r"your (?:order|invoice|account|payment|booking|delivery|refund)|(?:order|booking|payment) confirmation)\b"
)
_LINK = re.compile(r"""\b(href|src|action|background)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_BARE_LINK = re.compile(rf"""https?://[^\s<>"')\]{BRANCH}]+""", re.IGNORECASE)
_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_TINY = re.compile(r"""\b(?:width|height)\s*[=:]\s*["']?\s*[01](?:px)?(?:["';\s>]|$)""", re.IGNORECASE)
_UNSAFE = ("javascript:", "vbscript:", "data:", "file:")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found, where it stands: what kind of thing, and the author's own words."""

    kind: str
    words: str
    span: Span


def findings(name: str, files: Mapping[str, str], venue: Venue) -> list[Finding]:
    """Everything that the reader finds in one template; what it means depends on the mail's nature.

    All files are read that make it up, the layout among them. A file that Jinja can't read has faults of its
    own, and is not sent.
    """
    found: dict[Finding, None] = {}
    for file in sorted(files_of(name, files)):
        part, _ = read_part(file, files[file])
        try:
            found.update(dict.fromkeys(_in_part(part, venue)))
        except TemplateSyntaxError:
            continue
    return list(found)


def _in_part(part: Part, venue: Venue) -> Iterator[Finding]:
    for key in ("subject", "preheader"):
        line = part.head_lines.get(key, 1)
        pieces = pieces_of(part.head.get(key, ""), part.file, line)
        if not pieces:
            continue
        yield from _promotion(pieces, is_html=False)
        if key == "subject":
            yield from _in_subject(pieces, Span(f"templates/{part.file}", line, 1))
    body = pieces_of(part.body, part.file, part.offset + 1)
    if not body:
        return
    yield from _promotion(body, is_html=not part.is_text)
    yield from _links(body, venue, is_html=not part.is_text)
    if not part.is_text:
        yield from _pixels(body)


def _promotion(pieces: list[Piece], *, is_html: bool) -> Iterator[Finding]:
    for apart in (False, True):
        for kind, words, line in promotion(visible(pieces, is_html=is_html, apart=apart)):
            yield Finding(kind, words, Span(f"templates/{pieces[0].file}", line, 1))


def _in_subject(pieces: list[Piece], at: Span) -> Iterator[Finding]:
    for apart in (False, True):
        seen = visible(pieces, is_html=False, apart=apart)
        said = seen.words(0, len(seen.shown))
        if is_false_reply(seen.text):
            yield Finding("false-reply", said, at)
        if sounds_like_service(seen.text):
            yield Finding("service-subject", said, at)


def is_false_reply(folded_subject: str) -> bool:
    """Whether a subject pretends to answer, or to pass on, what nobody wrote."""
    return any(_REPLY.match(branch) for branch in folded_subject.split("\n"))


def sounds_like_service(folded_subject: str) -> bool:
    """Whether a subject speaks of something that the person ordered."""
    return _ABOUT_SERVICE.search(folded_subject) is not None


# -- links ------------------------------------------------------------------------------------------------


def _links(pieces: list[Piece], venue: Venue, *, is_html: bool) -> Iterator[Finding]:
    source, lines = marked(pieces)
    for match in (_LINK if is_html else _BARE_LINK).finditer(source):
        at = Span(f"templates/{pieces[0].file}", lines[match.start()], 1)
        kind = "link" if not is_html or match[1].lower() in ("href", "action") else "image"
        target = _as_browsers_read(match[2] or match[3] or "") if is_html else match[0]
        if target.lower().startswith(_UNSAFE):
            yield Finding("unsafe-link", target.partition(":")[0], at)
        for address in _BARE_LINK.findall(target):
            host = host_of(address)
            if any(mark in host for mark in VALUES):
                # A link that is one address is asked again for each mail, when the value is known.
                if BRANCH in target or kind == "image":
                    yield Finding(f"foreign-{kind}", "A host that depends on the reader", at)
            elif (whose := owner_of(host, venue)) != "own":
                yield Finding(f"{whose}-{kind}", host, at)


def _as_browsers_read(target: str) -> str:
    """Without line ends and with slashes one way; an address without a scheme is one of the web."""
    plain = re.sub(r"[\t\r\n]", "", entities.unescape(target)).strip().replace("\\", "/")
    return re.sub(r"^//", "https://", plain)


@lru_cache(maxsize=4096)
def host_of(address: str) -> str:
    """The host of an address of the web; empty where there is none."""
    try:
        return (urlsplit(address.replace("\\", "/")).hostname or "").rstrip(".")
    except ValueError:
        return ""


def owner_of(host: str, venue: Venue) -> str:
    """Whose a host is: `own`, a declared `partner`, or `foreign`."""
    own = {*venue.entity.hosts, urlsplit(venue.base_url).hostname or ""}
    if _within(host, own):
        return "own"
    partners = {known for hosts in venue.partners.values() for known in hosts}
    return "partner" if _within(host, partners) else "foreign"


def _within(host: str, hosts: set[str]) -> bool:
    return any(host == known or host.endswith(f".{known}") for known in hosts if known)


def _pixels(pieces: list[Piece]) -> Iterator[Finding]:
    """Images that tell who opened: of one pixel, or with something of the person in their address (R-56)."""
    source, lines = marked(pieces)
    for match in _IMAGE.finditer(source):
        address = _LINK.search(match[0])
        personal = address is not None and any(mark in address[0] for mark in VALUES)
        if personal or _TINY.search(match[0]):
            yield Finding("open-pixel", "<img>", Span(f"templates/{pieces[0].file}", lines[match.start()], 1))


# -- what it means ----------------------------------------------------------------------------------------


def content_of(found: list[Finding]) -> Content:
    """What the gate reads of a template. The footer's own parts are the engine's, so they are never missing."""
    kinds = {each.kind for each in found}
    partners = {each.words for each in found if each.kind in ("partner-link", "partner-image")}
    return Content(
        promo_block=bool(kinds & {"price", "discount"}),
        promotional_tone=bool(kinds & {"price", "discount", "wording"}),
        subject_misleading="false-reply" in kinds,
        partner_hosts=tuple(sorted(partners)),
    )


def check_mail(step: str, mail: Send, found: list[Finding]) -> list[Diagnostic]:
    """What is wrong with sending this template as the nature that the step declares."""
    faults = (_fault(step, mail, each) for each in found)
    return list(dict.fromkeys(fault for fault in faults if fault is not None))


def _fault(step: str, mail: Send, found: Finding) -> Diagnostic | None:
    nature = mail.nature
    match found.kind:
        case "own-price" if nature in ABOUT_AN_ORDER:
            return None
        case "price" | "discount" | "wording" | "own-price" if nature in NEUTRAL:
            message = f"«{found.words}» promotes, but the step «{step}» sends this as {nature.value}."
            return Diagnostic(found.span, "promotional-content", message)
        case "false-reply":
            return Diagnostic(found.span, "subject-misleading", f"«{found.words}» pretends to be an answer.")
        case "service-subject" if nature not in ABOUT_AN_ORDER:
            message = f"«{found.words}» sounds like service mail, but «{step}» sends it as {nature.value}."
            return Diagnostic(found.span, "subject-misleading", message)
        case "foreign-link":
            message = f"{found.words} is neither the entity's nor a declared partner's."
            return Diagnostic(found.span, "foreign-link", message)
        case "unsafe-link":
            return Diagnostic(found.span, "unsafe-link", f"A link in a mail can't be {found.words}:.")
        case "open-pixel":
            message = (
                "This image would tell who opens: its address must be the same for all, and it must be seen."
            )
            return Diagnostic(found.span, "open-pixel", message)
        case "foreign-image":
            message = f"This image is fetched from {found.words}, which learns who opens the mail."
            return Diagnostic(found.span, "foreign-image", message, severity=Severity.WARNING)
        case "partner-link" if nature is not Nature.SERVICE and mail.promotes:
            message = f"A partner's link ({found.words}) costs the whole mail the customer exception: only opt-ins get it."
            return Diagnostic(found.span, "partner-link", message, severity=Severity.WARNING)
    return None
