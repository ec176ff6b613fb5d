"""The language reference: every example passes the real check, and every key of the language has its place."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from textwrap import indent

import pytest

from accord.core.language.parse import parse_scenario
from accord.core.language.tables import ENTER, MODIFIERS, NATURES, PROMOTING, SCENARIO, VERBS
from accord.core.model.place import Severity
from accord.core.model.scenario import Scenario, Send
from accord.core.model.venue import Venue
from accord.shell.engine.catalogue import check_all, stock
from accord.shell.settings import load_settings
from accord.shell.wordings import wordings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")

# What an example leaves out, by key.
FRAME = {
    "scenario": "scenario: exemple\n",
    "purpose": "purpose: newsletter\n",
    "why": "why: Parce que.\n",
    "enter": "enter: {when: consent.given}\n",
    "steps": "steps: {merci: {send: bienvenue/merci, nature: editorial}}\n",
}
PROMOTION = "---\nsubject: Un spectacle\n---\n<p>Votre place à 12 €.</p>\n"
NEUTRAL = "---\nsubject: Un message\n---\n<p>Bonjour.</p>\n"


def examples() -> list[str]:
    """The YAML examples, with the heading that they stand under."""
    found = []
    heading = ""
    for match in re.finditer(r"^(#+ [^\n]+)$|^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        heading = match[1] or heading
        if match[2]:
            found.append(pytest.param(match[2], id=heading.strip("# `").replace("`", "")))
    return found


def as_file(example: str) -> str:
    """A whole scenario of an example: its keys with the frame's round them, or its steps in the frame's."""
    keys = set(re.findall(r"^(\w+):", example, re.MULTILINE))
    if not keys <= set(SCENARIO.keys):
        example, keys = "steps:\n" + indent(example, "  "), {"steps"}
    if {"scenario", "steps"} <= keys:
        return example
    return "".join(text for key, text in FRAME.items() if key not in keys) + example


@cache
def the_venue() -> Venue:
    return load_settings(ROOT / "config.toml", {}).venue


def sends(scenario: Scenario) -> list[Send]:
    steps = [step.verb for step in scenario.steps.values() if isinstance(step.verb, Send)]
    return [*steps, *(each.if_not_allowed for each in steps if isinstance(each.if_not_allowed, Send))]


@pytest.mark.parametrize("example", examples())
def test_an_example_passes_the_check(example: str) -> None:
    venue = the_venue()
    text = as_file(example)
    file = f"scenarios/{re.search(r'^scenario: (.+)$', text, re.MULTILINE)[1]}.yaml"  # type: ignore[index]
    parsed = parse_scenario(text, file, venue)
    assert parsed.scenario is not None, parsed.diagnostics
    mails = {
        f"{each.template}.html": PROMOTION if each.nature in PROMOTING else NEUTRAL
        for each in sends(parsed.scenario)
    }
    names = [name.removesuffix(".html") for name in mails]
    shelf = stock(names, mails, venue, wordings(venue.entity.languages))
    checked = check_all({file: text}, shelf, venue)
    assert [fault for fault in checked.diagnostics if fault.severity is Severity.ERROR] == []


def test_every_key_has_its_heading() -> None:
    headings = re.findall(r"^#+ .*$", PAGE, re.MULTILINE)
    named = {key for heading in headings for key in re.findall(r"`([\w.]+)`", heading)}
    keys = {*SCENARIO.keys, *MODIFIERS, *(key for table in VERBS.values() for key in table.keys)}
    within = {"at_most", "otherwise"}  # told with their verbs
    assert keys - named - within == set()
    assert [key for key in within if f"`{key}`" not in PAGE] == []
    assert {f"enter.{key}" for key in ENTER.keys} - named == {"enter.existing"}
    assert "`existing`" in PAGE


def test_every_nature_is_told() -> None:
    assert [nature for nature in NATURES if f"| `{nature}` |" not in PAGE] == []
