"""What runs are measured by: the tests that their steps' subjects are in, the goals that an event may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from accord.core.decide import goals_of
from accord.core.model.content import Catalogue
from accord.core.model.enrolment import Enrolment
from accord.core.model.event import Event
from accord.core.model.scenario import Send
from accord.core.model.time import later
from accord.core.model.trial import Trial, TrialKey
from accord.core.steps.subjects import ends, trial_of
from accord.shell.engine.ports.store import Unit

# Months differ in length, and zones in their clocks, by less than this: the core says exactly.
LEEWAY = timedelta(days=4)


def trials_at(
    unit: Unit, runs: Sequence[Enrolment], catalogue: Catalogue, *, now: datetime
) -> Mapping[int, Trial]:
    """By run, what is known of the test that its due step's subjects are in.

    What a test came to is counted once, by whoever first asks when it is over, and stands from then on: all
    who come after get the same subject.
    """
    versions = {run.id: catalogue.versions[run.digest] for run in runs if run.digest in catalogue.versions}
    tried = {run.id: trial_of(versions[run.id], run) for run in runs if run.id in versions}
    keys = {number: key for number, key in tried.items() if key is not None}
    known = dict(unit.measuring.trials(set(keys.values())))
    over = [
        key for key, trial in known.items() if trial.figures is None and _end(key, trial, catalogue) <= now
    ]
    for key in over:
        unit.measuring.keep(key, unit.measuring.count(key, _end(key, known[key], catalogue)))
    known |= unit.measuring.trials(over)
    return {number: known[key] for number, key in keys.items() if key in known}


def trials_now(unit: Unit, catalogue: Catalogue, *, now: datetime) -> Mapping[TrialKey, Trial]:
    """Every test of subjects that has begun, with what came of it until now, or until its end. Nothing is written."""
    versions = {**catalogue.versions, **{each.digest: each for each in catalogue.live.values()}}
    catalogue = replace(catalogue, versions=versions)
    found = {}
    for key, trial in unit.measuring.trials_of(versions.keys()).items():
        if trial.figures is None:
            until = min(now, _end(key, trial, catalogue))
            trial = replace(trial, figures=unit.measuring.count(key, until))
        found[key] = trial
    return found


def _end(key: TrialKey, trial: Trial, catalogue: Catalogue) -> datetime:
    verb = catalogue.versions[key.digest].steps[key.step].verb
    if not isinstance(verb, Send) or verb.test is None:
        raise ValueError(f"the step {key.step} tests nothing")
    return ends(trial.began_at, verb.test, catalogue.venue)


def runs_with_goals(unit: Unit, events: Sequence[Event], catalogue: Catalogue) -> Sequence[Enrolment]:
    """The runs, ended ones too, of which one of these events may be the goal."""
    whiles = goals_of(catalogue, {event.name for event in events})
    if not whiles:
        return ()
    oldest, zone = min(event.at for event in events), ZoneInfo("UTC")
    since = {name: later(oldest, -within, zone) - LEEWAY for name, within in whiles.items()}
    return unit.measuring.may_reach([event.contact_id for event in events], since)
