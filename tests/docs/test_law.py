"""The pages on the law say what the code does: every row, every reason, every switch, in both languages."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from accord.core.consent.gate import TABLE
from accord.core.consent.restrictions import RESTRICTIONS
from accord.core.model.consent import ConsentStatus, Nature
from accord.core.model.decision import Output
from accord.core.model.venue import Policy

DOCS = Path(__file__).parents[2] / "docs"
FRENCH, ENGLISH = ((DOCS / name).read_text(encoding="utf-8") for name in ("officer.fr.md", "policy.md"))
ANSWERS = {
    "refus": Output.DENY,
    "envoi": Output.ALLOW,
    "envoi sans invitation": Output.ALLOW_WITHOUT_UPSELL,
}


def section(page: str, title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def test_the_french_table_is_the_gate_s_row_for_row() -> None:
    rows = re.findall(
        r"^\| (\d+\w?) \| .+? \| ([\w ]+) \| `(\w+)` \| (R-\d+) \|$",
        section(FRENCH, "La table de décision"),
        re.MULTILINE,
    )
    told = [(number, ANSWERS[answer], reason, rule) for number, answer, reason, rule in rows]
    assert told == [(row.number, row.output, row.reason, row.rule) for row in TABLE]


@pytest.mark.parametrize(("page", "title"), [(FRENCH, "Restrictions"), (ENGLISH, "Restrictions")])
def test_every_restriction_is_told(page: str, title: str) -> None:
    told = {
        reason
        for row in re.findall(r"^\| (.+?) \|", section(page, title), re.MULTILINE)
        for reason in words(row)
    }
    assert told == {each.reason for each in RESTRICTIONS}


@pytest.mark.parametrize(("page", "title"), [(FRENCH, "Les interrupteurs"), (ENGLISH, "Switches")])
def test_every_switch_is_told_with_its_default(page: str, title: str) -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", section(page, title), re.MULTILINE))
    none = {"aucune", "none"}
    real = {each.name: each.default for each in fields(Policy)}
    assert set(told) == set(real)
    for name, said in told.items():
        plain = said.strip('`"')
        shown = "none" if real[name] is None else str(real[name]).lower()
        assert plain == shown or (shown == "none" and plain in none), name


@pytest.mark.parametrize(
    ("page", "title"), [(FRENCH, "Où en est une personne"), (ENGLISH, "Where a person stands")]
)
def test_every_state_is_told(page: str, title: str) -> None:
    told = re.findall(r"^\| `(\w+)` \|", section(page, title), re.MULTILINE)
    assert sorted(told) == sorted(ConsentStatus)


def test_every_nature_is_told() -> None:
    told = re.findall(r"^\| `(\w+)` \|", section(FRENCH, "La nature du message"), re.MULTILINE)
    assert sorted(told) == sorted(Nature)


def words(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)
