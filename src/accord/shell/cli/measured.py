"""What scenarios measure themselves by, in `stats`: the goal against the holdout, and the subjects that were tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from accord.core.model.scenario import Goal, Scenario, Send
from accord.core.model.time import later
from accord.core.model.trial import Tried
from accord.core.model.venue import Venue
from accord.core.statistics import ENOUGH_TO_COMPARE, difference
from accord.shell.engine.ports.measuring import Reached
from accord.shell.engine.ports.store import Unit


def measure(
    unit: Unit, scenario: Scenario, since: datetime, venue: Venue, *, now: datetime
) -> dict[str, Any]:
    """The goal's and the subjects' figures of one scenario; nothing where it has neither."""
    found: dict[str, Any] = {}
    if scenario.goal is not None:
        found["goal"] = _goal(unit, scenario, scenario.goal, since, venue, now)
    tried = unit.measuring.tried(scenario.name, since) if _has_subjects(scenario) else {}
    if tried:
        found["subjects"] = {step: _subjects(its) for step, its in tried.items()}
    return found


def _has_subjects(scenario: Scenario) -> bool:
    return any(isinstance(step.verb, Send) and step.verb.subjects for step in scenario.steps.values())


def _goal(
    unit: Unit, scenario: Scenario, goal: Goal, since: datetime, venue: Venue, now: datetime
) -> dict[str, Any]:
    mature = later(now, -goal.within, venue.entity.clock)
    took_part, held_out = unit.measuring.goals(scenario.name, since, mature)
    apart = difference(took_part.reached, took_part.entered, held_out.reached, held_out.entered)
    return {
        "when": goal.cue.when,
        "within": str(goal.within),
        "took_part": _rate(took_part),
        "held_out": _rate(held_out) if scenario.holdout or held_out != Reached() else None,
        "difference": apart,
    }


def _rate(reached: Reached) -> dict[str, Any]:
    rate = reached.reached / reached.entered if reached.entered else None
    return {
        "entered": reached.entered,
        "reached": reached.reached,
        "rate": rate,
        "not_over": reached.open,
        "reached_already": reached.early,
    }


def _subjects(tried: Mapping[str, Tried]) -> dict[str, Any]:
    return {
        name: {"delivered": each.delivered, "clicked": each.clicked} for name, each in sorted(tried.items())
    }


def told(scenario: Mapping[str, Any]) -> Iterator[str]:
    """The same in sentences."""
    goal = scenario.get("goal")
    if goal is not None:
        cue = " or ".join(goal["when"]) or "its condition"
        yield f"Goal, {cue} within {goal['within']}: {_said(goal['took_part'])} of those who took part"
        if goal["held_out"] is not None:
            yield f"  held out: {_said(goal['held_out'])}; {_apart(goal)}"
    for step, subjects in scenario.get("subjects", {}).items():
        said = [f"{name} {each['clicked']} of {each['delivered']}" for name, each in subjects.items()]
        yield f"Subjects of {step}, clicked of delivered: {', '.join(said)}"


def _said(rate: Mapping[str, Any]) -> str:
    share = f" ({rate['rate']:.1%})" if rate["rate"] is not None else ""
    running = f", {rate['not_over']} not over yet" if rate["not_over"] else ""
    return f"{rate['reached']} of {rate['entered']}{share}{running}"


def _apart(goal: Mapping[str, Any]) -> str:
    if goal["difference"] is None:
        return f"not enough data: each side needs {ENOUGH_TO_COMPARE} people whose time is over"
    low, high = goal["difference"]
    interval = f"{100 * low:+.1f} to {100 * high:+.1f} points (95 %)"
    if low <= 0 <= high:
        return f"{interval}: not enough data to tell a difference"
    return f"{interval}: {'more' if low > 0 else 'fewer'} reach it with the scenario"
