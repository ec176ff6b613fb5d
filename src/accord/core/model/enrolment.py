"""Enrolment: one contact's way through one scenario, and the table of its states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from accord.core.model.expression import Value


class RunState(StrEnum):
    """Where a run is; `due` has a planned step, `waiting` listens for an event until it is due."""

    DUE = "due"
    WAITING = "waiting"
    FINISHED = "finished"
    LEFT = "left"


RUN_TRANSITIONS: Mapping[RunState, frozenset[RunState]] = {
    RunState.DUE: frozenset(RunState),
    RunState.WAITING: frozenset({RunState.DUE, RunState.WAITING, RunState.FINISHED, RunState.LEFT}),
    RunState.FINISHED: frozenset(),
    RunState.LEFT: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A run. `step` is the one to be done next, at `due_at`; `planned_at` is the instant that lateness
    counts from; `entry_key` is the `per` value, the occurrence, or empty; `event_id` is what it entered by
    and `this` the `per` value that it entered for. Of one person's due runs the highest `priority` goes first.
    `held_out`: it gets nothing, to measure the others against; `goal_at`: when its scenario's goal came.
    """

    id: int
    contact_id: int
    scenario: str
    digest: str
    entry_key: str
    entered_at: datetime
    state: RunState
    step: str
    due_at: datetime
    planned_at: datetime
    decided_at: datetime
    event_id: int | None = None
    this: Value = None
    last_send_at: datetime | None = None
    priority: int = 50
    held_out: bool = False
    goal_at: datetime | None = None

    def at(
        self, step: str, state: RunState, *, due_at: datetime, planned_at: datetime, decided_at: datetime
    ) -> Enrolment:
        """The same run at another step. Field by field: each due step asks for it, and `replace` takes twice as long."""
        return Enrolment(
            self.id,
            self.contact_id,
            self.scenario,
            self.digest,
            self.entry_key,
            self.entered_at,
            state,
            step,
            due_at,
            planned_at,
            decided_at,
            self.event_id,
            self.this,
            self.last_send_at,
            self.priority,
            self.held_out,
            self.goal_at,
        )
