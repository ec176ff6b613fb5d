"""The base that pages are measured on is written past the engine: it must know every column that must be filled."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

from accord.shell.store.tables import metadata

BASE = Path(__file__).parents[3] / "benchmarks" / "console_base.py"


def test_the_base_of_the_benchmark_fills_every_column_that_must_be() -> None:
    statements = runpy.run_path(str(BASE))["STATEMENTS"]
    for statement in statements:
        [(name, listed)] = re.findall(r'INSERT INTO "?(\w+)"? \(([^)]+)\)', statement)
        table = metadata.tables[name]
        needed = {column.name for column in table.columns if not column.nullable and not column.primary_key}
        assert needed <= {column.strip() for column in listed.split(",")}, name
