"""Diagnostics as people and programs read them: the author's own line with a caret, JSON, annotations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from accord.core.model.place import Diagnostic, Severity, Span

# What would move a terminal's cursor, or turn the order of letters about.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")

# Of a longer line only the part round the caret is shown.
WIDEST, BEFORE = 200, 80


def in_order(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """By file, line and column."""
    return sorted(diagnostics, key=lambda found: (found.span, found.code, found.message))


def as_text(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str]) -> str:
    """`file:line:col: sentence. Did you mean …? [code]`, then the line and a caret; sorted."""
    split: dict[str, list[str]] = {}
    lines: list[str] = []
    for each in in_order(diagnostics):
        span = each.span
        severity = "" if each.severity is Severity.ERROR else "warning: "
        hint = f" {each.hint}" if each.hint else ""
        said = f"{span.file}:{span.line}:{span.column}: {severity}{each.message}{hint} [{each.code}]"
        lines.append(_shown(said))
        if span.file not in split:
            split[span.file] = sources.get(span.file, "").splitlines()
        source = split[span.file]
        if 0 < span.line <= len(source):
            lines += _pointed(source[span.line - 1], span)
    return "\n".join(lines) + ("\n" if lines else "")


def _pointed(line: str, span: Span) -> list[str]:
    """The author's line, and a caret under what is meant."""
    start = span.column - 1
    cut = max(start - BEFORE, 0) if len(line) > WIDEST else 0
    part = line[cut : cut + WIDEST]
    begins, ends = "…" if cut else "", "…" if cut + WIDEST < len(line) else ""
    room = max(min(span.length, len(part) + cut - start), 1)
    shown = _shown(f"{begins}{part}{ends}")
    return [f"    {shown}".rstrip(), f"    {' ' * (start - cut + len(begins))}^{'~' * (room - 1)}"]


def _shown(text: str) -> str:
    """A text that can be printed: one blank for a tab, a mark for what no terminal should be told."""
    return _UNSHOWN.sub("�", text.replace("\t", " "))


def as_json(diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    """The document of `scenario check --format json`."""
    return {
        "diagnostics": [
            {
                "file": each.span.file,
                "line": each.span.line,
                "column": each.span.column,
                "severity": each.severity.value,
                "code": each.code,
                "message": each.message,
                "hint": each.hint,
            }
            for each in in_order(diagnostics)
        ]
    }


def as_github(diagnostics: Sequence[Diagnostic]) -> str:
    """Annotations as GitHub's runners read them (workflow commands)."""
    lines = []
    for each in in_order(diagnostics):
        span = each.span
        properties = {
            "file": span.file,
            "line": span.line,
            "col": span.column,
            "endColumn": span.column + span.length,
            "title": each.code,
        }
        told = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
        words = _data(f"{each.message} {each.hint or ''}".strip())
        lines.append(f"::{each.severity.value} {told}::{words}")
    return "\n".join(lines) + ("\n" if lines else "")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
