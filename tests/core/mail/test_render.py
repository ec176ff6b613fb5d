"""Rendering: subject, preheader, two parts; each for one person, in one language."""

from __future__ import annotations

import pytest

from accord.core.mail.letter import RenderFault
from accord.core.mail.render import render
from core.mail.mails import HEAD, NAMES, WORDS, a_letter, compile_files, compiled, rendered

HEAD_FULL = "---\nsubject: {{ contact.first_name }},\tà  bientôt\npreheader: Pour {{ event.title }}\n---\n"
LAYOUT = '<html><body><div class="preheader">{{ preheader }}</div>{{ content }}{{ footer }}</body></html>'


def test_subject_and_preheader_are_one_line_each() -> None:
    mail = rendered(head=HEAD_FULL, layout__html=LAYOUT)
    assert (mail.subject, mail.preheader) == ("Élodie, à bientôt", "Pour Danser le fleuve")
    assert '<div class="preheader">Pour Danser le fleuve</div>' in mail.html
    assert "Pour Danser" not in mail.text


def test_an_empty_subject_is_a_fault() -> None:
    made = compiled(head="---\nsubject: {{ contact.city }}\n---\n")
    with pytest.raises(RenderFault, match="subject is empty"):
        render(made, NAMES, a_letter())


def test_days_and_hours_are_in_the_readers_language_and_zone() -> None:
    body = "<p>{{ event.starts_at | day }} {{ event.starts_at | hour }}</p>"
    assert "vendredi 4 décembre 2026 20:30" in rendered(body).text
    english = a_letter(language="en", wording=WORDS["en"], zone="Indian/Reunion")
    assert "Friday, December 4, 2026 11:30" in rendered(body, english).text.replace("\u202f", " ")


def test_one_empty_line_at_most_between_paragraphs_of_the_text() -> None:
    body = "<p>un</p>{% if this %}<p>jamais</p>{% endif %}\n{% if this %}<p>jamais</p>{% endif %}<p>{{ contact.city }}</p><p>deux</p>"
    assert rendered(body).text.startswith("un\n\ndeux\n\n")


@pytest.mark.parametrize("title", ["x", "x" * 80, "é " * 60, "a\n\n\n\nb", "fin "])
def test_an_empty_line_stays_where_a_value_ends_a_paragraph(title: str) -> None:
    names = {**NAMES, "event": {"title": title}}
    text = rendered("<p>{{ event.title }}</p><p>après</p>", names=names).text
    assert "\n\naprès\n\n" in text
    assert "\n\n\n" not in text


def test_the_text_is_derived_and_reads_like_one() -> None:
    body = (
        "<h1>Titre</h1><p>Un <b>mot</b>&nbsp;: &laquo;&nbsp;deux&nbsp;&raquo;&mdash;trois</p><ul><li>a</li><li>b</li></ul>"
        "<table><tr><td>Quand</td><td>Demain</td></tr></table><!-- pas vu --><style>p { color: red }</style>"
        '<p><a href="https://theatre.example.org/x">Voir</a></p>'
    )
    text = rendered(body).text
    assert "Titre" in text and "« deux »—trois" in text and "* a\n* b" in text
    assert "Quand\nDemain" in text.replace("\n\n", "\n")
    assert "[Voir](https://theatre.example.org/x)" in text
    assert "pas vu" not in text and "color" not in text


def test_a_link_that_looks_like_a_button_is_one_line_of_the_text() -> None:
    style = '<style>.go a { display: block; font-family: "A B" }</style>'
    body = f'{style}<table class="go"><tr><td><a href="https://theatre.example.org/x">Voir mes billets</a></td></tr></table>'
    assert rendered(body).text.startswith("[Voir mes billets](https://theatre.example.org/x)\n\n")


def test_an_authors_own_text_part_is_taken_as_it_is_with_the_engines_blocks_after_it() -> None:
    files = {
        "a/b.html": HEAD + "<p>La page</p>",
        "a/b.txt": "Le texte, {{ contact.first_name }} & <vous>.\n\n  en retrait\n",
    }
    made, faults = compile_files(files)
    assert made is not None and faults == []
    mail = render(made, NAMES, a_letter())
    assert mail.text.startswith("Le texte, Élodie & <vous>.\n\n  en retrait\n\n")
    assert "La page" not in mail.text
    for part in (
        "Vous êtes inscrit",
        "1 rue du Test",
        "[Me désabonner](https://theatre.example.org/u/token)",
    ):
        assert part in mail.text


def test_an_own_text_part_can_include() -> None:
    files = {
        "a/b.html": HEAD + "x",
        "a/b.txt": "{% include 'partials/fin.txt' %}",
        "partials/fin.txt": "À bientôt {{ contact.first_name }}",
    }
    made, _ = compile_files(files)
    assert made is not None
    assert render(made, NAMES, a_letter()).text.startswith("À bientôt Élodie")


def test_the_same_template_and_person_make_the_same_bytes() -> None:
    assert rendered("<p>{{ event.title }}</p>") == rendered("<p>{{ event.title }}</p>")


def test_what_a_fault_says_holds_nothing_of_the_person() -> None:
    made = compiled("<p>{{ contact.first_name + 1 }}{{ contact.first_name.nope() }}</p>")
    with pytest.raises(RenderFault) as caught:
        render(made, {**NAMES, "contact": {"first_name": "Zénobie"}}, a_letter())
    assert "nobie" not in str(caught.value)
