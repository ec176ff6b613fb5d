"""What may stand behind a key, as shapes: the reader asks them for keys and words, the JSON Schema is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """One text. `pattern`: a regular expression (ECMA 262) that all of it must match."""

    pattern: str | None = None
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """A name that something else declares: `of` is a purpose, an event, a template, a family …"""

    of: str
    besides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """One of a few words."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value of any kind: it is read as an expression."""


@dataclass(frozen=True, slots=True)
class Items:
    """A list of at least one."""

    of: Shape


@dataclass(frozen=True, slots=True)
class Named:
    """A map whose keys the author chooses; `keys` is their pattern, `known` what declares them."""

    of: Shape
    keys: str | None = None
    known: str | None = None
    least: int = 1


@dataclass(frozen=True, slots=True)
class Either:
    """Any of several shapes."""

    of: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """Where `key` is one of `words`, or in any case where there are none: what must and what must not be there."""

    key: str
    words: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    else_needs: tuple[str, ...] = ()
    else_refuses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Key:
    """One key: what stands behind it, and what it means, in words for authors."""

    takes: Shape
    says: str
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A block of keys. `one_of`: exactly one of these; `some_of`: at least one of these."""

    keys: Mapping[str, Key]
    says: str = ""
    one_of: tuple[str, ...] = ()
    some_of: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()

    @property
    def needed(self) -> tuple[str, ...]:
        """The keys that must be there in any case."""
        return tuple(name for name, key in self.keys.items() if key.needed)


Shape: TypeAlias = "Text | Known | Word | Whole | Flag | Scalar | Items | Named | Either | Table"
