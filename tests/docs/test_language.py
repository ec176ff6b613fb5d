"""The language reference: every example passes the real check, and every key of the language has its place."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from textwrap import indent
from typing import Any, get_args

import pytest

from accord.core.language.tables import ENTER, MODIFIERS, NATURES, SCENARIO, VERBS
from accord.core.model.scenario import Verb
from accord.core.steps import STEP_KINDS

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
MAIL = "---\nsubject: Un message\n---\n<p>Bonjour.</p>\n"
SCENARIO_COMMAND = Path(sys.executable).parent / "scenario"


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


@pytest.fixture(scope="module")
def diagnostics(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What `scenario check` says of a venue that has every example, each in a file of its own."""
    venue = tmp_path_factory.mktemp("language") / "venue"
    subprocess.run([SCENARIO_COMMAND, "init", venue], check=True, capture_output=True)
    with (venue / "config.toml").open("a", encoding="utf-8") as config:
        config.write('\n[webhooks.atelier]\nurl = "https://atelier.example.org/told"\n')
    for number, parameter in enumerate(examples()):
        text = re.sub(
            r"^scenario: .+$", f"scenario: exemple-{number}", as_file(parameter.values[0]), flags=re.MULTILINE
        )
        (venue / "scenarios" / f"exemple-{number}.yaml").write_text(text, encoding="utf-8")
        for template in re.findall(r"\bsend: ([\w/-]+)", text):
            mail = venue / "templates" / f"{template}.html"
            if not list(mail.parent.glob(f"{mail.stem}.*")):
                mail.parent.mkdir(exist_ok=True)
                mail.write_text(MAIL, encoding="utf-8")
    done = subprocess.run(
        [SCENARIO_COMMAND, "--config", venue / "config.toml", "check", "--json"],
        check=False,
        capture_output=True,
        text=True,
    )
    return list(json.loads(done.stdout)["diagnostics"])


@pytest.mark.parametrize("number", [pytest.param(n, id=each.id) for n, each in enumerate(examples())])
def test_an_example_passes_the_check(number: int, diagnostics: list[dict[str, Any]]) -> None:
    file = f"scenarios/exemple-{number}.yaml"
    assert [each for each in diagnostics if each["file"] == file and each["severity"] == "error"] == []


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


def test_every_verb_is_carried_out_and_none_is_said_not_to_be() -> None:
    assert set(STEP_KINDS) == set(get_args(Verb))
    assert "not carry it out" not in PAGE
