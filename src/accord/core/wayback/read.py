"""The reader: from the bytes of a message that came back to what it is. It never raises, and believes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from accord.core.mail.returns import marks_in
from accord.core.model.returned import Fate, Returned, ReturnKind, Where
from accord.core.wayback.automatic import is_away, is_challenge, is_from_a_machine
from accord.core.wayback.delivery import fates_of, fields_of, looks_like_a_bounce
from accord.core.wayback.feedback import feedback_of
from accord.core.wayback.opened import BROKEN, Opened, opened

MOST_MARKS = 20

_ENVELOPE = (
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "to",
    "cc",
    "x-delivered-to",
    "apparently-to",
)
_DELIVERED = frozenset({"delivered", "relayed", "expanded"})


def read(raw: bytes) -> Returned:
    """What a message is. `raw` is its bytes as they came; of a large one the beginning is enough.

    A report of a machine is told by its form alone, and nothing of it is believed before the mark in it is known to
    be ours (R-60). What can't be opened is UNREADABLE.
    """
    mail = opened(raw)
    try:
        return _read(mail) if mail is not None else NOTHING
    except BROKEN:
        return NOTHING


NOTHING = Returned(ReturnKind.UNREADABLE, why="it is built so that nothing can be made of it")


def _read(mail: Opened) -> Returned:
    marks = tuple(_marks(mail))
    sender, subject, by_machine = mail.sender, mail.subject, is_from_a_machine(mail)

    found = Returned(ReturnKind.UNREADABLE, marks, sender=sender, subject=subject, automatic=by_machine)

    def is_a(kind: ReturnKind, **more: Any) -> Returned:
        return replace(found, kind=kind, **more)

    told = feedback_of(mail)
    if told is not None:
        return is_a(ReturnKind.FEEDBACK, feedback_type=told[0], fates=(Fate("", "", told[1]),))
    if _is_unsubscribe(mail, marks):
        return is_a(ReturnKind.UNSUBSCRIBE)
    if looks_like_a_bounce(mail) and not (is_challenge(mail) and mail.report("delivery-status") is None):
        return _bounce(mail, is_a)
    if is_challenge(mail):
        return is_a(ReturnKind.CHALLENGE)
    if by_machine:
        return is_a(ReturnKind.VACATION if is_away(mail) else ReturnKind.AUTOMATIC)
    if not mail.text.strip() and not subject:
        return is_a(ReturnKind.UNREADABLE, why="there is nothing in it to read")
    return is_a(ReturnKind.REPLY, text=mail.text)


def _bounce(mail: Opened, is_a: Callable[..., Returned]) -> Returned:
    fates = fates_of(mail)
    if fates and all(each.action in _DELIVERED for each in fates):
        return is_a(ReturnKind.DELIVERED, fates=fates)
    if not any(each.status for each in fates):
        return is_a(ReturnKind.BOUNCE, fates=fates, why="it names no status, and its words are not known")
    return is_a(ReturnKind.BOUNCE, fates=fates)


def _is_unsubscribe(mail: Opened, marks: tuple[tuple[Where, str], ...]) -> bool:
    """A mail program's answer to List-Unsubscribe: to the address that bears the mark, with the subject that we gave."""
    addressed = any(where is Where.ENVELOPE for where, _ in marks)
    return addressed and mail.subject.strip().casefold() == "unsubscribe"


def _marks(mail: Opened) -> Iterator[tuple[Where, str]]:
    """Whatever may name a mail of ours, the best places first; each once."""
    seen: set[str] = set()
    for where, text in _places(mail):
        for mark in marks_in(text):
            if str(mark) not in seen and len(seen) < MOST_MARKS:
                seen.add(str(mark))
                yield where, str(mark)


def _places(mail: Opened) -> Iterator[tuple[Where, str]]:
    for addresses in mail.headers(*_ENVELOPE):
        yield Where.ENVELOPE, addresses
    for kind in ("delivery-status", "feedback-report"):
        part = mail.report(kind)
        if part is not None:
            fields = fields_of(part)
            yield (
                Where.ENVELOPE_ID,
                f"{fields.get('original-envelope-id', '')} {fields.get('original-mail-from', '')}",
            )
    yield Where.MESSAGE_ID, "\n".join(mail.headers("in-reply-to", "references"))
    yield Where.MESSAGE_ID, mail.returned
    yield Where.QUOTED, mail.text
