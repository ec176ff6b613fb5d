"""What scenarios measure themselves by, in `stats`: the goal against the holdout, and the subjects that were tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accord.core.model.scenario import Scenario, Send
from accord.core.model.time import later
from accord.core.model.trial import Tried
from accord.core.model.venue import Venue
from accord.shell.engine.journeys.goals import Effect, effect
from accord.shell.engine.ports.measuring import Reached
from accord.shell.engine.ports.store import Unit


@dataclass(frozen=True, slots=True)
class Measures:
    """The goal's and the subjects' figures of one scenario; nothing where it has neither."""

    effect: Effect | None = None
    subjects: Mapping[str, Mapping[str, Tried]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The same as `--json` tells it."""
        found: dict[str, Any] = {}
        if self.effect is not None:
            found["goal"] = _goal(self.effect)
        if self.subjects:
            found["subjects"] = {step: _subjects(its) for step, its in self.subjects.items()}
        return found

    def told(self) -> Iterator[str]:
        """The same in sentences."""
        if self.effect is not None:
            seen = self.effect
            yield f"Goal, {seen.cue}: {_said(seen.took_part)} of those who took part"
            if seen.held_out is not None:
                yield f"  held out: {_said(seen.held_out)}; {seen.verdict}"
        for step, subjects in self.subjects.items():
            said = [f"{name} {each.clicked} of {each.delivered}" for name, each in sorted(subjects.items())]
            yield f"Subjects of {step}, clicked of delivered: {', '.join(said)}"


def measure(unit: Unit, scenario: Scenario, since: datetime, venue: Venue, *, now: datetime) -> Measures:
    """Read them, of those who entered and what was sent since an instant."""
    found = None
    if scenario.goal is not None:
        mature = later(now, -scenario.goal.within, venue.entity.clock)
        found = effect(scenario, *unit.measuring.goals(scenario.name, since, mature))
    tried = unit.measuring.tried(scenario.name, since) if _has_subjects(scenario) else {}
    return Measures(found, tried)


def _has_subjects(scenario: Scenario) -> bool:
    return any(isinstance(step.verb, Send) and step.verb.subjects for step in scenario.steps.values())


def _goal(seen: Effect) -> dict[str, Any]:
    return {
        "when": seen.goal.cue.when,
        "within": str(seen.goal.within),
        "took_part": _rate(seen.took_part),
        "held_out": _rate(seen.held_out) if seen.held_out is not None else None,
        "difference": seen.apart,
    }


def _rate(reached: Reached) -> dict[str, Any]:
    return {
        "entered": reached.entered,
        "reached": reached.reached,
        "rate": reached.rate,
        "not_over": reached.open,
        "reached_already": reached.early,
    }


def _subjects(tried: Mapping[str, Tried]) -> dict[str, Any]:
    return {
        name: {"delivered": each.delivered, "clicked": each.clicked} for name, each in sorted(tried.items())
    }


def _said(reached: Reached) -> str:
    share = f" ({reached.rate:.1%})" if reached.rate is not None else ""
    running = f", {reached.open} not over yet" if reached.open else ""
    return f"{reached.reached} of {reached.entered}{share}{running}"
