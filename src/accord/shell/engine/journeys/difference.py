"""Before a version goes live: what it changes, who is under way where, and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from accord.core.model.scenario import Scenario
from accord.core.model.venue import Venue
from accord.core.versions import Changes, Obstacle, compare, obstacle
from accord.shell.engine.catalogue import parsed_versions
from accord.shell.engine.journeys.steering import live_row
from accord.shell.engine.ports.store import Unit


@dataclass(frozen=True, slots=True)
class Standing:
    """How many people stand at one step of one version; `why_not`: what keeps them from moving to the new one.

    `is_new`: they are under way by the new version already.
    """

    digest: str
    step: str
    people: int
    why_not: Obstacle | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """What a version changes against the one that runs; `changes` is None where none ever ran."""

    name: str
    new: str
    running: str | None
    state: str | None
    since: datetime | None
    changes: Changes | None
    standing: tuple[Standing, ...]

    @property
    def would_move(self) -> int:
        """How many people under way by older versions would go on by the new one, if they were migrated."""
        return sum(each.people for each in self.standing if each.why_not is None and not each.is_new)

    @property
    def would_stay(self) -> int:
        """How many would stay where they are all the same."""
        return sum(each.people for each in self.standing if each.why_not is not None)


def difference(unit: Unit, new: Scenario, venue: Venue) -> Difference:
    """What `new` changes against the version that runs, and who is under way by which version."""
    row = live_row(unit, new.name)
    flight = [each for each in unit.in_flight() if each[0] == new.name]
    digests = {digest for _, digest, _, _ in flight} | ({row.digest} if row is not None else set())
    versions = parsed_versions(unit, digests, venue) | {new.digest: new}
    running = versions.get(row.digest) if row is not None else None
    return Difference(
        name=new.name,
        new=new.digest,
        running=row.digest if row is not None else None,
        state=row.state if row is not None else None,
        since=row.activated_at if row is not None else None,
        changes=compare(running, new) if running is not None else None,
        standing=tuple(_standing(digest, step, people, versions, new) for _, digest, step, people in flight),
    )


def _standing(
    digest: str, step: str, people: int, versions: Mapping[str, Scenario], new: Scenario
) -> Standing:
    if digest == new.digest:
        return Standing(digest, step, people, is_new=True)
    old = versions.get(digest)
    why_not = obstacle(step, old, new) if old is not None else Obstacle.UNREADABLE
    return Standing(digest, step, people, why_not)
