"""Two versions of a scenario side by side: what has changed, and who could move from one to the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from accord.core.model.expression import Expression
from accord.core.model.place import Span
from accord.core.model.scenario import Scenario, Step


class Change(StrEnum):
    """What has become of a step. A step that was renamed is one that is gone and one that is new."""

    SAME = "same"
    NEW = "new"
    CHANGED = "changed"
    MOVED = "moved"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class StepChange:
    """One step: `what` names the keys that say something else, and «place» where its order has changed."""

    step: str
    change: Change
    what: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """All that differs between two versions.

    `head`: keys above the steps. `alike`: pairs (gone, new) that say the same under two names: perhaps they
    were renamed, which cannot be known.
    """

    head: tuple[str, ...]
    steps: tuple[StepChange, ...]
    alike: tuple[tuple[str, str], ...]

    @property
    def anything(self) -> bool:
        """Whether there is any difference."""
        return bool(self.head) or any(each.change is not Change.SAME for each in self.steps)


class Obstacle(StrEnum):
    """Why a run can't go on by another version from where it stands."""

    GONE = "the step is gone"
    ANOTHER = "the step does something else now"
    UNREADABLE = "their version can't be read any more"


def compare(old: Scenario, new: Scenario) -> Changes:
    """What `new` says otherwise than `old`: steps in the order of `new`, those that are gone at the end."""
    moved = _moved(list(old.steps), list(new.steps))
    steps = [_step_change(name, old, new, moved=name in moved) for name in new.steps]
    gone = [name for name in old.steps if name not in new.steps]
    alike = [
        (was, is_now)
        for was in gone
        for is_now in new.steps
        if is_now not in old.steps and not _differing(old.steps[was], new.steps[is_now], but=("name",))
    ]
    head = tuple(
        name for name in _differing(old, new, but=("name", "steps", "digest", "source")) if name != "span"
    )
    return Changes(
        tuple("enter" if name == "entry" else name for name in head),
        (*steps, *(StepChange(name, Change.GONE) for name in gone)),
        tuple(alike),
    )


def obstacle(step: str, old: Scenario, new: Scenario) -> Obstacle | None:
    """Why a run that stands at `step` can't go on by `new`; None where it can."""
    if step not in new.steps:
        return Obstacle.GONE
    same_verb = type(old.steps[step].verb) is type(new.steps[step].verb)
    return None if same_verb else Obstacle.ANOTHER


def same_timing(step: str, old: Scenario, new: Scenario) -> bool:
    """Whether both versions plan the step for the same instant."""
    was, is_now = old.steps[step], new.steps[step]
    timing = ("after", "date", "at")
    return not set(_differing(was, is_now)).intersection(timing) and old.hours == new.hours


def _step_change(name: str, old: Scenario, new: Scenario, *, moved: bool) -> StepChange:
    if name not in old.steps:
        return StepChange(name, Change.NEW)
    what = tuple(_keys(old.steps[name], new.steps[name]))
    place = ("place",) if moved else ()
    if what:
        return StepChange(name, Change.CHANGED, (*what, *place))
    return StepChange(name, Change.MOVED if moved else Change.SAME, place)


def _keys(was: Step, is_now: Step) -> list[str]:
    """The keys of a step that say something else, as authors call them."""
    differing = _differing(was, is_now)
    words = {"condition": "if"}
    keys = [words.get(name, name) for name in differing if name != "verb"]
    if "verb" in differing:
        same_verb = type(was.verb) is type(is_now.verb)
        keys += _differing(was.verb, is_now.verb) if same_verb else ["verb"]
    return list(dict.fromkeys(keys))


def _moved(old: list[str], new: list[str]) -> frozenset[str]:
    """Steps of both whose order among those of both has changed: as few as explain it."""
    before, after = [name for name in old if name in new], [name for name in new if name in old]
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    kept = {name for block in blocks for name in before[block.a : block.a + block.size]}
    return frozenset(after) - kept


def _differing(one: Any, other: Any, but: tuple[str, ...] = ()) -> list[str]:
    """Names of fields that say something else; where a thing stands in its file says nothing."""
    return [
        each.name
        for each in fields(one)
        if each.name not in but and _said(getattr(one, each.name)) != _said(getattr(other, each.name))
    ]


def _said(value: Any) -> Any:
    """A value without the places of its parts."""
    if isinstance(value, Span):
        return None
    if isinstance(value, Expression):
        return value.source
    if is_dataclass(value) and not isinstance(value, type):
        return type(value), tuple(_said(getattr(value, each.name)) for each in fields(value))
    if isinstance(value, Mapping):
        return tuple((key, _said(its)) for key, its in value.items())
    if isinstance(value, tuple):
        return tuple(_said(each) for each in value)
    return value
