"""An occasion: an instant at which the calendar asks who enters, and how each kind of trigger gives them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from accord.core.model.expression import Expression


@dataclass(frozen=True, slots=True)
class Occasion:
    """`at`: the instant (UTC); `key`: what tells it from the others of its scenario; `who`: None is everybody."""

    at: datetime
    key: str
    who: Expression | None = None


class Calendar(Protocol):
    """The occasions of one trigger in (after, until], oldest first."""

    def __call__(
        self, trigger: Any, after: datetime, until: datetime, zone: ZoneInfo, /
    ) -> tuple[Occasion, ...]: ...
