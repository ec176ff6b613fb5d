"""A message as it came, opened: its headers, its parts and its text, whatever is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from functools import cached_property
from html.parser import HTMLParser

LARGEST = 1 << 20
"""So many bytes of a message are read, and no more: what is told of a mail stands at the beginning."""

BEGINNING = 1 << 17
"""So much of a bounce that keeps to no standard is looked through for whom it is about."""

MOST_PARTS, LONGEST_HEADER = 200, 4000
LONGEST_TEXT = 100_000

BROKEN = (
    *(RecursionError, ValueError, LookupError, AssertionError),
    *(TypeError, AttributeError, HeaderParseError),
)
"""What the standard library raises on messages that are made to break it."""

# The library's reader of parameters takes time by the square of their length; nobody honest writes so many.
_ENDLESS = re.compile(
    rb"^content-[a-z-]{1,40}:(?:[^\n]{8000}|(?:[^\n]*\n[ \t]){60})", re.IGNORECASE | re.MULTILINE
)

_ASCII = bytes(each if each < 128 else ord("?") for each in range(256))
_BRACKETED = re.compile(r"<([^<>\s@]{1,64}@[^<>\s@]{1,255})>")
_BARE = re.compile(r"[^\s<>\"(),:;@\[\]]{1,64}@[^\s<>\"(),:;@\[\]]{1,255}")

_REPORTS = ("message/delivery-status", "message/global-delivery-status", "message/feedback-report")
_ENCLOSED = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/global-headers",
    "message/partial",
)


@dataclass(frozen=True)
class Opened:
    """One message. Everything is text by now, with what can't be read replaced; nothing raises."""

    message: Message
    raw: bytes

    @cached_property
    def in_ascii(self) -> Message:
        """The same message as tools want it that know nothing else: a question mark for every byte beyond ASCII, and a sender."""
        made = BytesParser(policy=compat32).parsebytes(self.raw[:BEGINNING].translate(_ASCII))
        if not address_in(str(made.get("from", ""))):
            del made["from"]
            made["From"] = "<nobody@invalid>"
        return made

    def header(self, name: str) -> str:
        """One header, decoded and unfolded; empty where it is not there."""
        return unfolded(self.message.get(name))

    def headers(self, *names: str) -> Iterator[str]:
        """All headers of these names."""
        for name in names:
            for value in self.message.get_all(name, []):
                yield unfolded(value)

    @property
    def sender(self) -> str:
        """The address in From, as it is written there."""
        return address_in(self.header("from"))

    @property
    def subject(self) -> str:
        """The subject on one line."""
        return self.header("subject")[:500]

    @property
    def null_sender(self) -> bool:
        """Whether it came with the empty return path, as reports do (RFC 5321 4.5.5)."""
        return self.header("return-path").replace(" ", "") == "<>"

    @property
    def report_type(self) -> str:
        """`report-type` of multipart/report (RFC 6522), in small letters."""
        if self.message.get_content_type() != "multipart/report":
            return ""
        value = self.message.get_param("report-type", "")
        return value.lower() if isinstance(value, str) else ""

    @cached_property
    def parts(self) -> tuple[Message, ...]:
        """Its parts, those of a returned mail left out."""
        return tuple(_walked(self.message))

    def report(self, kind: str) -> Message | None:
        """The part that a machine wrote for machines: `delivery-status`, `feedback-report`."""
        wanted = (f"message/{kind}", f"message/global-{kind}")
        return next((part for part in self.parts if part.get_content_type() in wanted), None)

    @cached_property
    def text(self) -> str:
        """What there is to read before any returned mail: plain text, or what a page says."""
        plain = [part for part in self.parts if part.get_content_type() == "text/plain"]
        pages = [part for part in self.parts if part.get_content_type() == "text/html"]
        found = "\n".join(text_of(part) for part in plain)
        if not found.strip():
            found = "\n".join(seen_on(text_of(part)) for part in pages)
        return found[:LONGEST_TEXT]

    @cached_property
    def returned(self) -> str:
        """The mail that is returned, or its headers, as text."""
        return "\n".join(flat(part) for part in _walked(self.message, enclosed=True))[:LONGEST_TEXT]


def opened(raw: bytes) -> Opened | None:
    """The message behind these bytes; None where it is built so that nothing can be made of it."""
    if _ENDLESS.search(raw[:LARGEST]):
        return None
    try:
        made = Opened(BytesParser(policy=compat32).parsebytes(raw[:LARGEST]), raw[:LARGEST])
        _ = made.parts, made.text, made.returned
    except BROKEN:
        return None
    return made


def address_in(text: str) -> str:
    """The address in a header: the one in angle brackets, else the first; empty where there is none."""
    found = _BRACKETED.search(text[:2000])
    if found is not None:
        return found[1]
    bare = _BARE.search(text[:2000])
    return bare[0] if bare is not None else ""


def _walked(message: Message, *, enclosed: bool = False) -> Iterator[Message]:
    """Parts in their order, a bounded number: those outside enclosed mails, or the enclosed mails themselves."""
    ahead, left = [message], MOST_PARTS
    while ahead and left:
        part, left = ahead.pop(0), left - 1
        kind = part.get_content_type()
        if part is not message and kind in _ENCLOSED:
            if enclosed:
                yield part
            continue
        payload = part.get_payload()
        if isinstance(payload, list) and kind not in _REPORTS:
            ahead[:0] = [each for each in payload if isinstance(each, Message)]
        elif not enclosed:
            yield part


def text_of(part: Message) -> str:
    """The text of one part, whatever its encoding claims to be."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return flat(part)
    charset = part.get_param("charset", "utf-8")
    return _decoded(payload, charset if isinstance(charset, str) else "utf-8")[:LONGEST_TEXT]


def flat(part: Message) -> str:
    """A part as it stands, its enclosed headers and bodies included; quoted-printable undone."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return "\n".join(_whole(each) for each in payload if isinstance(each, Message))
    data = part.get_payload(decode=True)
    return _decoded(data, "utf-8") if isinstance(data, bytes) else str(payload)


def _whole(message: Message) -> str:
    lines = [f"{name}: {' '.join(str(value)[:LONGEST_HEADER].split())}" for name, value in message.items()]
    return "\n".join([*lines, "", *(text_of(part) for part in _walked(message))])


def _decoded(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return data.decode("latin-1")


def unfolded(value: object) -> str:
    """A header's value on one line, its encoded words read, as far as it is not endless."""
    text = str(value)[:LONGEST_HEADER] if value is not None else ""
    try:
        pieces = decode_header(text) if "=?" in text else [(text, None)]
    except (HeaderParseError, ValueError):
        pieces = [(text, None)]
    text = "".join(
        _decoded(piece, charset or "latin-1") if isinstance(piece, bytes) else piece
        for piece, charset in pieces
    )
    return " ".join(text.split())


class _Page(HTMLParser):
    """What a page says, line by line; what it quotes is left out."""

    _BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "td", "table", "hr"})
    _VOID = frozenset({"br", "hr", "img", "meta", "link", "input", "col", "area", "base", "wbr"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag opens."""
        if self._hidden:
            if tag == self._hidden[0] and tag not in self._VOID:
                self._hidden.append(tag)
            return
        given = " ".join(value or "" for name, value in attrs if name in ("class", "id"))
        if tag in ("style", "script", "head", "blockquote") or _QUOTED_BLOCK.search(given):
            if tag not in self._VOID:
                self._hidden.append(tag)
        elif tag in self._BREAKS:
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """A tag closes."""
        if self._hidden and tag == self._hidden[0]:
            self._hidden.pop()

    def handle_data(self, data: str) -> None:
        """Text between tags."""
        if not self._hidden:
            self.said.append(data)


# How mail programs mark what they quote: Gmail, Outlook on the web, Yahoo, Thunderbird, Apple Mail, Orange.
_QUOTED_BLOCK = re.compile(
    r"gmail_quote|yahoo_quoted|moz-cite-prefix|divRplyFwdMsg|appendonsend|protonmail_quote|zmail_extra|oriMsgHtml"
)


def seen_on(page: str) -> str:
    """What can be read on a page of HTML, without what it quotes."""
    reader = _Page()
    reader.feed(page[:LONGEST_TEXT])
    return "".join(reader.said)
