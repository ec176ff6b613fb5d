"""The names that a template reads of one person: the same as in conditions, in rooms."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from jinja2 import TemplateSyntaxError, nodes

from accord.core.expressions.evaluate import value_of
from accord.core.expressions.names import FIXED, template_names
from accord.core.mail.compile import files_of
from accord.core.mail.parts import read_part
from accord.core.mail.sandbox import TEXT
from accord.core.model.decision import Situation
from accord.core.model.expression import Expression, Name
from accord.core.model.place import Diagnostic, Span
from accord.core.model.venue import Venue

# Names that are no room's: a layout's slots, and what Jinja gives to loops, macros and blocks.
_FRAME = frozenset({"preheader", "content", "invitation", "footer", "loop", "caller", "super"})

# What each of the engine's own names asks.
_FIXED = {
    path: Expression(path, Span("", 1, 1), Name(path, kind), kind) for path, (kind, *_) in FIXED.items()
}


def names_for(situation: Situation, venue: Venue, *, now: datetime) -> dict[str, Any]:
    """The rooms of names for one mail, all but that of its signed links."""

    def fixed(path: str) -> Any:
        return value_of(_FIXED[path], situation, venue, now=now)

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
        "today": fixed("today"),
        "this": situation.this,
    }


def unknown_names(name: str, files: Mapping[str, str], venue: Venue) -> list[Diagnostic]:
    """Names in a template that do not exist, each at its line with the nearest known one.

    All files are read that make it up. What Jinja can't read is told when the template is compiled.
    """
    rooms = template_names(venue)
    read = [each for file in sorted(files_of(name, files)) for each in _read(file, files[file])]
    # What one file sets, those that it includes may read.
    local = {name for _, tree in read for name in _set_here(tree)}
    faults: list[Diagnostic] = []
    for at, tree in read:
        for path, line in _paths(tree):
            wrong = _wrong(path, rooms) if path.partition(".")[0] not in local else None
            if wrong is not None:
                where = Span(at.file, at.line + line - 1, 1)
                message = f"{path} is not known in templates."
                faults.append(Diagnostic(where, "name-unknown", message, wrong or None))
    return list(dict.fromkeys(faults))


def names_read(name: str, files: Mapping[str, str]) -> frozenset[str]:
    """Every dotted name that a template reads, over all its files; of a broken one, none."""
    trees = (tree for file in files_of(name, files) for _, tree in _read(file, files[file]))
    return frozenset(path for tree in trees for path, _ in _paths(tree))


def _read(file: str, text: str) -> Iterator[tuple[Span, nodes.Template]]:
    """The trees of a file's body and of its head, each with the place of its first line."""
    part, _ = read_part(file, text)
    sources = {part.offset + 1: part.body}
    sources |= {part.head_lines[key]: said for key, said in part.head.items() if key != "from"}
    for line, source in sources.items():
        try:
            yield Span(f"templates/{file}", line, 1), TEXT.parse(source)
        except TemplateSyntaxError:
            continue


def _set_here(tree: nodes.Template) -> set[str]:
    return {node.name for node in tree.find_all(nodes.Name) if node.ctx in ("store", "param")} | {
        node.name for node in tree.find_all(nodes.Macro)
    }


def _paths(tree: nodes.Template) -> list[tuple[str, int]]:
    """Each dotted name that is read, with its line."""
    inner: set[int] = set()
    found: list[tuple[str, int]] = []
    for node in tree.find_all((nodes.Getattr, nodes.Name)):
        if id(node) not in inner and getattr(node, "ctx", "load") == "load":
            path = _dotted(node, inner)
            found += [(path, node.lineno)] if path else []
    return found


def _dotted(node: nodes.Node, inner: set[int]) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        inner.add(id(node.node))
        path = _dotted(node.node, inner)
        return f"{path}.{node.attr}" if path else ""
    return ""


def _wrong(path: str, rooms: Mapping[str, frozenset[str] | None]) -> str | None:
    """None for a known name, else the hint (which may be empty)."""
    room, _, rest = path.partition(".")
    if room in _FRAME:
        return None
    if room not in rooms:
        return _near(path, [f"{name}.{rest}" if rest else name for name in rooms])
    names = rooms[room]
    first = rest.partition(".")[0]
    if names is None or not first or first in names:
        return None
    return _near(path, [f"{room}.{name}" for name in names])


def _near(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"Did you mean {close[0]}?" if close else ""
