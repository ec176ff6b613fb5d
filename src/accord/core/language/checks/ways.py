"""The ways through a file: every step exists, is reached, and leads forward; nothing falls into a way of a choice."""

from __future__ import annotations

from collections.abc import Iterator

from accord.core.expressions.parse import nearest
from accord.core.language.checks.checked import Checked, error
from accord.core.language.flow import falls_into, positions, targets, unreached, ways_on
from accord.core.model.consent import Nature
from accord.core.model.place import Diagnostic
from accord.core.model.scenario import END, Scenario, Send


def ways_lead_on(checked: Checked) -> Iterator[Diagnostic]:
    """What names a step names one, further down; nothing is left over, and nothing falls into an arm."""
    scenario = checked.scenario
    written = checked.draft.step_names
    here = {name: number for number, name in enumerate(written)}
    lost = False
    for step in scenario.steps.values():
        for target in targets(step):
            place = checked.key_at if target.is_key else checked.at
            at = place("steps", step.name, *target.path)
            if target.name != END and target.name not in here:
                lost = True
                message = f"«{step.name}» goes to «{target.name}», which is no step."
                yield error(at, "unknown-step", message, nearest(target.name, [*written, END]))
            elif target.name != END and here[target.name] <= here[step.name]:
                message = f"«{step.name}» goes back to «{target.name}»: steps only lead forward."
                yield error(at, "goes-back", message)
    if lost or not checked.draft.steps_read:
        return
    for name in falls_into(scenario):
        message = f"«{name}» falls into the next step, which is one way of a choice: say where it goes on with «then:»."
        yield error(scenario.steps[name].span, "falls-into-arm", message)
    for name in unreached(scenario):
        yield error(scenario.steps[name].span, "unreachable", f"Nothing leads to the step «{name}».")


def reviews_are_asked_twice_at_most(checked: Checked) -> Iterator[Diagnostic]:
    """A request and one reminder on any way through the file (R-32)."""
    asked = _reviews_before(checked.scenario)
    for step in checked.scenario.steps.values():
        verb = step.verb
        if isinstance(verb, Send) and verb.nature is Nature.REVIEW_REQUEST and asked[step.name] >= 2:
            message = f"«{step.name}» is a second reminder of a review request; one is the most."
            yield error(checked.at("steps", step.name, "nature"), "review-repeated", message)


def _reviews_before(scenario: Scenario) -> dict[str, int]:
    """How many review requests may have gone out on the way to each step, at most."""
    order = positions(scenario)
    most = dict.fromkeys(order, 0)
    for step in scenario.steps.values():
        asks = isinstance(step.verb, Send) and step.verb.nature is Nature.REVIEW_REQUEST
        for target in ways_on(scenario, step):
            if order.get(target, -1) > order[step.name]:
                most[target] = max(most[target], most[step.name] + asks)
    return most
