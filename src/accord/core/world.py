"""An imagined world: the days, scenarios and answers that the walks of all people have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from accord.core.agenda import Agenda, agenda
from accord.core.decide import listened_names
from accord.core.model.consent import ConsentEntry
from accord.core.model.content import Catalogue
from accord.core.model.decision import Decision, QueueMail, Situation
from accord.core.model.enrolment import Enrolment
from accord.core.model.event import Event
from accord.core.model.order import OrderLine
from accord.core.model.scenario import Scenario
from accord.core.model.trial import Trial, TrialKey
from accord.core.telling import TOLD

# The source of an event that lets people in and has not happened.
IMAGINED = "imagined"


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing of the script: an event, acts for the consent ledger, or an order's lines.

    `lets_into`: an imagined event, which lets the person into the scenario called so and does nothing else:
    nothing else hears it. `entries` and `lines` are then what proves it, before that scenario alone.
    """

    at: datetime
    event: Event | None = None
    lets_into: str | None = None
    entries: tuple[ConsentEntry, ...] = ()
    lines: tuple[OrderLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """Who a walk is about, as known at its start.

    `ledger`: the consent entries behind the situation. `runs`: those in flight, each with what it entered by
    and heard. `entries`: when each scenario was entered, by its name and the entry key; ended runs too.
    `staying`: the scenarios by whose segment they entered, and which they have not left since.
    """

    situation: Situation
    ledger: Sequence[ConsentEntry] = ()
    runs: Sequence[Situation] = ()
    entries: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    staying: frozenset[str] = frozenset()


class Witness(Protocol):
    """Who is told of a walk, as it goes."""

    def entered(self, run: Enrolment) -> None:
        """A run began."""

    def decided(self, run: Enrolment, decision: Decision, now: datetime) -> None:
        """A question about a run was answered with effects."""

    def reached(self, run: Enrolment, event: Event, now: datetime) -> None:
        """What a run's scenario counts as success came."""

    def happened(self, event: Event, now: datetime) -> None:
        """Something came from outside."""


Answers = Callable[[Situation, Enrolment, QueueMail, datetime], Sequence[Happening]]


@dataclass(frozen=True, slots=True)
class World:
    """What the walks of all people have in common; make it with `a_world`.

    `unseen`: scenarios whose segment nobody was looked for yet; `listened`: the names that some scenario
    hears (None: all). `answers`: what a person does about a mail that has left. `trials`: the tests of subjects
    that have begun before `start`, with what is known of them.
    """

    catalogue: Catalogue
    scenarios: tuple[Scenario, ...]
    agenda: Agenda
    start: datetime
    until: datetime
    unseen: frozenset[str]
    listened: frozenset[str] | None
    answers: Answers | None = None
    trials: Mapping[TrialKey, Trial] = field(default_factory=dict)

    def listens(self, name: str) -> bool:
        """Whether some scenario hears an event."""
        return self.listened is None or name in self.listened

    @property
    def hears_itself(self) -> bool:
        """Whether some scenario hears what the engine writes down of its own decisions."""
        return self.listened is None or not self.listened.isdisjoint(TOLD)


def a_world(
    catalogue: Catalogue,
    *,
    start: datetime,
    until: datetime,
    unseen: frozenset[str] | None = None,
    answers: Answers | None = None,
    trials: Mapping[TrialKey, Trial] | None = None,
) -> World:
    """The days from `start` to `until` (UTC) under the live scenarios of a catalogue.

    The rest is as in World; `unseen`: all segments where it is not said.
    """
    live = tuple(catalogue.live.values())
    known = dict(catalogue.versions) | {scenario.digest: scenario for scenario in live}
    catalogue = replace(catalogue, versions=known)
    zone = catalogue.venue.entity.clock
    return World(
        catalogue,
        live,
        agenda(live, start=start, until=until, zone=zone),
        start,
        until,
        frozenset(catalogue.live) if unseen is None else unseen,
        listened_names(catalogue),
        answers,
        trials or {},
    )
