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


def targets(step: Step) -> tuple[str, ...]:
    """The steps that a step names."""
    named = (step.then,) if step.then is not None else ()
    return (*arms_of(step), *named)


def ways_on(scenario: Scenario, step: Step) -> tuple[str, ...]:
    """Every step that can follow, END included; skipped steps go on as done ones do."""
    arms = arms_of(step)
    return arms or (scenario.after(step.name),)


def goes_back(scenario: Scenario, step: Step) -> Iterator[str]:
    """The targets that stand at the step itself or before it."""
    order = list(scenario.steps)
    here = order.index(step.name)
    for target in targets(step):
        if target in order and order.index(target) <= here:
            yield target


def unreached(scenario: Scenario) -> list[str]:
    """Steps that no way from the first one leads to."""
    seen: set[str] = set()
    ahead = [scenario.first]
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
        if step.then is None and not arms_of(step) and following in arms and (name, following) not in joins:
            yield name
