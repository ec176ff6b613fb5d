"""`enter:`, `leave:` and cues: how people come in, and what ends their run."""

from __future__ import annotations

import re
from datetime import date

from accord.core.expressions.names import Scope, known_events
from accord.core.expressions.parse import Want, nearest
from accord.core.expressions.spell import duration_of
from accord.core.language.reading import Block, Stop
from accord.core.language.source import ListNode, MapNode, Node, ScalarNode
from accord.core.language.times import day_of, schedule_of
from accord.core.model.expression import Expression, Type
from accord.core.model.place import Span
from accord.core.model.scenario import (
    Again,
    Cue,
    DateRule,
    Entry,
    OnDate,
    OnEvent,
    OnSchedule,
    OnSegment,
    Trigger,
)
from accord.core.model.time import Duration
from accord.core.model.venue import Venue

_WAYS_IN = ("when", "segment", "every", "date")
_SHIFTED = re.compile(r"(.+?)\s*([+-])\s*(\d+\s+\w+)")


def read_entry(block: Block, venue: Venue) -> Entry:
    """`enter:`; raises Stop where no trigger can be read."""
    block.only((*_WAYS_IN, "if", "per", "from", "until", "again", "existing"))
    ways = [way for way in _WAYS_IN if block.has(way)]
    if len(ways) != 1:
        block.notes.stop(block.at, "one-way-in", "«enter:» takes exactly one of when, segment, every, date.")
    trigger = _trigger(block, ways[0], venue)
    events = trigger.events if isinstance(trigger, OnEvent) else ()
    scope = Scope(venue, entering=events, steps=None)
    per_node = block.node.get("per")
    per = block.expression_of(per_node, scope, Want.VALUE) if per_node is not None else None
    chosen = Scope(venue, entering=events, steps=None, this=this_type(per))
    if block.has("existing") and not isinstance(trigger, OnSegment):
        block.notes.error(
            block.need("existing").span, "existing-without-segment", "«existing:» goes with «segment:»."
        )
    return Entry(
        trigger=trigger,
        condition=block.condition("if", chosen),
        per=per,
        opens=_day(block, "from"),
        closes=_day(block, "until"),
        again=_again(block, trigger),
    )


def this_type(per: Expression | None) -> Type | None:
    """The type of `this`: a list gives one run each, so its items'."""
    if per is None:
        return None
    return Type.TEXT if per.type is Type.TEXTS else per.type


def _trigger(block: Block, way: str, venue: Venue) -> Trigger:
    if way == "when":
        return OnEvent(read_events(block, "when", venue))
    if way == "every":
        node = block.need("every")
        schedule: OnSchedule | None = schedule_of(block.text("every"))
        if schedule is None:
            block.notes.stop(
                node.span,
                "wrong-schedule",
                "Write «1st tue 10:00», «tue 10:00», «daily 09:00», or five cron fields.",
            )
        return schedule
    scope = Scope(venue, steps=None)
    if way == "date":
        return OnDate(read_date_rule(block, "date", scope))
    segment = block.expression_of(block.need("segment"), scope, Want.CONDITION)
    if segment is None:
        raise Stop
    existing = block.choice("existing", ("true", "false"))
    return OnSegment(segment, existing == "true")


def read_events(block: Block, key: str, venue: Venue) -> tuple[str, ...]:
    """Names of events, each known."""
    known = known_events(venue)
    names = []
    for node in block.texts(key):
        if node.text not in known:
            message = f"«{node.text}» is not an event that the journal knows."
            block.notes.error(node.span, "unknown-event", message, nearest(node.text, known))
        names.append(node.text)
    return tuple(names)


def read_date_rule(block: Block, key: str, scope: Scope) -> DateRule:
    """`EXPR`, or `EXPR ± DURATION`."""
    node = block.need(key)
    text = block.text(key)
    match = _SHIFTED.fullmatch(text)
    duration = duration_of(match[3]) if match is not None else None
    if match is not None and duration is None:
        block.notes.stop(node.span, "wrong-duration", f"«{match[3]}» is not a length of time.")
    source = match[1] if match is not None else text
    at = node.span
    base_node = ScalarNode(source, source, Span(at.file, at.line, at.column + _quote(node), len(source)))
    base = block.expression_of(base_node, scope, Want.VALUE)
    if base is None:
        raise Stop
    if base.type not in (Type.DATE, Type.INSTANT, Type.DAY_OF_YEAR):
        block.notes.stop(node.span, "not-a-date", f"{source} is {base.type.value}, not a date.")
    shift = duration or Duration()
    return DateRule(base, -shift if match is not None and match[2] == "-" else shift)


def _quote(node: Node) -> int:
    return int(isinstance(node, ScalarNode) and node.quoted)


def _day(block: Block, key: str) -> date | None:
    node = block.node.get(key)
    if node is None:
        return None
    found = day_of(block.text(key))
    if found is None:
        block.notes.error(node.span, "wrong-date", f"«{key}:» takes a date, such as 2026-09-01.")
    return found


def _again(block: Block, trigger: Trigger) -> Again:
    """`never`, `each` or `after 90 days`; by events and segments never, by the calendar each time."""
    node = block.node.get("again")
    if node is None:
        return Again(each=isinstance(trigger, OnSchedule | OnDate))
    said = block.text("again")
    if said in ("never", "each"):
        return Again(each=said == "each")
    duration = duration_of(said.removeprefix("after ")) if said.startswith("after ") else None
    if duration is None:
        block.notes.stop(node.span, "wrong-value", "«again:» is never, each, or after 90 days.")
    return Again(after=duration)


def read_cue(node: Node, name: str, block: Block, scope: Scope) -> Cue:
    """`EVENT`, or `{when: EVENT or [EVENTS], if: EXPR}`; `it` is the event that came."""
    if isinstance(node, ScalarNode):
        one = MapNode(((ScalarNode("when", "when", node.span), node),), node.span)
        return Cue(read_events(Block(one, name, node.span, block.notes), "when", scope.venue))
    if isinstance(node, ListNode):
        many = MapNode(((ScalarNode("when", "when", node.span), node),), node.span)
        return Cue(read_events(Block(many, name, node.span, block.notes), "when", scope.venue))
    cue = block.block_of(node, name)
    cue.only(("when", "if"))
    if not cue.has("when") and not cue.has("if"):
        cue.notes.stop(cue.at, "missing-key", f"{name} needs «when:» or «if:».")
    events = read_events(cue, "when", scope.venue) if cue.has("when") else ()
    heard = Scope(scope.venue, scope.entering, events, scope.this, scope.steps)
    return Cue(events, cue.condition("if", heard))


def read_leave(block: Block, scope: Scope) -> tuple[Cue, ...]:
    """`leave:`, a list of cues."""
    return tuple(read_cue(item, "a cue of «leave:»", block, scope) for item in block.list("leave"))
