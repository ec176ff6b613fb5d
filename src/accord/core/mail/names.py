"""The names that a template reads of one person: the same as in conditions, in rooms."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from jinja2 import TemplateSyntaxError, nodes

from accord.core.expressions.evaluate import value_of
from accord.core.expressions.names import FIXED, template_names
from accord.core.mail.parts import Part, parts_of
from accord.core.mail.sandbox import environment
from accord.core.model.decision import Situation
from accord.core.model.expression import Expression, Name
from accord.core.model.place import Diagnostic, Span
from accord.core.model.venue import Venue

_PARSER = environment(escape=False)


def names_for(
    situation: Situation, venue: Venue, links: Mapping[str, str], *, now: datetime
) -> dict[str, Any]:
    """The rooms of names for one mail; `links` are signed addresses by what they are for."""

    def fixed(path: str) -> Any:
        expression = Expression(path, Span("", 1, 1), Name(path, FIXED[path][0]), FIXED[path][0])
        return value_of(expression, situation, venue, now=now)

    contact = situation.contact
    own = {"email": contact.email, "language": contact.language, "zone": contact.zone}
    event = situation.entered_by
    return {
        "contact": {**contact.attributes, **own, "expires_on": fixed("contact.expires_on")},
        "event": dict(event.data) if event is not None else {},
        "orders": {
            "count": fixed("orders.count"),
            "last": {"at": fixed("orders.last.at"), "family": fixed("orders.last.family")},
        },
        "preferences": {"newsletters_per_month": contact.preferences.newsletters_per_month},
        "entity": {"name": venue.entity.name, "address": venue.entity.address},
        "links": dict(links),
        "today": fixed("today"),
        "this": situation.this,
    }


def unknown_names(name: str, files: Mapping[str, str], venue: Venue) -> list[Diagnostic]:
    """Names in a template that do not exist, each at its line with the nearest known one."""
    parts, _ = parts_of(name, files)
    return [fault for part in parts for fault in _in_part(part, venue)]


def names_read(name: str, files: Mapping[str, str]) -> frozenset[str]:
    """Every dotted name that a template reads, over all its languages and parts; of a broken one, none."""
    parts, _ = parts_of(name, files)
    found: set[str] = set()
    for text in [text for part in parts for text in (part.body, *part.head.values())]:
        try:
            found.update(path for path, _ in _reads(_PARSER.parse(text)))
        except TemplateSyntaxError:
            continue  # said where templates are checked
    return frozenset(found)


def _in_part(part: Part, venue: Venue) -> Iterator[Diagnostic]:
    rooms = template_names(venue)
    sources = [(part.body, part.offset)]
    sources += [(text, part.head_lines[key] - 1) for key, text in part.head.items() if key != "from"]
    for text, offset in sources:
        try:
            tree = _PARSER.parse(text)
        except TemplateSyntaxError as fault:
            if offset != part.offset:
                at = Span(f"templates/{part.file}", offset + 1, 1)
                yield Diagnostic(at, "template-broken", fault.message or "It can't be read.")
            continue
        for path, line in _reads(tree):
            wrong = _wrong(path, rooms)
            if wrong is not None:
                at = Span(f"templates/{part.file}", line + offset, 1)
                yield Diagnostic(at, "name-unknown", f"{path} is not known in templates.", wrong or None)


def _reads(tree: nodes.Node) -> list[tuple[str, int]]:
    """Each dotted name that is read from outside, with its line."""
    local = {node.name for node in tree.find_all(nodes.Name) if node.ctx in ("store", "param")}
    inner: set[int] = set()
    found: list[tuple[str, int]] = []
    for node in tree.find_all((nodes.Getattr, nodes.Name)):
        if id(node) in inner:
            continue
        path, base = _dotted(node, inner)
        if path and base not in local:
            found.append((path, node.lineno))
    return found


def _dotted(node: nodes.Node, inner: set[int]) -> tuple[str, str]:
    if isinstance(node, nodes.Name):
        return node.name, node.name
    if isinstance(node, nodes.Getattr):
        inner.add(id(node.node))
        path, base = _dotted(node.node, inner)
        return (f"{path}.{node.attr}", base) if path else ("", "")
    return "", ""


def _wrong(path: str, rooms: Mapping[str, frozenset[str] | None]) -> str | None:
    """None for a known name, else the hint (which may be empty)."""
    room, _, rest = path.partition(".")
    if room in ("loop", "preheader"):
        return None
    if room not in rooms:
        return _near(path, [f"{name}." for name in rooms])
    names = rooms[room]
    first = rest.partition(".")[0]
    if names is None or not first or first in names:
        return None
    return _near(path, [f"{room}.{name}" for name in names])


def _near(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"Did you mean {close[0]}?" if close else ""
