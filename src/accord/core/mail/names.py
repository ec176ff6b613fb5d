"""The names that a template reads of one person: the same as in conditions, in rooms."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jinja2 import TemplateSyntaxError, nodes

from accord.core.expressions.evaluate import value_of
from accord.core.expressions.names import FIXED, template_names
from accord.core.mail.compile import files_of
from accord.core.mail.parts import read_part
from accord.core.mail.rooms import Rooms, paths_in
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


def names_for(situation: Situation, venue: Venue, read: Rooms, *, now: datetime) -> dict[str, Any]:
    """The rooms of names for one mail, all but that of its signed links: of each the names that its template reads.

    What a room does not hold of this person is left out.
    """
    return {
        room: _kept(_ROOMS[room](_Asked(situation, venue, names, now)), names)
        for room, names in read.items()
        if room in _ROOMS
    }


def _kept(held: Any, names: tuple[str, ...] | None) -> Any:
    if names is None or not isinstance(held, Mapping):
        return held
    return {name: held[name] for name in names if name in held}


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who is asked, and for which names of one room; None for all of them."""

    situation: Situation
    venue: Venue
    names: tuple[str, ...] | None
    now: datetime

    def fixed(self, path: str) -> Any:
        """What one of the engine's own names is for this person."""
        return value_of(_FIXED[path], self.situation, self.venue, now=self.now)


def _contact(asked: _Asked) -> dict[str, Any]:
    contact = asked.situation.contact
    own: dict[str, Any] = {"email": contact.email, "language": contact.language, "zone": contact.zone}
    if asked.names is None or "expires_on" in asked.names:
        own["expires_on"] = asked.fixed("contact.expires_on")
    return {**contact.attributes, **own}


def _event(asked: _Asked) -> Mapping[str, Any]:
    event = asked.situation.entered_by
    return event.data if event is not None else {}


def _orders(asked: _Asked) -> dict[str, Any]:
    last = {"at": asked.fixed("orders.last.at"), "family": asked.fixed("orders.last.family")}
    return {"count": asked.fixed("orders.count"), "last": last}


_ROOMS: Mapping[str, Callable[[_Asked], Any]] = {
    "contact": _contact,
    "event": _event,
    "orders": _orders,
    "preferences": lambda asked: {
        "newsletters_per_month": asked.situation.contact.preferences.newsletters_per_month
    },
    "entity": lambda asked: {"name": asked.venue.entity.name, "address": asked.venue.entity.address},
    "today": lambda asked: asked.fixed("today"),
    "this": lambda asked: asked.situation.this,
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
        for path, line in paths_in(tree):
            wrong = _wrong(path, rooms) if path.partition(".")[0] not in local else None
            if wrong is not None:
                where = Span(at.file, at.line + line - 1, 1)
                message = f"{path} is not known in templates."
                faults.append(Diagnostic(where, "name-unknown", message, wrong or None))
    return list(dict.fromkeys(faults))


def names_read(name: str, files: Mapping[str, str]) -> frozenset[str]:
    """Every dotted name that a template reads, over all its files; of a broken one, none."""
    trees = (tree for file in files_of(name, files) for _, tree in _read(file, files[file]))
    return frozenset(path for tree in trees for path, _ in paths_in(tree))


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
