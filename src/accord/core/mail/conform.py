"""Whether one mail's headers are what the law of mailboxes asks (R-50, R-53): CONDITIONS, of which the first that matches answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.policy import compat32

from accord.core.mail.dkim import UNSUBSCRIBING, signatures
from accord.core.model.consent import Nature

ONE_CLICK = "List-Unsubscribe=One-Click"


@dataclass(frozen=True, slots=True)
class Headers:
    """What is judged of a mail's headers.

    `signed` holds the names in h= of its signature, in lower case; None where it is not signed yet.
    """

    nature: Nature
    unsubscribe: str | None = None
    post: str | None = None
    feedback_id: str | None = None
    precedence: str | None = None
    signed: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether the headers conform, and by which condition and rule."""

    conforms: bool
    reason: str
    rule: str


_ADDRESS = re.compile(r"<([^<>]*)>")
_FEEDBACK = re.compile(r"[^:\s]*(:[^:\s]*){2}:[A-Za-z0-9_.-]{5,15}")


def _must_unsubscribe(headers: Headers) -> bool:
    return headers.nature is not Nature.SERVICE


def _https(headers: Headers) -> list[str]:
    addresses = _ADDRESS.findall(headers.unsubscribe or "")
    return [each for each in addresses if each.lower().startswith("https://")]


CONDITIONS: tuple[tuple[str, str, Callable[[Headers], bool]], ...] = (
    ("UNSUBSCRIBE_MISSING", "R-50", lambda h: _must_unsubscribe(h) and h.unsubscribe is None),
    ("ONE_HTTPS_ADDRESS", "R-50", lambda h: h.unsubscribe is not None and len(_https(h)) != 1),
    ("ONE_CLICK_MISSING", "R-50", lambda h: _must_unsubscribe(h) and h.post is None),
    ("ONE_CLICK_PAIR", "R-50", lambda h: h.post not in (None, ONE_CLICK)),
    ("POST_WITHOUT_ADDRESS", "R-50", lambda h: h.post is not None and h.unsubscribe is None),
    (
        "DKIM_MUST_COVER_BOTH",
        "R-50",
        lambda h: h.post is not None and h.signed is not None and not h.signed.issuperset(UNSUBSCRIBING),
    ),
    (
        "FEEDBACK_ID_FORM",
        "R-53",
        lambda h: h.feedback_id is not None and not _FEEDBACK.fullmatch(h.feedback_id),
    ),
    ("PRECEDENCE", "R-62", lambda h: h.precedence is not None),
)


def judge_headers(headers: Headers) -> Judged:
    """The first condition that matches, or that the headers conform."""
    for reason, rule, matches in CONDITIONS:
        if matches(headers):
            return Judged(conforms=False, reason=reason, rule=rule)
    if headers.unsubscribe is None:
        return Judged(conforms=True, reason="NOT_REQUIRED_FOR_TRANSACTIONAL", rule="R-53")
    return Judged(conforms=True, reason="ONE_CLICK_COMPLETE", rule="R-50")


def headers_of(content: bytes, nature: Nature) -> Headers:
    """The headers of a mail as it leaves; with several signatures, what all of them cover."""
    parsed = BytesHeaderParser(policy=compat32).parsebytes(content)
    covered = [frozenset(each.covers) for each in signatures(content)]

    def told(name: str) -> str | None:
        found = parsed.get_all(name)
        return ", ".join(map(str, found)) if found else None

    return Headers(
        nature,
        told("List-Unsubscribe"),
        told("List-Unsubscribe-Post"),
        told("Feedback-ID"),
        told("Precedence"),
        frozenset.intersection(*covered) if covered else None,
    )
