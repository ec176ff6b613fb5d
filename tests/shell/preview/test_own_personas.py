"""People of a venue's own: like a built-in one but for what is said, and every fault of their file at once."""

from __future__ import annotations

from accord.shell.preview.own_personas import parse_personas
from accord.shell.preview.personas import SKETCHES, persona
from builders import NOW, a_scenario, a_venue

OWN = """
new-yorkaise:
  like: opt-in
  words: signed up in New York, wants one letter a month
  zone: America/New_York
  language: en
  silent: 18 months
  newsletters_per_month: 1
  attributes: {city: Lyon, visits: 3}
"""

LETTER = """
scenario: lettre
purpose: newsletter
why: {consent: Parce que.}
enter: {when: consent.given}
steps:
  un: {send: l/un, nature: editorial}
"""


def test_own_people_are_like_another_but_for_what_is_said() -> None:
    read = parse_personas(OWN, a_venue())
    assert read.diagnostics == ()
    made = persona("new-yorkaise", a_scenario(LETTER), a_venue(), NOW, {**SKETCHES, **read.sketches})
    contact = made.situation.contact
    assert (made.words, contact.zone, contact.language) == (
        "signed up in New York, wants one letter a month",
        "America/New_York",
        "en",
    )
    assert (contact.preferences.newsletters_per_month, dict(contact.attributes)["visits"]) == (1, 3)
    assert made.situation.consents.of("newsletter", "editorial").status == "optin_proven"
    assert contact.last_action_at is not None
    assert 17.9 < (NOW - contact.last_action_at).days / 30.44 < 18.1


def test_every_fault_is_told_at_once_with_its_place() -> None:
    wrong = """opt-in: {like: opt-in}
one: {like: opt-inn}
two: {like: opt-in, zone: Europe/Pari, silent: long, citty: x, attributes: {visits: many, town: x}}
three: 3
"""
    told = [
        (fault.span.line, fault.span.column, fault.code)
        for fault in parse_personas(wrong, a_venue()).diagnostics
    ]
    assert told == [
        (1, 1, "wrong-value"),
        (2, 13, "wrong-value"),
        (3, 27, "wrong-value"),
        (3, 48, "wrong-duration"),
        (3, 54, "unknown-key"),
        (3, 85, "wrong-value"),
        (3, 91, "unknown-key"),
        (4, 8, "wrong-value"),
    ]


def test_an_empty_file_says_what_belongs_there() -> None:
    [fault] = parse_personas("", a_venue()).diagnostics
    assert fault.message == "A persona begins with its name, and «like:» below it."
