"""What is refused when a template is checked, and what is only warned of; each at its line."""

from __future__ import annotations

import pytest

from accord.core.model.place import Severity
from core.mail.mails import HEAD, compile_files, faults_of, told


def layout(inside: str) -> str:
    return f"<html><head></head><body>\n{inside}\n</body></html>"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("<td {% if today %}class='a'{% endif %}>x</td>", "statement-in-tag"),
        ("<td {{ today }}>x</td>", "statement-in-tag"),
        ("<td data-{{ today }}='x'>x</td>", "statement-in-tag"),
        ("<a href={{ links.preferences }}>x</a>", "unquoted-attribute"),
        ("<a href=https://theatre.example.org/{{ today }}>x</a>", "unquoted-attribute"),
        ("<p>{{ contact.first_name | safe }}</p>", "template-broken"),
        ("<p>{% autoescape false %}{{ today }}{% endautoescape %}</p>", "template-broken"),
        ("<p>{% if today %}</p>", "template-broken"),
        ("<p>{{ today </p>", "template-broken"),
        ("<p>{% for %}{% endfor %}</p>", "template-broken"),
        ("<p>{{ today | nofilter }}</p>", "template-broken"),
        ("<p>{% do nothing() %}</p>", "template-broken"),
        ("<p>{{ footer }}</p>", "slot-in-body"),
        ("<style>{% if today %}p { color: red }{% endif %}</style><p>x</p>", "statement-in-style"),
        (
            '<p style="{% if today %}color: red;{% else %}top: 0;{% endif %}">x</p><style>p { top: 1px }</style>',
            "placeholder-lost",
        ),
    ],
)
def test_an_html_tool_would_tear_this(body: str, code: str) -> None:
    found = told(compile_files({"a/b.html": f"{HEAD}<p>avant</p>\n\n{body}"})[1], Severity.ERROR)
    assert ("a/b.html", 6, code) in found
    assert {each[2] for each in found} == {code}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('<p class="{{ today }}">x</p>', "dynamic-style"),
        ('<p id="a-{{ today }}">x</p>', "dynamic-style"),
        ('<p style="color: {{ today }}">x</p>', "dynamic-style"),
        (
            "{% for each in event.families %}<p>x</p>{% endfor %}<style>p:first-child { color: red }</style>",
            "structural-style",
        ),
        (
            "{% for each in event.families %}<p>x</p>{% endfor %}<style>tr:nth-child(even) td { color: red }</style>",
            "structural-style",
        ),
    ],
)
def test_a_style_sheet_would_not_see_this(body: str, code: str) -> None:
    made, faults = compile_files({"a/b.html": f"{HEAD}\n{body}"})
    assert made is not None
    assert told(faults, Severity.WARNING) == [("a/b.html", 5, code)]


@pytest.mark.parametrize(
    "body",
    [
        "<style>p:first-child { color: red }</style><p>x</p>",
        "{% for each in event.families %}<p>x</p>{% endfor %}<style>a:hover { color: red }</style>",
        '<p title="{{ today }}">x</p>',
        "<p>first-child, without a style</p>",
    ],
)
def test_this_is_fine(body: str) -> None:
    assert faults_of(body) == []


def test_a_fault_points_at_its_column() -> None:
    _, faults = compile_files({"a/b.html": f"{HEAD}<p>{{{{ today }}}} <a href={{{{ today }}}}>x</a></p>"})
    assert [(fault.span.line, fault.span.column, fault.span.length) for fault in faults] == [(4, 24, 11)]


def test_all_faults_are_told_at_once() -> None:
    files = {
        "a/b.html": f"{HEAD}<a href={{{{ today }}}}>x</a>",
        "a/b.en.html": f"{HEAD}\n<td {{{{ today }}}}>",
        "layout.html": layout("{{ content }}{{ content }}"),
    }
    assert set(told(compile_files(files)[1])) == {
        ("layout.html", 2, "slot-twice"),
        ("a/b.html", 4, "unquoted-attribute"),
        ("a/b.en.html", 5, "statement-in-tag"),
    }


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("{{ invitation }}{{ content }}{{ footer }}", "slot-order"),
        ("{{ footer }}{{ content }}", "slot-order"),
        ("{{ content }}{{ footer }}{{ footer }}", "slot-twice"),
        ("{{ content }}{{ invitation }}{{ footer }}{{ invitation }}", "slot-twice"),
        ("{{ content }}<!-- {{ footer }} -->", "slot-hidden"),
        ("{{ content }}{% if today %}{{ footer }}{% endif %}", "slot-hidden"),
        ("{{ content }}{% for i in [] %}{{ footer }}{% endfor %}", "slot-hidden"),
        ('{{ content }}<p title="{{ footer }}">x</p>', "slot-hidden"),
    ],
)
def test_a_layout_cannot_move_or_drop_what_the_law_asks_for(inside: str, code: str) -> None:
    assert ("layout.html", 2, code) in faults_of("<p>x</p>", layout__html=layout(inside))


def test_a_layout_without_slots_for_them_gets_them_at_its_end() -> None:
    made, faults = compile_files({"a/b.html": HEAD + "<p>x</p>", "layout.html": layout("{{ content }}")})
    assert made is not None and faults == []


# -- a footer that nobody sees ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "style",
    [
        ".footer { display: none }",
        ".footer p { visibility: hidden }",
        ".footer { opacity: 0 }",
        ".footer p, .footer a { font-size: 1px }",
        ".footer { max-height: 0; overflow: hidden }",
        ".footer { color: #ffffff } .footer a { color: #fffffe }",
        ".footer a { color: #fff }",
        "body { background: #2b2622 } .footer { color: #2b2622 } .footer a { color: #2b2622 }",
        ".footer { position: absolute; left: -9999px }",
        "body { display: none }",
        "@media (max-width: 480px) { .footer { display: none !important } }",
        "@media (prefers-color-scheme: dark) { .footer a { font-size: 0 } }",
    ],
)
def test_a_footer_that_is_hidden_is_refused(style: str) -> None:
    page = f"<html><head><style>{style}</style></head><body>{{{{ content }}}}\n{{{{ footer }}}}</body></html>"
    found = faults_of("<p>x</p>", layout__html=page)
    assert ("layout.html", 2, "footer-hidden") in found
    assert {code for _, _, code in found} == {"footer-hidden"}


@pytest.mark.parametrize(
    "page",
    [
        "<div hidden>{{ footer }}</div>",
        "<div style='display:none'><table><tr><td>{{ footer }}</td></tr></table></div>",
        "<table bgcolor='#000000'><tr><td style='color:#000'>{{ footer }}</td></tr></table>",
    ],
)
def test_nor_may_what_is_round_it_hide_it(page: str) -> None:
    found = faults_of("<p>x</p>", layout__html=f"<html><body>{{{{ content }}}}{page}</body></html>")
    assert {code for _, _, code in found} == {"footer-hidden"}


@pytest.mark.parametrize(
    "style",
    [
        "",
        ".footer { font-size: 12px; color: #6b5f55 }",
        ".preheader { display: none; max-height: 0; overflow: hidden }",
        ".footer { color: #888 } body { background: white }",
        "body { background: black; color: white } .footer { color: #cccccc } .footer a { color: #cccccc }",
        ".footer { line-height: 0.9; margin-left: -10px }",
    ],
)
def test_a_footer_that_is_small_and_quiet_is_seen(style: str) -> None:
    page = f"<html><head><style>{style}</style></head><body>{{{{ content }}}}<img src='x.png'>{{{{ footer }}}}</body></html>"
    assert faults_of("<p>x</p>", layout__html=page) == []
