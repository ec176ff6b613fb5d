"""The journey as a picture: everything that the scenario says is in it, drawn and in words; nothing of it is markup."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from accord.core.language.flow import ways_on
from accord.shell.preview.cards import cards_of, house_rules, in_words, ways_of
from accord.shell.preview.footfall import Footfall, counted
from accord.shell.preview.picture import NARROW, WIDE, picture
from authors.cases import ok_cases, the_venue
from builders import a_scenario
from shell.preview.imagined import days, golden, saying

SVG = "{http://www.w3.org/2000/svg}"


def drawn(
    name: str, abreast: int = WIDE, footfall: Footfall | None = None, language: str = "en"
) -> ET.Element:
    return ET.fromstring(picture(golden(name), footfall, saying(language), abreast=abreast))


def texts(svg: ET.Element) -> list[str]:
    return [each.text or "" for each in svg.iter(f"{SVG}text")]


@pytest.mark.parametrize("abreast", [WIDE, NARROW])
@pytest.mark.parametrize("name", [case.name for case in ok_cases()])
def test_every_step_and_every_way_is_drawn(name: str, abreast: int) -> None:
    scenario = golden(name)
    svg = drawn(name, abreast)
    said = texts(svg)
    assert set(scenario.steps) <= set(said)
    lines = [each for each in svg.iter(f"{SVG}path") if "way" in (each.get("class") or "")]
    assert len(lines) == 1 + sum(len(set(ways_on(scenario, step))) for step in scenario.steps.values())
    _, _, width, _ = map(float, (svg.get("viewBox") or "").split())
    assert abreast == WIDE or width <= 345, "it fits a telephone without growing smaller"


def test_who_cannot_see_it_is_told_everything() -> None:
    svg = drawn(
        "bienvenue", footfall=counted(golden("bienvenue"), [each.journal for each in days("bienvenue")])
    )
    assert svg.get("role") == "img"
    named = [svg.find(f"{SVG}title"), svg.find(f"{SVG}desc")]
    assert svg.get("aria-labelledby") == " ".join(str(each.get("id")) for each in named if each is not None)
    aloud = named[1].text if named[1] is not None else ""
    for words in (
        "until preferences.updated",
        "for 7 days at most",
        "it came: go on to offre (0 people)",
        "after 4 days, at 10:00",
    ):
        assert words in (aloud or "")


def test_numbers_stand_on_the_lines_and_unused_ways_are_dashed() -> None:
    svg = drawn(
        "bienvenue", footfall=counted(golden("bienvenue"), [each.journal for each in days("bienvenue")])
    )
    said = [text.replace("\N{NO-BREAK SPACE}", " ") for text in texts(svg)]
    assert {"otherwise · 9", "it came · 0", "13"} <= set(said)
    unused = [each for each in svg.iter(f"{SVG}path") if each.get("class") == "way empty"]
    assert len(unused) == 1


def test_a_card_tells_what_became_of_people_there() -> None:
    svg = drawn("offre", footfall=counted(golden("offre"), [each.journal for each in days("offre")]))
    said = " ".join(texts(svg)).replace("\N{NO-BREAK SPACE}", " ")
    assert "2 get it · 1 the other edition · 6 do not" in said


def test_without_counts_it_is_the_scenario_alone() -> None:
    svg = drawn("bienvenue")
    assert {"otherwise", "it came"} <= set(texts(svg))
    assert not any(re.search(r"\d get", text) for text in texts(svg))


def test_it_speaks_french() -> None:
    said = " ".join(texts(drawn("bienvenue", language="fr"))).replace("\N{NO-BREAK SPACE}", " ")
    for words in ("Quand consent.given", "après 3 jours", "sinon", "éditorial", "pendant 7 jours au plus"):
        assert words in said


def test_nothing_an_author_writes_becomes_markup() -> None:
    text = """scenario: s
purpose: newsletter
why: Parce que.
enter: {when: consent.given, if: contact.city != "<script>alert(1)</script>&"}
steps: {un: {send: lettre/magazine, nature: editorial, if: 'contact.city == "</text></svg><b>"'}}
"""
    made = picture(a_scenario(text, the_venue()), None, saying())
    assert "<script>" not in made
    assert "<b>" not in made
    assert len(list(ET.fromstring(made).iter(f"{SVG}svg"))) == 1


def test_every_kind_of_step_says_what_it_does() -> None:
    scenario = golden("toutes-les-cles")
    told = dict(in_words(scenario, None, saying()))
    assert {"49.5%: go on to mail_a", "50.5%: go on to mail_b"} <= set(told["partage"])
    assert "2 subjects tried" in told["mail_b"]
    assert "if not allowed: leave" in told["mail_b"]
    assert "otherwise: go on to atelier" in told["suite"]
    assert "skipped: go on to end" in told["suite"]
    assert "calls atelier" in told["atelier"]
    assert "own.welcomed" in told["fin"]
    rules = " ".join(house_rules(scenario, saying()))
    assert "A success: order.paid, if it.amount_cents > 2000, within 14 days." in rules
    assert "10% get nothing" in rules
    assert "Saturday, 10:00 to 12:00" in rules
    assert len(cards_of(scenario, None, saying())) == len(scenario.steps) + 2
    assert len(ways_of(scenario)) == len(set(ways_of(scenario)))
