"""The committed benchmark finds the rule's own figures again, within their error."""

from __future__ import annotations

import runpy
from pathlib import Path

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "throttle.py"


def test_the_experiments_come_out_as_they_did(capsys) -> None:
    assert runpy.run_path(str(BENCHMARK))["main"](["--runs", "20"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum("±" in line for line in lines) == 35
    assert [line for line in lines if "DIFFERS" in line] == []
