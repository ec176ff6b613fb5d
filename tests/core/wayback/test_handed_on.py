"""What people write goes on to the team whole, whatever it is, and never in a circle."""

from __future__ import annotations

import random
import time
from email import message_from_bytes, policy

from accord.core.wayback.automatic import is_from_a_machine
from accord.core.wayback.handed_on import SENTENCES, HandingOn, handed_on, may_be_handed_on
from accord.core.wayback.opened import opened
from accord.shell.wordings import catalogue, wordings
from builders import NOW
from core.wayback.corpus import cases
from core.wayback.test_mangled import mangled

ABOUT = HandingOn(
    "Théâtre", "lettre@theatre.example.org", "equipe@theatre.example.org", "handed-on.1.2", "theatre.example.org",
    NOW, "https://theatre.example.org/console/people/1", wordings(("fr", "en"))["fr"],
)  # fmt: skip


def test_whatever_came_is_handed_on_whole() -> None:
    dice = random.Random(7)
    for case in cases()[::3]:
        for raw in (case.raw, mangled(case.raw, dice.randrange(10**6))):
            mail = handed_on(raw, ABOUT)
            assert mail.replace(b"\r\n", b"").count(b"\n") == 0, case.name
            seen = message_from_bytes(mail, policy=policy.default)
            assert seen["To"] == "equipe@theatre.example.org"
            assert len(list(seen.iter_attachments())) == 1  # type: ignore[attr-defined]


def test_a_subject_injects_nothing() -> None:
    raw = b"From: a@example.org\nSubject: =?utf-8?q?x=0D=0ABcc:_evil=40example.com?=\n\nhello\n"
    seen = message_from_bytes(handed_on(raw, ABOUT), policy=policy.default)
    assert seen["Bcc"] is None
    assert "evil@example.com" in seen["Subject"]


def test_endless_headers_cost_no_time() -> None:
    begun = time.process_time()
    handed_on(
        b"From: a@example.org\nSubject: "
        + b"word " * 180_000
        + b"\nX-A: "
        + b"=?a?q?b?= " * 90_000
        + b"\n\nhi\n",
        ABOUT,
    )
    assert time.process_time() - begun < 5


def test_it_goes_round_no_second_time() -> None:
    mail = handed_on(b"From: a@example.org\nSubject: hello\n\nhello\n", ABOUT)
    again = opened(mail)
    assert again is not None
    assert not may_be_handed_on(again)
    assert is_from_a_machine(again)


def test_it_is_the_same_each_time() -> None:
    raw = b"From: a@example.org\nSubject: hello\n\nhello\n"
    assert handed_on(raw, ABOUT) == handed_on(raw, ABOUT)


def test_the_team_reads_it_in_french() -> None:
    french = catalogue("fr", "mail")
    assert [each for each in SENTENCES if french.gettext(each) == each] == []
