"""YAML, made safe: scalars of YAML 1.2's core only, a place on every node, the commonest faults mended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import yaml

from accord.core.language.mending import (
    CURLY,
    NO_BREAK,
    mended,
    mended_line,
    odd_characters,
    quoted,
    with_plain_spaces,
)
from accord.core.model.place import Diagnostic, Span

MOST_BYTES, DEEPEST = 1024 * 1024, 32

# Each mended line has the file read again: of a long file fewer faults of YAML itself are told at once.
MOST_MENDED, MENDING_BUDGET = 50, 2 * MOST_BYTES

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A single value. `text` is what stands in the file; `value` is read by the core schema of YAML 1.2.

    `no`, `on`, `10:30` and dates stay text. `raw`: as written, with quotes, escapes and line breaks. `cut`:
    a comment follows that may have been meant as text; this is the line as it would keep it.
    """

    value: str | int | float | bool | None
    text: str
    span: Span
    quoted: bool = False
    cut: str | None = None
    raw: str = ""

    def part(self, offset: int, length: int) -> Span:
        """The place of `length` characters of the text from `offset` on, wherever the writing put them."""
        places = range(len(self.text) + 1) if self.raw in ("", self.text) else _places(self.raw, self.text)
        at = places[min(offset, len(self.text))]
        before = self.raw[:at]
        column = at - before.rindex("\n") if "\n" in before else self.span.column + at
        return Span(self.span.file, self.span.line + before.count("\n"), column, max(length, 1))


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list."""

    items: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class MapNode:
    """An ordered map; its keys keep their own places."""

    entries: tuple[tuple[ScalarNode, Node], ...]
    span: Span

    def get(self, key: str) -> Node | None:
        """The value of a key, or None where it is absent."""
        return next((value for name, value in self.entries if name.text == key), None)

    def key(self, key: str) -> ScalarNode | None:
        """The key itself, for its place."""
        return next((name for name, _ in self.entries if name.text == key), None)


Node: TypeAlias = ScalarNode | ListNode | MapNode


def plain(node: Node) -> Any:
    """A node as Python's own dicts, lists and scalars."""
    match node:
        case MapNode(entries):
            return {key.text: plain(value) for key, value in entries}
        case ListNode(items):
            return [plain(item) for item in items]
    return node.value


def read(text: str, file: str) -> tuple[Node | None, list[Diagnostic]]:
    """Read one document. Raises nothing: what is wrong comes back as diagnostics, with a repair if one is known.

    A line with one of the commonest faults is mended and reading goes on, so that what is wrong elsewhere is
    told too. Anchors, aliases, merge keys and tags are refused, and so are files above 1 MiB or nested deeper
    than 32.
    """
    top = Span(file, 1, 1)
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return None, [Diagnostic(top, "yaml", "The file holds characters that no text can hold.")]
    if size > MOST_BYTES:
        return None, [Diagnostic(top, "file-too-large", "A file may have 1 MiB at most.")]
    faults = list(odd_characters(text.splitlines(), file))
    node, found = _read_mending(
        with_plain_spaces(text), file, min(MOST_MENDED, MENDING_BUDGET // max(size, 1))
    )
    return node, [*faults, *(fault for fault in found if not _told(fault, faults))]


def _told(fault: Diagnostic, faults: list[Diagnostic]) -> bool:
    """Whether a line's odd characters say already why YAML stumbled there."""
    return fault.code == "yaml" and any(each.span.line == fault.span.line for each in faults)


def _read_mending(text: str, file: str, attempts: int) -> tuple[Node | None, list[Diagnostic]]:
    """Read, mend the line that can't be read, and read again; a line is mended once at most."""
    faults: list[Diagnostic] = []
    touched: set[int] = set()
    while True:
        lines = text.splitlines()
        builder = _Builder(text, lines, file)
        try:
            return builder.document(yaml.parse(text, Loader=_Loader)), [*faults, *builder.faults]
        except _TooDeep as fault:
            message = f"Nested deeper than {DEEPEST} levels."
            return None, [*faults, *builder.faults, Diagnostic(fault.span, "nested-too-deep", message)]
        except yaml.YAMLError as fault:
            better = mended(fault, lines, file)
            if better is None or better.number in touched or len(touched) >= attempts:
                told = better.diagnostic if better is not None else _syntax(fault, file)
                return None, [*faults, *builder.faults, told]
        faults.append(better.diagnostic)
        touched.add(better.number)
        lines[better.number - 1] = better.line
        text = "\n".join(lines)


def _syntax(fault: yaml.YAMLError, file: str) -> Diagnostic:
    mark = getattr(fault, "problem_mark", None) or getattr(fault, "context_mark", None)
    if mark is None:
        message = "The file can't be read as YAML: it has characters that are none."
        return Diagnostic(Span(file, 1, 1), "yaml", message)
    problem = getattr(fault, "problem", None) or "it has no form that YAML knows"
    at = Span(file, mark.line + 1, mark.column + 1)
    return Diagnostic(at, "yaml", f"This can't be read as YAML: {problem}.")


class _TooDeep(Exception):
    def __init__(self, span: Span) -> None:
        super().__init__()
        self.span = span


class _Builder:
    """Builds nodes from the parser's events; keeps faults and goes on."""

    def __init__(self, text: str, lines: list[str], file: str) -> None:
        self.text, self.lines, self.file = text, lines, file
        self.faults: list[Diagnostic] = []

    def document(self, events: Iterator[Any]) -> Node | None:
        """The first document; a second one is a fault."""
        found: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._fault(self._span(event), "several-documents", "One file holds one document.")
                    return found
                found = self._node(next(events), events, 1)
        return found

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        span = self._span(event)
        if depth > DEEPEST:
            raise _TooDeep(span)
        if isinstance(event, yaml.AliasEvent):
            self._fault(span, "alias", f"*{event.anchor}: aliases are not used here; write it out.")
            return ScalarNode(None, "", span)
        if getattr(event, "anchor", None):
            self._fault(span, "anchor", f"&{event.anchor}: anchors are not used here.")
        if event.tag is not None:
            said = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._fault(span, "tag", f"{said}: tags are not used here.")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, span)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(events, span, depth)
        return self._map(events, span, depth)

    def _list(self, events: Iterator[Any], span: Span, depth: int) -> ListNode:
        items = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._node(event, events, depth + 1))
        return ListNode(tuple(items), span)

    def _map(self, events: Iterator[Any], span: Span, depth: int) -> MapNode:
        entries: list[tuple[ScalarNode, Node]] = []
        seen: dict[str, int] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            written = self._node(event, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            key = self._key(written)
            if key is None:
                continue
            if key.text in seen:
                message = f"«{key.text}» stands here and in line {seen[key.text]} already."
                self._fault(key.span, "duplicate-key", message)
                continue
            seen[key.text] = key.span.line
            entries.append((key, value))
        return MapNode(tuple(entries), span)

    def _key(self, node: Node) -> ScalarNode | None:
        """The key as it is meant; None, with a fault, for what is no key."""
        if not isinstance(node, ScalarNode) or not node.text:
            line = self.lines[node.span.line - 1] if node.span.line <= len(self.lines) else ""
            better = mended_line(line, node.span.line, self.file)
            unsaid = Diagnostic(node.span, "key-not-text", "A key is a single word.")
            self.faults.append(better.diagnostic if better is not None else unsaid)
            return None
        if node.text == "<<":
            self._fault(node.span, "merge-key", "<<: merge keys are not used here; write it out.")
            return None
        if node.text == "on" and not node.quoted:
            rest = self.lines[node.span.line - 1][node.span.column + 1 :].strip()
            self._fault(node.span, "key-on", "There is no key «on» here.", f"Write: when{rest}")
            return replace(node, text="when", value="when")
        for sign, name in NO_BREAK.items():
            if node.text.endswith(sign):
                bare = node.text.rstrip("".join(NO_BREAK))
                at = node.part(len(bare), 1)
                self._fault(at, "odd-space", f"Before the colon stands {name}.", "Take it away.")
                return replace(node, text=bare, value=bare)
        return node

    def _scalar(self, event: Any, span: Span) -> ScalarNode:
        is_quoted = event.style not in (None, "")
        value = event.value if is_quoted else _core(event.value)
        start, end = event.start_mark, event.end_mark
        raw = self.text[start.index : end.index]
        node = ScalarNode(value, event.value, span, is_quoted, None, raw)
        if is_quoted or not event.value:
            return node
        if event.value[0] in CURLY:
            message = "The value begins with a curly quote, which is part of the text."
            head = self.lines[start.line][: start.column].strip()
            self._fault(span, "curly-quotes", message, f"Write: {head} {_straight(event.value)}")
            bare = event.value.strip("".join(CURLY))
            return replace(node, value=bare, text=bare, raw="")
        rest = self.lines[end.line][end.column :] if end.line < len(self.lines) else ""
        if rest.lstrip().startswith("#"):
            head = self.lines[start.line][: start.column].strip()
            return replace(node, cut=f"{head} {quoted(event.value + rest.rstrip())}".strip())
        return node

    def _span(self, event: Any) -> Span:
        mark, end = event.start_mark, event.end_mark
        same_line = end.line == mark.line
        length = max(end.column - mark.column, 1) if same_line and isinstance(event, yaml.ScalarEvent) else 1
        return Span(self.file, mark.line + 1, mark.column + 1, length)

    def _fault(self, span: Span, code: str, message: str, hint: str | None = None) -> None:
        self.faults.append(Diagnostic(span, code, message, hint))


def _straight(text: str) -> str:
    """A text between curly quotes, between straight ones."""
    return quoted(text.strip("".join(CURLY)))


_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def _core(text: str) -> str | int | float | bool | None:
    """A plain scalar by YAML 1.2's core schema, without octal and hexadecimal numbers."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true"
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) < 20 else text
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


_ESCAPED = {"x": 4, "u": 6, "U": 10}


def _places(raw: str, text: str) -> list[int]:
    """Where in `raw` each character of `text` is written, and where the text ends.

    Line breaks and indentation of the writing are one space or break of the text; an escape is one character.
    """
    places: list[int] = []
    at = 1 if raw[:1] in "\"'" else raw.find("\n") + 1 if raw[:1] in "|>" else 0
    for character in text:
        if raw[0] == '"' and raw[at : at + 2] == "\\\n":
            at += 2  # an escaped line break joins two lines
        if not character.isspace():
            while at < len(raw) - 1 and raw[at].isspace():
                at += 1
        places.append(min(at, max(len(raw) - 1, 0)))
        if raw[0] == '"' and raw[at : at + 1] == "\\":
            at += _ESCAPED.get(raw[at + 1 : at + 2], 2)
        elif raw[0] == "'" and raw[at : at + 2] == "''":
            at += 2
        elif character.isspace() and raw[at : at + 1].isspace():
            at += 1
            while "\n" in raw[places[-1] : at + 1] and raw[at : at + 1].isspace():
                at += 1
        elif not character.isspace() or raw[at : at + 1] == character:
            at += 1
    return [*places, min(at, len(raw))]
