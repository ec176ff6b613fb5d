"""The ways through a file: every step exists, is reached, and leads forward; nothing falls into a way of a choice."""

from __future__ import annotations

from collections.abc import Iterator

from accord.core.expressions.parse import nearest
from accord.core.language.checks.checked import Checked, error
from accord.core.language.flow import falls_into, positions, unreached, ways_on
from accord.core.language.parse import written_steps
from accord.core.language.source import ListNode, MapNode, ScalarNode
from accord.core.model.consent import Nature
from accord.core.model.place import Diagnostic
from accord.core.model.scenario import END, Scenario, Send


def ways_lead_on(checked: Checked) -> Iterator[Diagnostic]:
    """What names a step names one, further down; nothing is left over, and nothing falls into an arm."""
    scenario = checked.scenario
    written = checked.draft.step_names
    here = {name: number for number, name in enumerate(written)}
    lost = False
    for name, target in _named(checked.draft.root):
        if target.text == END or here.get(target.text, -1) > here[name]:
            continue
        lost = True
        if target.text not in here:
            message = f"«{name}» goes to «{target.text}», which is no step."
            yield error(target.span, "unknown-step", message, nearest(target.text, [*written, END]))
        else:
            message = f"«{name}» goes back to «{target.text}»: steps only lead forward."
            yield error(target.span, "goes-back", message)
    if lost or not checked.draft.steps_read:
        return
    for name in falls_into(scenario):
        message = f"«{name}» falls into the next step, which is one way of a choice: say where it goes on with «then:»."
        yield error(scenario.steps[name].span, "falls-into-arm", message)
    for name in unreached(scenario):
        yield error(scenario.steps[name].span, "unreachable", f"Nothing leads to the step «{name}».")


def _named(root: MapNode) -> Iterator[tuple[str, ScalarNode]]:
    """Each step with a step that it names, as written: so that a fault elsewhere in it hides none of them."""
    for name, step in written_steps(root):
        ways = step.get("branch")
        listed = ways.items if isinstance(ways, ListNode) else ()
        blocks = [step, *(way for way in listed if isinstance(way, MapNode))]
        for block in blocks:
            for key in ("then", "otherwise"):
                target = block.get(key)
                if isinstance(target, ScalarNode) and target.value is not None:
                    yield name, target
        shares = step.get("split")
        for target, _ in shares.entries if isinstance(shares, MapNode) else ():
            yield name, target


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
