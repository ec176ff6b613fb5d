"""The reader: misleading subjects, links and images, and what each means for the nature that a step declares."""

from __future__ import annotations

from dataclasses import replace

import pytest

from accord.core.mail.inspect import check_mail, content_of, findings, host_of, owner_of
from accord.core.model.consent import Nature
from accord.core.model.place import Severity
from builders import a_send
from core.mail.mails import HEAD, VENUE


def found(body: str = "<p>x</p>", subject: str = "Bonjour") -> set[tuple[str, str]]:
    files = {"a/b.html": f"---\nsubject: {subject}\n---\n{body}"}
    return {(each.kind, each.words) for each in findings("a/b", files, VENUE)}


def kinds(body: str = "<p>x</p>", subject: str = "Bonjour") -> set[str]:
    return {kind for kind, _ in found(body, subject)}


# -- subjects ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "subject",
    [
        "Re: votre message",
        "RE : bonjour",
        "Fwd: à lire",
        "TR : info",
        "[Re] : oui",
        "{% if today %}Re: {% endif %}a",
        "{{ 'Re: ' if today }}x",
    ],
)
def test_a_subject_that_pretends_to_answer(subject: str) -> None:
    assert "false-reply" in kinds(subject=subject)


@pytest.mark.parametrize(
    "subject", ["Retour sur la saison", "Répétition : le 3 mai", "Trois rives", "Fwd à lire"]
)
def test_a_subject_that_only_begins_alike(subject: str) -> None:
    assert "false-reply" not in kinds(subject=subject)


@pytest.mark.parametrize(
    "subject",
    [
        "Re: votre commande",
        "Votre commande vous attend",
        "Votre FACTURE",
        "Confirmation de réservation",
        "Your order",
        "Payment confirmation",
    ],
)
def test_a_subject_that_sounds_like_service(subject: str) -> None:
    assert "service-subject" in kinds(subject=subject)
    files = {"a/b.html": f"---\nsubject: {subject}\n---\nx"}
    seen = findings("a/b", files, VENUE)
    for nature, wrong in (
        (Nature.EDITORIAL, True),
        (Nature.PROMOTIONAL, True),
        (Nature.REACTIVATION, True),
        (Nature.SERVICE, False),
        (Nature.REVIEW_REQUEST, False),
    ):
        codes = {
            fault.message
            for fault in check_mail("s", a_send(nature=nature), seen)
            if "sounds like" in fault.message
        }
        assert bool(codes) is wrong


# -- links and images -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "host"),
    [
        ('<a href="https://evil.example/">x</a>', "evil.example"),
        ("<a href='http://evil.example'>x</a>", "evil.example"),
        ('<a HREF = "HTTPS://EVIL.example">x</a>', "evil.example"),
        ('<a href="//evil.example/x">x</a>', "evil.example"),
        ('<a href="https:\\\\evil.example\\x">x</a>', "evil.example"),
        ('<a href="ht\ntps://evil.example/">x</a>', "evil.example"),
        ('<a href="https://theatre.example.org@evil.example/">x</a>', "evil.example"),
        ('<a href="https://theatre.example.org.evil.example/">x</a>', "theatre.example.org.evil.example"),
        (
            '<a href="https://eviltheatre.example.org.evil.example./">x</a>',
            "eviltheatre.example.org.evil.example",
        ),
        ('<a href="https://&#101;vil.example/">x</a>', "evil.example"),
        (
            '<a href="{% if today %}https://theatre.example.org/{% else %}https://evil.example/{% endif %}">x</a>',
            "evil.example",
        ),
        ("<a href=\"{{ 'https://evil.example/' if today }}\">x</a>", "evil.example"),
        ('<form action="https://evil.example/">x</form>', "evil.example"),
        ('<map><area href="https://evil.example/"></map>', "evil.example"),
        ('<a href="https://{% if today %}evil{% endif %}.example/{{ today }}">x</a>', ""),
    ],
)
def test_a_link_to_a_host_that_nobody_declared(body: str, host: str) -> None:
    assert {words for kind, words in found(body) if kind == "foreign-link"} == {
        host or "A host that depends on the reader"
    } or not host


@pytest.mark.parametrize(
    "body",
    [
        '<a href="https://theatre.example.org/x">x</a>',
        '<a href="https://www.theatre.example.org/x">x</a>',
        '<a href="https://theatre.example.org./x">x</a>',
        '<a href="{{ links.preferences }}">x</a>',
        '<a href="mailto:ada@example.org">x</a>',
        '<a href="#haut">x</a>',
        '<a href="https://theatre.example.org/{{ event.order_id }}">x</a>',
        '<a href="https://{{ contact.city }}.theatre.example.org/">x</a>',
        '<a href="{{ event.title }}">x</a>',
        '<img src="https://theatre.example.org/a.png" width="600" alt="x">',
        "<p>evil.example</p>",
    ],
)
def test_this_leads_nowhere_strange(body: str) -> None:
    assert kinds(body) == set()


def test_a_host_that_only_the_reader_decides_is_refused_where_nobody_asks_again() -> None:
    body = '<a href="{% if today %}https://{{ contact.city }}/{% endif %}">x</a>'
    assert found(body) == {("foreign-link", "A host that depends on the reader")}


@pytest.mark.parametrize(
    "scheme",
    [
        "javascript:alert(1)",
        "JavaScript:x",
        "java\nscript:x",
        "data:text/html,x",
        "vbscript:x",
        " file:///etc",
    ],
)
def test_a_link_that_is_no_address(scheme: str) -> None:
    assert "unsafe-link" in kinds(f'<a href="{scheme}">x</a>')


@pytest.mark.parametrize(
    "image",
    [
        '<img src="https://theatre.example.org/p.gif" width="1" height="1">',
        '<img src="https://theatre.example.org/p.gif" height=0 >',
        "<img style='width:1px;height:1px' src='https://theatre.example.org/p.gif'>",
        '<img src="https://theatre.example.org/p.gif?{{ contact.email }}" alt="">',
        '<img alt="" src="{{ links.preferences }}/a.png">',
    ],
)
def test_no_image_tells_who_opened(image: str) -> None:
    assert "open-pixel" in kinds(image)


def test_links_of_a_text_part_are_read_too() -> None:
    files = {
        "a/b.html": HEAD + "x",
        "a/b.txt": "Voir (https://evil.example/x) et https://theatre.example.org/y.",
    }
    assert [(each.kind, each.words) for each in findings("a/b", files, VENUE)] == [
        ("foreign-link", "evil.example")
    ]


def test_whose_a_host_is() -> None:
    assert [
        owner_of(host, VENUE)
        for host in (
            "theatre.example.org",
            "a.theatre.example.org",
            "librairie.example.net",
            "example.org",
            "",
        )
    ] == [
        "own",
        "own",
        "partner",
        "foreign",
        "foreign",
    ]
    assert [host_of(address) for address in ("https://A.example./x", "https://[::1", "x", "")] == [
        "a.example",
        "",
        "",
        "",
    ]


# -- what it means ----------------------------------------------------------------------------------------

PROMOTING = '<p>−20 %, dès 12 €, offre spéciale</p><a href="https://librairie.example.net/">x</a><p>Total : {{ event.amount_cents | money }}</p>'


def codes(nature: Nature, body: str = PROMOTING, **send: object) -> dict[str, Severity]:
    files = {"a/b.html": HEAD + body}
    mail = replace(a_send(), nature=nature, **send)  # type: ignore[arg-type]
    return {fault.code: fault.severity for fault in check_mail("pas", mail, findings("a/b", files, VENUE))}


@pytest.mark.parametrize(
    "nature", [Nature.SERVICE, Nature.EDITORIAL, Nature.REVIEW_REQUEST, Nature.REACTIVATION]
)
def test_promotion_is_an_error_in_mail_that_calls_itself_something_else(nature: Nature) -> None:
    assert codes(nature)["promotional-content"] is Severity.ERROR


@pytest.mark.parametrize("nature", [Nature.PROMOTIONAL, Nature.ABANDONED_CART])
def test_promotion_may_promote(nature: Nature) -> None:
    assert "promotional-content" not in codes(nature)


@pytest.mark.parametrize(
    ("nature", "refused"),
    [
        (Nature.SERVICE, False),
        (Nature.REVIEW_REQUEST, False),
        (Nature.EDITORIAL, True),
        (Nature.REACTIVATION, True),
    ],
)
def test_the_sum_of_an_order_has_its_place_in_the_mail_about_it(nature: Nature, refused: bool) -> None:
    body = "<p>Votre billet : 24 €. Total : {{ event.amount_cents | money }}</p>"
    assert ("promotional-content" in codes(nature, body)) is refused


def test_a_partners_link_costs_the_customer_exception() -> None:
    assert codes(Nature.PROMOTIONAL, promotes=("theatre",))["partner-link"] is Severity.WARNING
    assert "partner-link" not in codes(Nature.PROMOTIONAL, promotes=())


def test_what_the_gate_reads() -> None:
    files = {"a/b.html": f"---\nsubject: Re: oui\n---\n{PROMOTING}"}
    content = content_of(findings("a/b", files, VENUE))
    assert (content.promo_block, content.promotional_tone, content.subject_misleading) == (True, True, True)
    assert content.partner_hosts == ("librairie.example.net",)
    plain = content_of(findings("a/b", {"a/b.html": HEAD + "<p>Total : 24 €</p>"}, VENUE))
    assert (plain.promo_block, plain.promotional_tone, plain.partner_hosts) == (False, False, ())


def test_a_file_that_jinja_cannot_read_is_left_to_those_who_compile_it() -> None:
    assert findings("a/b", {"a/b.html": HEAD + "{{ open"}, VENUE) == []
