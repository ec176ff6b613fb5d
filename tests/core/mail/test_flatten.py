"""`extends`, `block` and `include`: written out as Jinja itself would, each line knowing its file."""

from __future__ import annotations

import pytest
from jinja2 import DictLoader, Environment

from accord.core.mail.compile import digest_of
from accord.core.mail.flatten import IncludeFault, flatten, reached
from core.mail.mails import HEAD, compile_files, compiled, faults_of, rendered, told


def text_of(files: dict[str, str], file: str = "x.html") -> str:
    return "".join(piece.text for piece in flatten(file, files[file], files))


BASE = (
    "A{% block one %}1{% block inner %}i{% endblock inner %}1{% endblock %}B{% block two %}2{% endblock %}C"
)


@pytest.mark.parametrize(
    "files",
    [
        {"x.html": "a {% include 'y.html' %} b", "y.html": '({% include "z.html" %})', "z.html": "z"},
        {"x.html": "a {%- include 'y.html' -%} b", "y.html": " y "},
        {"x.html": "{% include 'y.html' with context %}", "y.html": "y"},
        {"x.html": "{% for i in [1, 2] %}{% include 'y.html' %}{% endfor %}", "y.html": "{{ i }}"},
        {"x.html": "{% raw %}{% include 'nowhere.html' %}{% endraw %}"},
        {"x.html": "{# {% include 'nowhere.html' %} #}a"},
        {"x.html": "{% extends 'b.html' %}{% block one %}!{% endblock %}", "b.html": BASE},
        {"x.html": "{% extends 'b.html' %}{% block inner %}!{% endblock %} unseen", "b.html": BASE},
        {"x.html": "{% extends 'b.html' %}{% block one %}<{{ super() }}>{% endblock %}", "b.html": BASE},
        {
            "x.html": "{% extends 'y.html' %}{% block one %}x{{ super() }}{% endblock %}",
            "y.html": "{% extends 'b.html' %}{% block one %}y{{ super() }}{% endblock %}{% block two %}Y{% endblock %}",
            "b.html": BASE,
        },
        {
            "x.html": "{% extends 'b.html' %}{% set a = 3 %}{% block two %}{{ a }}{% endblock %}",
            "b.html": BASE,
        },
        {
            "x.html": "{% extends 'b.html' %}{% block two %}{% include 'y.html' %}{% endblock %}",
            "b.html": BASE,
            "y.html": "y",
        },
        {
            "x.html": "{% include 'y.html' %}",
            "y.html": "{% extends 'b.html' %}{% block two %}y{% endblock %}",
            "b.html": BASE,
        },
    ],
)
def test_it_says_what_jinja_would_say(files: dict[str, str]) -> None:
    theirs = Environment(loader=DictLoader(files), autoescape=False).get_template("x.html").render()
    ours = Environment(autoescape=False).from_string(text_of(files)).render()
    assert ours == theirs


def test_each_piece_knows_its_file_and_line() -> None:
    files = {
        "x.html": "un\n{% include 'y.html' %}\n{{ trois }}",
        "y.html": "---\nsubject: S\n---\nquatre\n{{ cinq }}",
    }
    found = [
        (piece.text, piece.file, piece.line, piece.column)
        for piece in flatten("x.html", files["x.html"], files)
    ]
    assert ("{{ cinq }}", "y.html", 5, 1) in found
    assert ("{{ trois }}", "x.html", 3, 1) in found


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("\n{% include 'nowhere.html' %}", 2),
        ("\n\n{% extends 'nowhere.html' %}", 3),
        ("{% include name %}", 1),
        ("{% include ['a.html', 'b.html'] %}", 1),
        ("{% include 'y.html' ignore missing %}", 1),
        ("\n{% import 'y.html' as y %}", 2),
        ("\n{% from 'y.html' import y %}", 2),
        ("{% include 'round.html' %}", 1),
    ],
)
def test_what_leads_nowhere_is_told_where_it_stands(body: str, line: int) -> None:
    files = {"x.html": body, "y.html": "y", "round.html": "{% include 'x.html' %}"}
    with pytest.raises(IncludeFault) as caught:
        flatten("x.html", body, files)
    expected = "templates/round.html" if "round" in body else "templates/x.html"
    assert (caught.value.span.file, caught.value.span.line) == (expected, line)


def test_a_fault_in_an_include_is_told_in_its_own_file() -> None:
    _, faults = compile_files(
        {"a/b.html": HEAD + "{% include 'p.html' %}", "p.html": "<p>\n<a href={{ today }}>x</a>"}
    )
    assert told(faults) == [("p.html", 2, "unquoted-attribute")]
    _, faults = compile_files({"a/b.html": HEAD + "{% include 'p.html' %}", "p.html": "\n\n{% if %}"})
    assert told(faults) == [("p.html", 3, "template-broken")]
    assert faults_of("\n{% include 'nowhere.html' %}") == [("a/b.html", 5, "include-broken")]


def test_a_page_that_extends_is_its_own_frame() -> None:
    base = "<html><body>{% block main %}{% endblock %}{{ invitation }}<hr>{{ footer }}</body></html>"
    page = rendered(
        "{% extends 'base.html' %}{% block main %}<p>Le propos</p>{% endblock %}",
        base__html=base,
        layout__html="<html><body>pas ici {{ content }}</body></html>",
    ).html
    assert page.index("Le propos") < page.index("<hr>") < page.index("Me désabonner")
    assert "pas ici" not in page


def test_the_digest_covers_all_that_is_reached_and_nothing_else() -> None:
    files = {
        "a/b.html": HEAD + "{% include 'p/q.html' %}",
        "p/q.html": "{% include 'p/r.html' %}",
        "p/r.html": "r",
        "layout.html": "<html><body>{{ content }}</body></html>",
        "other.html": "o",
    }
    before = digest_of("a/b", files)
    assert reached("a/b.html", files) == {"a/b.html", "p/q.html", "p/r.html"}
    assert digest_of("a/b", {**files, "other.html": "O"}) == before
    for file in ("a/b.html", "p/q.html", "p/r.html", "layout.html"):
        assert digest_of("a/b", {**files, file: files[file] + " "}) != before
    assert digest_of("a/b", {**files, "a/b.txt": "texte"}) != before


def test_a_layout_can_include_too() -> None:
    layout = "<html><body>{% include 'partials/top.html' %}{{ content }}</body></html>"
    made = compiled("<p>x</p>", layout__html=layout, partials_top__html="<p>{{ entity.name }}</p>")
    assert made.digest != compiled("<p>x</p>", layout__html=layout, partials_top__html="<p>autre</p>").digest
