"""Reading again what leaves: a value may not bring what the template was checked not to hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from accord.core.mail.letter import RenderFault
from accord.core.mail.render import render
from accord.core.mail.reread import check_target, reread
from accord.core.model.consent import Nature
from core.mail.mails import NAMES, VENUE, a_letter, a_service_letter, compiled

MAIL = compiled(
    "<p>Bonjour {{ contact.first_name }}</p><p>{{ event.title }} {{ this }}{% for each in event.families %}{{ each }}{% endfor %}</p>",
    head="---\nsubject: Pour vous : {{ event.subject }}\n---\n",
)


def leaves(nature: Nature, names: dict[str, Any] | None = None, **letter: Any) -> None:
    frame = a_service_letter(**letter) if nature is Nature.SERVICE else a_letter(**letter)
    read = {**NAMES, "event": {**NAMES["event"], "subject": "Bonjour"}, **(names or {})}
    reread(render(MAIL, read, frame), read, frame, nature)


@pytest.mark.parametrize("nature", list(Nature))
def test_an_ordinary_mail_leaves(nature: Nature) -> None:
    leaves(nature)
    leaves(nature, {"contact": {"first_name": "Soldes", "email": "ada20@example.org"}}, first_contact=True)


@pytest.mark.parametrize("nature", [Nature.EDITORIAL, Nature.REACTIVATION])
@pytest.mark.parametrize(
    "names",
    [
        {"event": {"title": "La Mouette, dernières places"}},
        {"event": {"title": "La Mouette à 12 €"}},
        {"event": {"families": ["theatre", "Soldes"]}},
        {"this": "Offre spéciale"},
        {"contact": {"first_name": "-20 % avec ADA"}},
        {"event": {"title": "PROFITEZ de nos OFFRES & <b>plus</b>"}},
    ],
)
def test_a_value_that_promotes_stops_a_mail_that_may_not(nature: Nature, names: dict[str, Any]) -> None:
    with pytest.raises(RenderFault, match="promotes") as caught:
        leaves(nature, names)
    assert "Mouette" not in str(caught.value) and "ADA" not in str(caught.value)


def test_what_the_template_does_not_print_stops_nothing() -> None:
    leaves(Nature.EDITORIAL, {"event": {"title": "La Mouette", "comment": "−20 % au guichet"}})


def test_what_a_service_mail_is_about_may_be_called_anything() -> None:
    leaves(
        Nature.SERVICE, {"event": {"title": "Tarif réduit, 12 € : Les Bons Plans de Figaro", "subject": "S"}}
    )
    leaves(Nature.REVIEW_REQUEST, {"event": {"title": "Soldes d’automne", "subject": "S"}})
    with pytest.raises(RenderFault):
        leaves(Nature.SERVICE, {"contact": {"first_name": "12 € la place"}})


def test_a_promotion_may_promote() -> None:
    leaves(Nature.PROMOTIONAL, {"event": {"title": "La Mouette à 12 €"}})


@pytest.mark.parametrize(
    ("nature", "subject", "stopped"),
    [
        (Nature.PROMOTIONAL, "votre commande", True),
        (Nature.EDITORIAL, "your order", True),
        (Nature.SERVICE, "votre commande", False),
        (Nature.REVIEW_REQUEST, "votre commande", False),
    ],
)
def test_a_value_may_not_make_a_subject_sound_like_service(
    nature: Nature, subject: str, stopped: bool
) -> None:
    names = {"event": {"subject": subject}}
    if not stopped:
        leaves(nature, names)
        return
    with pytest.raises(RenderFault, match="subject"):
        leaves(nature, names)


def test_a_value_may_not_make_a_subject_an_answer() -> None:
    mail = compiled("x", head="---\nsubject: {{ event.title }}\n---\n")
    names = {**NAMES, "event": {"title": "RE : oui"}}
    with pytest.raises(RenderFault, match="answer"):
        reread(render(mail, names, a_letter()), names, a_letter(), Nature.SERVICE)


@pytest.mark.parametrize("lost", ["entity", "address", "unsubscribe"])
@pytest.mark.parametrize("body", ["html_body", "text_body"])
def test_a_mail_without_its_footer_does_not_leave(lost: str, body: str) -> None:
    letter = a_letter()
    mail = render(MAIL, NAMES, letter)
    spoiled = (
        getattr(mail, body)
        .replace(b"rue du Test", b"rue")
        .replace(b"/u/token", b"/u/")
        .replace(b"=C3=A9=C3=A2tre d=E2", b"")
    )
    with pytest.raises(RenderFault, match="footer"):
        reread(replace(mail, **{body: spoiled}), NAMES, letter, Nature.EDITORIAL)
    other = replace(letter, **{lost: getattr(letter, lost) + "x"})
    with pytest.raises(RenderFault, match="footer"):
        reread(mail, NAMES, other, Nature.EDITORIAL)


@pytest.mark.parametrize("entity", ["A & B < C", "É" * 200, 'Le "Bar"', "x" * 76, "y" * 75])
def test_a_footer_is_found_however_it_is_spelled(entity: str) -> None:
    leaves(
        Nature.EDITORIAL,
        entity=entity,
        address=f"{entity}, 1 rue",
        unsubscribe="https://theatre.example.org/u/" + "t" * 150,
    )


@pytest.mark.parametrize(
    ("target", "good"),
    [
        ("https://theatre.example.org/x", True),
        ("https://librairie.example.net/x", True),
        ("mailto:ada@example.org", True),
        ("", True),
        ("https://evil.example/", False),
        ("https://theatre.example.org@evil.example/", False),
        ("https://evil.example\\@theatre.example.org/", False),
        ("javascript:alert(1)", False),
        ("/relative", False),
        (" https://theatre.example.org/", False),
    ],
)
def test_a_link_that_depends_on_the_reader_leads_where_links_may(target: str, good: bool) -> None:
    if good:
        check_target(target, VENUE)
        return
    with pytest.raises(RenderFault, match="host"):
        check_target(target, VENUE)
