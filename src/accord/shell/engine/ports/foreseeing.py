"""The port of the forecast: everybody, a page at a time, as known now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from accord.core.simulate import Known


class Foreseeing(Protocol):
    """What a walk through imagined days begins with. A constant number of queries, whatever the page's size."""

    def everybody(self, *, after_id: int, limit: int) -> Sequence[int]:
        """Ids of contacts that are not gone, in order, beyond `after_id`."""
        ...

    def how_many(self) -> int:
        """How many contacts are not gone."""
        ...

    def standing_still(self) -> int:
        """How many runs in flight do not go on, because their scenario is paused."""
        ...

    def known(self, contact_ids: Sequence[int], scenarios: Sequence[str]) -> Mapping[int, Known]:
        """These people, with their runs in flight that go on, and when they entered these scenarios."""
        ...
