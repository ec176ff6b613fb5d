"""MIME: the same bytes for the same mail, readable by others, and nothing injected."""

from __future__ import annotations

import email
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.core.mail.compose import Head, HeaderFault, compose
from accord.core.mail.letter import Rendered
from core.mail.mails import NAMES, a_letter, a_service_letter, rendered

GOLDEN = Path(__file__).parent / "golden"
BODY = "<h1>Été</h1><p>Bonjour {{ contact.first_name }}, « {{ event.title }} » vous attend&nbsp;: 🎭</p>"
HEAD = Head(
    sender_name="Théâtre d’essai",
    sender_address="lettre@theatre.example.org",
    recipient="elodie@example.org",
    message_key="7.1795424400",
    host="theatre.example.org",
    at=datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    unsubscribe="https://theatre.example.org/u/token.signature",
    list_name="La lettre du théâtre",
    list_id="newsletter.theatre.example.org",
)
SERVICE = replace(HEAD, unsubscribe=None, list_id=None)


def read_back(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


def a_mail(**overrides: str) -> Rendered:
    return replace(rendered(BODY, head="---\nsubject: Été : {{ event.title }}\n---\n"), **overrides)


@pytest.mark.parametrize(
    ("name", "mail", "head"),
    [
        ("letter", a_mail(), HEAD),
        (
            "service",
            rendered(BODY, a_service_letter(), head="---\nsubject: Votre commande DR-1\n---\n"),
            SERVICE,
        ),
        (
            "first",
            rendered(BODY, a_letter(first_contact=True), head="---\nsubject: Bienvenue 🎭\n---\n"),
            HEAD,
        ),
        ("wide", a_mail(), replace(HEAD, recipient="élodie@théâtre.example.org")),
    ],
)
def test_the_same_mail_is_the_same_bytes(name: str, mail: Rendered, head: Head) -> None:
    content = compose(mail, head)
    assert content == compose(mail, replace(head))
    golden = GOLDEN / f"{name}.eml"
    assert content == golden.read_bytes(), f"{golden} differs: look at both, and keep the one that is right"


def test_every_line_fits_and_ends_with_crlf() -> None:
    content = compose(a_mail(subject="é" * 900), HEAD)
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert content.isascii()


def test_others_read_what_we_wrote() -> None:
    mail = a_mail()
    message = read_back(compose(mail, HEAD))
    assert message["subject"] == "Été : Danser le fleuve"
    assert message["from"].addresses[0].display_name == "Théâtre d’essai"
    assert message["from"].addresses[0].addr_spec == "lettre@theatre.example.org"
    assert message["to"].addresses[0].addr_spec == "elodie@example.org"
    assert message["date"].datetime == HEAD.at
    assert message["message-id"] == "<7.1795424400@theatre.example.org>"
    assert (message["content-language"], message["auto-submitted"]) == ("fr", "auto-generated")
    assert message.get_content_type() == "multipart/alternative"
    text, page = message.iter_parts()
    assert (text.get_content_type(), page.get_content_type()) == ("text/plain", "text/html")
    # The last line end is the boundary's.
    assert text.get_content().replace("\r\n", "\n") + "\n" == mail.text
    assert page.get_content().replace("\r\n", "\n") + "\n" == mail.html
    assert "🎭" in page.get_content()


def test_the_three_that_the_library_would_throw_dice_for_are_given() -> None:
    content = compose(a_mail(), HEAD)
    boundary = read_back(content).get_boundary()
    assert boundary is not None and re.fullmatch(r"=_[0-9a-f]{24}", boundary)
    assert boundary == read_back(compose(rendered(), HEAD)).get_boundary()
    assert boundary != read_back(compose(a_mail(), replace(HEAD, message_key="8.1"))).get_boundary()
    assert content.count(boundary.encode()) == 4


def test_the_date_keeps_its_instant_in_any_zone() -> None:
    at = HEAD.at.astimezone(timezone(timedelta(hours=-4)))
    assert read_back(compose(a_mail(), replace(HEAD, at=at)))["date"].datetime == HEAD.at


# -- what lists say (RFC 2369, 2919, 8058) ----------------------------------------------------------------


def test_a_prospecting_mail_has_exactly_one_https_address_to_stop_it() -> None:
    message = read_back(compose(a_mail(), HEAD))
    assert message.get_all("list-unsubscribe") == ["<https://theatre.example.org/u/token.signature>"]
    assert message.get_all("list-unsubscribe-post") == ["List-Unsubscribe=One-Click"]
    assert message.get_all("list-id") == ["La lettre du théâtre <newsletter.theatre.example.org>"]


def test_a_long_address_to_stop_is_on_one_line_as_it_is() -> None:
    address = "https://theatre.example.org/u/" + "x" * 700
    content = compose(a_mail(), replace(HEAD, unsubscribe=address))
    assert f"\r\nList-Unsubscribe: <{address}>\r\n".encode() in content


def test_one_click_is_promised_by_https_alone() -> None:
    message = read_back(compose(a_mail(), replace(HEAD, unsubscribe="http://127.0.0.1:8025/u/t")))
    assert message["list-unsubscribe"] == "<http://127.0.0.1:8025/u/t>"
    assert message["list-unsubscribe-post"] is None


def test_a_service_mail_is_no_list() -> None:
    headers = {name.lower() for name in read_back(compose(a_mail(), SERVICE))}
    assert not {name for name in headers if name.startswith("list-")}
    assert "auto-submitted" in headers


@pytest.mark.parametrize(
    "name",
    ["", "The letter", 'Un "mot"', "Un \\ mot", "La lettre : été", "x" * 120, "a\r\nBcc: eve@example.org"],
)
def test_a_lists_id_stays_the_same_whatever_it_is_called(name: str) -> None:
    message = read_back(compose(a_mail(), replace(HEAD, list_name=name)))
    assert re.search(r"<newsletter\.theatre\.example\.org>$", message["list-id"])
    assert message["bcc"] is None


def test_the_headers_are_these_and_in_this_order() -> None:
    assert list(read_back(compose(a_mail(), HEAD)).keys()) == [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Content-Language",
        "Auto-Submitted",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "List-Id",
        "MIME-Version",
        "Content-Type",
    ]


# -- subjects and addresses -------------------------------------------------------------------------------


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=200))
@settings(max_examples=60)
def test_any_subject_comes_back(subject: str) -> None:
    subject = " ".join(subject.split()) or "x"
    content = compose(a_mail(subject=subject), HEAD)
    assert read_back(content)["subject"] == subject
    head = content.partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert head.isascii()


@pytest.mark.parametrize(
    "subject",
    [
        "Votre premier spectacle",
        "=?utf-8?q?faux?=",
        "a" * 300,
        "🎭" * 40,
        "Été " * 60,
        "x\u0000y\u0007",
        "tab\tet fin",
        "é" + " " * 5 + "é",
    ],
)
def test_these_subjects_too(subject: str) -> None:
    assert read_back(compose(a_mail(subject=subject), HEAD))["subject"] == subject


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("ada@example.org", "ada@example.org"),
        ("Ada.Byron+lettre@Example.ORG", "Ada.Byron+lettre@Example.ORG"),
        ("o'hara_{x}@example.org", "o'hara_{x}@example.org"),
        ("ada@théâtre.example.org", "ada@xn--thtre-4qa2c.example.org"),
        ("ada@例え.example.org", "ada@xn--r8jz45g.example.org"),
        ("élodie@example.org", "élodie@example.org"),
        ("用户@例え.example.org", "用户@xn--r8jz45g.example.org"),
    ],
)
def test_addresses_are_written_as_mail_servers_take_them(address: str, written: str) -> None:
    content = compose(a_mail(), replace(HEAD, recipient=address))
    assert f"\r\nTo: {written}\r\n".encode() in content
    assert content.isascii() == written.isascii()
    read = read_back(content)["to"].addresses[0].addr_spec
    assert read.encode("utf-8", "surrogateescape").decode() == written


@pytest.mark.parametrize(
    "head",
    [
        replace(HEAD, recipient="ada@example.org\r\nBcc: eve@example.org"),
        replace(HEAD, recipient="ada@example.org, eve@example.org"),
        replace(HEAD, recipient="ada@example.org>"),
        replace(HEAD, recipient='"a b"@example.org'),
        replace(HEAD, recipient="ada"),
        replace(HEAD, recipient=""),
        replace(HEAD, recipient="ada@exa mple.org"),
        replace(HEAD, recipient="ada@" + "é" * 70 + ".example.org"),
        replace(HEAD, sender_name="Nous\r\nBcc: eve@example.org"),
        replace(HEAD, sender_address="lettre@theatre.example.org\nX: y"),
        replace(HEAD, sender_address="pas une adresse"),
        replace(HEAD, message_key="7\r\nX: y"),
        replace(HEAD, host="theatre.example.org\r\nX: y"),
        replace(HEAD, unsubscribe="https://theatre.example.org/u/t>\r\nX: y"),
        replace(HEAD, unsubscribe="https://theatre.example.org/u/t, <https://eve.example.org>"),
        replace(HEAD, unsubscribe="https://theatre.example.org/" + "x" * 1000),
        replace(HEAD, list_id="a b"),
        replace(HEAD, list_id="a>\r\nX: y"),
    ],
)
def test_nothing_is_injected_into_a_head(head: Head) -> None:
    with pytest.raises(HeaderFault):
        compose(a_mail(), head)


def test_nor_into_a_subject() -> None:
    with pytest.raises(HeaderFault, match="Subject"):
        compose(a_mail(subject="Bonjour\r\nBcc: eve@example.org"), HEAD)


def test_a_body_cannot_close_its_part() -> None:
    boundary = read_back(compose(a_mail(), HEAD)).get_boundary()
    hostile = f"\r\n--{boundary}\r\nContent-Type: text/html\r\n\r\n<b>faux</b>\r\n--{boundary}--\r\n"
    mail = rendered("<p>{{ event.title }}</p>", names={**NAMES, "event": {"title": hostile}})
    message = read_back(compose(mail, HEAD))
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert "faux" in message.get_payload(0).get_content()
