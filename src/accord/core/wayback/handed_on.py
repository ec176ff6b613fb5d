"""What people write, handed on to the team: a mail of our own round theirs, which can't come back to us in a circle."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from email.utils import format_datetime

from accord.core.mail.words import Wording
from accord.core.wayback.opened import Opened, opened

# The library folds headers in a time that grows by the square of their length; nobody honest writes such.
_ENDLESS = re.compile(rb"^[!-9;-~]{1,80}:(?:[^\n]{4000}|(?:[^\n]*\n[ \t]){60})", re.MULTILINE)

LOOP = "X-Accord-Handed-On"
"""Our own mark on what we hand on: what comes in with it is not handed on again."""

SENTENCES = (
    "Somebody wrote to us: {subject}",
    "This answer could not be dealt with by a machine. It is attached as it came.",
    "Whoever wrote is known to us: {link}",
    "Nobody with this address is known to us.",
)


@dataclass(frozen=True, slots=True)
class HandingOn:
    """Who hands on to whom. `key` makes the Message-ID; `link` is the person's page, None where nobody is known."""

    sender_name: str
    sender: str
    to: str
    key: str
    host: str
    at: datetime
    link: str | None
    wording: Wording


def handed_on(raw: bytes, about: HandingOn) -> bytes:
    """The mail to the team, with CRLF line ends: what was written, and the original attached.

    `Auto-Submitted` and an empty envelope sender keep anybody's machine from answering it (RFC 3834). Raises
    ValueError where an address can't be written.
    """
    original = opened(raw)
    say = about.wording.say
    subject = " ".join((original.subject if original is not None else "").split())[:150]
    made = EmailMessage(policy=SMTP)
    made["From"] = Address(about.sender_name, addr_spec=about.sender)
    made["To"] = Address(addr_spec=about.to)
    if original is not None and original.sender.isascii() and "@" in original.sender:
        made["Reply-To"] = original.sender
    made["Subject"] = say(SENTENCES[0]).format(subject=subject or "–")
    made["Date"] = format_datetime(about.at)
    made["Message-ID"] = f"<{about.key}@{about.host}>"
    made["Auto-Submitted"] = "auto-generated"
    made[LOOP] = "1"
    known = say(SENTENCES[2]).format(link=about.link) if about.link else say(SENTENCES[3])
    lines = [say(SENTENCES[1]), known, "", *_quoted(original)]
    made.set_content("\n".join(lines), cte="quoted-printable")
    _attach(made, raw)
    _name_boundaries(made, about.key)
    # The library leaves the line ends of what it encodes as they are.
    plain = made.as_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return plain.replace(b"\n", b"\r\n")


def may_be_handed_on(original: Opened | None) -> bool:
    """Whether it is no mail of ours that has come round."""
    return original is None or not original.header(LOOP)


def _quoted(original: Opened | None) -> list[str]:
    if original is None:
        return []
    text = original.text[:5000].strip().splitlines()
    return [f"> {original.sender}", ">", *(f"> {line}" for line in text)]


def _attach(made: EmailMessage, raw: bytes) -> None:
    """The original as a mail; where it can't be written as one, as a file."""
    try:
        if _ENDLESS.search(raw):
            raise ValueError("headers without an end")
        inner = BytesParser(policy=SMTP).parsebytes(raw)
        inner.as_bytes()
        made.add_attachment(inner)
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, IndexError, RecursionError):
        made.add_attachment(raw, maintype="application", subtype="octet-stream", filename="message.eml")


def _name_boundaries(made: EmailMessage, key: str) -> None:
    """The library throws dice for what parts a mail."""
    if made.is_multipart():
        made.set_boundary(f"=_handed-on-{key}")
