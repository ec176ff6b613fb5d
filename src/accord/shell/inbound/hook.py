"""What a webhook is to whoever reads it: what was told, under which id, and what its sender may tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accord.core.model.content import Catalogue
from accord.shell.engine.intake.people import Taken
from accord.shell.engine.ports.store import Store


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook, verified. `id` stays the same over retries; `vouches`: its sender may tell evidence."""

    id: str
    told: Mapping[str, Any]
    source: str
    vouches: bool


Reader = Callable[[Store, Catalogue, Delivery, datetime], Taken]
