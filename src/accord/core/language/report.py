"""Diagnostics as people and programs read them: the author's own line with a caret, JSON, annotations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accord.core.model.place import Diagnostic


def as_text(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str]) -> str:
    """`file:line:col: sentence. Did you mean …? [code]`, then the line and a caret; sorted."""
    lines: list[str] = []
    for each in sorted(diagnostics, key=lambda found: (found.span, found.code)):
        span = each.span
        severity = "" if each.severity == "error" else "warning: "
        hint = f" {each.hint}" if each.hint else ""
        lines.append(f"{span.file}:{span.line}:{span.column}: {severity}{each.message}{hint} [{each.code}]")
        source = sources.get(span.file, "").splitlines()
        if 0 < span.line <= len(source):
            line = source[span.line - 1].replace("\t", " ")
            room = max(min(span.length, len(line) - span.column + 1), 1)
            lines.append(f"    {line}")
            lines.append(f"    {' ' * (span.column - 1)}^{'~' * (room - 1)}")
    return "\n".join(lines) + ("\n" if lines else "")


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
            for each in sorted(diagnostics, key=lambda found: (found.span, found.code))
        ]
    }


def as_github(diagnostics: Sequence[Diagnostic]) -> str:
    """Annotations as GitHub's runners read them."""
    lines = []
    for each in sorted(diagnostics, key=lambda found: (found.span, found.code)):
        words = f"{each.message} {each.hint or ''}".strip().replace("%", "%25").replace("\n", "%0A")
        place = f"file={each.span.file},line={each.span.line},col={each.span.column},title={each.code}"
        lines.append(f"::{each.severity.value} {place}::{words}")
    return "\n".join(lines) + ("\n" if lines else "")
