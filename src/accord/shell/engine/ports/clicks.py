"""The port of clicks: those of which it is not known yet whether a person made them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from accord.core.model.event import Event
from accord.core.robots import ClickVerdict


class Clicks(Protocol):
    """Fetches of links, as the journal tells them."""

    def unsure(self, contact_ids: Collection[int], since: datetime) -> Sequence[Event]:
        """Clicks of these people since then that were judged `unsure`, oldest first."""
        ...

    def take_back(self, verdicts: Mapping[int, ClickVerdict]) -> None:
        """Judge clicks graver, by number. A clock that one of them alone had renewed is as it was before."""
        ...

    def call_human(self, click_ids: Collection[int], *, reacts: bool) -> None:
        """They were a person's after all. `reacts`: whether scenarios are to be asked about them now."""
        ...
