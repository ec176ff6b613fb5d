"""Words and forms in the reader's language: handed in by the shell, which may read catalogues."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol


class Wording(Protocol):
    """One language: its sentences, and how it writes days, hours and sums."""

    def say(self, message: str) -> str:
        """The sentence in this language; the English one where the catalogue has none."""
        ...

    def day(self, value: date | datetime, zone: str) -> str:
        """«samedi 12 septembre 2026», in a zone."""
        ...

    def hour(self, value: datetime, zone: str) -> str:
        """«20:30», in a zone."""
        ...

    def money(self, cents: int, currency: str) -> str:
        """«24,00 €»."""
        ...
