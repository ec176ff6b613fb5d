"""`subjects`: which of several a reader gets: the one that a hash gives, or the one that did best when tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from accord.core.model.enrolment import Enrolment
from accord.core.model.scenario import OnSchedule, Scenario, Send, SubjectTest
from accord.core.model.time import later
from accord.core.model.trial import Trial, TrialKey, Tried
from accord.core.model.venue import Venue
from accord.core.steps.asking import Asked
from accord.core.steps.choose import WHOLE, lot
from accord.core.steps.planning import plan

# Of fewer delivered mails of a subject nothing is said of which is better.
ENOUGH = 30


class Because(StrEnum):
    """Why a reader gets this subject."""

    SPLIT = "split"
    """There is no test: they are shared out evenly."""
    TESTED = "tested"
    """The reader is one of those on whom they are tried."""
    BEST = "best"
    """It had the most clicks for each delivered mail."""
    TIE = "tie"
    """Several did as well: it is the one that the author named first."""
    TOO_FEW = "too few"
    """Too few mails were delivered to tell: it is the one that the author named first."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject's name, and why it is this one."""

    name: str
    because: Because


def subject_for(verb: Send, asked: Asked) -> Subject | datetime | None:
    """The subject of a mail, or the instant at which its test is over; None where the template has the only one.

    Whoever the subjects are tried on is a hash's choice, and so is which of them: no dice. After the test
    everybody gets the best.
    """
    names = list(verb.subjects)
    if not names:
        return None
    place = (asked.scenario.name, asked.situation.contact.id)
    own = names[_lot(place, asked, "subject") * len(names) // WHOLE]
    if verb.test is None:
        return Subject(own, Because.SPLIT)
    trial, venue = asked.situation.trial, asked.catalogue.venue
    if trial is not None and asked.now >= ends(trial.began_at, verb.test, venue):
        return best(names, trial)
    if _lot(place, asked, "test") < verb.test.share:
        return Subject(own, Because.TESTED)
    over = ends(trial.began_at if trial is not None else _planned(asked), verb.test, venue)
    return over if asked.now < over else best(names, trial)


def ends(began_at: datetime, test: SubjectTest, venue: Venue) -> datetime:
    """When a test that began then is over, on the entity's clock."""
    return later(began_at, test.lasts, venue.entity.clock)


def best(names: Sequence[str], trial: Trial | None) -> Subject:
    """The subject with the most clicks for each delivered mail; where that can't be told, the first."""
    figures = (trial.figures if trial is not None else None) or {}
    tried = {name: figures.get(name, Tried()) for name in names}
    if min(each.delivered for each in tried.values()) < ENOUGH:
        return Subject(names[0], Because.TOO_FEW)
    rates = {name: each.clicked / each.delivered for name, each in tried.items()}
    first, *others = [name for name in names if rates[name] == max(rates.values())]
    return Subject(first, Because.TIE if others else Because.BEST)


def trial_of(scenario: Scenario, run: Enrolment) -> TrialKey | None:
    """The trial that a run's mail belongs to, if its step has one: each mailing of a calendar's its own."""
    step = scenario.steps.get(run.step)
    if step is None or not isinstance(step.verb, Send) or step.verb.test is None:
        return None
    occasion = run.entered_at if isinstance(scenario.entry.trigger, OnSchedule) else None
    return TrialKey(run.digest, run.step, occasion)


def _lot(place: tuple[str, int], asked: Asked, what: str) -> int:
    scenario, contact_id = place
    return lot(scenario, f"{asked.step.name}/{what}", contact_id)


def _planned(asked: Asked) -> datetime:
    """The step's planned instant, before anything of ours held it."""
    planned = plan(
        asked.step,
        asked.scenario,
        asked.situation,
        asked.catalogue.venue,
        decided_at=asked.run.decided_at,
        now=asked.now,
    )
    return planned or asked.now
