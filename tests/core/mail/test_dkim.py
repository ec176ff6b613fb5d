"""Signatures: another implementation verifies them, and nothing that a reader or a mailbox relies on can change."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

import dkim
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.core.mail.dkim import (
    ED25519,
    RSA,
    UNSUBSCRIBING,
    SigningKey,
    record,
    signatures,
    signed,
    tags_of,
)
from accord.shell.delivery.smtp import with_crlf

RSA_KEY = rsa.generate_private_key(65537, 2048)
ED_KEY = ed25519.Ed25519PrivateKey.from_private_bytes(b"k" * 32)
BY_RSA = SigningKey(
    "example.org", "r1", RSA, lambda data: RSA_KEY.sign(data, padding.PKCS1v15(), hashes.SHA256())
)
BY_ED = SigningKey("example.org", "e1", ED25519, lambda data: ED_KEY.sign(hashlib.sha256(data).digest()))
BOTH = (BY_RSA, BY_ED)

RECORDS = {
    b"r1._domainkey.example.org.": record(
        RSA,
        RSA_KEY.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
    ).encode(),
    b"e1._domainkey.example.org.": record(
        ED25519,
        ED_KEY.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw),
    ).encode(),
}

MAIL = (
    b"From: =?utf-8?q?Th=C3=A9=C3=A2tre?= <lettre@example.org>\r\n"
    b"To: elodie@example.org\r\n"
    b"Subject: =?utf-8?q?=C3=89t=C3=A9?=\r\n =?utf-8?q?_au_th=C3=A9=C3=A2tre?=\r\n"
    b"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n"
    b"Message-ID: <7.1795424400@example.org>\r\n"
    b"Auto-Submitted: auto-generated\r\n"
    b"List-Unsubscribe: <https://example.org/u/token>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b'List-Id: "La lettre"\r\n <newsletter.example.org>\r\n'
    b"Feedback-ID: lettre:newsletter:editorial:example-org\r\n"
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: text/plain; charset="utf-8"\r\n'
    b"\r\n"
    b"Bonjour  Elodie,\t \r\n\r\n.\r\nA bient=C3=B4t \r\n\r\n\r\n"
)


def verdicts(content: bytes) -> list[bool]:
    """What dkimpy says of each signature."""
    mail = dkim.DKIM(content)
    count = content.lower().count(b"\r\ndkim-signature:") + content.lower().startswith(b"dkim-signature:")
    return [holds(mail, number) for number in range(count)]


def holds(mail: dkim.DKIM, number: int) -> bool:
    try:
        return bool(mail.verify(idx=number, dnsfunc=lambda name, timeout=5: RECORDS.get(name)))
    except dkim.DKIMException:
        return False


@pytest.mark.parametrize("keys", [(BY_RSA,), (BY_ED,), BOTH], ids=["rsa", "ed25519", "both"])
def test_another_implementation_verifies_what_we_sign(keys: Sequence[SigningKey]) -> None:
    assert verdicts(signed(MAIL, keys)) == [True] * len(keys)


def test_the_same_mail_is_signed_alike() -> None:
    assert signed(MAIL, BOTH) == signed(MAIL, BOTH)
    assert b"t=1795424400;" in signed(MAIL, BOTH)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (
            b"List-Unsubscribe: <https://example.org/u/token>",
            b"List-Unsubscribe: <https://example.org/u/other>",
        ),
        (b"List-Unsubscribe: <https://example.org/u/token>\r\n", b""),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Two-Clicks"),
        (b"lettre@example.org", b"autre@example.org"),
        (b"A bient=C3=B4t", b"A bientot"),
        (b"Feedback-ID: lettre", b"Feedback-ID: autre"),
    ],
)
def test_what_is_altered_breaks_every_signature(was: bytes, becomes: bytes) -> None:
    mail = signed(MAIL, BOTH)
    assert mail.count(was) == 1
    assert verdicts(mail.replace(was, becomes)) == [False, False]


@pytest.mark.parametrize(
    "line",
    [
        b"List-Unsubscribe: <https://evil.example/u>",
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        b"From: somebody@evil.example",
        b"Subject: another",
        b"Reply-To: somebody@evil.example",
        b"Cc: somebody@evil.example",
        b"Content-Transfer-Encoding: base64",
    ],
)
@pytest.mark.parametrize("where", ["above", "below"])
def test_a_header_that_is_added_breaks_every_signature(line: bytes, where: str) -> None:
    mail = signed(MAIL, BOTH)
    changed = (
        line + b"\r\n" + mail
        if where == "above"
        else mail.replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n", 1)
    )
    assert verdicts(changed) == [False, False]


def test_service_mail_has_no_unsubscribing_and_nobody_can_add_it() -> None:
    lines = MAIL.split(b"\r\n")
    service = b"\r\n".join(line for line in lines if not line.lower().startswith(b"list-unsubscribe"))
    mail = signed(service, BOTH)
    assert verdicts(mail) == [True, True]
    assert verdicts(b"List-Unsubscribe: <https://evil.example/u>\r\n" + mail) == [False, False]


def test_what_relays_do_on_the_way_breaks_nothing() -> None:
    mail = signed(MAIL, BOTH)
    folded = mail.replace(b"To: elodie@example.org", b"TO:\r\n\t  elodie@example.org ")
    received = (
        b"Received: from a by b;\r\n\tMon, 23 Nov 2026 09:00:01 +0000\r\nFeedback-ID: relay:x\r\n" + folded
    )
    assert verdicts(received) == [True, True]


def test_both_unsubscribing_headers_are_covered_twice_over() -> None:
    for each in signatures(signed(MAIL, BOTH)):
        assert each.body_holds
        for name in UNSUBSCRIBING:
            assert each.covers.count(name) == 2


def test_what_we_read_again_is_what_the_key_signed() -> None:
    by_rsa, by_ed = signatures(signed(MAIL, BOTH))
    RSA_KEY.public_key().verify(by_rsa.value, by_rsa.data, padding.PKCS1v15(), hashes.SHA256())
    ED_KEY.public_key().verify(by_ed.value, hashlib.sha256(by_ed.data).digest())
    assert (by_rsa.tags["s"], by_ed.tags["a"]) == ("r1", ED25519)
    changed = signed(MAIL, BOTH).replace(b"Elodie", b"Elise")
    assert not any(each.body_holds for each in signatures(changed))


def test_records_are_tags() -> None:
    told = tags_of(record(ED25519, b"\x01" * 32))
    assert told == {"v": "DKIM1", "k": "ed25519", "p": base64.b64encode(b"\x01" * 32).decode()}


def test_no_line_is_too_long_and_a_date_that_is_none_is_no_instant() -> None:
    mail = signed(MAIL.replace(b"Mon, 23", b"Someday 23"), BOTH)
    assert max(map(len, mail.split(b"\r\n"))) <= 110
    assert b" t=" not in mail
    assert verdicts(mail) == [True, True]


FIELDS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
BODIES = st.lists(st.text(" \tab.=", max_size=12), max_size=6)


@settings(max_examples=60, deadline=None)
@given(FIELDS, BODIES, st.booleans())
def test_any_mail_verifies(subject: str, body: list[str], ends: bool) -> None:
    content = (
        f"From: a@example.org\r\nSubject: x{subject}\r\nX-Odd:{subject}\r\n\r\n"
        + "\r\n".join(body)
        + ("\r\n" if ends else "")
    ).encode()
    # A last line without an end gets one before it leaves.
    assert verdicts(with_crlf(signed(content, (BY_ED,)))) == [True]
