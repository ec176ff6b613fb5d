"""Headers as mailboxes ask them: every mail that we compose conforms, signed or not, and one that is spoilt does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from accord.core.mail.compose import compose, feedback_id
from accord.core.mail.conform import headers_of, judge_headers
from accord.core.mail.dkim import signed
from accord.core.model.consent import Nature
from core.mail.test_compose import HEAD, SERVICE, a_mail
from core.mail.test_dkim import BOTH

FEEDBACK = feedback_id("lettre", "newsletter", "editorial", sender="lettre@theatre.example.org")
LETTER = compose(a_mail(), replace(HEAD, feedback_id=FEEDBACK))
CONFIRMATION = compose(a_mail(), replace(SERVICE, feedback_id=FEEDBACK))


def reason(content: bytes, nature: Nature = Nature.EDITORIAL) -> str:
    return judge_headers(headers_of(content, nature)).reason


@pytest.mark.parametrize("keys", [(), BOTH], ids=["unsigned", "signed"])
def test_what_we_compose_conforms(keys: tuple[object, ...]) -> None:
    assert reason(signed(LETTER, keys)) == "ONE_CLICK_COMPLETE"  # type: ignore[arg-type]
    assert reason(signed(CONFIRMATION, keys), Nature.SERVICE) == "NOT_REQUIRED_FOR_TRANSACTIONAL"  # type: ignore[arg-type]


def test_one_click_is_promised_by_https_alone() -> None:
    loopback = compose(a_mail(), replace(HEAD, unsubscribe="http://127.0.0.1:8025/u/t"))
    assert b"List-Unsubscribe: <http://127.0.0.1" in loopback
    assert b"List-Unsubscribe-Post" not in loopback
    assert reason(loopback) == "ONE_HTTPS_ADDRESS"


def test_a_signature_that_leaves_one_out_is_told() -> None:
    short = signed(LETTER, BOTH).replace(b"list-unsubscribe-post:", b"", 2)
    assert reason(short) == "DKIM_MUST_COVER_BOTH"


def test_no_mail_of_ours_has_a_precedence() -> None:
    assert b"\r\nPrecedence:" not in LETTER
    assert reason(LETTER.replace(b"Auto-Submitted: auto-generated", b"Precedence: bulk")) == "PRECEDENCE"


@pytest.mark.parametrize(
    ("sender", "own"),
    [
        ("a@théâtre.fr", "xn--thtre-4qa2c"),
        ("a@b.fr", "b-fr-"),
        ("a@tres-longue-maison.example", "tres-longue-mai"),
    ],
)
def test_the_sender_id_has_five_to_fifteen_characters(sender: str, own: str) -> None:
    assert feedback_id("a b", "c:d", "é", sender=sender) == f"a-b:c-d:-:{own}"
