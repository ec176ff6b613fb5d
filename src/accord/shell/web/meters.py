"""What the metrics need of the house, and the house that gives it: a handful of questions, each answered by an index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Protocol

from accord.core.model.time import local_day, start_of_day
from accord.shell.engine.care.vitals import Vitals, vitals
from accord.shell.engine.ports.figures import Judgement
from accord.shell.engine.ports.tallies import Subject, Tally
from accord.shell.engine.sending.pacer import Told
from accord.shell.engine.sending.relays import RelayBook
from accord.shell.wiring import House

Network = IPv4Network | IPv6Network

# What of today's counts is told.
TOLD = (Subject.LEFT, Subject.REFUSED, Subject.HELD, Subject.IN_FLIGHT)


@dataclass(frozen=True, slots=True)
class Readings:
    """All that is told of the house; `counts` are today's, as they were at `counted_at`."""

    vitals: Vitals
    alarm_lag: timedelta
    judgement: Judgement | None = None
    counts: Mapping[Subject, Sequence[Tally]] = field(default_factory=dict)
    counted_at: datetime | None = None
    domains: Sequence[Told] = ()
    came_back: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    relays: RelayBook = field(default_factory=RelayBook)


class Meters(Protocol):
    """The house as the metrics see it."""

    @property
    def readers(self) -> Sequence[Network]:
        """Whom it is told."""
        ...

    def turned(self) -> Mapping[str, datetime]:
        """When each loop of this process last had a turn."""
        ...

    def readings(self) -> Readings:
        """Raises StoreError."""
        ...


@dataclass(frozen=True, slots=True)
class HouseMeters:
    """The port `Meters` over the house."""

    house: House
    turned: Callable[[], Mapping[str, datetime]] = dict

    @property
    def readers(self) -> Sequence[Network]:
        """`[web] metrics_from`, as it stands now."""
        return self.house.settings.metrics_from

    def readings(self) -> Readings:
        """Look at everything, in one transaction that holds up nobody."""
        now, lag = self.house.clock(), self.house.settings.alarm_lag
        today = local_day(now, self.house.venue.entity.clock)
        tomorrow = today + timedelta(days=1)
        with self.house.store.read() as unit:
            return Readings(
                vitals(unit, now),
                timedelta(days=lag.days, hours=lag.hours, minutes=lag.minutes),
                unit.figures.newest(),
                {subject: unit.tallies.counts(subject, today, tomorrow) for subject in TOLD},
                unit.tallies.counted_at(),
                self.house.pacer.told(),
                unit.wayback.counted(start_of_day(today, self.house.venue.entity.clock)),
                self.house.relays,
            )
