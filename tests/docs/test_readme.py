"""The demo's output in the README is too long to print anew each time; what it tells must agree with itself and with the venue."""

from __future__ import annotations

import re
from pathlib import Path

from accord.core.consent.reasons import REASONS
from accord.core.language.tables import NATURES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def the_demo() -> str:
    found = re.search(r"^\$ make demo\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def rows(table: str) -> list[list[str]]:
    """The rows below a table's rule; columns stand two blanks or more apart."""
    lines = table.splitlines()
    rule = next(number for number, line in enumerate(lines) if line.startswith("──"))
    return [re.split(r" {2,}", line.strip()) for line in lines[rule + 1 :] if line.strip()]


def test_what_was_sent_adds_up_to_the_mailbox_and_the_ledger() -> None:
    sent, _, rest = the_demo().partition("Held, refused and left")
    told = re.search(r"^(\d+) mails in .*\{'accepted': (\d+)\}", rest, re.MULTILINE)
    assert told is not None
    assert sum(int(row[-1]) for row in rows(sent)) == int(told[1]) == int(told[2])


def test_what_was_sent_is_what_the_venue_has() -> None:
    for scenario, template, nature, _, reason, rule, _ in rows(the_demo().partition("Held, refused")[0]):
        assert (ROOT / "scenarios" / f"{scenario}.yaml").is_file()
        assert list((ROOT / "templates").glob(f"{template}.*"))
        assert nature in NATURES
        assert reason in REASONS
        assert re.fullmatch(r"R-\d\d", rule)


def test_there_is_a_place_for_the_figures() -> None:
    assert README.count("<!-- bench: begin -->") == README.count("<!-- bench: end -->") == 1
    assert README.index("<!-- bench: begin -->") < README.index("<!-- bench: end -->")
