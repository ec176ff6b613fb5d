"""Placeholders among HTML tools: what premailer and inscriptis must not see comes back as it was."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from accord.core.mail.encode import plain
from accord.core.mail.inline import as_text, inlined
from accord.core.mail.pieces import pieces_of
from accord.core.mail.protect import Place, protect
from accord.core.mail.sandbox import BUDGET, HTML, Budget, readable
from core.mail.mails import NAMES, a_letter, compiled, rendered

STYLE = """<style>
p { color: #222222; margin: 0 0 8px }
td.fact { padding: 4px; color: {{ brand }} }
a { color: #7a2e2a }
a:hover { color: black }
@media (max-width: 480px) { td.fact { padding: 2px !important } }
</style>"""

TRAPS = {
    "a value in an address": '<p><a href="{{ links.preferences }}">x</a></p>',
    "a value within an address": '<p><a href="https://theatre.example.org/{{ event.order_id }}?a=1&amp;b={{ contact.city }}">x</a></p>',
    "a call with quotes in a quoted attribute": (
        "{% macro url(a, b) %}https://theatre.example.org/{{ a }}/{{ b }}{% endmacro %}"
        '<p><a href="{{ url("prefs", b="x y") }}">x</a></p>'
    ),
    "a greater-than in a condition": "<p>{% if orders.count > 3 %}fidèle{% elif orders.count < 1 %}neuf{% endif %}</p>",
    "an ampersand in a text of the author's": '<p>{{ "a & b < c" }}</p>',
    "a loop between rows": (
        '<table><tr><th>Q</th></tr>{% for each in event.families %}<tr><td class="fact">{{ each }}</td></tr>'
        "{% endfor %}</table>"
    ),
    "a loop within a cell": '<table><tr>{% for each in event.families %}<td class="fact">{{ each }}</td>{% endfor %}</tr></table>',
    "a condition round rows": (
        '<table>{% if event.title %}<tr><td class="fact">{{ event.title }}</td></tr>{% else %}<tr><td>-</td></tr>'
        "{% endif %}</table>"
    ),
    "a raw passage": "<p>{% raw %}{{ not a name }} {% if %}{% endraw %}</p>",
    "a value of a style": '<p style="color: {{ brand }}; margin: 1px">x</p>',
    "a value in the style sheet": '<table><tr><td class="fact">x</td></tr></table>',
    "a condition in an address": '<p><a href="{% if today %}https://theatre.example.org/a{% else %}b{% endif %}">x</a></p>',
    "a comment of Jinja's": "<p>{# <b>unclosed #}x</p>",
    "a comment of HTML's": "<p>x</p><!-- {{ event.title }} {% if today %}oui{% endif %} -->",
    "words for Outlook": "<!--[if mso]><p>{{ event.title }}</p><![endif]--><p>x</p>",
    "the title of the page": "<p>x</p>",
    "whitespace taken away": "<p>a {%- if today -%} b {%- endif -%} c {{- ' d' -}} </p>",
    "a value in the alternative text": '<p><img src="https://theatre.example.org/a.png" alt="{{ event.title }}"></p>',
    "a filter with a quote": "<p>{{ event.families | join(', ') }}{{ contact.city | default(\"d'ici\") }}</p>",
    "an assignment": "{% set a = 1 %}<p>{{ a }}</p>",
    "a call block": "{% macro m() %}<p>[{{ caller() }}]</p>{% endmacro %}{% call m() %}<b>{{ event.title }}</b>{% endcall %}",
    "conditions within a line": "<p>a{% if today %}b{% endif %}<b>c</b>{% if today %}<i>d</i>{% endif %}e</p>",
    "nothing": "<p>x</p>",
}

PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "plain": {},
    "marks": {"event": {**NAMES["event"], "title": '<b>"L\'été" & co</b>', "order_id": "A&B"}},
    "none": {"event": {"families": []}, "orders": {"count": 0}},
    "one": {"event": {**NAMES["event"], "families": ["theatre"]}, "contact": {"city": "Rive lune"}},
    "wide": {"event": {**NAMES["event"], "title": "🎭 劇場 \u202b שלום", "families": ["é", "ü", "漢"]}},
    "jinja": {"event": {**NAMES["event"], "title": "{{ 7 * 7 }} {% if %} zqj00001qz"}},
}


def page_of(trap: str) -> str:
    return (
        f"<!DOCTYPE html><html><head><title>{{% if today %}}Bonjour{{% endif %}} {{{{ event.title }}}}</title>{STYLE}"
        f"</head><body>{TRAPS[trap]}</body></html>"
    )


def shown(source: str, names: Mapping[str, Any]) -> str:
    context = {name: readable(value) for name, value in names.items()}
    return HTML.from_string(source).render(context | {BUDGET: Budget(), "letter": a_letter()})


def canonical(html: str) -> str:
    """Two pages are the same when they are the same tree; entities are only another spelling."""
    tree = lxml_html.document_fromstring(html)
    return re.sub(r"\s+", " ", lxml_html.tostring(tree, encoding="unicode"))


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("trap", TRAPS)
def test_inlined_once_is_the_same_as_rendered_and_then_inlined(trap: str, person: str) -> None:
    names = {**NAMES, "brand": "#123456", **PEOPLE[person]}
    page = protect(pieces_of(page_of(trap), "a/b.html"))
    once = inlined(page.html)
    assert [each for each in page.lost(once) if each.place is not Place.STYLE] == []
    assert canonical(shown(page.restore(once), names)) == canonical(inlined(shown(page_of(trap), names)))


def test_the_text_part_is_what_the_rendered_page_says() -> None:
    source = (
        "<p>Bonjour {{ contact.first_name }},</p>{% if orders.count > 3 %}<p>Fidèle !</p>{% endif %}"
        "<ul>{% for each in event.families %}<li>{{ each }}</li>{% endfor %}</ul>"
        '<p><a href="{{ links.preferences }}">Régler</a></p>'
    )
    page = protect(pieces_of(source, "a/b.html"))
    once = shown(page.restore(as_text(page.html, page)), NAMES)
    words = as_text(shown(source, NAMES), page).split()
    assert once.split() == words
    assert "[Régler](https://theatre.example.org/p/token)" in words


@pytest.mark.parametrize(
    ("before", "place", "attribute"),
    [
        ("", Place.TEXT, ""),
        ("<p>a > b ", Place.TEXT, ""),
        ("<p ", Place.TAG, ""),
        ("<p id=x ", Place.TAG, ""),
        ('<p id="x" ', Place.TAG, ""),
        ("<p title=", Place.UNQUOTED, "title"),
        ("<p title=a", Place.UNQUOTED, "title"),
        ('<p TITLE = "', Place.QUOTED, "title"),
        ("<p a=1 b='x\"y", Place.QUOTED, "b"),
        ('<p title="a > b', Place.QUOTED, "title"),
        ("<p>a</p ", Place.TAG, ""),
        ("<!-- a > b ", Place.COMMENT, ""),
        ("<!-- a --> ", Place.TEXT, ""),
        ("<style>p { ", Place.STYLE, ""),
        ("<STYLE>p > a { ", Place.STYLE, ""),
        ("<style>p {}</style>", Place.TEXT, ""),
        ("<title>a < b ", Place.RAW, ""),
        ("<title>a</title>", Place.TEXT, ""),
        ("1 < 2 ", Place.TEXT, ""),
        ("<td\n\tclass='a'\n", Place.TAG, ""),
    ],
)
def test_where_a_placeholder_stands(before: str, place: Place, attribute: str) -> None:
    found = protect(pieces_of(before + "{{ x }}", "f")).placeholders[0]
    assert (found.place, found.attribute) == (place, attribute)


@given(st.text("<>='\"/! -abtilesy{}%#\n", max_size=60))
def test_what_is_protected_comes_back(text: str) -> None:
    pieces = pieces_of(
        "{% raw %}" + text.replace("%", "") + "{% endraw %}{{ a }}<b>{% if a %}x{% endif %}", "f"
    )
    page = protect(pieces)
    assert page.restore(page.html) == "".join(piece.text for piece in pieces)


def test_a_word_like_ours_in_an_authors_text_is_not_taken_for_one() -> None:
    assert "zqj zqj" in rendered("<p>{{ today }} zqj00000qz <!--zqj00001qz--></p>").html.replace("</p>", "")


def test_links_ask_for_their_signed_addresses_when_they_are_rendered() -> None:
    body = (
        '<p><a href="https://theatre.example.org/a?x=1&amp;y=2">a</a> <a class="b" href="https://theatre.example.org/{{ event.order_id }}">b</a>'
        ' <a href="mailto:ada@example.org">c</a> <a href="#d">d</a> <a href="{{ links.preferences }}">e</a>'
        ' <a href="{% if today %}https://theatre.example.org/f{% endif %}">f</a></p>'
    )
    clicked: list[str] = []

    def click(*pieces: object) -> str:
        clicked.append("".join(map(str, pieces)))
        return f"https://theatre.example.org/l/{len(clicked)}"

    mail = rendered(body, a_letter(click=click, lead=click))
    page = mail.html
    assert clicked[:2] == ["https://theatre.example.org/a?x=1&y=2", "https://theatre.example.org/DR-1"]
    assert clicked[2:] == clicked[1:2], (
        "the text part has the page's address, where all readers go the same way"
    )
    assert "[a](https://theatre.example.org/l/1) [b](https://theatre.example.org/l/3)" in mail.text
    assert re.findall(r'href="([^"]*)"', page)[:6] == [
        "https://theatre.example.org/l/1",
        "https://theatre.example.org/l/2",
        "mailto:ada@example.org",
        "#d",
        "https://theatre.example.org/p/token",
        "https://theatre.example.org/f",
    ]


def test_what_is_unknown_prints_as_nothing_in_an_address() -> None:
    page = rendered('<p><a href="https://theatre.example.org/{{ contact.city }}/{{ - 1 }}">x</a></p>').html
    assert 'href="https://theatre.example.org//-1"' in page


def test_styles_are_on_their_elements_and_the_rest_stays_in_the_head() -> None:
    layout = f"<html><head>{STYLE.replace('{{ brand }}', 'red')}</head><body>{{{{ content }}}}</body></html>"
    page = rendered('<table><tr><td class="fact">x</td></tr></table>', layout__html=layout).html
    assert '<td class="fact" style="padding:4px; color:red">' in page
    assert "@media (max-width: 480px)" in page and "a:hover" in page
    assert '<html lang="fr">' in page


def test_the_language_of_a_page_is_its_own_where_it_says_one() -> None:
    layout = '<html lang="br"><body>{{ content }}</body></html>'
    assert '<html lang="br">' in rendered(layout__html=layout).html
    assert plain(b"=C3=A9=\r\nt=C3=A9\r\n") == "été\n"
    assert compiled().edition("fr").language == "fr"
