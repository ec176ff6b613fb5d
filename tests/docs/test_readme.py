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


# mails, scenario, template, nature, reason and rule, basis
SENT = re.compile(r"^(\d+) +([\w-]+) +([\w/-]+) +(\w+) +(\w+) (R-\d\d) +\w+$", re.MULTILINE)


def test_what_was_sent_adds_up_to_the_mailbox() -> None:
    told = re.search(r"^(\d+) mails are in ", the_demo(), re.MULTILINE)
    assert told is not None
    assert sum(int(row[0]) for row in SENT.findall(the_demo())) == int(told[1])


def test_what_was_sent_is_what_the_venue_has() -> None:
    rows = SENT.findall(the_demo())
    assert len(rows) > 10
    for _, scenario, template, nature, reason, _ in rows:
        assert (ROOT / "scenarios" / f"{scenario}.yaml").is_file()
        assert list((ROOT / "templates").glob(f"{template}.*"))
        assert nature in NATURES
        assert reason in REASONS


def test_there_is_a_place_for_the_figures() -> None:
    assert README.count("<!-- bench: begin -->") == README.count("<!-- bench: end -->") == 1
    assert README.index("<!-- bench: begin -->") < README.index("<!-- bench: end -->")
