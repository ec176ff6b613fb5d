"""The sandbox: no dice, nothing of Python's, nothing without end; what is not known prints as nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from jinja2 import TemplateSyntaxError
from jinja2.exceptions import SecurityError, UndefinedError

from accord.core.mail.letter import RenderFault
from accord.core.mail.render import render
from accord.core.mail.sandbox import BUDGET, HTML, TEXT, Budget, readable
from core.mail.mails import NAMES, a_letter, compiled, rendered


def said(source: str, **names: Any) -> str:
    context = {name: readable(value) for name, value in {**NAMES, **names}.items()}
    return TEXT.from_string(source).render({**context, "letter": a_letter(), BUDGET: Budget()})


@pytest.mark.parametrize(
    "name", ["random", "pprint", "attr", "safe", "xmlattr", "format", "center", "indent", "urlize"]
)
def test_there_is_no_such_filter(name: str) -> None:
    with pytest.raises(TemplateSyntaxError, match=f"No filter named '{name}'"):
        said(f"{{{{ [1] | {name} }}}}")


@pytest.mark.parametrize("name", ["lipsum", "range", "dict", "cycler", "joiner", "namespace", "get_flashed"])
def test_there_is_no_such_global(name: str) -> None:
    with pytest.raises((UndefinedError, SecurityError)):
        said(f"{{{{ {name}(10) }}}}")


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ ''['__class__'] }}",
        "{{ event.title.__class__ }}",
        "{{ today.__reduce__() }}",
        "{{ [].append(1) }}",
        "{{ event.families.append('x') }}",
        "{{ event.title.format(1) }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ event.title.encode() }}",
        "{{ today.strftime('%999999d') }}",
        "{{ (1).to_bytes(100000000, 'big') }}",
        "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
        "{% macro m() %}{% endmacro %}{{ m.__init__.__globals__ }}",
        "{{ letter.click.__globals__ }}",
        "{{ letter.wording.__class__ }}",
        "{{ letter.__class__ }}",
    ],
)
def test_nothing_of_pythons_can_be_reached(source: str) -> None:
    with pytest.raises(SecurityError):
        said(source)


@pytest.mark.parametrize("name", ["_values", "__class__", "__init__", "get", "items", "keys"])
def test_a_room_of_names_has_no_methods(name: str) -> None:
    assert said(f"[{{{{ contact.{name} }}}}{{{{ contact['{name}'] }}}}]") == "[]"
    assert said("{{ contact }}") == ""


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 10000000 }}",
        "{{ [1] * 10000000 }}",
        "{{ 10 ** 10 ** 10 ** 10 }}",
        "{{ '%99999999d' % 1 }}",
        "{% set n = 9 %}" + "{% set n = n * n %}" * 40,
        "{% set s = 'aaaaaaaa' %}" + "{% set s = s ~ s %}" * 40,
        "{% set s = 'aaaaaaaa' %}" + "{% set s = s + s %}" * 40,
        "{% set s = 'aaaaaaaa' %}" + "{% set s = s | replace('a', s) %}" * 40,
        "{% set s = 'aaaaaaaa' %}" + "{% set s = [s, s] | join(s) %}" * 40,
        "{% for a in long %}{% for b in long %}{% for c in long %}{% endfor %}{% endfor %}{% endfor %}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}",
    ],
)
def test_nothing_is_without_end(source: str) -> None:
    with pytest.raises(SecurityError):
        said(source, long="x" * 1000)


@pytest.mark.parametrize(
    "body",
    [
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% for a in event.families recursive %}{{ loop(event.families) }}{% endfor %}",
        "{{ today + 1 }}",
        "{{ 1 / 0 }}",
        "{{ event.families[7].x }}",
    ],
)
def test_what_goes_wrong_for_one_person_is_a_fault_of_that_mail(body: str) -> None:
    made = compiled(f"<p>{body}</p>")
    with pytest.raises(RenderFault, match="a/b"):
        render(made, NAMES, a_letter())


def test_a_page_is_no_longer_than_a_million_characters() -> None:
    made = compiled("{% for a in event.long %}<p>{{ a }}</p>{% endfor %}")
    with pytest.raises(RenderFault, match="longer than"):
        render(made, {**NAMES, "event": {"long": ["x" * 5000] * 1000}}, a_letter())


# -- what is not known ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("[{{ contact.city }}]", "[]"),
        ("[{{ contact.city.street }}{{ orders.last.family }}{{ this }}{{ this.title }}]", "[]"),
        ("{{ contact.city ~ '-' ~ contact.city }}", "-"),
        ("{{ contact.city | default('ici') }}", "ici"),
        ("{% if contact.city %}oui{% else %}non{% endif %}", "non"),
        (
            "{% if contact.visits > 3 or contact.visits < 3 or 3 <= contact.visits %}oui{% else %}non{% endif %}",
            "non",
        ),
        (
            "{{ contact.city is none }} {{ contact.city == none }} {{ contact.city != none }}",
            "True True False",
        ),
        ("{{ contact.first_name is none }} {{ contact.city == contact.zone }}", "False True"),
        ("{{ contact.city == 'Lyon' }} {{ contact.city is defined }}", "False False"),
        ("{% for each in event.nothing %}x{% else %}rien{% endfor %}", "rien"),
        ("{{ event.nothing | day }}{{ event.nothing | hour }}{{ event.nothing | money }}", ""),
    ],
)
def test_what_is_not_known_of_a_person_prints_as_nothing_and_compares_as_false(
    source: str, text: str
) -> None:
    assert said(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ event.starts_at | day }}", "vendredi 4 décembre 2026"),
        ("{{ event.starts_at | hour }}", "20:30"),
        ("{{ event.amount_cents | money }}", "48,00\xa0€"),
        ("{{ event.amount_cents | money('CHF') }}", "48,00\xa0CHF"),
        ("{{ event.families | join(', ') }}", "theatre, danse"),
        (
            "{% for each in event.families %}{{ loop.index }}/{{ loop.length }}{{ loop.cycle('a', 'b') }}{{ loop.last }} {% endfor %}",
            "1/2aFalse 2/2bTrue ",
        ),
        (
            "{{ 3 * 4 + 2 - 1 }} {{ 7 % 3 }} {{ 2 ** 8 }} {{ 'a' + 'b' }} {{ 2.567 | round(1) }}",
            "13 1 256 ab 2.6",
        ),
        (
            "{{ event.title.upper() }} {{ event.title | replace('fleuve', 'vent') }} {{ event.title | truncate(9) }}",
            "DANSER LE FLEUVE Danser le vent Danser...",
        ),
        ("{{ ['b', 'a'] | sort | first }} {{ today.year }}", "a 2026"),
    ],
)
def test_what_authors_need_is_there(source: str, text: str) -> None:
    assert said(source) == text


def test_an_undeclared_name_is_not_taken_for_an_unknown_one() -> None:
    with pytest.raises(UndefinedError):
        said("{{ nowhere }}")


# -- what people call themselves --------------------------------------------------------------------------

HOSTILE = [
    "{{ 7 * 7 }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><style>*{display:none}",
    "zqj00000qz <!--zqj00001qz-->",
    "=0D=0ABcc: eve@example.org",
    "\r\nBcc: eve@example.org\r\n\r\n.\r\n",
    "--=_0123456789\r\nContent-Type: text/html",
    "&lt;b&gt; &amp; é\u2028\u0000",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_what_people_call_themselves_is_text_and_nothing_else(name: str) -> None:
    body = '<p title="{{ contact.first_name }}">Bonjour {{ contact.first_name }}{{ contact.first_name | upper }} !</p>'
    names: Mapping[str, Any] = {**NAMES, "contact": {"first_name": name}}
    mail = rendered(body, names=names, head="---\nsubject: Pour {{ contact.first_name }}\n---\n")
    written = str(HTML.from_string("{{ x }}").render(x=name)).replace("\r\n", "\n")
    assert f'title="{written}"' in mail.html and f"Bonjour {written}" in mail.html
    assert "<script" not in mail.html and "<img" not in mail.html
    assert name.replace("\r\n", "\n").strip() in mail.text.replace("\n\n", "\n") or "\n\n" in name.replace(
        "\r", ""
    )
    assert "49" not in mail.subject and "\n" not in mail.subject and "\r" not in mail.subject
