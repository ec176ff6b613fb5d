"""What every verb is asked with, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from accord.core.model.content import Catalogue
from accord.core.model.decision import Effect, Situation
from accord.core.model.enrolment import Enrolment
from accord.core.model.scenario import Scenario, Step, Verb


@dataclass(frozen=True, slots=True)
class Asked:
    """One step of one run, at one instant."""

    step: Step
    scenario: Scenario
    run: Enrolment
    situation: Situation
    catalogue: Catalogue
    now: datetime

    @property
    def next_step(self) -> str:
        """Where the run goes on unless the verb says otherwise."""
        return self.scenario.after(self.step.name)


@dataclass(frozen=True, slots=True)
class Done:
    """What a verb did, and where the run goes on; `then` is None where the effects say it (a hold, an end)."""

    effects: tuple[Effect, ...] = ()
    then: str | None = None


class Performer(Protocol):
    """A verb's own function."""

    def __call__(self, verb: Verb, asked: Asked, /) -> Done: ...
