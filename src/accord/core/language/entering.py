"""`enter:`, `leave:` and cues: how people come in, and what ends their run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from accord.core.expressions.names import Scope, known_events
from accord.core.expressions.parse import Want
from accord.core.expressions.spell import duration_of
from accord.core.language.reading import Block, Stop, attempt
from accord.core.language.source import MapNode, Node, ScalarNode
from accord.core.language.tables import CUE, ENTER
from accord.core.language.times import day_of, schedule_of
from accord.core.model.expression import Expression, Type
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

_SHIFTED = re.compile(r"(.+?)\s*([+-])\s*(\d+\s+\w+)")
_NAMELESS = (Type.BOOLEAN, Type.NUMBER)
_DATES = (Type.DATE, Type.INSTANT, Type.DAY_OF_YEAR)


@dataclass(frozen=True, slots=True)
class Way:
    """How people come in, and what the rest of the file may read of it; no entry where that has a fault."""

    entry: Entry | None
    scope: Scope


def read_entry(block: Block, venue: Venue) -> Way:
    """`enter:`, all its faults at once."""
    block.takes(ENTER)
    trigger = attempt(_trigger, block, venue)
    scope = _scope(trigger, venue)
    per_node = block.node.get("per")
    per = block.expression_of(per_node, scope, Want.VALUE) if per_node is not None else None
    if per is not None and per.type in _NAMELESS:
        message = f"«per:» gives {per.type.value}, which names no run."
        block.notes.error(block.value_at("per"), "per-type", message)
    unsure = scope.unsure | ({"this"} if per_node is not None and per is None else frozenset())
    chosen = replace(scope, this=this_type(per), unsure=unsure)
    condition = block.condition("if", chosen)
    opens, closes = attempt(_day, block, "from"), attempt(_day, block, "until")
    if opens is not None and closes is not None and closes < opens:
        message = f"Nobody could enter: the last day, {closes}, is before the first, {opens}."
        block.notes.error(block.value_at("until"), "wrong-period", message)
    again = attempt(_again, block, trigger)
    if trigger is None or again is None:
        return Way(None, chosen)
    return Way(Entry(trigger, condition, per, opens, closes, again), chosen)


def nothing_known(venue: Venue) -> Way:
    """The way in of a file that does not say how people come in."""
    return Way(None, _scope(None, venue))


def _scope(trigger: Trigger | None, venue: Venue) -> Scope:
    """What `event` and `this` are; nothing can be told of them where the trigger has a fault."""
    if trigger is None:
        return Scope(venue, steps=None, unsure=frozenset({"event", "this"}))
    events = trigger.events if isinstance(trigger, OnEvent) else ()
    unsure = frozenset({"event"}) if not set(events) <= set(known_events(venue)) else frozenset()
    return Scope(venue, entering=events, steps=None, unsure=unsure)


def this_type(per: Expression | None) -> Type | None:
    """The type of `this`: a list gives one run each, so its items'."""
    if per is None:
        return None
    return Type.TEXT if per.type is Type.TEXTS else per.type


def _trigger(block: Block, venue: Venue) -> Trigger:
    ways = [way for way in ENTER.one_of if block.has(way)]
    if not ways and block.slips & set(ENTER.one_of):
        raise Stop
    if len(ways) != 1:
        at = block.key_at(ways[1]) if ways else block.at
        block.notes.stop(at, "one-way-in", "«enter:» takes exactly one of when, segment, every, date.")
    if block.has("existing") and ways[0] != "segment":
        message = "«existing:» goes with «segment:»."
        block.notes.error(block.key_at("existing"), "existing-without-segment", message)
    return _READERS[ways[0]](block, venue)


def _on_event(block: Block, venue: Venue) -> OnEvent:
    return OnEvent(read_events(block, "when", venue))


def _on_segment(block: Block, venue: Venue) -> OnSegment:
    existing = attempt(block.flag, "existing")
    segment = block.expression_of(block.need("segment"), Scope(venue, steps=None), Want.CONDITION)
    if segment is None or existing is None:
        raise Stop
    return OnSegment(segment, existing)


def _on_schedule(block: Block, _venue: Venue) -> OnSchedule:
    schedule = schedule_of(block.text("every"))
    if schedule is None:
        message = "Write «1st tue 10:00», «tue 10:00», «daily 09:00», or five cron fields."
        block.notes.stop(block.value_at("every"), "wrong-schedule", message)
    return schedule


def _on_date(block: Block, venue: Venue) -> OnDate:
    rule = read_date_rule(block, "date", Scope(venue, steps=None))
    if rule.shift.hours:
        message = "People enter by whole days: shift by days, weeks, months or years."
        block.notes.error(block.value_at("date"), "wrong-duration", message)
    return OnDate(rule)


_READERS: Mapping[str, Callable[[Block, Venue], Trigger]] = {
    "when": _on_event,
    "segment": _on_segment,
    "every": _on_schedule,
    "date": _on_date,
}


def read_events(block: Block, key: str, venue: Venue) -> tuple[str, ...]:
    """Names of events, each known."""
    known = known_events(venue)
    names = []
    for node in block.texts(key):
        if node.text not in known:
            message = f"«{node.text}» is not an event that the journal knows."
            block.notes.error(node.span, "unknown-event", message, block.notes.nearest(node.text, known))
        names.append(node.text)
    return tuple(names)


def read_date_rule(block: Block, key: str, scope: Scope) -> DateRule:
    """`EXPR`, or `EXPR ± DURATION`."""
    node = block.need(key)
    text = block.text(key)
    match = _SHIFTED.fullmatch(text.strip())
    duration = duration_of(match[3]) if match is not None else Duration()
    if match is not None and duration is None:
        at = node.part(text.index(match[3]), len(match[3])) if isinstance(node, ScalarNode) else node.span
        message = f"«{match[3]}» is not a length of time; write 3 days, 36 hours, 2 weeks or 1 month."
        block.notes.error(at, "wrong-duration", message)
    base_text = match[1] if match is not None else text
    base = block.expression_of(_beginning(node, base_text), scope, Want.VALUE)
    if base is None or duration is None:
        raise Stop
    if base.type not in _DATES:
        message = f"{base_text} is {base.type.value}, not a date."
        block.notes.stop(node.span, "not-a-date", message)
    return DateRule(base, -duration if match is not None and match[2] == "-" else duration)


def _beginning(node: Node, text: str) -> Node:
    """The first part of a scalar, up to its shift; its places are the whole's."""
    return replace(node, text=text, value=text) if isinstance(node, ScalarNode) else node


def _day(block: Block, key: str) -> date | None:
    node = block.node.get(key)
    if node is None:
        return None
    found = day_of(block.text(key))
    if found is None:
        block.notes.error(node.span, "wrong-date", f"«{key}:» takes a date, such as 2026-09-01.")
    return found


def _again(block: Block, trigger: Trigger | None) -> Again:
    """`never`, `each` or `after 90 days`; by events and segments never, by the calendar each time."""
    if not block.has("again"):
        return Again(each=isinstance(trigger, OnSchedule | OnDate))
    said = block.text("again")
    if said in ("never", "each"):
        return Again(each=said == "each")
    duration = duration_of(said.removeprefix("after ")) if said.startswith("after ") else None
    if duration is None or duration == Duration():
        message = "«again:» is never, each, or after 90 days."
        block.notes.stop(block.value_at("again"), "wrong-value", message)
    return Again(after=duration)


def read_cue(node: Node, name: str, block: Block, scope: Scope, key: ScalarNode | None = None) -> Cue:
    """`EVENT`, or `{when: EVENT or [EVENTS], if: EXPR}`; `it` is the event that came."""
    if not isinstance(node, MapNode):
        alone = MapNode(((ScalarNode("when", "when", node.span), node),), node.span)
        return Cue(read_events(Block(alone, name, node.span, block.notes), "when", scope.venue))
    cue = block.block_of(node, name, key)
    cue.takes(CUE)
    if not cue.has("when") and not cue.has("if"):
        cue.notes.stop(cue.at, "missing-key", f"{name} needs «when:» or «if:».")
    events = attempt(read_events, cue, "when", scope.venue) if cue.has("when") else ()
    told = events is not None and set(events) <= set(known_events(scope.venue))
    unsure = scope.unsure if told else scope.unsure | {"it"}
    heard = replace(scope, arriving=events or (), unsure=unsure)
    condition = cue.condition("if", heard)
    if events is None:
        raise Stop
    return Cue(events, condition)


def read_leave(block: Block, scope: Scope) -> tuple[Cue, ...]:
    """`leave:`, a list of cues."""
    node = block.need("leave")
    if isinstance(node, MapNode):
        message = "«leave:» takes a list: begin each cue with a dash."
        block.notes.stop(node.span, "wrong-value", message, "Write: - when: …")
    cues = [attempt(read_cue, item, "a cue of «leave:»", block, scope) for item in block.list("leave")]
    return tuple(cue for cue in cues if cue is not None)
