"""YAML, made safe: scalars of YAML 1.2's core only, a place on every node, the commonest faults mended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from accord.core.model.place import Diagnostic, Span

MOST_BYTES, DEEPEST = 1024 * 1024, 32

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A single value. `text` is what stands in the file; `value` is read by the core schema of YAML 1.2.

    `no`, `on`, `10:30` and dates stay text. `cut_short`: a comment follows on the line, which may have been
    meant as text.
    """

    value: str | int | float | bool | None
    text: str
    span: Span
    quoted: bool = False
    cut_short: bool = False


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

    Anchors, aliases, merge keys and tags are refused, and so are files above 1 MiB or nested deeper than 32.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        return None, [Diagnostic(Span(file, 1, 1), "file-too-large", "A file may have 1 MiB at most.")]
    faults = list(_odd_characters(text, file))
    builder = _Builder(text, file)
    try:
        node = builder.document(yaml.parse(text, Loader=_Loader))
    except yaml.YAMLError as fault:
        return None, [*faults, _syntax(fault, text, file)]
    except _TooDeep as fault:
        return None, [
            *faults,
            Diagnostic(fault.span, "nested-too-deep", f"Nested deeper than {DEEPEST} levels."),
        ]
    return node, [*faults, *builder.faults]


class _TooDeep(Exception):
    def __init__(self, span: Span) -> None:
        super().__init__()
        self.span = span


class _Builder:
    """Builds nodes from the parser's events; keeps faults and goes on."""

    def __init__(self, text: str, file: str) -> None:
        self.lines = text.splitlines()
        self.file = file
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
                first = next(events)
                found = self._node(first, events, 1)
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
        if event.tag is not None and event.tag != "!":
            self._fault(span, "tag", f"{event.tag}: tags are not used here.")
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
            key = self._node(event, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if not isinstance(key, ScalarNode):
                repaired = _repair(self.lines[key.span.line - 1], key.span.line, self.file)
                self.faults.append(
                    repaired or Diagnostic(key.span, "key-not-text", "A key is a single word.")
                )
                continue
            if key.text == "<<":
                self._fault(key.span, "merge-key", "<<: merge keys are not used here; write it out.")
                continue
            if key.text in seen:
                message = f"«{key.text}» stands here and in line {seen[key.text]} already."
                self._fault(key.span, "duplicate-key", message)
                continue
            if key.text == "on" and not key.quoted:
                self._fault(key.span, "key-on", "There is no key «on» here.", "Write `when:`.")
                continue
            seen[key.text] = key.span.line
            entries.append((key, value))
        return MapNode(tuple(entries), span)

    def _scalar(self, event: Any, span: Span) -> ScalarNode:
        quoted = event.style not in (None, "")
        value = event.value if quoted else _core(event.value)
        end = event.end_mark
        rest = self.lines[end.line][end.column :] if end.line < len(self.lines) else ""
        if not quoted and event.value[:1] in "“”‘’«" and event.value[:1]:
            hint = 'Use straight quotes: "…".' if event.value[0] != "«" else None
            if hint:
                self._fault(
                    span,
                    "curly-quotes",
                    "The value begins with a curly quote, which is part of the text.",
                    hint,
                )
        return ScalarNode(value, event.value, span, quoted, not quoted and rest.lstrip().startswith("#"))

    def _span(self, event: Any) -> Span:
        mark, end = event.start_mark, event.end_mark
        same_line = end.line == mark.line
        length = max(end.column - mark.column, 1) if same_line and isinstance(event, yaml.ScalarEvent) else 1
        return Span(self.file, mark.line + 1, mark.column + 1, length)

    def _fault(self, span: Span, code: str, message: str, hint: str | None = None) -> None:
        self.faults.append(Diagnostic(span, code, message, hint))


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


# -- faults that authors make, and their repairs ----------------------------------------------------------


def _odd_characters(text: str, file: str) -> Iterator[Diagnostic]:
    """Tabs and no-break spaces where YAML wants spaces: invisible, so they are pointed at."""
    for number, line in enumerate(text.splitlines(), start=1):
        indent = line[: len(line) - len(line.lstrip(" \t\u00a0\u202f"))]
        for sign, name in (("\u00a0", "a no-break space"), ("\u202f", "a narrow no-break space")):
            if sign in indent:
                at = indent.index(sign) + 1
                yield Diagnostic(
                    Span(file, number, at), "odd-space", f"The line is indented with {name}.", "Use spaces."
                )
        after_colon = re.match(r"\s*[\w.-]+:([\u00a0\u202f])", line)
        if after_colon:
            at = after_colon.start(1) + 1
            yield Diagnostic(
                Span(file, number, at),
                "odd-space",
                "After the colon stands a no-break space.",
                "Use a space.",
            )


def _syntax(fault: yaml.YAMLError, text: str, file: str) -> Diagnostic:
    mark = getattr(fault, "problem_mark", None) or getattr(fault, "context_mark", None)
    if mark is None:
        return Diagnostic(
            Span(file, 1, 1), "yaml", "The file can't be read as YAML: it has characters that are none."
        )
    lines = text.splitlines()
    # The parser often stumbles one line after the one that is wrong.
    line = min(mark.line, max(len(lines) - 1, 0))
    for number in (line, line - 1):
        if 0 <= number < len(lines):
            repaired = _repair(lines[number], number + 1, file)
            if repaired is not None:
                return repaired
    problem = getattr(fault, "problem", None) or "it has no form that YAML knows"
    return Diagnostic(
        Span(file, mark.line + 1, mark.column + 1), "yaml", f"This can't be read as YAML: {problem}."
    )


def _repair(line: str, number: int, file: str) -> Diagnostic | None:
    """The faults that people make most, each with the line as it should be."""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        tab = Span(file, number, line.index("\t") + 1)
        return Diagnostic(tab, "tab", "The line is indented with a tab.", "Use spaces.")
    match = re.match(r"(\s*(?:- )?[\w.-]+:\s+)(.+)$", line)
    if match is None:
        return None
    head, value = match[1], match[2].rstrip()
    at = Span(file, number, len(head) + 1, len(value))
    quoted = f"{head.strip()} {_quoted(value)}"
    if value.startswith("{{"):
        return Diagnostic(
            at, "unquoted-braces", "A value that begins with {{ needs quotes.", f"Write: {quoted}"
        )
    if value[0] in "\"'" and not _is_closed(value):
        return Diagnostic(at, "half-quoted", "Only a part of the value is in quotes.", f"Write: {quoted}")
    if re.search(r":(\s|$)", value) and value[0] not in "\"'{[|>":
        return Diagnostic(at, "colon-in-text", "A text with a colon in it needs quotes.", f"Write: {quoted}")
    return None


def _is_closed(value: str) -> bool:
    return re.fullmatch(r"\"(?:[^\"\\]|\\.)*\"\s*(#.*)?|'(?:[^']|'')*'\s*(#.*)?", value) is not None


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
