"""What comes back, from all over: each message is what it is, and nobody is suppressed for another's sake."""

from __future__ import annotations

import pytest

from accord.core.model.contact import AddressState
from accord.core.wayback.read import read
from accord.shell.engine.wayback.judged import judged
from core.wayback.corpus import Case, cases
from core.wayback.readers import known_by

CASES = cases()


def test_it_is_a_corpus() -> None:
    assert len(CASES) >= 120
    assert len({case.raw for case in CASES}) == len(CASES) == len({case.name for case in CASES})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_comes_to_what_it_must(case: Case) -> None:
    returned = read(case.raw)
    found = judged(returned, known_by(returned))
    assert (returned.kind.value, found.reason) == (case.kind, case.reason)
    assert (found.address is AddressState.HARD_BOUNCED) == (case.reason == "HARD_BOUNCE")
