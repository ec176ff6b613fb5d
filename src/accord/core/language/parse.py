"""From one file's text to a Scenario: everything that can be known of it alone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from accord.core.expressions.names import Scope
from accord.core.expressions.parse import nearest
from accord.core.language.entering import read_cue, read_entry, read_leave, this_type
from accord.core.language.reading import Block, Notes, Stop
from accord.core.language.source import MapNode, ScalarNode, read
from accord.core.language.times import hours_of
from accord.core.language.verbs import Place, is_service, read_step, steps_of
from accord.core.model.consent import SERVICE_PURPOSE
from accord.core.model.place import Diagnostic, Span
from accord.core.model.scenario import END, Entry, Goal, Hours, OnEvent, Scenario, Step
from accord.core.model.venue import Venue

KEYS = ("scenario", "purpose", "why", "enter", "leave", "goal", "hours", "priority", "holdout", "steps")
BASES = ("consent", "customer", "b2b")
Part = TypeVar("Part")

_STEP_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file as read: a scenario where nothing is wrong enough, and all that was found."""

    scenario: Scenario | None
    diagnostics: tuple[Diagnostic, ...]


def parse_scenario(text: str, file: str, venue: Venue) -> Parsed:
    """Read one scenario file. All faults at once; no scenario where any of them is an error."""
    node, faults = read(text, file)
    notes = Notes(list(faults))
    if not isinstance(node, MapNode):
        if not notes.has_errors:
            notes.error(Span(file, 1, 1), "file-empty", "A scenario file begins with «scenario: NAME».")
        return Parsed(None, tuple(notes.faults))
    block = Block(node, "a scenario", Span(file, 1, 1), notes)
    block.only(KEYS)
    made = _scenario(block, text, file, venue)
    ordered = tuple(sorted(notes.faults, key=lambda fault: fault.span))
    return Parsed(None if notes.has_errors else made, ordered)


def _scenario(block: Block, text: str, file: str, venue: Venue) -> Scenario | None:
    """Each part on its own, so that a fault in one hides none in the others."""
    notes = block.notes
    name = _attempt(lambda: _name(block, file)) or ""
    purpose = _attempt(lambda: _purpose(block, venue)) or ""
    entry = _attempt(lambda: read_entry(block.map("enter", "«enter:»"), venue))
    scope = _scope(block, entry, venue)
    leave = _attempt(lambda: read_leave(block, scope)) if block.has("leave") else ()
    steps = _attempt(lambda: _steps(block, Place(scope, purpose))) or {}
    why = _attempt(lambda: _why(block, purpose, venue)) or {}
    hours = _attempt(lambda: _hours(block, purpose))
    goal = _attempt(lambda: _goal(block, scope)) if block.has("goal") else None
    priority = _attempt(lambda: block.number("priority", 0, 100, 50))
    holdout = _attempt(lambda: _holdout(block))
    for key in ("priority", "holdout"):
        if is_service(purpose) and block.has(key):
            notes.error(block.need(key).span, "not-in-service", f"«{key}:» has no place in a service file.")
    if entry is None or not steps:
        return None
    return Scenario(
        name=name,
        purpose=purpose,
        entry=entry,
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


def _attempt(read_it: Callable[[], Part]) -> Part | None:
    """The part, or None where it stopped: its faults are kept."""
    try:
        return read_it()
    except Stop:
        return None


def _name(block: Block, file: str) -> str:
    name = block.text("scenario")
    stem = file.rpartition("/")[2].removesuffix(".yaml").removesuffix(".yml")
    if name != stem:
        block.notes.error(
            block.need("scenario").span,
            "name-not-file",
            f"«{name}» is in a file called «{stem}»: the two must agree.",
        )
    return name


def _purpose(block: Block, venue: Venue) -> str:
    purpose = block.text("purpose")
    known = [SERVICE_PURPOSE, *venue.purposes]
    if purpose not in known:
        block.notes.error(
            block.need("purpose").span,
            "unknown-purpose",
            f"There is no purpose «{purpose}» in config.toml.",
            nearest(purpose, known),
        )
    return purpose


def _scope(block: Block, entry: Entry | None, venue: Venue) -> Scope:
    steps = block.node.get("steps")
    names = steps_of(steps) if isinstance(steps, MapNode) else frozenset()
    events = entry.trigger.events if entry is not None and isinstance(entry.trigger, OnEvent) else ()
    return Scope(
        venue, entering=events, this=this_type(entry.per) if entry is not None else None, steps=names
    )


def _steps(block: Block, place: Place) -> Mapping[str, Step]:
    steps = block.map("steps", "«steps:»")
    found: dict[str, Step] = {}
    if not steps.node.entries:
        block.notes.error(steps.at, "missing-key", "«steps:» needs a step.")
    for key, node in steps.node.entries:
        if not _STEP_NAME.fullmatch(key.text) or key.text == END:
            message = f"«{key.text}» can't be a step's name: small letters, digits, - and _, and not «end»."
            block.notes.error(key.span, "step-name", message)
        if not isinstance(node, MapNode):
            block.notes.error(
                key.span, "wrong-value", f"The step «{key.text}» takes keys and values, one a line."
            )
            continue
        step = read_step(key.text, Block(node, f"the step «{key.text}»", key.span, block.notes), place)
        if step is not None:
            found[key.text] = step
    return found


def _why(block: Block, purpose: str, venue: Venue) -> Mapping[str, Mapping[str, str]]:
    """A text, or a map by basis, each a text or a map by language."""
    node = block.node.get("why")
    if is_service(purpose):
        if node is not None:
            block.notes.error(node.span, "not-in-service", "«why:» has no place in a service file.")
        return {}
    if node is None:
        block.notes.stop(
            block.at,
            "missing-key",
            "a scenario needs «why:»: the reader must be told why they are written to.",
        )
    if isinstance(node, ScalarNode):
        said = _prose(block, node)
        return {basis: {venue.entity.language: said} for basis in BASES}
    why = block.map("why", "«why:»")
    why.only(BASES)
    return {key.text: _by_language(why, key, venue) for key, _ in why.node.entries if key.text in BASES}


def _by_language(why: Block, key: ScalarNode, venue: Venue) -> Mapping[str, str]:
    node = why.need(key.text)
    if isinstance(node, ScalarNode):
        return {venue.entity.language: _prose(why, node)}
    languages = why.map(key.text, f"«{key.text}:»")
    languages.only(venue.entity.languages)
    found = {}
    for language, said in languages.node.entries:
        if isinstance(said, ScalarNode):
            found[language.text] = _prose(languages, said)
    if venue.entity.language not in found:
        languages.notes.error(
            languages.at, "missing-key", f"«{key.text}:» needs its text in «{venue.entity.language}»."
        )
    return found


def _prose(block: Block, node: ScalarNode) -> str:
    if node.cut is not None:
        message = "What follows # is not part of the text."
        block.notes.error(node.span, "text-cut-short", message, f"Write: {node.cut}")
    if not isinstance(node.value, str) or not node.value.strip():
        block.notes.error(node.span, "wrong-value", "A text is missing here.")
    return node.text


def _hours(block: Block, purpose: str) -> Hours | None:
    node = block.node.get("hours")
    if node is None:
        return None
    if is_service(purpose):
        block.notes.stop(
            node.span, "not-in-service", "«hours:» has no place in a service file: service mail never waits."
        )
    hours = hours_of(block.text("hours"))
    if hours is None:
        block.notes.stop(node.span, "wrong-hours", "Write «mon-fri 09:00-19:00».")
    return hours


def _goal(block: Block, scope: Scope) -> Goal:
    goal = block.map("goal", "«goal:»")
    goal.only(("when", "if", "within"))
    entries = tuple((key, node) for key, node in goal.node.entries if key.text != "within")
    cue = read_cue(MapNode(entries, goal.node.span), "«goal:»", goal, scope)
    return Goal(cue, goal.duration("within"))


def _holdout(block: Block) -> int:
    said = block.text_or("holdout")
    if said is None:
        return 0
    number = said.removesuffix("%").strip()
    if not said.endswith("%") or not number.replace(".", "", 1).isdigit() or not 0 <= float(number) < 100:
        block.notes.stop(
            block.need("holdout").span, "wrong-share", "«holdout:» is a percentage below 100 %, such as 10%."
        )
    return round(float(number) * 100)
