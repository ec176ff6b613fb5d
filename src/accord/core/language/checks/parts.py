"""Parts of nouns: the expressions of a scenario, the names and questions of an expression."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from typing import TypeVar

from accord.core.model.expression import And, Condition, Operand
from accord.core.model.place import Span

Kind = TypeVar("Kind")


def parts_of(whole: object, kind: type[Kind]) -> Iterator[Kind]:
    """Everything of one kind inside of nouns, each before what is inside of it."""
    ahead: list[object] = [whole]
    while ahead:
        part = ahead.pop()
        if isinstance(part, kind):
            yield part
        if isinstance(part, tuple):
            ahead += part
        elif isinstance(part, Mapping):
            ahead += part.values()
        elif not isinstance(part, str):
            ahead += [getattr(part, name) for name in _fields(part)]


def _fields(part: object) -> tuple[str, ...]:
    """The fields of a noun that can hold other nouns; a place holds none."""
    if isinstance(part, Span) or not is_dataclass(part):
        return ()
    return tuple(part.__dataclass_fields__)


def conjuncts(tree: Condition | Operand) -> Iterable[Condition | Operand]:
    """The parts of a condition that must all hold."""
    return tree.parts if isinstance(tree, And) else (tree,)
