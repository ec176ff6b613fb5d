"""The port of compiled templates as they were sent, so that a mail can be made again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class KeptTemplate:
    """One compiled template: `imprint` names it, `sheets` is its text in each language (compressed)."""

    imprint: str
    name: str
    digest: str
    sheets: bytes


class Templates(Protocol):
    """Kept as long as a mail may refer to them; `last_used_at` is right to the day."""

    def keep(self, templates: Sequence[KeptTemplate], now: datetime) -> None:
        """Keep these, or note that they were used again."""
        ...

    def kept(self, imprint: str) -> KeptTemplate | None: ...
    def count_unused(self, before: datetime) -> int:
        """How many were last used before an instant."""
        ...

    def drop_unused(self, before: datetime) -> None: ...
