"""The port of what left of late, counted."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Outflow(Protocol):
    """Reads only, through indexes."""

    def prospecting_since(self, since: datetime) -> int:
        """How many prospecting mails were handed over since then."""
        ...
