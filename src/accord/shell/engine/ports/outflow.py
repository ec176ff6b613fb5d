"""The port of what left of late, counted."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Outflow(Protocol):
    """Reads only, through indexes."""

    def came_back(self, since: datetime) -> tuple[int, int]:
        """Of the prospecting mails since then, how many bounced hard, and how many were complained of."""
        ...

    def prospecting_since(self, since: datetime) -> int:
        """How many prospecting mails were handed over since then."""
        ...
