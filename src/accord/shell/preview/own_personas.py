"""People of an author's own, imagined in `personas.yaml`: each is like a built-in one, but for what is said."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from zoneinfo import available_timezones

from accord.core.expressions.fields import Unreadable, read_value
from accord.core.language.reading import Block, Notes, attempt
from accord.core.language.source import MapNode, plain, read
from accord.core.model.expression import Value
from accord.core.model.place import Diagnostic, Span
from accord.core.model.venue import Venue
from accord.shell.preview.personas import SKETCHES, Sketch

FILE = "personas.yaml"

KEYS = ("like", "words", "silent", "language", "zone", "newsletters_per_month", "attributes")

MOST_LETTERS, DAYS_A_YEAR = 99, 365.25


@dataclass(frozen=True, slots=True)
class OwnPersonas:
    """A file as read: its people by name, and all that is wrong with it."""

    sketches: Mapping[str, Sketch]
    diagnostics: tuple[Diagnostic, ...]


def parse_personas(text: str, venue: Venue) -> OwnPersonas:
    """Read `personas.yaml`: NAME, `like` whom, and what tells the person from them. All faults at once."""
    node, faults = read(text, FILE)
    notes = Notes(list(faults))
    sketches: dict[str, Sketch] = {}
    if isinstance(node, MapNode):
        people = Block(node, FILE, Span(FILE, 1, 1), notes)
        for key, _ in node.entries:
            sketch = attempt(_sketch, people, key.text, venue)
            if sketch is not None:
                sketches[key.text] = sketch
    elif not notes.has_errors:
        notes.error(Span(FILE, 1, 1), "file-empty", "A persona begins with its name, and «like:» below it.")
    return OwnPersonas(sketches, tuple(sorted(notes.faults, key=lambda fault: fault.span)))


def _sketch(people: Block, name: str, venue: Venue) -> Sketch:
    if name in SKETCHES:
        people.notes.stop(people.key_at(name), "wrong-value", f"«{name}» is a built-in persona already.")
    block = people.map(name, f"«{name}:»")
    block.only(KEYS)
    like = attempt(block.choice, "like", tuple(SKETCHES))
    base = SKETCHES[like] if like is not None else next(iter(SKETCHES.values()))
    # Each part on its own, so that a fault in one hides none in the others.
    return replace(
        base,
        words=(attempt(block.text, "words") if block.has("words") else None) or base.words,
        years_silent=attempt(_years, block, base.years_silent) or 0.0,
        language=attempt(_among, block, "language", venue.entity.languages),
        zone=attempt(_among, block, "zone", available_timezones()),
        newsletters_per_month=attempt(_letters, block),
        attributes=attempt(_attributes, block, venue) or {},
    )


def _years(block: Block, default: float) -> float:
    if not block.has("silent"):
        return default
    length = block.duration("silent")
    return length.months / 12 + (length.days + length.hours / 24) / DAYS_A_YEAR


def _among(block: Block, key: str, known: Collection[str]) -> str | None:
    said = block.text_or(key)
    if said is not None and said not in known:
        hint = block.notes.nearest(said, known)
        block.notes.stop(block.value_at(key), "wrong-value", f"«{said}» is no {key} that we know.", hint)
    return said


def _letters(block: Block) -> int | None:
    return (
        block.number("newsletters_per_month", 0, MOST_LETTERS, 0)
        if block.has("newsletters_per_month")
        else None
    )


def _attributes(block: Block, venue: Venue) -> Mapping[str, Value]:
    if not block.has("attributes"):
        return {}
    inner = block.map("attributes", "«attributes:»")
    inner.only(tuple(venue.attributes))
    found: dict[str, Value] = {}
    for key, node in inner.node.entries:
        attribute = venue.attributes.get(key.text)
        if attribute is None:
            continue  # told by `only`
        try:
            found[key.text] = read_value(plain(node), attribute.type, venue.entity.clock)
        except Unreadable as fault:
            inner.notes.error(node.span, "wrong-value", f"«{key.text}:» {fault}.")
    return found
