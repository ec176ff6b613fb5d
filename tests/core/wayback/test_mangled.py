"""Messages torn, bent and buried: reading never fails, and nobody is suppressed who would not have been."""

from __future__ import annotations

import base64
import os
import quopri
import random
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.core.mail.returns import Returns
from accord.core.model.returned import ReturnKind
from accord.core.wayback.read import read
from accord.shell.engine.wayback.judged import judged
from core.wayback.corpus import ADDRESS, Case, cases
from core.wayback.readers import known_by

MANY = 20_000 if os.environ.get("ACCORD_SOAK") else 250
CASES = cases()
HARMLESS = [case for case in CASES if case.reason not in ("HARD_BOUNCE", "COMPLAINT_IS_OBJECTION")]
OTHERS = Returns((b"somebody else's key",))

Mangle = Callable[[bytes, random.Random], bytes]


def truncated(raw: bytes, dice: random.Random) -> bytes:
    return raw[: dice.randrange(len(raw) + 1)]


def beheaded(raw: bytes, dice: random.Random) -> bytes:
    return raw[dice.randrange(len(raw) + 1) :]


def without_a_line(raw: bytes, dice: random.Random) -> bytes:
    lines = raw.split(b"\n")
    del lines[dice.randrange(len(lines))]
    return b"\n".join(lines)


def with_a_blank_line(raw: bytes, dice: random.Random) -> bytes:
    lines = raw.split(b"\n")
    lines.insert(dice.randrange(len(lines) + 1), dice.choice([b"", b" ", b"\t", b"x", b"--", b"\x00"]))
    return b"\n".join(lines)


def shuffled_line(raw: bytes, dice: random.Random) -> bytes:
    lines = raw.split(b"\n")
    line = lines.pop(dice.randrange(len(lines)))
    lines.insert(dice.randrange(len(lines) + 1), line)
    return b"\n".join(lines)


def with_noise(raw: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(raw) + 1)
    noise = bytes(dice.choice(b'\xff\xfe\x80\xc3=?;:<>"\\()@\r\t') for _ in range(dice.randrange(1, 12)))
    return raw[:at] + noise + raw[at:]


def with_other_line_ends(raw: bytes, dice: random.Random) -> bytes:
    return raw.replace(b"\n", dice.choice([b"\r\n", b"\r", b"\n\r"]))


def in_capitals(raw: bytes, dice: random.Random) -> bytes:
    return raw.swapcase() if dice.random() < 0.5 else raw.upper()


def buried(raw: bytes, dice: random.Random) -> bytes:
    kind = dice.choice(
        [b"message/rfc822", b"text/plain", b"multipart/mixed; boundary=in", b"application/octet-stream"]
    )
    head = b"From: list@example.com\nTo: someone@example.com\nSubject: Fwd: look\nMIME-Version: 1.0\n"
    return (
        head
        + b"Content-Type: multipart/mixed; boundary=out\n\n--out\nContent-Type: "
        + kind
        + b"\n\n"
        + raw
        + b"\n--out--\n"
    )


def quoted(raw: bytes, dice: random.Random) -> bytes:
    lines = b"\n".join(b"> " + line for line in raw.split(b"\n"))
    return b"From: Bob <bob@example.org>\nSubject: Re: your bounce\n\nDid you see this?\n\n" + lines


def encoded(raw: bytes, dice: random.Random) -> bytes:
    head, _, body = raw.partition(b"\n\n")
    if dice.random() < 0.5:
        return head + b"\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(body)
    return head + b"\nContent-Transfer-Encoding: quoted-printable\n\n" + quopri.encodestring(body)


def in_a_strange_charset(raw: bytes, dice: random.Random) -> bytes:
    name = dice.choice(
        [b"utf-7", b"utf-16", b"x-unknown", b"", b"idna", b"punycode", b"unicode_escape", b"\xff", b"base64"]
    )
    return raw.replace(b"us-ascii", name).replace(b"utf-8", name).replace(b"iso-8859-1", name)


MANGLES: list[Mangle] = [
    *(truncated, beheaded, without_a_line, with_a_blank_line, shuffled_line, with_noise),
    *(with_other_line_ends, in_capitals, buried, quoted, encoded, in_a_strange_charset),
]


def mangled(raw: bytes, seed: int) -> bytes:
    dice = random.Random(seed)
    for _ in range(dice.randrange(1, 4)):
        raw = dice.choice(MANGLES)(raw, dice)
    return raw


pytestmark = pytest.mark.timeout(3600 if os.environ.get("ACCORD_SOAK") else 300)


@settings(max_examples=MANY, deadline=None, database=None)
@given(st.sampled_from(HARMLESS), st.integers(0, 2**32))
def test_what_was_harmless_suppresses_nobody_however_it_is_torn(case: Case, seed: int) -> None:
    returned = read(mangled(case.raw, seed))
    found = judged(returned, known_by(returned))
    # Taking lines away may take away what made a report harmless; no word of it may be turned into its opposite.
    assert found.address is None or case.name in ALLOWED, (case.name, found)


# What would be a hard bounce of Ada's, were it not for one word that can be torn out of it.
ALLOWED = frozenset(
    {
        "esp/status-of-five-parts",
        "esp/our-line-among-several",
        "esp/ours-was-delivered-others-not",
    }
)


@settings(max_examples=MANY, deadline=None, database=None)
@given(st.sampled_from(CASES), st.integers(0, 2**32))
def test_a_forged_one_suppresses_nobody_however_it_is_torn(case: Case, seed: int) -> None:
    returned = read(mangled(case.raw, seed))
    known = known_by(returned, OTHERS)
    assert judged(returned, known).address is None


@settings(max_examples=MANY // 2, deadline=None, database=None)
@given(st.binary(max_size=400))
def test_any_bytes_can_be_read(raw: bytes) -> None:
    assert read(raw).kind in ReturnKind


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 5000,
        b"Content-Type: multipart/mixed; boundary=a\n\n"
        + b"--a\nContent-Type: multipart/mixed; boundary=a\n\n" * 3000,
        b"".join(b"Content-Type: message/rfc822\n\n" for _ in range(3000)),
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=\n\n",
        b"Subject: =?utf-8?b?" + b"4" * 4000 + b"?=\n\n",
        b"Subject: " + b"=?a?q?" * 150_000 + b"\n\nx",
        b'Content-Type: multipart/mixed; boundary="' + b";" * 1_000_000 + b"\n\nx",
        b'Content-Type: multipart/mixed; boundary="' + b";\n " * 300_000 + b"\n\nx",
        b'Content-Type: multipart/mixed; boundary=a\n\n--a\ncontent-TYPE: text/plain; charset="'
        + b";" * 900_000,
        b"Subject: Re: x\nFrom: a@example.org\n\n" + (b"on " + b"a" * 190 + b"\n") * 500,
        b"From: " + b"(" * 4000 + b"\n\nx",
        b"To: " + b"a@b.example, " * 20000 + b"\n\nx",
        b"Content-Type: text/html\n\n" + b"<div>" * 50000,
        b"Subject: x\n\n" + b"<" * 200_000,
        b"Subject: x\nFrom: mailer-daemon@example.org\nReturn-Path: <>\n\n" + b"mailbox " * 12_000,
    ],
    ids=[
        "nothing",
        "zeros",
        "nested",
        "mails in mails",
        "no boundary",
        "long word",
        "long words",
        "parameters",
        "folded parameters",
        "parameters inside",
        "quotes",
        "comments",
        "addresses",
        "tags",
        "angles",
        "words",
    ],
)
def test_what_is_built_to_break_is_read_in_a_moment(raw: bytes) -> None:
    begun = time.process_time()
    assert read(raw).kind in ReturnKind
    assert time.process_time() - begun < 5


def test_a_bounce_names_whom_it_suppresses() -> None:
    hard = [case for case in CASES if case.reason == "HARD_BOUNCE" and ADDRESS.encode() in case.raw]
    for case in hard:
        raw = case.raw.replace(ADDRESS.encode(), b"bob@example.org")
        returned = read(raw)
        assert judged(returned, known_by(returned)).address is None, case.name
