"""From one file's text to a Scenario: everything that can be known of it alone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from accord.core.expressions.names import Scope
from accord.core.language.entering import Way, nothing_known, read_cue, read_entry, read_leave
from accord.core.language.prose import by_language, prose
from accord.core.language.reading import Block, Notes, Stop, attempt
from accord.core.language.scope import Place
from accord.core.language.source import MapNode, ScalarNode, read
from accord.core.language.tables import BASES, GOAL, SCENARIO, SCENARIO_NAME, STEP_NAME, WHY
from accord.core.language.times import hours_of, share_of
from accord.core.language.verbs import read_step
from accord.core.model.consent import SERVICE_PURPOSE
from accord.core.model.place import Diagnostic, Severity, Span
from accord.core.model.scenario import END, Entry, Goal, Hours, OnEvent, Scenario, Step
from accord.core.model.venue import Venue

# A scenario that nobody can take in at a glance is several.
MOST_STEPS = 200

_SCENARIO_NAME = re.compile(SCENARIO_NAME)
_STEP_NAME = re.compile(STEP_NAME)


@dataclass(frozen=True, slots=True)
class Draft:
    """What could be read of a file, for the checks that look further: they tell what they can, whatever else is wrong.

    `root`: the file's own map, for the places of its parts. `entry_read`: how people come in is what the file
    says; else it is nobody. `steps_read`: every step is there.
    """

    scenario: Scenario
    root: MapNode
    entry_read: bool
    steps_read: bool

    @property
    def step_names(self) -> tuple[str, ...]:
        """The names of all steps as written, those among them that could not be read."""
        return step_names(self.root)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file as read: a scenario where nothing is wrong enough, what could be read, and all that was found."""

    scenario: Scenario | None
    diagnostics: tuple[Diagnostic, ...]
    draft: Draft | None = None


def parse_scenario(text: str, file: str, venue: Venue) -> Parsed:
    """Read one scenario file. All faults at once; no scenario where any of them is an error."""
    node, faults = read(text, file)
    notes = Notes(list(faults))
    if not isinstance(node, MapNode):
        if not notes.has_errors:
            message = "A scenario file begins with «scenario: NAME»."
            notes.error(node.span if node is not None else Span(file, 1, 1), "file-empty", message)
        return Parsed(None, tuple(notes.faults))
    draft = _draft(Block(node, "a scenario", Span(file, 1, 1), notes), text, file, venue)
    ordered = tuple(sorted(notes.faults, key=lambda fault: (fault.span, fault.code)))
    sound = not any(fault.severity is Severity.ERROR for fault in ordered)
    return Parsed(draft.scenario if sound else None, ordered, draft)


def _draft(block: Block, text: str, file: str, venue: Venue) -> Draft:
    """Each part on its own, so that a fault in one hides none in the others."""
    block.takes(SCENARIO)
    name = attempt(_name, block, file) or ""
    purpose = attempt(_purpose, block, venue) or ""
    way = attempt(_way, block, venue) or nothing_known(venue)
    names = frozenset(step_names(block.node))
    scope = replace(way.scope, steps=names)
    leave = attempt(read_leave, block, scope) if block.has("leave") else ()
    steps = attempt(_steps, block, Place(scope, purpose)) or {}
    why = attempt(_why, block, purpose, venue) or {}
    hours = attempt(_hours, block)
    goal = attempt(_goal, block, scope) if block.has("goal") else None
    priority = attempt(block.number, "priority", 0, 100, 50)
    holdout = attempt(_holdout, block)
    if purpose == SERVICE_PURPOSE:
        for key in SCENARIO.rules[0].refuses:
            if block.has(key):
                message = f"«{key}:» has no place in a service file."
                block.notes.error(block.key_at(key), "not-in-service", message)
    scenario = Scenario(
        name=name,
        purpose=purpose,
        entry=way.entry if way.entry is not None else Entry(OnEvent(())),
        steps=steps,
        digest=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        source=text,
        why=why,
        leave=leave or (),
        goal=goal,
        hours=hours,
        priority=priority if priority is not None else 50,
        holdout=holdout or 0,
    )
    return Draft(scenario, block.node, way.entry is not None, steps.keys() == names - {END})


def _name(block: Block, file: str) -> str:
    name = block.text("scenario")
    at = block.value_at("scenario")
    if not _SCENARIO_NAME.fullmatch(name):
        message = f"«{name}» can't be a scenario's name: 64 characters at most, no space and no «/»."
        block.notes.stop(at, "scenario-name", message)
    stem = file.rpartition("/")[2].removesuffix(".yaml").removesuffix(".yml")
    if name != stem:
        message = f"«{name}» is in a file called «{stem}»: the two must agree."
        block.notes.error(at, "name-not-file", message)
    return name


def _purpose(block: Block, venue: Venue) -> str:
    purpose = block.text("purpose")
    known = [SERVICE_PURPOSE, *venue.purposes]
    if purpose not in known:
        message = f"There is no purpose «{purpose}» in config.toml."
        block.notes.error(
            block.value_at("purpose"), "unknown-purpose", message, block.notes.nearest(purpose, known)
        )
    return purpose


def _way(block: Block, venue: Venue) -> Way:
    return read_entry(block.map("enter", "«enter:»"), venue)


def step_names(root: MapNode) -> tuple[str, ...]:
    """The names of the steps that a file's map writes, in their order."""
    steps = root.get("steps")
    return tuple(key.text for key, _ in steps.entries) if isinstance(steps, MapNode) else ()


def written_steps(root: MapNode) -> Iterator[tuple[str, MapNode]]:
    """The steps that a file's map writes, as maps, whether or not they can be read."""
    steps = root.get("steps")
    for key, node in steps.entries if isinstance(steps, MapNode) else ():
        if isinstance(node, MapNode):
            yield key.text, node


def _steps(block: Block, place: Place) -> Mapping[str, Step]:
    steps = block.map("steps", "«steps:»")
    if not steps.node.entries:
        block.notes.error(steps.at, "missing-key", "«steps:» needs a step.")
    if len(steps.node.entries) > MOST_STEPS:
        message = f"A scenario has {MOST_STEPS} steps at most; here are {len(steps.node.entries)}."
        block.notes.stop(steps.at, "too-many-steps", message)
    found: dict[str, Step] = {}
    for key, node in steps.node.entries:
        if not _STEP_NAME.fullmatch(key.text) or key.text == END:
            message = f"«{key.text}» can't be a step's name: small letters, digits, - and _, and not «end»."
            block.notes.error(key.span, "step-name", message)
        if not isinstance(node, MapNode):
            message = f"The step «{key.text}» takes keys and values, one a line."
            block.notes.error(key.span, "wrong-value", message)
            continue
        step = read_step(key.text, Block(node, f"the step «{key.text}»", key.span, block.notes), place)
        if step is not None:
            found[key.text] = step
    return found


def _why(block: Block, purpose: str, venue: Venue) -> Mapping[str, Mapping[str, str]]:
    """A text, or a map by basis, each a text or a map by language."""
    node = block.node.get("why")
    if node is None:
        if purpose != SERVICE_PURPOSE and block.lacks("why"):
            message = "a scenario needs «why:»: the reader must be told why they are written to."
            block.notes.error(block.at, "missing-key", message)
        return {}
    if isinstance(node, ScalarNode):
        said = prose(block, node)
        return {basis: {venue.entity.language: said} for basis in BASES}
    why = block.map("why", "«why:»")
    why.takes(WHY)
    if not why.node.entries:
        block.notes.error(why.at, "missing-key", "«why:» needs a text.")
    found = {basis: attempt(by_language, why, basis, venue.entity) for basis in BASES if why.has(basis)}
    return {basis: texts for basis, texts in found.items() if texts is not None}


def _hours(block: Block) -> Hours | None:
    said = block.text_or("hours")
    if said is None:
        return None
    hours = hours_of(said)
    if hours is None:
        block.notes.stop(block.value_at("hours"), "wrong-hours", "Write «mon-fri 09:00-19:00».")
    return hours


def _goal(block: Block, scope: Scope) -> Goal:
    goal = block.map("goal", "«goal:»")
    goal.takes(GOAL)
    within = attempt(goal.duration, "within")
    entries = tuple((key, node) for key, node in goal.node.entries if key.text in ("when", "if"))
    cue = read_cue(MapNode(entries, goal.node.span), "«goal:»", goal, scope, block.node.key("goal"))
    if within is None:
        raise Stop
    return Goal(cue, within)


def _holdout(block: Block) -> int:
    said = block.text_or("holdout")
    if said is None:
        return 0
    share = share_of(said)
    if not share or share >= 10_000:
        message = "«holdout:» is a percentage above nothing and below 100 %, such as 10%."
        block.notes.stop(block.value_at("holdout"), "wrong-share", message)
    return share
