"""Where a step stands: what its expressions may read, and which purpose its file is for."""

from __future__ import annotations

from dataclasses import dataclass

from accord.core.expressions.names import Scope


@dataclass(frozen=True, slots=True)
class Place:
    """The names at hand in a file's steps, and the file's purpose."""

    scope: Scope
    purpose: str
