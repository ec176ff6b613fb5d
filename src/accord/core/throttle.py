"""The throttle (R-82): what the figures of the opt-out customers (O) against the rest (R) allow to be promoted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from accord.core.model.decision import ThrottleMode, ThrottleState
from accord.core.statistics import (
    Stratum,
    crude_ratio,
    e_clicks,
    e_complaints,
    e_unsubscribes,
    mantel_haenszel,
    p_click,
    p_complaint,
    p_unsub,
)

LADDER: tuple[int, ...] = (0, 10, 25, 50)  # the share of promotions, in hundredths
TOP = LADDER[-1]

LEAST_PERSONS = 1000
LEAST_EXPECTED_CLICKS = 20
WINDOW_DAYS = 91
DAYS_BETWEEN_CHANGES = 28
JUDGED_ON = 0  # raises are judged on Mondays
RAISE_AT, FALL_AT, ALARM_AT = 0.90, 0.20, 20.0
CLICK_RATIO, UNSUB_RATIO, COMPLAINT_RATE = 0.8, 1.5, 0.001
MOST_COMPLAINTS, WORST_COMPLAINT_RATE = 3, 0.003

Figures = tuple[tuple[str, float], ...]


def at_share(percent: int) -> ThrottleState:
    """The state whose largest share of promotions this is."""
    return ThrottleState(ThrottleMode.PROMO, percent) if percent else ThrottleState()


@dataclass(frozen=True, slots=True)
class Sample:
    """Persons delivered to, and how many of them clicked, unsubscribed, complained.

    Where the same person counts once in each 28 days, `n` is larger than the number of `persons`. `reporting`:
    persons whose complaints would be heard of. None of either: as many as `n`.
    """

    n: int = 0
    click: int = 0
    unsub: int = 0
    complaint: int = 0
    reporting: int | None = None
    persons: int | None = None

    @property
    def heard(self) -> int:
        """The persons whose complaints would be heard of."""
        return self.n if self.reporting is None else self.reporting

    @property
    def different(self) -> int:
        """How many different persons there are."""
        return self.n if self.persons is None else self.persons


@dataclass(frozen=True, slots=True)
class Pair:
    """O and R on the same campaigns."""

    o: Sample = Sample()
    r: Sample = Sample()


@dataclass(frozen=True, slots=True)
class SinceChange:
    """What came since the last change, which the e-values begin anew from (C.3).

    `batches`: by day and campaign, each batch's persons fixed before its outcomes were seen. `o`: O's persons.
    """

    o: Sample = Sample()
    batches: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """O and R on the same campaigns over 91 days, human clicks only; a person counts once in 28 days.

    `strata`: the same by campaign, where it is known. `promotional`: the promotional campaigns alone, which
    must pass too before a share above zero is raised. `since_change`: None where nothing ever changed.
    """

    o: Sample
    r: Sample
    strata: tuple[Pair, ...] = ()
    promotional: Pair | None = None
    since_change: SinceChange | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the statistics say: the state from now on, `raise`, `fall` or `hold`, and which rule spoke.

    `figures` are the probabilities and e-values by name, `missing` all that stands against a raise: both for
    the screen.
    """

    move: str
    state: ThrottleState
    reason: str
    figures: Figures = ()
    missing: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As the policy cases say it: `hold`, `raise to p=0.10`, `EDITORIAL_ONLY`."""
        if self.move == "raise":
            return f"raise to p={self.state.share_percent / 100:.2f}"
        return "hold" if self.move == "hold" else str(self.state.mode)


def decide(
    state: ThrottleState,
    seen: Evidence,
    *,
    weekly: bool = True,
    days_since_change: int | None = None,
    at_most: int = TOP,
) -> Ruling:
    """Raise one step, fall to editorial only, or hold (R-82). Too little data holds, it never raises.

    `weekly`: whether this is the day of the week's judgement; alarms are heard every day.
    `days_since_change`: None where nothing ever changed. `at_most`: the share to which a person of the team
    has pinned it. An alarm in EDITORIAL_ONLY holds it there.
    """
    figures = _figures(seen, weekly=weekly)
    fallen = _alarm(figures, seen) or (_judged_badly(figures, seen) if weekly else None)
    missing = tuple(_missing(state, seen, figures, weekly=weekly, days=days_since_change, at_most=at_most))
    if fallen is not None:
        move = "fall" if state.mode is ThrottleMode.PROMO else "hold"
        return Ruling(move, ThrottleState(), fallen, figures, (fallen, *missing))
    if missing:
        return Ruling("hold", state, missing[0], figures, missing)
    share = next(step for step in LADDER if step > state.share_percent)
    told = ", ".join(f"{value:.4f}" for _, value in figures[:3])
    return Ruling("raise", at_share(share), f"the three probabilities are ≥ 0.90 ({told})", figures)


def summed(pairs: Sequence[Pair]) -> Pair:
    """Several batches as one; whoever is in two of them counts twice."""
    return Pair(_sum([pair.o for pair in pairs]), _sum([pair.r for pair in pairs]))


def _sum(samples: Sequence[Sample]) -> Sample:
    return Sample(
        n=sum(each.n for each in samples),
        click=sum(each.click for each in samples),
        unsub=sum(each.unsub for each in samples),
        complaint=sum(each.complaint for each in samples),
        reporting=sum(each.heard for each in samples),
    )


# -- the figures -----------------------------------------------------------------------------------------------


def _figures(seen: Evidence, *, weekly: bool) -> Figures:
    """The probabilities are of the weekly judgement alone; the e-values are looked at every day."""
    pairs = seen.strata or (Pair(seen.o, seen.r),)
    by_clicks = [_clicks(pair) for pair in pairs]
    fresh = seen.since_change or SinceChange(seen.o, pairs)
    found: Figures = _probabilities(Pair(seen.o, seen.r)) if weekly else ()
    found += (
        ("E(click)", e_clicks([_clicks(pair) for pair in fresh.batches])),
        ("E(unsubscribe)", e_unsubscribes([_unsubs(pair) for pair in fresh.batches])),
        ("E(complaint)", e_complaints(fresh.o.complaint, fresh.o.heard)),
        ("crude ratio", crude_ratio(by_clicks)),
        ("Mantel-Haenszel ratio", mantel_haenszel(by_clicks)),
    )
    if weekly and seen.promotional is not None:
        found += tuple((f"promotional {name}", value) for name, value in _probabilities(seen.promotional))
    return found


def _clicks(pair: Pair) -> Stratum:
    return Stratum(pair.o.click, pair.o.n, pair.r.click, pair.r.n)


def _unsubs(pair: Pair) -> Stratum:
    return Stratum(pair.o.unsub, pair.o.n, pair.r.unsub, pair.r.n)


def _probabilities(pair: Pair) -> Figures:
    o, r = pair.o, pair.r
    known = r.n > 0
    return (
        ("P(click)", p_click(o.click, o.n, r.click, r.n, CLICK_RATIO) if known else math.nan),
        ("P(unsubscribe)", p_unsub(o.unsub, o.n, r.unsub, r.n, UNSUB_RATIO) if known else math.nan),
        ("P(complaint)", p_complaint(o.complaint, o.heard, COMPLAINT_RATE)),
    )


# -- falls -----------------------------------------------------------------------------------------------------


def _alarm(figures: Figures, seen: Evidence) -> str | None:
    for name, value in figures:
        if name.startswith("E(") and value >= ALARM_AT:
            return f"{name} {value:.2f} ≥ 20"
    o = seen.o
    if o.complaint >= MOST_COMPLAINTS and o.complaint >= WORST_COMPLAINT_RATE * o.heard:
        return f"{o.complaint} complaints of {o.heard} persons"
    return None


def _judged_badly(figures: Figures, seen: Evidence) -> str | None:
    """P(click) or P(unsubscribe) at most 0.20, from 1,000 persons on."""
    if seen.o.different < LEAST_PERSONS:
        return None
    said = dict(figures)
    names = ["P(unsubscribe)"]
    if not _mix_misleads(said, towards_raise=False):
        names.insert(0, "P(click)")
    return next((f"{name} {said[name]:.4f} ≤ 0.20" for name in names if said[name] <= FALL_AT), None)


def _mix_misleads(said: dict[str, float], *, towards_raise: bool) -> bool:
    """Whether the pooled click ratio and the stratified one fall on different sides of 0.8 (C.1).

    Then the stratified one alone decides: it forbids the raise, or the fall, that the pooled one suggests.
    """
    crude_high, fair_high = said["crude ratio"] >= CLICK_RATIO, said["Mantel-Haenszel ratio"] >= CLICK_RATIO
    return crude_high != fair_high and fair_high != towards_raise


# -- raises ----------------------------------------------------------------------------------------------------


def _missing(
    state: ThrottleState,
    seen: Evidence,
    figures: Figures,
    *,
    weekly: bool,
    days: int | None,
    at_most: int,
) -> Iterator[str]:
    """All that keeps the share where it is; nothing where it may be raised."""
    if state.share_percent >= TOP:
        yield "the share is at the top of its ladder"
    elif state.share_percent >= at_most:
        yield "it is pinned by hand"
    if not weekly:
        yield "raises are judged once a week"
        return
    if days is not None and days < DAYS_BETWEEN_CHANGES:
        yield f"{days} days since the last change, 28 needed"
    yield from _too_little(Pair(seen.o, seen.r))
    yield from _below(figures[:3])
    if _mix_misleads(dict(figures), towards_raise=True):
        yield "campaign by campaign, clicks are below 0.8 of the rest"
    if state.share_percent == 0:
        return
    promotional = seen.promotional or Pair()
    yield from (f"of promotions alone, {each}" for each in _too_little(promotional))
    yield from (f"of promotions alone, {each}" for each in _below(_probabilities(promotional)))


def _too_little(pair: Pair) -> Iterator[str]:
    """Fewer persons than say anything. Of complaints too: with few persons their prior speaks (C.2)."""
    o, r = pair.o, pair.r
    if o.different < LEAST_PERSONS:
        yield f"n = {o.different} < 1000"
    elif o.heard < LEAST_PERSONS:
        yield f"complaints would be heard of {o.heard} persons < 1000"
    expected = o.n * r.click / r.n if r.n else 0.0
    if expected < LEAST_EXPECTED_CLICKS:
        yield f"{expected:.1f} clicks expected < 20"


def _below(probabilities: Sequence[tuple[str, float]]) -> Iterator[str]:
    return (f"{name} {value:.4f} < 0.90" for name, value in probabilities if not value >= RAISE_AT)
