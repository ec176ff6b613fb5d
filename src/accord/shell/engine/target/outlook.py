"""What the throttle's screen tells: where it stands, by which figures, what is missing, when it may be raised next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from accord.core.model.time import local_day
from accord.core.model.venue import FrequencyCap, Venue
from accord.core.standing import CYCLE_DAYS, next_raise
from accord.core.statistics import chance_of_at_most, newcombe, persons_needed, wilson
from accord.core.throttle import COMPLAINT_RATE, TOP, Sample
from accord.shell.engine.ports.figures import Judgement
from accord.shell.engine.ports.store import Unit

# How far back the screen looks for what it tells: a judgement a week.
LOOKED_AT = 400


@dataclass(frozen=True, slots=True)
class Rate:
    """A count of persons, its rate, and the interval that the rate lies in 19 times in 20.

    `needed`: of fewer persons «none» proves nothing.
    """

    count: int
    of: int
    low: float
    high: float
    needed: int = 0

    @property
    def rate(self) -> float | None:
        """None of nobody."""
        return self.count / self.of if self.of else None

    @property
    def is_enough(self) -> bool:
        """Whether it says anything."""
        return self.of > 0 and (self.count > 0 or self.of >= self.needed)


@dataclass(frozen=True, slots=True)
class Group:
    """One line of the screen: a group of persons and their rates.

    `windows`: how often a person was written to in a cycle of 28 days; clicks and leavings are of these.
    """

    name: str
    persons: int
    windows: int
    clicked: Rate
    left: Rate
    complained: Rate


@dataclass(frozen=True, slots=True)
class Outlook:
    """The whole screen. `judged` is the last weekly judgement, None before the first; `newest` is in force."""

    newest: Judgement | None
    judged: Judgement | None
    pin: Judgement | None
    groups: Sequence[Group]
    next_raise: date | None
    remarks: Sequence[str]


def outlook(unit: Unit, venue: Venue, now: datetime) -> Outlook:
    """Read the screen. The rest of the base is what decides; all together are shown for the eye alone (R-80)."""
    rows = unit.figures.history(every=False, limit=LOOKED_AT)
    newest = unit.figures.newest()
    judged = next((row for row in rows if row.weekly and row.evidence), None)
    pins = (row for row in rows if row.move in ("pin", "unpin"))
    pin = next(pins, None) if newest is not None and newest.standing.at_most < TOP else None
    held = newest is None or newest.standing.state.share_percent >= newest.standing.at_most
    today = local_day(now, venue.entity.clock)
    evidence = judged.evidence if judged is not None and judged.evidence is not None else {}
    return Outlook(
        newest,
        judged,
        pin,
        tuple(_groups(evidence)),
        None if newest is None or held else next_raise(newest.standing, today),
        tuple(_remarks(newest, evidence, venue)),
    )


def _groups(evidence: Mapping[str, Any]) -> Iterator[Group]:
    if not evidence:
        return
    o, r = _sample(evidence["o"]), _sample(evidence["r"])
    yield _group("opt-out customers (O)", o)
    yield _group("the rest (R)", r)
    yield _group("all, for the eye alone", _both(o, r))
    if evidence["promotional"] is not None:
        yield _group("O, promotions alone", _sample(evidence["promotional"]["o"]))
        yield _group("R, promotions alone", _sample(evidence["promotional"]["r"]))


def _sample(told: Mapping[str, Any]) -> Sample:
    return Sample(**told)


def _both(o: Sample, r: Sample) -> Sample:
    return Sample(
        o.n + r.n,
        o.click + r.click,
        o.unsub + r.unsub,
        o.complaint + r.complaint,
        o.heard + r.heard,
        o.different + r.different,
    )


def _group(name: str, sample: Sample) -> Group:
    return Group(
        name,
        sample.different,
        sample.n,
        _rate(sample.click, sample.n),
        _rate(sample.unsub, sample.n),
        _rate(sample.complaint, sample.heard, persons_needed(COMPLAINT_RATE)),
    )


def _rate(count: int, of: int, needed: int = 0) -> Rate:
    return Rate(count, of, *wilson(count, of), needed)


# -- in words --------------------------------------------------------------------------------------------------


def _remarks(newest: Judgement | None, evidence: Mapping[str, Any], venue: Venue) -> Iterator[str]:
    """What the figures mean, and what they do not."""
    if newest is not None:
        yield from _about_the_share(newest.standing.state.share_percent, venue.frequency.get("prospecting"))
    if evidence:
        yield from _about_the_figures(_sample(evidence["o"]), _sample(evidence["r"]))
    if evidence and not evidence["batches"]:
        yield (
            "No mail of the last weeks reached both O and R. Without something that both get, such as a common "
            "magazine, there is nothing to compare."
        )
    if not venue.complaints_reported_by:
        yield (
            "Nobody's complaints would be heard of: [throttle] complaints_reported_by names no provider whose "
            "feedback loop you receive."
        )
    yield (
        "At the border a raise is a matter of time: a probability of 0.90, looked at every week, is not an "
        "error of 10 %. What bounds the harm is the fast fall."
    )


def _about_the_share(share: int, cap: FrequencyCap | None) -> Iterator[str]:
    """How many other mails a person gets before a promotion passes, and whether the cap leaves room (R-81)."""
    if not share:
        return
    others = -(-100 // share) - 1
    mails = "mail" if others == 1 else "mails"
    yield f"A promotion passes for a person who got {others} other {mails} in the {CYCLE_DAYS} days before it."
    if cap is not None and cap.count * CYCLE_DAYS < (others + 1) * cap.days:
        yield (
            f"The cap of {cap} leaves no room for {others + 1} mails: as long as it stands, no promotion passes."
        )


def _about_the_figures(o: Sample, r: Sample) -> Iterator[str]:
    if o.n and r.n and (o.click or r.click):
        low, high = newcombe(o.click, o.n, r.click, r.n)
        gap = o.click / o.n - r.click / r.n
        proven = "and that is established" if not low <= 0 <= high else "which establishes no difference"
        yield (
            f"O clicks {_points(gap)} points {'less' if gap < 0 else 'more'} than R "
            f"({_points(low, signed=True)} to {_points(high, signed=True)} in 19 cases of 20), {proven}."
        )
        chance = chance_of_at_most(o.click, o.n, r.click + 0.5, r.n - r.click + 0.5)
        yield f"If O were like R, so few clicks or fewer would come {chance:.1%} of the time."
    needed = persons_needed(COMPLAINT_RATE)
    if o.complaint == 0 and o.heard < needed:
        yield (
            f"No complaint of {o.heard} persons who would be heard is not enough data: from {needed} on it "
            f"would prove a rate of at most 0.1 %."
        )


def _points(share: float, *, signed: bool = False) -> str:
    return f"{100 * share:+.1f}" if signed else f"{abs(100 * share):.1f}"
