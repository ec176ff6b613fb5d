"""Circles: what a file writes down must not, by whatever way, start the same file again and again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from accord.core.language.checks.checked import Checked, error
from accord.core.language.checks.questions import parts_of
from accord.core.language.checks.reach import conjuncts
from accord.core.model.expression import Comparator, Compare, Constant, Expression, Name
from accord.core.model.place import Diagnostic
from accord.core.model.scenario import Call, Emit, OnEvent, OnSegment, Scenario, Send, Set, Step

# What the engine journals of its own accord for each run, and for each mail.
OF_RUNS = ("scenario.entered", "scenario.left", "scenario.finished")
OF_MAILS = ("mail.queued", "mail.held", "mail.refused", "mail.sent", "mail.delivered")


def nothing_circles(checked: Checked) -> Iterator[Diagnostic]:
    """An event emitted here that leads back here, or an attribute set here that a segment waits for."""
    everyone = {draft.scenario.name: draft.scenario for draft in checked.others}
    own = checked.scenario
    again = [each for each in everyone.values() if not _once(each)]
    if own not in again:
        return
    begun = _started(OF_RUNS, own, None, again)
    steps = [
        (step, _started(_events(step), own, step, again) + _set_off(step, again))
        for step in own.steps.values()
    ]
    for name in begun:
        if own.name in _closure(name, everyone, again):
            message = f"Each run of this file starts «{name}», which leads back to it: a circle without end."
            yield error(checked.at("enter", "when"), "circle", message)
    for step, started in steps:
        for name in started:
            if own.name in _closure(name, everyone, again):
                message = (
                    f"«{step.name}» starts «{name}», which leads back to this file: a circle without end."
                )
                yield error(step.span, "circle", message)


def _closure(start: str, everyone: Mapping[str, Scenario], again: Sequence[Scenario]) -> set[str]:
    """The scenarios that one sets off, itself and on and on."""
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if name in seen or name not in everyone:
            continue
        seen.add(name)
        scenario = everyone[name]
        ahead += _started(OF_RUNS, scenario, None, again)
        for step in scenario.steps.values():
            ahead += _started(_events(step), scenario, step, again) + _set_off(step, again)
    return seen


def _events(step: Step) -> tuple[str, ...]:
    """The events that doing a step journals."""
    if isinstance(step.verb, Emit):
        return (step.verb.event,)
    return OF_MAILS if isinstance(step.verb, Send | Call) else ()


def _started(
    events: Sequence[str], source: Scenario, step: Step | None, again: Sequence[Scenario]
) -> list[str]:
    """The scenarios that people enter, again and again, by events that one journals."""
    return [
        each.name
        for each in again
        if isinstance(each.entry.trigger, OnEvent)
        and set(events) & set(each.entry.trigger.events)
        and _may_come_from(each, source, step)
    ]


def _may_come_from(entered: Scenario, source: Scenario, step: Step | None) -> bool:
    """Whether an entry's `if` lets the events of a scenario and step in, as far as it names them."""
    told = {"event.scenario": source.name, "event.step": step.name if step is not None else None}
    if entered.entry.condition is None:
        return True
    for part in conjuncts(entered.entry.condition.tree):
        match part:
            case Compare(Name(path), Comparator.EQ, Constant(value)) if told.get(path) not in (None, value):
                return False
            case Compare(Name(path), Comparator.NE, Constant(value)) if told.get(path) == value:
                return False
    return True


def _set_off(step: Step, again: Sequence[Scenario]) -> list[str]:
    """The scenarios whose segment waits for an attribute that a step writes."""
    if not isinstance(step.verb, Set):
        return []
    written = {f"contact.{name}" for name, _ in step.verb.assignments}
    return [
        each.name
        for each in again
        if isinstance(each.entry.trigger, OnSegment) and written & _names(each.entry.trigger.segment)
    ]


def _names(expression: Expression) -> set[str]:
    """The dotted names that an expression reads."""
    return {name.path for name in parts_of(expression.tree, Name)}


def _once(scenario: Scenario) -> bool:
    """Whether one enters once and never again: then no circle can turn."""
    again = scenario.entry.again
    return not again.each and again.after is None and scenario.entry.per is None
