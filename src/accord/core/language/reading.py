"""Reading a map of an author's, key by key: every fault is kept, and reading goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, ParamSpec, TypeVar

from accord.core.expressions.names import Scope
from accord.core.expressions.parse import Want, closest, did_you_mean, read_expression
from accord.core.expressions.spell import duration_of
from accord.core.language.shapes import Table
from accord.core.language.source import ListNode, MapNode, Node, ScalarNode
from accord.core.model.expression import Expression
from accord.core.model.place import Diagnostic, Severity, Span
from accord.core.model.time import Duration

# So many words of one file are compared with those that are known.
MOST_HINTS = 200

Part = TypeVar("Part")
Given = ParamSpec("Given")


class Stop(Exception):
    """This block can't be read any further; its faults are kept already."""


def attempt(read_it: Callable[Given, Part], *args: Given.args, **words: Given.kwargs) -> Part | None:
    """What a reader gives, or None where it stopped: its faults are kept, and the next key is read."""
    try:
        return read_it(*args, **words)
    except Stop:
        return None


@dataclass(slots=True)
class Notes:
    """The faults found so far in one file; the same one is kept once."""

    faults: list[Diagnostic] = field(default_factory=list)
    _kept: set[Diagnostic] = field(default_factory=set)
    _asked: int = 0

    def error(self, span: Span, code: str, message: str, hint: str | None = None) -> None:
        """Something that keeps the file from going live."""
        self.keep([Diagnostic(span, code, _sentence(message), hint)])

    def warn(self, span: Span, code: str, message: str, hint: str | None = None) -> None:
        """Something worth a look."""
        self.keep([Diagnostic(span, code, _sentence(message), hint, Severity.WARNING)])

    def stop(self, span: Span, code: str, message: str, hint: str | None = None) -> NoReturn:
        """An error after which the block can't be read."""
        self.error(span, code, message, hint)
        raise Stop

    def keep(self, faults: Sequence[Diagnostic]) -> None:
        """Faults that somebody else found."""
        for fault in faults:
            if fault not in self._kept:
                self._kept.add(fault)
                self.faults.append(fault)

    def closest(self, word: str, known: Iterable[str]) -> str | None:
        """The known word that was probably meant; in a file with very many faults nobody looks for it any more."""
        self._asked += 1
        return closest(word, known) if self._asked <= MOST_HINTS else None

    def nearest(self, word: str, known: Iterable[str]) -> str | None:
        """«Did you mean …?», where something known is near."""
        return did_you_mean(self.closest(word, known))

    @property
    def has_errors(self) -> bool:
        """Whether any of them is an error."""
        return any(fault.severity is Severity.ERROR for fault in self.faults)


def _sentence(message: str) -> str:
    """A message that begins as sentences do; a dotted name stays what it is."""
    return message if "." in message.partition(" ")[0] else message[:1].upper() + message[1:]


@dataclass(slots=True)
class Block:
    """One map of the file. `name` and `at` are what a missing key points at.

    `slips`: keys that are meant by unknown ones; that they are missing is not told again.
    """

    node: MapNode
    name: str
    at: Span
    notes: Notes
    slips: set[str] = field(default_factory=set)

    def takes(self, table: Table, elsewhere: Mapping[str, str] | None = None) -> None:
        """Point at each key that has no meaning here, and tell every one that must be here and is not."""
        self.only(list(table.keys), elsewhere)
        for key in table.needed:
            if not self.has(key):
                self._missing(key)

    def only(self, known: Sequence[str], elsewhere: Mapping[str, str] | None = None) -> None:
        """Point at each key that has no meaning here; `elsewhere` says where some of them do."""
        for key, _ in self.node.entries:
            if key.text not in known:
                home = (elsewhere or {}).get(key.text)
                meant = self.notes.closest(key.text, known) if home is None else None
                if meant is not None:
                    self.slips.add(meant)
                hint = f"It goes with «{home}:»." if home is not None else did_you_mean(meant)
                message = f"«{key.text}» has no meaning in {self.name}."
                self.notes.error(key.span, "unknown-key", message, hint)

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return self.node.get(key) is not None

    def lacks(self, key: str) -> bool:
        """Whether the key is not there, nor meant by another."""
        return not self.has(key) and key not in self.slips

    def key_at(self, key: str) -> Span:
        """The place of a key that is there; the block's own where it is not."""
        found = self.node.key(key)
        return found.span if found is not None else self.at

    def value_at(self, key: str) -> Span:
        """The place of a key's value; the block's own where it is not there."""
        found = self.node.get(key)
        return found.span if found is not None else self.at

    def _missing(self, key: str) -> None:
        if self.lacks(key):
            self.notes.error(self.at, "missing-key", f"{self.name} needs «{key}:».")

    def need(self, key: str) -> Node:
        """The value of a required key; points at the block where it is missing."""
        node = self.node.get(key)
        if node is None:
            self._missing(key)
            raise Stop
        return node

    def text(self, key: str) -> str:
        """A required text."""
        return self._text(self.need(key), key)

    def text_or(self, key: str, default: str | None = None) -> str | None:
        """A text, or the default."""
        node = self.node.get(key)
        return default if node is None else self._text(node, key)

    def _text(self, node: Node, key: str) -> str:
        if not isinstance(node, ScalarNode) or node.value is None:
            self.notes.stop(node.span, "wrong-value", f"«{key}:» takes a text.")
        return node.text

    def choice(self, key: str, known: Sequence[str], default: str | None = None) -> str:
        """One of a few words."""
        node = self.node.get(key)
        if node is None and default is not None:
            return default
        node = self.need(key)
        said = self._text(node, key)
        if said not in known:
            message = f"«{said}» is not one of: {', '.join(known)}."
            self.notes.stop(node.span, "wrong-value", message, self.notes.nearest(said, known))
        return said

    def flag(self, key: str) -> bool:
        """A required true or false."""
        node = self.need(key)
        if not isinstance(node, ScalarNode) or not isinstance(node.value, bool):
            self.notes.stop(node.span, "wrong-value", f"«{key}:» takes true or false.")
        return node.value

    def duration(self, key: str) -> Duration:
        """A required length of time."""
        node = self.need(key)
        found = duration_of(self._text(node, key))
        if found is None:
            said = self._text(node, key)
            message = f"«{said}» is not a length of time; write 3 days, 36 hours, 2 weeks or 1 month."
            self.notes.stop(node.span, "wrong-duration", message)
        return found

    def number(self, key: str, low: int, high: int, default: int) -> int:
        """A whole number within bounds."""
        node = self.node.get(key)
        if node is None:
            return default
        value = node.value if isinstance(node, ScalarNode) else None
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.notes.stop(node.span, "wrong-value", f"«{key}:» takes a whole number from {low} to {high}.")
        return value

    def map(self, key: str, name: str) -> Block:
        """A required map."""
        return self.block_of(self.need(key), name, self.node.key(key))

    def block_of(self, node: Node, name: str, key: ScalarNode | None = None) -> Block:
        """A node as a block of its own."""
        if not isinstance(node, MapNode):
            self.notes.stop(node.span, "wrong-value", f"{name} takes keys and values, one a line.")
        return Block(node, name, key.span if key is not None else node.span, self.notes)

    def texts(self, key: str) -> list[ScalarNode]:
        """A text or a list of texts, as nodes; each that is none is pointed at."""
        node = self.need(key)
        items = node.items if isinstance(node, ListNode) else (node,)
        found = [item for item in items if isinstance(item, ScalarNode) and item.value is not None]
        if len(found) != len(items) or not found:
            wrong = next((item for item in items if item not in found), node)
            self.notes.stop(wrong.span, "wrong-value", f"«{key}:» takes a name, or a list of names.")
        return found

    def list(self, key: str) -> tuple[Node, ...]:
        """A required list."""
        node = self.need(key)
        if not isinstance(node, ListNode) or not node.items:
            self.notes.stop(node.span, "wrong-value", f"«{key}:» takes a list.")
        return node.items

    def condition(self, key: str, scope: Scope) -> Expression | None:
        """An optional condition."""
        node = self.node.get(key)
        return None if node is None else self.expression_of(node, scope, Want.CONDITION)

    def expression_of(self, node: Node, scope: Scope, want: Want) -> Expression | None:
        """An expression's text, read in its scope; its faults are kept."""
        if not isinstance(node, ScalarNode) or (node.value is None and not node.text):
            self.notes.error(node.span, "wrong-value", "A condition is one line of text here.")
            return None
        found, faults = read_expression(node.text, node.span, scope, want, node.part)
        if node.cut is not None and any(fault.code == "expression-syntax" for fault in faults):
            message = "What follows # is not part of the condition."
            self.notes.error(node.span, "text-cut-short", message, f"Write: {node.cut}")
        else:
            self.notes.keep(faults)
        return found
