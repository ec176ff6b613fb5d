"""The names that templates read: those that exist, in every file that makes up a mail."""

from __future__ import annotations

import pytest

from accord.core.expressions.names import template_names
from accord.core.mail.names import names_for, names_read, unknown_names
from accord.core.mail.rooms import both, rooms_read, subject_rooms
from builders import NOW, a_contact, a_situation, an_event
from core.mail.mails import HEAD, VENUE, told


def wrong(body: str, **files: str) -> list[tuple[str, int, str]]:
    return told(unknown_names("a/b", {"a/b.html": HEAD + body, **files}, VENUE))


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ("{{ contact.firstname }}", "contact.first_name"),
        ("{{ contact.first_name.x }}{{ contat.first_name }}", "contact.first_name"),
        ("{% if event.titel %}{% endif %}", "event.title"),
        ("{% for each in event.famillies %}{% endfor %}", "event.families"),
        ("{{ nowhere }}", None),
        ("{{ letter.click }}", None),
        ("{{ links.desabonner }}", None),
        ("{{ range(3) }}", None),
    ],
)
def test_a_name_that_does_not_exist_is_told_with_the_nearest_that_does(body: str, hint: str | None) -> None:
    faults = unknown_names("a/b", {"a/b.html": f"{HEAD}\n{body}"}, VENUE)
    assert told(faults) == [("a/b.html", 5, "name-unknown")]
    assert hint is None or hint in (faults[0].hint or "")


@pytest.mark.parametrize(
    "body",
    [
        "{{ contact.first_name }}{{ contact.email }}{{ event.title }}{{ orders.last.at | day }}{{ today }}{{ this }}",
        "{% for each in event.families %}{{ each }}{{ loop.index }}{% endfor %}",
        "{% set mine = 1 %}{{ mine }}{% macro m(a) %}{{ a }}{{ caller() }}{% endmacro %}{{ m(1) }}",
        "{{ links.preferences }}{{ entity.name }}{{ preferences.newsletters_per_month }}",
        "{% raw %}{{ nowhere }}{% endraw %}{# {{ nowhere }} #}",
    ],
)
def test_these_exist(body: str) -> None:
    assert wrong(body) == []


def test_every_file_is_read_and_every_part_of_the_head() -> None:
    files = {
        "a/b.html": "---\nsubject: {{ a.b }}\npreheader: {{ c.d }}\n---\n{% include 'partials/p.html' %}",
        "a/b.en.txt": "\n{{ e.f }}",
        "partials/p.html": "\n\n{{ g.h }}",
        "layout.html": "{{ content }}{{ preheader }}\n{{ i.j }}",
        "other.html": "{{ k.l }}",
    }
    assert set(told(unknown_names("a/b", files, VENUE))) == {
        ("a/b.en.txt", 2, "name-unknown"),
        ("a/b.html", 2, "name-unknown"),
        ("a/b.html", 3, "name-unknown"),
        ("layout.html", 2, "name-unknown"),
        ("partials/p.html", 3, "name-unknown"),
    }


def test_what_one_file_sets_those_that_it_includes_may_read() -> None:
    assert wrong("{% set mine = 1 %}{% include 'p.html' %}", **{"p.html": "{{ mine }}"}) == []


def test_what_a_template_reads() -> None:
    files = {
        "a/b.html": "---\nsubject: {{ event.title }}\n---\n{{ contact.first_name }}",
        "a/b.en.html": "{{ open",
    }
    assert names_read("a/b", files) == {"event.title", "contact.first_name"}


def test_the_rooms_of_one_person() -> None:
    contact = a_contact(attributes={"first_name": "Ada"})
    situation = a_situation(contact=contact, entered_by=an_event("order.placed", data={"order_id": "DR-1"}))
    everything = dict.fromkeys((*template_names(VENUE), "letter", "loop"))
    rooms = names_for(situation, VENUE, everything, now=NOW)
    assert rooms["contact"]["first_name"] == "Ada" and rooms["contact"]["email"] == "ada@example.org"
    assert rooms["event"] == {"order_id": "DR-1"} and "links" not in rooms and "letter" not in rooms
    assert rooms["orders"]["count"] == 0 and rooms["entity"]["name"] == VENUE.entity.name
    assert rooms["today"].isoformat() == "2026-11-23"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("{{ contact.first_name }} {{ contact.city }}", {"contact": {"first_name": "Ada"}}),
        (
            "{% if orders.last.at %}{{ today }}{% endif %}",
            {"orders": {"last": {"at": None, "family": None}}, "today": NOW.date()},
        ),
        ("{{ event.title | default(event.order_id) }}", {"event": {"order_id": "DR-1"}}),
        ("{% set all = event %}{{ all.order_id }}", {"event": {"order_id": "DR-1", "secret": "x"}}),
        ("{{ event['order_id'] }}", {"event": {"order_id": "DR-1", "secret": "x"}}),
        (
            "{% macro m(x) %}{{ x.secret }}{% endmacro %}{{ m(event) }}",
            {"event": {"order_id": "DR-1", "secret": "x"}},
        ),
        ("Bonjour", {}),
    ],
)
def test_a_mail_is_made_from_no_more_than_its_template_reads(source: str, names: dict[str, object]) -> None:
    contact = a_contact(attributes={"first_name": "Ada", "secret": "x"})
    asked = an_event("order.placed", data={"order_id": "DR-1", "secret": "x"})
    situation = a_situation(contact=contact, entered_by=asked)
    assert names_for(situation, VENUE, rooms_read(source), now=NOW) == names


def test_what_a_template_and_a_subject_read_together() -> None:
    some, others = (
        rooms_read("{{ contact.b }}{{ event.x }}"),
        subject_rooms("{{ contact.a }}{{ event }}{{ this }}"),
    )
    assert both(some, others) == {"contact": ("a", "b"), "event": None, "this": None}
    assert subject_rooms("{{ broken") == {}
