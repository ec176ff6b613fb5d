"""The port of running scenarios: pauses, who stands where, each going live with its accepted forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from accord.core.model.enrolment import Enrolment

# Who puts a brake on where no person does: the watch over accepted forecasts.
GUARD = "the guard"


@dataclass(frozen=True, slots=True)
class Pause:
    """A scenario that stands still, by whose word and since when.

    While it is being resumed: `freed_to` is the number of the last run that goes on already, `freed_until`
    the instant up to which the backlog has been spread.
    """

    name: str
    by: str
    since: datetime
    freed_to: int = 0
    freed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Activation:
    """One going live. `forecast`: mails a day of the entity's zone, as accepted; empty where nobody saw one.

    `queued`: mails of the scenario since then; `accepted`: how many of them somebody has looked at after the
    scenario had held itself.
    """

    name: str
    digest: str
    at: datetime
    by: str
    forecast: Mapping[date, int] = field(default_factory=dict)
    queued: int = 0
    accepted: int = 0


@dataclass(frozen=True, slots=True)
class WaitingMail:
    """A mail that was queued and has not left; `planned_at` is what its lateness counts from."""

    id: int
    run_id: int
    contact_id: int
    scenario: str
    step: str
    template: str
    nature: str
    planned_at: datetime


class Running(Protocol):
    """Pages are of runs, in order of their numbers; each method takes a constant number of statements."""

    # pauses
    def pauses(self) -> Mapping[str, Pause]: ...
    def pause(self, name: str, by: str, now: datetime) -> bool:
        """Let a scenario stand still; whether it did not already."""
        ...

    def lock_pause(self, name: str) -> Pause | None:
        """The pause of a scenario, kept for this transaction."""
        ...

    def freed(self, name: str, through: int, until: datetime | None) -> None:
        """Runs up to this number go on; the backlog has been spread up to `until`."""
        ...

    def end_pause(self, name: str) -> None: ...

    # who stands where
    def standing(
        self, name: str, *, after_id: int, limit: int, of: Sequence[int] | None = None
    ) -> Sequence[int]:
        """Numbers of runs that are open or have mail waiting, beyond `after_id`; of these contacts, or of all."""
        ...

    def open_runs(
        self, name: str, *, after_id: int, limit: int, not_of: str | None = None
    ) -> Sequence[Enrolment]:
        """Runs that have not ended, locked for this transaction; `not_of`: only those of other versions."""
        ...

    def lock_runs(self, ids: Sequence[int]) -> Sequence[Enrolment]:
        """Of these runs those that have not ended, locked for this transaction."""
        ...

    def pin(self, run_ids: Sequence[int], digest: str, priority: int) -> None:
        """From now on these runs follow another version of their scenario."""
        ...

    # mail that waits
    def waiting_mails(self, run_ids: Sequence[int]) -> Sequence[WaitingMail]: ...
    def plan_mails(self, instants: Mapping[int, datetime]) -> None:
        """Let these mails wait until these instants, planned anew from there."""
        ...

    def cancel_mails(self, message_ids: Sequence[int], reason: str, now: datetime) -> Sequence[int]:
        """Cancel what has not left yet, whoever has claimed it; ids of those that were."""
        ...

    # going live
    def note_activation(self, activation: Activation) -> None: ...
    def activation(self, name: str) -> Activation | None:
        """The newest."""
        ...

    def count_mails(self, queued: Mapping[str, int]) -> Sequence[Activation]:
        """Add mails that were queued to each scenario's newest activation; those as they are then, locked."""
        ...

    def accept_mails(self, name: str) -> None:
        """Whatever was queued since the newest activation has been looked at."""
        ...

    def emptied(self) -> Sequence[str]:
        """Draining scenarios in which nobody is under way any more."""
        ...

    def end_if_empty(self, name: str, by: str, now: datetime) -> bool:
        """A draining scenario has ended, where nobody is under way in it; whether it has."""
        ...
