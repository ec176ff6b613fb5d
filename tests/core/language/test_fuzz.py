"""Whatever is written, the check answers: no traceback, no hang; and what it lets pass can be walked through.

A few seconds in the suite; with ACCORD_SOAK=1 (`make soak`) a hundred and fifty times as many texts: ten minutes on two cores.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from accord.core.expressions.evaluate import holds, value_of
from accord.core.expressions.names import FIXED, Scope
from accord.core.expressions.parse import Want, read_expression
from accord.core.language.parse import parse_scenario
from accord.core.language.report import as_github, as_json, as_text
from accord.core.language.wordings import parse_wording
from accord.core.model.content import Catalogue
from accord.core.model.place import Diagnostic, Severity, Span
from accord.core.model.scenario import Call, Scenario
from accord.core.simulate import Happening, simulate
from accord.shell.engine.catalogue import check_all, stock
from accord.shell.wordings import wordings
from authors.cases import base_library, base_shelf, err_cases, ok_cases, the_venue
from builders import NOW, a_contact, a_situation, acts, an_event, an_order_line
from core.language.mutations import mutated, soup

TIMES = 150 if os.environ.get("ACCORD_SOAK") == "1" else 1
SLOWEST = 5.0  # seconds of this process, for one text

RIGHT = [text for case in ok_cases() for text in case.files.values()]
WRONG = [
    text
    for case in err_cases()
    for file, text in case.files.items()
    if file.startswith("scenarios/") and len(text) < 10_000
]
SCENARIOS = [*RIGHT * (len(WRONG) // len(RIGHT)), *WRONG]
FORMS = [*base_library().forms.values()]
TEMPLATES = [
    text for case in err_cases() for file, text in case.files.items() if file.startswith("templates/")
]
TEMPLATES += base_library().templates.values()


@contextmanager
def in_time(text: str) -> Iterator[None]:
    began = time.process_time()
    yield
    assert time.process_time() - began < SLOWEST, text


def is_told(found: list[Diagnostic], sources: dict[str, str]) -> None:
    """Every fault has a place, a sentence and a code, in each shape."""
    assert as_text(found, sources).count(" [") >= len(found)
    assert len(as_json(found)["diagnostics"]) == len(found)
    assert as_github(found).count("\n") == len(found)
    for each in found:
        assert each.span.line >= 1
        assert each.span.column >= 1
        assert each.message
        assert each.code


@pytest.mark.parametrize("seed", range(4))
def test_whatever_stands_in_a_scenario_file_is_answered(seed: int) -> None:
    dice = random.Random(seed)
    passed = 0
    for _ in range(500 * TIMES):
        text = mutated(dice, SCENARIOS)
        file = f"scenarios/{name_in(text)}.yaml"
        with in_time(text):
            checked = check_all({file: text}, base_shelf(), the_venue(), base_library().forms)
            is_told(list(checked.diagnostics), {file: text})
        errors = [each for each in checked.diagnostics if each.severity is Severity.ERROR]
        made = checked.by_name()
        assert bool(made) or bool(errors), text
        for scenario in made.values():
            walk(scenario, text)
            passed += 1
    assert passed > 10


def name_in(text: str) -> str:
    line = next((line for line in text.split("\n") if line.startswith("scenario:")), "scenario: x")
    return line.partition(":")[2].partition("#")[0].strip().replace("/", "-") or "x"


def walk(scenario: Scenario, text: str) -> None:
    """Ten days of somebody's, by a scenario that the check let pass."""
    if any(isinstance(step.verb, Call) for step in scenario.steps.values()):
        return
    venue = the_venue()
    facts = base_shelf().facts
    catalogue = Catalogue(venue, {scenario.name: scenario}, {scenario.digest: scenario}, facts)
    somebody = replace(a_situation(), contact=a_contact(attributes={"city": "Lyon", "member": True}))
    bought = an_event(
        "order.placed", data={"order_id": "O-1", "families": ("theatre",), "amount_cents": 2400}
    )
    script = [
        Happening(NOW, entries=tuple(acts(at=NOW))),
        Happening(NOW + timedelta(hours=1), event=bought, lines=(an_order_line(),)),
    ]
    with in_time(text):
        simulate(somebody, script, catalogue, start=NOW, until=NOW + timedelta(days=10))


@pytest.mark.parametrize("seed", range(2))
def test_whatever_stands_in_a_form_is_answered(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(300 * TIMES):
        text = mutated(dice, FORMS)
        with in_time(text):
            parsed = parse_wording(text, "forms/f.yaml", the_venue())
            is_told(list(parsed.diagnostics), {"forms/f.yaml": text})
        assert (parsed.wording is not None) != any(
            each.severity is Severity.ERROR for each in parsed.diagnostics
        )


@pytest.mark.parametrize("seed", range(2))
def test_whatever_stands_in_a_template_is_answered(seed: int) -> None:
    dice = random.Random(seed)
    venue = the_venue()
    words = wordings(venue.entity.languages)
    scenario = {"scenarios/anniversaire.yaml": RIGHT[0]}
    for _ in range(60 * TIMES):
        text = mutated(dice, TEMPLATES)
        files = {"lettre/magazine.html": text, "partials/p.html": mutated(dice, TEMPLATES)}
        with in_time(text):
            shelf = stock(["lettre/magazine"], files, venue, words)
            checked = check_all(scenario, shelf, venue, base_library().forms)
            is_told(list(checked.diagnostics), {f"templates/{name}": said for name, said in files.items()})


NAMES = (
    *FIXED,
    "contact.city",
    "contact.member",
    "contact.birthday",
    "event.order_id",
    "event.families",
    "it.form",
)
WORDS = (
    *NAMES,
    *(
        'consent("newsletter")',
        'sent("a")',
        'clicked("a")',
        "consent",
        "sent(",
        "(",
        ")",
        "[",
        "]",
        ",",
        "{",
        "}",
    ),
    *(
        "and",
        "or",
        "not",
        "in",
        "not in",
        "is none",
        "is not none",
        "is",
        "==",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "+",
        "-",
    ),
    *(
        "*",
        "/",
        "//",
        "%",
        "**",
        "~",
        "|",
        "if",
        "else",
        "for",
        "true",
        "none",
        "1",
        "-3",
        "2.5",
        "1e400",
        "0b1",
    ),
    *(
        '"Lyon"',
        "'x'",
        '"2026-09-01"',
        '"09-14"',
        '"30 months"',
        '"optin_proven"',
        '"\\u0000"',
        '"\\ud800"',
        '"',
        "'",
    ),
    *(
        "[1, 2]",
        '["a", "b"]',
        "last_action.age",
        "orders.last.age",
        ".",
        "..",
        ":",
        "}}",
        "{{",
        "%}",
        "#",
        "\\",
        "\n",
    ),
)


@pytest.mark.parametrize("seed", range(2))
def test_whatever_stands_in_a_condition_is_answered(seed: int) -> None:
    dice = random.Random(seed)
    venue = the_venue()
    scope = Scope(venue, entering=("order.placed",), arriving=("form.submitted",), steps=frozenset({"a"}))
    read = 0
    for number in range(3000 * TIMES):
        source = soup(dice, WORDS, dice.choice([3, 5, 14]))
        want = Want.CONDITION if number % 2 else Want.VALUE
        with in_time(source):
            found, faults = read_expression(source, Span("f", 1, 1), scope, want)
        assert (found is None) == bool(faults), source
        if found is not None:
            read += 1
            asked = a_situation(entered_by=an_event("order.placed", data={"order_id": "O-1"}))
            with in_time(source):
                if want is Want.CONDITION:
                    assert holds(found, asked, venue, now=NOW) in (True, False)
                value_of(found, asked, venue, now=NOW)
    assert read > 50


def test_pinned_texts_are_read_like_files() -> None:
    """What stands in the database was written by older versions, or by nobody knows whom."""
    dice = random.Random(7)
    for _ in range(200 * TIMES):
        text = mutated(dice, SCENARIOS)
        parsed = parse_scenario(text, "unknown.yaml", the_venue())
        assert (parsed.scenario is not None) != any(
            each.severity is Severity.ERROR for each in parsed.diagnostics
        )
