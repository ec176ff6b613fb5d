"""Findings: what was looked at, how it is, and what to type where if it is not well."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How something is. Only MEND is a failure; UNSEEN could not be looked at from here, and the finding says why."""

    FINE = "fine"
    NOTE = "note"
    UNSEEN = "unseen"
    MEND = "mend"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `key` is what the rules of mailboxes ask for it by; `fix` what to do."""

    key: str
    state: State
    says: str
    fix: str | None = None


def fine(key: str, says: str) -> Finding:
    """All is well."""
    return Finding(key, State.FINE, says)


def note(key: str, says: str, fix: str | None = None) -> Finding:
    """It could be better; nothing fails of it today."""
    return Finding(key, State.NOTE, says, fix)


def unseen(key: str, says: str, fix: str | None = None) -> Finding:
    """It can't be seen from here."""
    return Finding(key, State.UNSEEN, says, fix)


def mend(key: str, says: str, fix: str) -> Finding:
    """Something is wrong, and `fix` says what to do about it."""
    return Finding(key, State.MEND, says, fix)
