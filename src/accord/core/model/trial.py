"""Trial: several subjects of one step, tried on a share of its readers, and what came of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """One subject: how many mails were delivered under it, and in how many of them a person clicked."""

    delivered: int = 0
    clicked: int = 0


@dataclass(frozen=True, slots=True)
class TrialKey:
    """Which mails a trial is of: one step of one version; `entered_at` where each occasion has its own."""

    digest: str
    step: str
    entered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """When its first mail was queued, and what came of each subject by its end; None before that is counted."""

    began_at: datetime
    figures: Mapping[str, Tried] | None = None
