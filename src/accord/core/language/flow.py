"""The ways through a scenario: where each step can lead, what nothing reaches, what falls into an arm."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from accord.core.model.scenario import END, Branch, Scenario, Split, Step, WaitUntil


def arms_of(step: Step) -> tuple[str, ...]:
    """The steps that a choice leads to; none for a verb that does not choose."""
    match step.verb:
        case WaitUntil(_, _, then, otherwise):
            return (then, otherwise)
        case Branch(arms, otherwise):
            return (*(arm.then for arm in arms), otherwise)
        case Split(shares):
            return tuple(name for name, _ in shares)
    return ()


def ways_on(scenario: Scenario, step: Step) -> tuple[str, ...]:
    """Every step that can follow, END included.

    Skipped steps go on as done ones do; a choice that is skipped goes on as if it chose nothing.
    """
    arms = arms_of(step)
    if not arms:
        return (scenario.after(step.name),)
    return (*arms, scenario.after(step.name)) if _passes_by(step) else arms


def _passes_by(step: Step) -> bool:
    """Whether a choice may be skipped; a wait that is goes on with its `otherwise`."""
    skipped = step.condition is not None or step.date is not None
    return skipped and isinstance(step.verb, Branch | Split)


def positions(scenario: Scenario) -> dict[str, int]:
    """Each step's number in the file."""
    return {name: number for number, name in enumerate(scenario.steps)}


def unreached(scenario: Scenario) -> list[str]:
    """Steps that no way from the first one leads to."""
    seen: set[str] = set()
    ahead = [scenario.first] if scenario.steps else []
    while ahead:
        name = ahead.pop()
        if name in seen or name == END or name not in scenario.steps:
            continue
        seen.add(name)
        ahead += ways_on(scenario, scenario.steps[name])
    return [name for name in scenario.steps if name not in seen]


def falls_into(scenario: Scenario) -> Iterator[str]:
    """Steps that go on, without saying so, into a step that is one way of an earlier choice.

    A reminder may join what it reminds of: the `otherwise` of a wait that goes on into its `then`.
    """
    arms = {arm for step in scenario.steps.values() for arm in arms_of(step)}
    joins = {
        (step.verb.otherwise, step.verb.then)
        for step in scenario.steps.values()
        if isinstance(step.verb, WaitUntil)
    }
    for name, following in pairwise(scenario.steps):
        step = scenario.steps[name]
        goes_on = step.then is None and (not arms_of(step) or _passes_by(step))
        if goes_on and following in arms and (name, following) not in joins:
            yield name
