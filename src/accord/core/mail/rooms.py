"""What a template reads: the rooms of names, and of each the names, so that no mail is made from more than that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from jinja2 import TemplateSyntaxError, nodes

from accord.core.mail.sandbox import TEXT

Rooms = Mapping[str, tuple[str, ...] | None]
"""Each room with the names that are read in it; None where it is read as a whole."""


def rooms_read(*sources: str) -> Rooms:
    """What these sources read, each thing that is a room of its own as a whole. Raises TemplateSyntaxError."""
    paths = {path for source in sources for path, _ in paths_in(TEXT.parse(source))}
    return {room: _names(room, paths) for room in sorted({path.partition(".")[0] for path in paths})}


def _names(room: str, paths: Iterable[str]) -> tuple[str, ...] | None:
    if room in paths:
        return None
    return tuple(sorted({path.split(".")[1] for path in paths if path.startswith(f"{room}.")}))


@lru_cache(maxsize=1024)
def subject_rooms(text: str) -> Rooms:
    """What a subject reads that stands in a scenario; one that is broken reads nothing, and fails when it is rendered."""
    try:
        return rooms_read(text)
    except TemplateSyntaxError:
        return {}


def reads(rooms: Rooms, room: str, name: str) -> bool:
    """Whether a name is read."""
    names = rooms.get(room, ())
    return names is None or name in names


def both(some: Rooms, others: Rooms) -> Rooms:
    """What either reads."""
    joined: dict[str, tuple[str, ...] | None] = dict(some)
    for room, names in others.items():
        before = joined.get(room, ())
        joined[room] = None if names is None or before is None else tuple(sorted({*before, *names}))
    return joined


def paths_in(tree: nodes.Template) -> list[tuple[str, int]]:
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
