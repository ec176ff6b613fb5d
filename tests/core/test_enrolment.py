"""A run that goes to another step is the same run."""

from __future__ import annotations

from dataclasses import fields, replace

from accord.core.model.enrolment import Enrolment, RunState
from builders import NOW


def test_whoever_moves_keeps_everything_else() -> None:
    held = {each.name: f"its {each.name}" for each in fields(Enrolment)}
    run = Enrolment(**held)
    when = {"due_at": NOW, "planned_at": NOW, "decided_at": NOW}
    assert run.at("next", RunState.DUE, **when) == replace(run, step="next", state=RunState.DUE, **when)
