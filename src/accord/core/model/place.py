"""Where in an author's file a thing stands, and what is wrong with it there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a file: 1-based line and column, and how many characters the caret underlines."""

    file: str
    line: int
    column: int
    length: int = 1


class Severity(StrEnum):
    """An error stops a file from going live; a warning is worth a look."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding of the linter: a sentence, a stable code, and what to do about it."""

    span: Span
    code: str
    message: str
    hint: str | None = None
    severity: Severity = Severity.ERROR
