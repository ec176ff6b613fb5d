"""What starts what: scenarios that people enter again and again, and the events and attributes that wake them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from accord.core.language.checks.parts import conjuncts, parts_of
from accord.core.model.expression import Comparator, Compare, Constant, Name
from accord.core.model.scenario import Call, Emit, OnEvent, OnSegment, Scenario, Send, Set, Step

# What the engine journals of its own accord for each run, and for each mail.
OF_RUNS = ("scenario.entered", "scenario.left", "scenario.finished")
OF_MAILS = ("mail.queued", "mail.held", "mail.refused", "mail.sent", "mail.delivered")


class Circuit:
    """What starts what, over all files: scenarios that people enter again and again, by what wakes them."""

    def __init__(self, everyone: Sequence[Scenario]) -> None:
        self.named: Mapping[str, Scenario] = {each.name: each for each in everyone}
        self.woken: dict[str, list[Scenario]] = {}
        for each in everyone:
            for waker in () if enters_once(each) else _wakers(each):
                self.woken.setdefault(waker, []).append(each)

    def by_run(self, scenario: Scenario) -> list[str]:
        """The scenarios that each run of one starts, whatever its steps do."""
        return self._started(OF_RUNS, scenario, None)

    def by_step(self, scenario: Scenario, step: Step) -> list[str]:
        """The scenarios that a step starts: by the events that doing it journals, or by what it writes."""
        match step.verb:
            case Emit(event):
                return self._started((event,), scenario, step)
            case Send() | Call():
                return self._started(OF_MAILS, scenario, step)
            case Set(assignments):
                return self._started([f"contact.{name}" for name, _ in assignments], scenario, step)
        return []

    def closure(self, start: str) -> set[str]:
        """The scenarios that one sets off, itself and on and on."""
        seen: set[str] = set()
        ahead = [start]
        while ahead:
            scenario = self.named.get(ahead.pop())
            if scenario is None or scenario.name in seen:
                continue
            seen.add(scenario.name)
            ahead += self.by_run(scenario)
            for step in scenario.steps.values():
                ahead += self.by_step(scenario, step)
        return seen

    def _started(self, wakers: Sequence[str], source: Scenario, step: Step | None) -> list[str]:
        woken = (each for waker in wakers for each in self.woken.get(waker, ()))
        return [each.name for each in woken if _may_come_from(each, source, step)]


def enters_once(scenario: Scenario) -> bool:
    """Whether one enters once and never again: then no circle can turn."""
    again = scenario.entry.again
    return not again.each and again.after is None and scenario.entry.per is None


def _wakers(scenario: Scenario) -> set[str]:
    """What people enter by: events, or the attributes that a segment reads."""
    match scenario.entry.trigger:
        case OnEvent(events):
            return set(events)
        case OnSegment(segment, _):
            return {name.path for name in parts_of(segment.tree, Name) if name.path.startswith("contact.")}
    return set()


def _may_come_from(entered: Scenario, source: Scenario, step: Step | None) -> bool:
    """Whether an entry's `if` lets the events of a scenario and step in, as far as it names them."""
    if entered.entry.condition is None or not isinstance(entered.entry.trigger, OnEvent):
        return True
    told = {"event.scenario": source.name, "event.step": step.name if step is not None else None}
    for part in conjuncts(entered.entry.condition.tree):
        match part:
            case Compare(Name(path), Comparator.EQ, Constant(value)) if told.get(path) not in (None, value):
                return False
            case Compare(Name(path), Comparator.NE, Constant(value)) if told.get(path) == value:
                return False
    return True
