"""What the engine puts round an author's words: why, who, how to stop; the right to object; the invitation."""

from __future__ import annotations

import re

import pytest

from accord.core.mail.frame import SENTENCES, WHY
from accord.core.model.consent import LegalBasis
from core.mail.mails import WORDS, a_letter, a_service_letter, rendered

ENGLISH = {"language": "en", "wording": WORDS["en"]}
UNSUBSCRIBE, PREFERENCES = "https://theatre.example.org/u/token", "https://theatre.example.org/p/token"
LAYOUTS = {
    "none": {},
    "slots": {
        "layout__html": "<html><body><table><tr><td>{{ content }}</td></tr><tr><td>{{ invitation }}</td></tr><tr><td>{{ footer }}</td></tr></table></body></html>"
    },
    "no slots": {"layout__html": "<html><body><main>{{ content }}</main></body></html>"},
    "own text": {"a_b__txt": "Le propos"},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_prospecting_mail_says_why_who_where_and_how_to_stop(layout: str) -> None:
    mail = rendered("<p>Le propos</p>", **LAYOUTS[layout])
    for part in ("Vous êtes inscrit à notre lettre.", "Théâtre d’essai", "1 rue du Test, 69000 Rivelune"):
        assert mail.html.count(part) == mail.text.count(part) == 1
    assert f'href="{UNSUBSCRIBE}"' in mail.html and f'href="{PREFERENCES}"' in mail.html
    assert f"[Me désabonner]({UNSUBSCRIBE})" in mail.text and f"[Mes préférences]({PREFERENCES})" in mail.text
    assert mail.html.index("Le propos") < mail.html.index("Vous êtes inscrit")
    assert mail.text.index("Le propos") < mail.text.index("Vous êtes inscrit")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_service_mail_cannot_be_stopped_but_leads_to_the_preferences(layout: str) -> None:
    mail = rendered("<p>Le propos</p>", a_service_letter(), **LAYOUTS[layout])
    for body in (mail.html, mail.text):
        assert "C’est votre commande." in body and PREFERENCES in body and "1 rue du Test" in body
        assert "désabonner" not in body and "/u/" not in body and "opposer" not in body


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_first_mail_says_the_right_to_object_clearly_and_apart(layout: str) -> None:
    mail = rendered("<p>Le propos</p>", a_letter(first_contact=True), **LAYOUTS[layout])
    right = (
        "Vous pouvez vous opposer à ces messages à tout moment, gratuitement et sans avoir à vous justifier."
    )
    assert mail.html.count(right) == mail.text.count(right) == 1
    # In a paragraph of its own, before the rest of the footer, with a link of its own.
    paragraph = re.search(r'<p class="objection"[^>]*>(.*?)</p>', mail.html, re.DOTALL)
    assert paragraph is not None and right in paragraph[1] and f'href="{UNSUBSCRIBE}"' in paragraph[1]
    assert f"[Je ne veux pas de ces messages]({UNSUBSCRIBE})" in mail.text
    for body in (mail.html, mail.text):
        assert body.index("Le propos") < body.index(right) < body.index("Vous êtes inscrit")


def test_later_mails_do_not() -> None:
    mail = rendered()
    assert "opposer" not in mail.html and "opposer" not in mail.text


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_invitation_stands_once_after_the_main_content(layout: str) -> None:
    letter = a_service_letter(invitation=PREFERENCES, invitation_label="La lettre")
    mail = rendered("<p>Le propos</p>", letter, **LAYOUTS[layout])
    for body in (mail.html.replace("\xa0", " "), mail.text):
        assert body.count("Souhaitez-vous aussi recevoir de nos nouvelles ?") == 1
        assert (
            body.index("Le propos") < body.index("Souhaitez-vous aussi") < body.index("C’est votre commande.")
        )
        assert "La lettre\n" in body or "La lettre</p>" in body


@pytest.mark.parametrize("layout", LAYOUTS)
def test_without_an_invitation_nothing_of_it_is_there(layout: str) -> None:
    mail = rendered("<p>Le propos</p>", a_service_letter(), **LAYOUTS[layout])
    assert "Souhaitez-vous" not in mail.html + mail.text
    assert 'class="invitation"' not in mail.html


def test_everything_is_in_the_language_of_the_edition() -> None:
    letter = a_letter(first_contact=True, why="You signed up.", **ENGLISH)
    mail = rendered("<p>Le propos</p>", letter, a_b__en__html="---\nsubject: Hello\n---\n<p>The point</p>")
    assert mail.language == "en"
    for sentence in ("Unsubscribe", "My preferences", "You may object to these messages at any time"):
        assert sentence in mail.html and sentence in mail.text
    assert "préférences" not in mail.html


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("basis", list(LegalBasis))
def test_each_basis_has_a_reason_in_each_language(basis: LegalBasis, language: str) -> None:
    said = WORDS[language].say(WHY[basis])
    assert said.startswith("Vous recevez ce message" if language == "fr" else "You receive this message")
    assert rendered("x", a_letter(why=said)).text.count(said) == 1


def test_french_says_every_sentence_and_english_is_the_source() -> None:
    assert [each for each in SENTENCES if WORDS["fr"].say(each) == each] == []
    assert [each for each in SENTENCES if WORDS["en"].say(each) != each] == []
    assert len(set(SENTENCES)) == len(SENTENCES)


@pytest.mark.parametrize("said", ["<b>L’équipe & nous</b>", "A" * 300, "Théâtre\n«\u202fd’essai\u202f»"])
def test_names_and_reasons_are_text(said: str) -> None:
    mail = rendered("x", a_letter(entity=said, why=said))
    assert "<b>L’équipe" not in mail.html
    assert mail.text.count(said) == 2
