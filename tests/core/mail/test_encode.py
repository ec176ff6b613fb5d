"""Quoted-printable in pieces: decodes to the same as the plain way, and every line fits (RFC 2045, 6.7)."""

from __future__ import annotations

import quopri
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.core.mail.encode import closed_up, encoding, plain, quoted_printable
from accord.core.mail.sandbox import BUDGET, HTML, TEXT, Budget, readable
from core.mail.mails import NAMES, rendered

# What a line of quoted-printable is made of: no bare «=», nothing but printable ASCII, no blank at its end.
LINE = re.compile(rb"(?:[!-<>-~ \t]|=[0-9A-F]{2})*=?")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300).map(
    lambda each: each.replace("\r", "")
)
awkward = st.one_of(
    texts,
    st.sampled_from(
        [
            "",
            ".",
            "..",
            "\n",
            "\n\n",
            " ",
            "a ",
            " \n",
            "\t\n",
            "=",
            "é" * 100,
            "From x",
            "--",
            "a" * 75,
            "a" * 76,
        ]
    )
    | st.integers(70, 80).map(lambda size: "x" * size + " "),
)


def is_valid(encoded: bytes) -> bool:
    lines = encoded.split(b"\r\n")
    assert lines.pop() == b"", "it ends with the end of a line"
    for line in lines:
        assert len(line) <= 76, line
        assert LINE.fullmatch(line), line
        assert not line.endswith((b" ", b"\t")), line
    return True


@given(st.lists(awkward, max_size=8))
@settings(max_examples=300)
def test_pieces_put_together_are_the_whole(pieces: list[str]) -> None:
    encoded = "".join(map(quoted_printable, pieces)).encode("ascii")
    assert encoded == b"" or is_valid(encoded)
    assert plain(encoded) == "".join(pieces)
    assert quopri.decodestring(encoded.replace(b"\r\n", b"\n")).decode() == "".join(pieces)


TEMPLATES = [
    "Bonjour {{ contact.a }}, et {{ contact.b }}.",
    "{% for each in contact.list %}é {{ each }} {% else %}rien{% endfor %}",
    "{% if contact.a %}{{ contact.a }}{% elif contact.b %} b{% endif %}",
    "{% macro m(x) %}é={{ x }} {% endmacro %}{{ m(contact.a) }}|{{ m(contact.a) | upper }}",
    "{% macro m(x) %}({{ x }}{{ caller() }}){% endmacro %}{% call m(contact.a) %} é {{ contact.b }}{% endcall %}",
    "{% filter upper %}é = {{ contact.a }}{% endfilter %}",
    "{% set kept %}é{{ contact.a }}{% endset %}{{ kept }} {{ kept | length }} {% if kept == 'é' %}vide{% endif %}",
    "{% for each in contact.tree recursive %}é{{ each }}{{ loop([contact.b]) if loop.depth < 3 }}{% endfor %}",
    "{% with x = contact.a %}{{ x }}{% endwith %}{# é #}{% raw %}{{ é }}{% endraw %}",
    "<p style='é'>\n\n{{ contact.a }}\n</p>\n" * 5,
    "{{ contact.a ~ 'é' ~ contact.b }}{{ contact.unknown }}{{ '' }}{{ 7 }}{{ contact.a | e }}",
]


@pytest.mark.parametrize("environment", [HTML, TEXT], ids=["html", "text"])
@pytest.mark.parametrize("source", TEMPLATES)
@given(a=awkward, b=awkward)
@settings(max_examples=25)
def test_a_template_says_the_same_encoded(source: str, environment: Any, a: str, b: str) -> None:
    context = {"contact": readable({"a": a, "b": b, "list": [a, b], "tree": [a]}), BUDGET: Budget()}
    wanted = environment.from_string(source).render(context)
    made = encoding(source, environment)
    pieces = list(made.root_render_func(made.new_context(context)))
    encoded = "".join(pieces).encode("ascii")
    assert encoded == b"" or is_valid(encoded)
    if environment is HTML:
        assert plain(encoded) == wanted
        return
    closed = closed_up(pieces)
    assert plain(closed.encode()).strip("\n") == re.sub("\n{3,}", "\n\n", wanted).strip("\n")
    assert "=\r\n\r\n" not in closed


@given(st.lists(st.lists(awkward | st.text("a\n", max_size=6), max_size=3).map("".join), max_size=9))
@settings(max_examples=300)
def test_a_text_is_closed_up_wherever_its_pieces_meet(said: list[str]) -> None:
    pieces = [quoted_printable(re.sub("\n{3,}", "\n\n", each)) for each in said]
    closed = closed_up(pieces)
    assert is_valid(closed.encode() + b"\r\n")
    assert plain(closed.encode()).strip("\n") == re.sub("\n{3,}", "\n\n", "".join(said)).strip("\n")


@given(a=awkward, b=awkward)
@settings(max_examples=40)
def test_a_mails_bodies_are_valid(a: str, b: str) -> None:
    names = {**NAMES, "contact": {"first_name": a, "city": b}}
    mail = rendered(
        "<p>Bonjour {{ contact.first_name }},</p>{% if contact.city %}<p>{{ contact.city }}</p>{% endif %}",
        names=names,
    )
    assert is_valid(mail.html_body) and is_valid(mail.text_body)
    assert str(HTML.from_string("{{ x }}").render(x=a)) in mail.html


@pytest.mark.parametrize(
    "word", ["a" * 10_000, "é" * 5_000, "🎭" * 3_000, "x y " * 4_000, "https://x/" + "a" * 2_000]
)
def test_very_long_words_are_folded_and_come_back(word: str) -> None:
    mail = rendered("<p>{{ contact.first_name }}</p>", names={**NAMES, "contact": {"first_name": word}})
    assert is_valid(mail.html_body) and is_valid(mail.text_body)
    assert word in mail.html and word.strip() in mail.text


def test_a_surrogate_alone_is_not_a_character() -> None:
    assert plain(quoted_printable("a\ud800b").encode()) == "a?b"
