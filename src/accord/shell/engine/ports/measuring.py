"""The port of what scenarios measure themselves by: goals that were reached, subjects that were tried."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from accord.core.model.enrolment import Enrolment
from accord.core.model.trial import Trial, TrialKey, Tried


@dataclass(frozen=True, slots=True)
class Reached:
    """Of the runs of one scenario whose while is over: how many there are, and of how many the goal came.

    `open`: runs whose while is not over yet, `early` of them with the goal already; they are in no rate.
    """

    entered: int = 0
    reached: int = 0
    open: int = 0
    early: int = 0

    @property
    def rate(self) -> float | None:
        """None of nobody."""
        return self.reached / self.entered if self.entered else None


class Measuring(Protocol):
    """All methods take a constant number of statements for each scenario, step or batch."""

    # goals
    def may_reach(self, contact_ids: Sequence[int], since: Mapping[str, datetime]) -> Sequence[Enrolment]:
        """Runs of these people, ended or not, whose goal has not come: by scenario, those begun since."""
        ...

    def reached(self, runs: Mapping[int, datetime]) -> None:
        """The goals of these runs came at these instants."""
        ...

    def goals(self, scenario: str, since: datetime, mature: datetime) -> tuple[Reached, Reached]:
        """Runs begun since an instant: those that took part, and those held out.

        Of runs begun after `mature` the while is not over.
        """
        ...

    # subjects
    def trials(self, keys: Collection[TrialKey]) -> Mapping[TrialKey, Trial]: ...
    def trials_of(self, digests: Collection[str]) -> Mapping[TrialKey, Trial]:
        """Every trial of these versions that has begun."""
        ...

    def begin(self, keys: Collection[TrialKey], now: datetime) -> None:
        """These trials begin now; one that has begun stays as it is."""
        ...

    def count(self, key: TrialKey, until: datetime) -> Mapping[str, Tried]:
        """What came, until an instant, of each subject in the mails queued until then."""
        ...

    def keep(self, key: TrialKey, figures: Mapping[str, Tried]) -> None:
        """Write down what a trial came to, once for all."""
        ...

    def tried(self, scenario: str, since: datetime) -> Mapping[str, Mapping[str, Tried]]:
        """Step by step of a scenario: what came of each subject in the mails sent since an instant."""
        ...


class Measured(Protocol):
    """What a transaction has of it."""

    @property
    def measuring(self) -> Measuring: ...
