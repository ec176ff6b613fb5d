"""Forecast: what a scenario would do to everybody in the days to come, as counts; nobody is named in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from accord.core.model.consent import LegalBasis, Nature
from accord.core.model.decision import ThrottleState

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Assumptions:
    """How people are assumed to answer mails ([dry_run]): stated, printed above every forecast, no dice.

    Rates are per 100 mails; answers come within so many hours of a mail. A keyed hash of the person and the
    step says who answers, so that the same forecast of the same base is the same for ever; another `seed`
    lets others answer.
    """

    clicks_per_100_mails: float = 3.0
    preferences_per_100_mails: float = 0.5
    unsubscribes_per_100_mails: float = 0.2
    complaints_per_100_mails: float = 0.02
    bounces_per_100_mails: float = 0.3
    answers_within_hours: int = 48
    seed: str = "accord"


# The note of a call that would leave.
CALL = "CALL"

# So many of those who could not be read are named where somebody reads of them.
MOST_NAMED = 20

# Nobody answers anything: what one person's days are shown with.
SILENCE = Assumptions(0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class MailCount:
    """So many mails of one step on one day of the entity's zone, and what they rest on."""

    day: date
    scenario: str
    step: str
    edition: str
    template: str
    nature: Nature
    purpose: str
    basis: LegalBasis
    reason: str
    rule: str
    count: int


@dataclass(frozen=True, slots=True)
class RefusalCount:
    """So many mails of one step that were refused for one reason; of a step that is skipped too."""

    scenario: str
    step: str
    template: str
    nature: str
    reason: str
    rule: str
    count: int


@dataclass(frozen=True, slots=True)
class HoldCount:
    """So many `mails` of one step that waited for one reason; each as often as `times` tells of all of them."""

    scenario: str
    step: str
    reason: str
    rule: str
    mails: int
    times: int


@dataclass(frozen=True, slots=True)
class WayCount:
    """So many runs that went from `step` ("" where they came in) to the step `to`, or to "end"."""

    scenario: str
    step: str
    to: str
    count: int


@dataclass(frozen=True, slots=True)
class ExitCount:
    """So many runs that ended before their end, at `step`, for one reason."""

    scenario: str
    step: str
    reason: str
    rule: str
    count: int


@dataclass(frozen=True, slots=True)
class NoteCount:
    """So many times something was told of a step that is no mail: BRANCH and SPLIT with the way that was
    taken, HEARD and TIMED_OUT of a waiting, IF_FALSE and DATE_MISSING of a step that was gone past, CALL with the
    webhook that would be told.
    """

    scenario: str
    step: str
    code: str
    detail: str
    count: int


@dataclass(frozen=True, slots=True)
class RunCount:
    """The runs of one scenario: under way at the beginning, begun, ended, under way at the end."""

    scenario: str
    in_flight: int
    entered: int
    finished: int
    left: int

    @property
    def under_way(self) -> int:
        """How many are still under way at the end."""
        return self.in_flight + self.entered - self.finished - self.left


@dataclass(frozen=True, slots=True)
class AnswerCount:
    """So many people who are assumed to have done this: `mail.clicked`, `preferences.updated`, …"""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class CutOffCount:
    """So many people whose three years are over on this day of the entity's zone (R-40)."""

    day: date
    people: int


@dataclass(frozen=True, slots=True)
class Hour:
    """So many mails in the hour that begins at `begins`, on the clock of the entity's zone."""

    begins: datetime
    mails: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What `scenario` would do from `begins` to `until` (UTC), among all the scenarios that are live.

    `people`: how many were walked; days are of `zone`, the entity's. `throttle` and `held` (the brakes) stand
    as they are now and are not moved on. `expired`: people whose three years were over before `begins`.
    `left_out`: runs in flight by a version that can't be read any more, which the forecast goes without, as it does
    without those `standing_still`, whose scenario is paused. `apart`: the contacts that could not be read or walked,
    by their numbers; they are in no figure. `imagined`: the event by which everybody enters at `begins`, where the
    scenario is entered by one.
    """

    scenario: str
    begins: datetime
    until: datetime
    zone: str
    people: int
    throttle: ThrottleState
    held: tuple[str, ...]
    assumptions: Assumptions
    runs: tuple[RunCount, ...] = ()
    mails: tuple[MailCount, ...] = ()
    refusals: tuple[RefusalCount, ...] = ()
    holds: tuple[HoldCount, ...] = ()
    ways: tuple[WayCount, ...] = ()
    exits: tuple[ExitCount, ...] = ()
    notes: tuple[NoteCount, ...] = ()
    answers: tuple[AnswerCount, ...] = ()
    busiest: Hour | None = None
    cut_off: tuple[CutOffCount, ...] = ()
    expired: int = 0
    left_out: int = 0
    apart: tuple[int, ...] = ()
    standing_still: int = 0
    imagined: str | None = None

    def mails_by(self, key: Callable[[MailCount], Key], scenario: str | None = None) -> Counter[Key]:
        """How many mails, by whatever `key` reads of them; of one scenario, or of all."""
        return counted(
            (key(row), row.count) for row in self.mails if scenario is None or row.scenario == scenario
        )

    def mails_a_day(self, scenario: str | None = None) -> Counter[date]:
        """How many mails on each day; of one scenario, or of all."""
        return self.mails_by(lambda row: row.day, scenario)

    def total(self, scenario: str | None = None) -> int:
        """How many mails in all; of one scenario, or of all."""
        return sum(self.mails_a_day(scenario).values())

    def refusals_by_reason(self, scenario: str | None = None) -> Counter[tuple[str, str]]:
        """How many mails were refused, by reason and rule; of one scenario, or of all."""
        return counted(
            ((row.reason, row.rule), row.count)
            for row in self.refusals
            if scenario is None or row.scenario == scenario
        )

    def holds_by_reason(self, scenario: str | None = None) -> Counter[tuple[str, str]]:
        """How many mails had to wait, by reason and rule; of one scenario, or of all."""
        return counted(
            ((row.reason, row.rule), row.mails)
            for row in self.holds
            if scenario is None or row.scenario == scenario
        )

    def runs_of(self, scenario: str) -> RunCount:
        """The runs of one scenario; nothing but noughts where there are none."""
        return next((row for row in self.runs if row.scenario == scenario), RunCount(scenario, 0, 0, 0, 0))


def counted(pairs: Iterable[tuple[Key, int]]) -> Counter[Key]:
    """The sums of counts, by key."""
    sums: Counter[Key] = Counter()
    for key, count in pairs:
        sums[key] += count
    return sums


# What else may only take away: caps, shares and repetitions, as refusals or as holds.
CAPS = frozenset(
    {
        "FREQUENCY_CAP",
        "SEGMENT_EDITORIAL_ONLY",
        "SEGMENT_SHARE_CAP",
        "SAME_MAIL",
        "REVIEW_REPEATED",
        "INVITE_RECENT",
    }
)


@dataclass(frozen=True, slots=True)
class Change:
    """One figure of a comparison: what it is of, as it runs now and as it would be."""

    what: str
    of: str
    running: int
    proposed: int


def changes(running: Forecast, proposed: Forecast) -> tuple[Change, ...]:
    """All that differs between what runs now and what is proposed, in the forecast's own terms.

    Of mails: in all, by scenario and step, by day, by nature, by basis; of refusals and holds by reason; of
    runs that begin.
    """
    figures: dict[tuple[str, str], list[int]] = {}
    for place, forecast in enumerate((running, proposed)):
        for key, count in _figures(forecast):
            figures.setdefault(key, [0, 0])[place] += count
    return tuple(
        Change(what, of, before, after) for (what, of), (before, after) in figures.items() if before != after
    )


def _figures(forecast: Forecast) -> Iterable[tuple[tuple[str, str], int]]:
    for row in forecast.mails:
        yield ("mails", "in all"), row.count
    for runs in forecast.runs:
        yield ("entries", runs.scenario), runs.entered
    for row in forecast.mails:
        yield ("mails of", f"{row.scenario}/{row.step}"), row.count
    for row in forecast.mails:
        yield ("nature", row.nature.value), row.count
    for row in forecast.mails:
        yield ("basis", row.basis.value), row.count
    for refused in forecast.refusals:
        yield ("refused", f"{refused.reason} {refused.rule}"), refused.count
    for held in forecast.holds:
        yield ("held", f"{held.reason} {held.rule}"), held.mails
    for row in sorted(forecast.mails, key=lambda each: each.day):
        yield ("day", row.day.isoformat()), row.count
