"""MIME: headers that nothing can be injected into, round two bodies that are quoted-printable already."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

from accord.core.mail.letter import Rendered
from accord.core.model.domain import NotADomain, ascii_domain


@dataclass(frozen=True, slots=True)
class Head:
    """The headers of one mail. `message_key` makes the Message-ID, the same for each attempt at it.

    `unsubscribe` is the one HTTPS address of RFC 8058, None in service mail; `unsubscribe_to` takes the same by mail
    (RFC 2369). `list_id` is RFC 2919's, stable for each purpose; `feedback_id` tells of many mails, never of one
    person (R-53). `echo`: a header that a provider gives back.
    """

    sender_name: str
    sender_address: str
    recipient: str
    message_key: str
    host: str
    at: datetime
    unsubscribe: str | None = None
    list_name: str | None = None
    list_id: str | None = None
    feedback_id: str | None = None
    unsubscribe_to: str | None = None
    echo: tuple[str, str] | None = None


# A line of a header should not be longer than this (RFC 5322, 2.1.1), and must not be longer than that.
SHORT, LONGEST_LINE = 76, 900

# What a word of RFC 2047 holds between `=?utf-8?q?` and `?=`.
_WORD_LENGTH = 75 - len("=?utf-8?q??=")
_PLAIN_WORD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")

_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}")
_WIDE_ADDRESS = re.compile(r"[^\s@<>\"(),:;\[\]\\\x00-\x1f\x7f]{1,64}@[A-Za-z0-9.-]{1,255}")
_NO_WORD = re.compile(r"[^A-Za-z0-9_.-]+")
_PLAIN_URL = re.compile(r"[!-;=?-~]+")


class HeaderFault(Exception):
    """A header that can't be written: a line break in it, an address that is none."""


def compose(rendered: Rendered, head: Head) -> bytes:
    """The mail as bytes with CRLF line ends, the same for the same arguments. Raises HeaderFault.

    multipart/alternative, the text first. Only an address beyond ASCII puts more than ASCII into it (RFC 6532).
    """
    boundary = f"=_{hashlib.sha256(head.message_key.encode()).hexdigest()[:24]}"
    headers = "".join(_headers(rendered, head))
    opening = (
        f'{headers}MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
    )
    return b"".join(
        (
            opening.encode(),
            _part_head(boundary, "plain"),
            rendered.text_body,
            _part_head(boundary, "html"),
            rendered.html_body,
            f"--{boundary}--\r\n".encode(),
        )
    )


def _part_head(boundary: str, subtype: str) -> bytes:
    return (
        f"--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode()


def _headers(rendered: Rendered, head: Head) -> Iterator[str]:
    yield _from_line(head.sender_name, head.sender_address)
    yield f"To: {_recipient(head.recipient)}\r\n"
    yield text_line("Subject", rendered.subject)
    yield _date_line(head.at)
    yield _url_line("Message-ID", f"{head.message_key}@{head.host}")
    yield _same_line("Content-Language", rendered.language)
    # Nobody's autoresponder should answer (RFC 3834; R-62).
    yield "Auto-Submitted: auto-generated\r\n"
    if head.unsubscribe is not None:
        # RFC 8058: exactly one address, and one click is promised by HTTPS alone.
        yield _unsubscribe_line(head.unsubscribe, head.unsubscribe_to)
        if head.unsubscribe.startswith("https://"):
            yield "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    if head.list_id is not None:
        yield _list_line(head.list_name or "", head.list_id)
    if head.feedback_id is not None:
        yield _same_line("Feedback-ID", head.feedback_id)
    if head.echo is not None:
        yield text_line(*head.echo)


def text_line(name: str, value: str) -> str:
    """`Name: value`, in words of RFC 2047 where it is long or not plain; folded. Raises HeaderFault."""
    if "\r" in value or "\n" in value:
        raise HeaderFault(f"{name}: a line break")
    plain = value.isascii() and value.isprintable() and "=?" not in value
    return f"{name}: {value if plain and len(name) + len(value) < SHORT else _words_of(value)}\r\n"


_same_line = lru_cache(maxsize=256)(text_line)
"""A line that many mails have in common."""


@lru_cache(maxsize=64)
def _date_line(at: datetime) -> str:
    """The instant at which a batch is written is the same for all its mails."""
    return f"Date: {format_datetime(at)}\r\n"


def _words_of(value: str) -> str:
    return "\r\n ".join(f"=?utf-8?q?{word}?=" for word in _words(value))


def _words(value: str) -> Iterator[str]:
    """The contents of encoded words, none of which cuts a character in two (RFC 2047, 5)."""
    # The first line also holds the header's name.
    word, room = "", _WORD_LENGTH - 12
    for character in value:
        encoded = _encoded(character)
        if len(word) + len(encoded) > room:
            yield word
            word, room = "", _WORD_LENGTH
        word += encoded
    yield word


@lru_cache(maxsize=2048)
def _encoded(character: str) -> str:
    if character == " ":
        return "_"
    if character in _PLAIN_WORD:
        return character
    return "".join(f"={byte:02X}" for byte in character.encode("utf-8", "replace"))


@lru_cache(maxsize=256)
def _from_line(name: str, address: str) -> str:
    """The sender, as the standard library writes and folds it; there are few, and each is kept."""
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = str(Address(name, addr_spec=_ascii_domain(address)))
        return message.as_bytes().decode("ascii").removesuffix("\r\n")
    except (ValueError, IndexError, UnicodeError) as fault:
        raise HeaderFault(f"From: {fault}") from None


def _recipient(address: str) -> str:
    """An address as it stands in a header: its domain in ASCII, its name as it is (RFC 6532)."""
    if _PLAIN_ADDRESS.fullmatch(address):
        return address
    try:
        written = _ascii_domain(address)
    except NotADomain:
        raise HeaderFault("To: a domain that can't be written") from None
    if not _WIDE_ADDRESS.fullmatch(written):
        raise HeaderFault("To: not an address")
    return written


def _url_line(name: str, address: str) -> str:
    """`Name: <address>`, unfolded: the library would encode a long address, and no reader would know it."""
    if not _PLAIN_URL.fullmatch(address) or len(address) > LONGEST_LINE:
        raise HeaderFault(f"{name}: an address with characters that a header can't have")
    return f"{name}: <{address}>\r\n"


def _unsubscribe_line(url: str, address: str | None) -> str:
    """The page, and behind it the address of those whose mail program writes instead."""
    line = _url_line("List-Unsubscribe", url)
    if address is None:
        return line
    if not _PLAIN_ADDRESS.fullmatch(address):
        raise HeaderFault("List-Unsubscribe: not an address")
    return f"{line.removesuffix(chr(13) + chr(10))},\r\n <mailto:{quote(address, safe='@')}?subject=unsubscribe>\r\n"


@lru_cache(maxsize=256)
def _list_line(name: str, list_id: str) -> str:
    """RFC 2919: a phrase that people read, and the id, which stays the same."""
    if not _PLAIN_URL.fullmatch(list_id):
        raise HeaderFault("List-Id: not a name of the form of a host's")
    if not name:
        return f"List-Id: <{list_id}>\r\n"
    quotable = name.isascii() and name.isprintable() and len(name) < SHORT - 11 and not set(name) & set('"\\')
    phrase = f'"{name}"' if quotable else _words_of(name)
    return f"List-Id: {phrase}\r\n <{list_id}>\r\n"


def feedback_id(*told: str, sender: str) -> str:
    """`a:b:c:SenderId`, by which Gmail counts complaints (R-53): the same for all mails of a kind.

    The SenderId is made of the sender's domain, in the 5 to 15 characters that it may have.
    """
    parts = [_NO_WORD.sub("-", part)[:64] for part in told]
    own = _NO_WORD.sub("-", _ascii_domain(sender).rpartition("@")[2].replace(".", "-"))
    return ":".join((*parts, own[:15].ljust(5, "-")))


def _ascii_domain(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}@{ascii_domain(domain)}" if not domain.isascii() else address
