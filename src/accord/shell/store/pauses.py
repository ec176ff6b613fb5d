"""What stands still: the one condition that every claim of runs and mails leaves out."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import ColumnElement, Table, select

from accord.shell.store import tables

PAUSE = cast("Table", tables.PauseRow.__table__)  # type: ignore[attr-defined]


def stands_still(scenario: Any, run_id: Any) -> ColumnElement[bool]:
    """Its scenario is paused, and the run has not been freed by a resuming that is under way."""
    return select(PAUSE.c.name).where(PAUSE.c.name == scenario, PAUSE.c.freed_to < run_id).exists()
