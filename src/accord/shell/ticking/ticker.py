"""What the daemon needs of a ticker."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Ticker(Protocol):
    """Asks for jobs when it is time. It holds nothing that would be lost with it: what is due stands in the tables."""

    async def begin(self) -> None:
        """From now on jobs are begun, the first of each at once."""
        ...

    def heed(self, now: datetime) -> None:
        """Asked every second: notice where the wall clock has jumped, and be silent for no longer than before."""
        ...

    async def end(self) -> None:
        """Begin nothing more; returns when what goes on has ended."""
        ...
