"""The faults of YAML that authors make most: each is found, and mended where the right line can be told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml

from accord.core.model.place import Diagnostic, Span

NO_BREAK = {"\u00a0": "a no-break space", "\u202f": "a narrow no-break space"}
CURLY = {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'"}

_BLANK = " \t\u00a0\u202f"
_PAIR = re.compile(r"(\s*(?:- +)*(?:[\w.-]+|\"[^\"]*\"):[ \t]+)(.+)$")
_ITEM = re.compile(r"(\s*(?:- +)+)(.+)$")
_AFTER_COLON = re.compile(r"\s*(?:- +)*[\w.-]+:([\u00a0\u202f])")


@dataclass(frozen=True, slots=True)
class Mended:
    """A line that YAML can't read: what is wrong with it, and the line as it was probably meant."""

    diagnostic: Diagnostic
    number: int
    line: str


def odd_characters(lines: Sequence[str], file: str) -> Iterator[Diagnostic]:
    """Tabs and no-break spaces where YAML wants spaces: invisible, so they are pointed at, on every line."""
    for number, line in enumerate(lines, start=1):
        indent = line[: len(line) - len(line.lstrip(_BLANK))]
        if "\t" in indent and line.strip():
            at = Span(file, number, indent.index("\t") + 1)
            yield Diagnostic(at, "tab", "The line is indented with a tab.", "Use spaces.")
        for sign, name in NO_BREAK.items():
            if sign in indent:
                at = Span(file, number, indent.index(sign) + 1)
                yield Diagnostic(at, "odd-space", f"The line is indented with {name}.", "Use spaces.")
        after_colon = _AFTER_COLON.match(line)
        if after_colon is not None:
            at = Span(file, number, after_colon.start(1) + 1)
            name = NO_BREAK[after_colon[1]]
            yield Diagnostic(at, "odd-space", f"After the colon stands {name}.", "Use a space.")


def with_plain_spaces(text: str) -> str:
    """The text with a space for each no-break one that is pointed at: as many characters, so that places stay."""
    if not any(sign in text for sign in NO_BREAK):
        return text
    lines = []
    for line in text.split("\n"):
        rest = line.lstrip(_BLANK)
        indent = re.sub("[\u00a0\u202f]", " ", line[: len(line) - len(rest)])
        after_colon = _AFTER_COLON.match(indent + rest)
        plain = indent + rest
        at = after_colon.start(1) if after_colon is not None else None
        lines.append(plain if at is None else f"{plain[:at]} {plain[at + 1 :]}")
    return "\n".join(lines)


def mended(fault: yaml.YAMLError, lines: Sequence[str], file: str) -> Mended | None:
    """The line that a parser stumbled over, mended; None where nobody can tell what was meant.

    The parser often stumbles one line after the one that is wrong.
    """
    mark = getattr(fault, "problem_mark", None) or getattr(fault, "context_mark", None)
    if mark is None:
        return None
    here = min(mark.line, max(len(lines) - 1, 0))
    for index in (here, here - 1):
        if 0 <= index < len(lines):
            found = mended_line(lines[index], index + 1, file)
            if found is not None:
                return found
    return None


def mended_line(line: str, number: int, file: str) -> Mended | None:
    """A line whose value needs quotes, with them; None for a line that needs none."""
    match = _PAIR.match(line) or _ITEM.match(line)
    if match is None:
        return None
    head, value = match[1], match[2].rstrip()
    why = _why(value)
    if why is None:
        return None
    code, message = why
    better = f"{head}{quoted(value)}"
    at = Span(file, number, len(head) + 1, len(value))
    return Mended(Diagnostic(at, code, message, f"Write: {better.strip()}"), number, better)


def _why(value: str) -> tuple[str, str] | None:
    """Why YAML can't take a value as it stands: a code and a sentence."""
    if value.startswith("{{"):
        return "unquoted-braces", "A value that begins with {{ needs quotes."
    if value[0] in "\"'":
        return None if _is_closed(value) else ("half-quoted", "Only a part of the value is in quotes.")
    if value[0] in "@`%":
        return "unquoted-sign", f"A value that begins with {value[0]} needs quotes."
    if re.search(r":(\s|$)", value) and value[0] not in "{[|>&*!":
        return "colon-in-text", "A text with a colon in it needs quotes."
    return None


def _is_closed(value: str) -> bool:
    return re.fullmatch(r"\"(?:[^\"\\]|\\.)*+\"\s*(#.*)?|'(?:[^']|'')*+'\s*(#.*)?", value) is not None


def quoted(value: str) -> str:
    """A value between double quotes, ready to be pasted."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
