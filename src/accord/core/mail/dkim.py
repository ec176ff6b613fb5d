"""DKIM (RFC 6376, 8463): what a signature covers, and the header that carries it; whoever holds the key signs.

Canonicalisation is relaxed for both headers and body: a relay may fold anew, and nothing that a reader sees may
change. Each header is signed once more often than it stands there, so that nobody can add a second one.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache

RSA, ED25519 = "rsa-sha256", "ed25519-sha256"

# What is signed wherever it stands; the two of RFC 8058 must be.
UNSUBSCRIBING = ("list-unsubscribe", "list-unsubscribe-post")
OVERSIGNED = (
    "from", "reply-to", "to", "cc", "subject", "date", "message-id", "mime-version", "content-type",
    "content-transfer-encoding", "auto-submitted", *UNSUBSCRIBING, "list-id",
)  # fmt: skip
# Relays add lines of these to ours: signed as we wrote them, but not against further ones.
SIGNED_ONCE = ("feedback-id", "content-language", "list-help", "in-reply-to", "references")

_FOLD = "\r\n\t"
_SPACES = re.compile(rb"[ \t]+")
_LINE_WIDTH = 72
_SIGNATURE = b"dkim-signature"
_VALUE = re.compile(rb"(;|^)([ \t\r\n]*b[ \t\r\n]*=)[^;]*")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key: `domain` and `selector` say where its public half stands; `sign` turns what is signed into bytes.

    `mark` is the fingerprint by which the ledger knows it again.
    """

    domain: str
    selector: str
    algorithm: str
    sign: Callable[[bytes], bytes]
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as it stands in a mail. `data` is what its key signed; `body_holds`: the body is as it was."""

    tags: Mapping[str, str]
    data: bytes
    value: bytes
    body_holds: bool

    @property
    def covers(self) -> tuple[str, ...]:
        """The names in h=, in lower case."""
        return tuple(name.strip().lower() for name in self.tags.get("h", "").split(":"))


Field = tuple[bytes, bytes]


def signed(content: bytes, keys: Sequence[SigningKey]) -> bytes:
    """The mail with one DKIM-Signature for each key before it; the same for the same bytes and keys.

    `content` has CRLF line ends. The instant told in t= is that of its Date.
    """
    if not keys:
        return content
    fields, body = _parted(content)
    bodies = base64.b64encode(_body_hash(body)).decode()
    named, covered = _to_sign(fields)
    at = _instant(fields)
    lines = [_signature(key, named, covered, bodies, at) for key in keys]
    return b"".join((*lines, content))


def signatures(content: bytes) -> list[Signature]:
    """The signatures of a mail, with what each of them signed; whether a key made them is the caller's to ask."""
    fields, body = _parted(content)
    digest = _body_hash(body)
    found = []
    for name, value in fields:
        if name != _SIGNATURE:
            continue
        tags = _tags(value)
        covers = [each.strip().lower().encode() for each in tags.get("h", "").split(":")]
        data = b"".join(_chosen(fields, covers)) + _relaxed(name, _VALUE.sub(rb"\1\2", value))
        found.append(
            Signature(tags, data, _decoded(tags.get("b", "")), _decoded(tags.get("bh", "")) == digest)
        )
    return found


def record(algorithm: str, public: bytes) -> str:
    """The text of the DNS record that a public key is told in (RFC 6376, 3.6.1; RFC 8463, 4)."""
    kind = "ed25519" if algorithm == ED25519 else "rsa"
    return f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode()}"


def tags_of(text: str) -> dict[str, str]:
    """A list of `tag=value`, as signatures, key records and DMARC policies write them."""
    pairs = (each.partition("=") for each in text.split(";") if "=" in each)
    return {tag.strip(): value.strip() for tag, _, value in pairs}


# -- what is signed ----------------------------------------------------------------------------------------


def _parted(content: bytes) -> tuple[list[Field], bytes]:
    """The fields, each by its name in lower case with its value as it stands, and the body."""
    head, _, body = content.partition(b"\r\n\r\n")
    lines: list[bytes] = []
    for line in head.split(b"\r\n"):
        if line[:1] in b" \t" and line and lines:
            lines[-1] += b"\r\n" + line
        else:
            lines.append(line)
    parted = (line.partition(b":") for line in lines)
    return [(name.strip().lower(), value) for name, _, value in parted], body


def _body_hash(body: bytes) -> bytes:
    """Relaxed (3.4.4): runs of blanks are one, none stands at a line's end, no empty line ends the body."""
    body = body.replace(b"\t", b" ")
    while b"  " in body:
        body = body.replace(b"  ", b" ")
    body = body.replace(b" \r\n", b"\r\n").removesuffix(b" ").rstrip(b"\r\n")
    return hashlib.sha256(body + b"\r\n" if body else b"").digest()


def _relaxed(name: bytes, value: bytes) -> bytes:
    """Relaxed (3.4.2), without a line end."""
    return name + b":" + _SPACES.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")


def _to_sign(fields: Sequence[Field]) -> tuple[str, bytes]:
    """The names for h=, folded, and the fields that they stand for."""
    there = [name for name, _ in fields]
    names: list[str] = []
    for name in OVERSIGNED:
        names += [name] * (there.count(name.encode()) + 1)
    names += [name for name in SIGNED_ONCE for _ in range(there.count(name.encode()))]
    return _folded_names(tuple(names)), b"".join(_chosen(fields, [name.encode() for name in names]))


@lru_cache(maxsize=64)
def _folded_names(names: tuple[str, ...]) -> str:
    lines, line = [], ""
    for name in names:
        if len(line) + len(name) > _LINE_WIDTH:
            lines.append(line)
            line = ""
        line += f"{name}:"
    return _FOLD.join((*lines, line)).removesuffix(":")


def _chosen(fields: Sequence[Field], names: Sequence[bytes]) -> Iterator[bytes]:
    """Each name stands for the last field of it that is not taken yet; for nothing where there is none (5.4.2)."""
    left: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        left.setdefault(name, []).append(value)
    for name in names:
        if left.get(name):
            yield _relaxed(name, left[name].pop()) + b"\r\n"


def _instant(fields: Sequence[Field]) -> str:
    date = next((value for name, value in fields if name == b"date"), None)
    return "" if date is None else _told(date)


@lru_cache(maxsize=64)
def _told(date: bytes) -> str:
    """`t=…; `, or nothing for a date that is none."""
    try:
        return f" t={int(parsedate_to_datetime(date.decode('ascii').strip()).timestamp())};"
    except (ValueError, UnicodeError):
        return ""


def _signature(key: SigningKey, names: str, covered: bytes, body_hash: str, at: str) -> bytes:
    value = (
        f" v=1; a={key.algorithm}; c=relaxed/relaxed;{_FOLD}d={key.domain}; s={key.selector};{at}"
        f"{_FOLD}h={names};{_FOLD}bh={body_hash};{_FOLD}b="
    )
    made = base64.b64encode(key.sign(covered + _relaxed(_SIGNATURE, value.encode()))).decode()
    lines = _FOLD.join(made[at : at + _LINE_WIDTH] for at in range(0, len(made), _LINE_WIDTH))
    return f"DKIM-Signature:{value}{lines}\r\n".encode()


# -- what is read again ------------------------------------------------------------------------------------


def _tags(value: bytes) -> dict[str, str]:
    """A signature's tags; blanks have no meaning in any of them that we write."""
    return tags_of(re.sub(r"\s+", "", value.decode("ascii", "replace")))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""
