"""The JSON Schema of scenario files, made of the tables that the reader follows: editors complete by it and explain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from accord.core.expressions.names import known_events
from accord.core.language.examples import EXAMPLES
from accord.core.language.shapes import (
    Either,
    Flag,
    Items,
    Key,
    Known,
    Named,
    Rule,
    Scalar,
    Shape,
    Table,
    Text,
    Whole,
    Word,
)
from accord.core.language.tables import ARM, CUE, ENTER, FALLBACK, GOAL, SCENARIO, VERBS, WHY
from accord.core.model.venue import Venue

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema: TypeAlias = dict[str, Any]

# Tables that have a name of their own in the schema.
_NAMED: Mapping[str, Table] = {
    "enter": ENTER,
    "cue": CUE,
    "goal": GOAL,
    "why": WHY,
    "way": ARM,
    "edition": FALLBACK,
    **VERBS,
}


def scenario_schema(names: Mapping[str, Sequence[str]] | None = None) -> Schema:
    """The schema (draft 2020-12) of one scenario file.

    `names`: what a venue declares, by what it is (`purpose`, `event`, `template` …). They are offered, and a
    name that came later is not refused: `scenario check` knows what there is.
    """
    writer = _Writer(names or {})
    definitions = {name: writer.table(table) for name, table in _NAMED.items()}
    return {
        "$schema": DIALECT,
        "title": "A scenario of Accord",
        **writer.table(SCENARIO),
        "$defs": definitions,
    }


def names_of(venue: Venue, templates: Sequence[str] = ()) -> dict[str, list[str]]:
    """What a venue declares, by what it is."""
    return {
        "purpose": list(venue.purposes),
        "event": known_events(venue),
        "own event": list(venue.events),
        "family": list(venue.families),
        "attribute": [each.name for each in venue.attributes.values() if each.writable],
        "webhook": list(venue.webhooks),
        "language": list(venue.entity.languages),
        "template": list(templates),
    }


class _Writer:
    """Writes shapes as schemas."""

    def __init__(self, names: Mapping[str, Sequence[str]]) -> None:
        self.names = names

    def shape(self, shape: Shape) -> Schema:
        """One shape; tables that have a name are referred to."""
        match shape:
            case Text():
                return _text(shape)
            case Scalar():
                return {"type": ["string", "number", "boolean"]}
            case Word(words):
                return {"enum": list(words)}
            case Whole(low, high):
                return {"type": "integer", "minimum": low, "maximum": high}
            case Flag():
                return {"type": "boolean"}
            case Known(of, besides):
                offered = [*besides, *self.names.get(of, ())]
                return {"anyOf": [{"enum": offered}, {"type": "string"}]} if offered else {"type": "string"}
            case Items(inner):
                return {"type": "array", "items": self.shape(inner), "minItems": 1}
            case Either(shapes):
                return {"anyOf": [self.shape(each) for each in shapes]}
            case Named():
                return self._named(shape)
            case Table():
                name = next((name for name, table in _NAMED.items() if table is shape), None)
                return self.table(shape) if name is None else {"$ref": f"#/$defs/{name}"}

    def _named(self, shape: Named) -> Schema:
        inner = self.shape(shape.of)
        made: Schema = {"type": "object", "minProperties": shape.least, "additionalProperties": inner}
        if shape.keys is not None:
            made["propertyNames"] = {"pattern": _whole(shape.keys)}
        offered = self.names.get(shape.known, ()) if shape.known is not None else ()
        if offered:
            made["properties"] = dict.fromkeys(offered, inner)
        return made

    def _key(self, name: str, key: Key) -> Schema:
        """What a key means, an example, and what may stand behind it."""
        shown = {"examples": [EXAMPLES[name]]} if name in EXAMPLES else {}
        return {"description": key.says, **shown, **self.shape(key.takes)}

    def table(self, table: Table) -> Schema:
        """A block of keys, each with what it means; no other key may be there."""
        properties = {name: self._key(name, key) for name, key in table.keys.items()}
        made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        if table.says:
            made["description"] = table.says
        if table.needed:
            made["required"] = list(table.needed)
        if table.one_of:
            made["oneOf"] = [{"required": [key]} for key in table.one_of]
        if table.some_of:
            made["anyOf"] = [{"required": [key]} for key in table.some_of]
        if table.rules:
            made["allOf"] = [_rule(rule) for rule in table.rules]
        return made


def _text(shape: Text) -> Schema:
    """A text; where any will do, a number in the file is read as one."""
    made: Schema = {"type": "string"} if shape.pattern else {"type": ["string", "number", "boolean"]}
    if shape.pattern is not None:
        made["pattern"] = _whole(shape.pattern)
    if shape.examples:
        made["examples"] = list(shape.examples)
    return made


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$"


def _rule(rule: Rule) -> Schema:
    said: Schema = {"required": [rule.key]}
    if rule.words:
        said["properties"] = {rule.key: {"enum": list(rule.words)}}
    made: Schema = {"if": said}
    for word, needs, refuses in (
        ("then", rule.needs, rule.refuses),
        ("else", rule.else_needs, rule.else_refuses),
    ):
        if needs or refuses:
            made[word] = {"required": list(needs), "properties": dict.fromkeys(refuses, False)}
    return made
