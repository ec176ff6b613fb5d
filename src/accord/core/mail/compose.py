"""MIME: headers through the standard library, so that nothing can be injected; bodies by the C codec."""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache

from accord.core.mail.letter import Rendered


@dataclass(frozen=True, slots=True)
class Head:
    """The headers of one mail. `message_key` makes the Message-ID, the same for each attempt at it.

    `unsubscribe` is the one HTTPS address of RFC 8058, None in service mail; `list_id` is RFC 2919's, stable
    for each purpose.
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
    reply_to: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


# A line of a header should not be longer than this (RFC 5322, 2.1.1), and must not be longer than that.
SHORT, LONGEST_LINE = 76, 900

_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}")
_PLAIN_URL = re.compile(r"[!-;=?-~]+")


class HeaderFault(Exception):
    """A header that can't be written: a line break in it, an address that is none."""


def compose(rendered: Rendered, head: Head) -> bytes:
    """The mail as bytes with CRLF line ends, the same for the same arguments. Raises HeaderFault.

    multipart/alternative, the text first; quoted-printable, so that every line fits every server.
    """
    boundary = f"=_{hashlib.sha256(head.message_key.encode()).hexdigest()[:24]}"
    headers = _headers(rendered, head)
    opening = (
        f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
    ).encode()
    pieces = [headers, opening]
    for subtype, body in (("plain", rendered.text), ("html", rendered.html)):
        pieces.append(
            f"--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode()
        )
        pieces.append(_quoted_printable(body))
    pieces.append(f"--{boundary}--\r\n".encode())
    return b"".join(pieces)


def _headers(rendered: Rendered, head: Head) -> bytes:
    lines = [
        _address_line("From", head.sender_name, head.sender_address),
        _address_line("To", "", head.recipient),
        _text_line("Subject", rendered.subject),
        f"Date: {format_datetime(head.at)}\r\n",
        _url_line("Message-ID", f"{head.message_key}@{head.host}"),
        _text_line("Content-Language", rendered.language),
        "Auto-Submitted: auto-generated\r\n",
    ]
    if head.reply_to:
        lines.append(_address_line("Reply-To", "", head.reply_to))
    if head.unsubscribe is not None:
        lines.append(_url_line("List-Unsubscribe", head.unsubscribe))
        lines.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
    if head.list_id is not None:
        lines.append(_list_line(head.list_name or "", head.list_id))
    lines += [_text_line(key, value) for key, value in head.extra.items()]
    return "".join(lines).encode("ascii")


@lru_cache(maxsize=4096)
def _folded(name: str, value: str) -> str:
    """A header as the library writes and folds it; what repeats from mail to mail is kept."""
    message = EmailMessage(policy=SMTP)
    try:
        message[name] = value
        return str(message.as_bytes().decode("ascii").removesuffix("\r\n"))
    except (ValueError, IndexError, UnicodeError) as fault:
        raise HeaderFault(f"{name}: {fault}") from None


def _text_line(name: str, value: str) -> str:
    if value.isascii() and value.isprintable() and len(name) + len(value) < SHORT and "=?" not in value:
        return f"{name}: {value}\r\n"
    return _folded(name, value)


def _address_line(name: str, display: str, address: str) -> str:
    address = _ascii_domain(address)
    if not display and _PLAIN_ADDRESS.fullmatch(address):
        return f"{name}: {address}\r\n"
    try:
        written = str(Address(display, addr_spec=address))
    except (ValueError, IndexError, UnicodeError) as fault:
        raise HeaderFault(f"{name}: {fault}") from None
    return _folded(name, written)


def _url_line(name: str, address: str) -> str:
    """`Name: <address>`, unfolded: the library would encode a long address, and no reader would know it."""
    if not _PLAIN_URL.fullmatch(address) or len(address) > LONGEST_LINE:
        raise HeaderFault(f"{name}: an address with characters that a header can't have")
    return f"{name}: <{address}>\r\n"


def _list_line(name: str, list_id: str) -> str:
    if not _PLAIN_URL.fullmatch(list_id):
        raise HeaderFault("List-Id: not a name of the form of a host's")
    shown = name if name.isascii() and name.isprintable() and '"' not in name else ""
    return f'List-Id: "{shown}" <{list_id}>\r\n' if shown else f"List-Id: <{list_id}>\r\n"


def _ascii_domain(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}" if not domain.isascii() else address


_BARE_LF = re.compile(rb"\r?\n")


def _quoted_printable(text: str) -> bytes:
    """A body as quoted-printable with CRLF line ends (RFC 2045, 6.7)."""
    encoded = binascii.b2a_qp(text.replace("\r\n", "\n").encode("utf-8"), istext=True)
    return _BARE_LF.sub(b"\r\n", encoded).removesuffix(b"\r\n") + b"\r\n"
