"""Statistics of the opt-out customers (O) against the rest (R): editorial only, or promotions to a share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from accord.core.model.decision import ThrottleMode, ThrottleState

Z = 1.959964  # 95 %, two sides
LADDER: tuple[int, ...] = (0, 10, 25, 50)  # the share of promotions, in hundredths

LEAST_PERSONS = 1000
LEAST_EXPECTED_CLICKS = 20
DAYS_BETWEEN_CHANGES = 28
RAISE_AT, FALL_AT, ALARM_AT = 0.90, 0.20, 20.0
CLICK_RATIO, UNSUB_RATIO, COMPLAINT_RATE = 0.8, 1.5, 0.001
MOST_COMPLAINTS, WORST_COMPLAINT_RATE = 3, 0.003

# -- intervals and ratios (C.1, C.2) -----------------------------------------------------------------------


def wilson(k: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a rate of `k` in `n` persons; (0, 1) when there is nobody."""
    if n == 0:
        return 0.0, 1.0
    centre = (k + Z * Z / 2) / (n + Z * Z)
    half = Z / (n + Z * Z) * math.sqrt(k * (n - k) / n + Z * Z / 4)
    return max(0.0, centre - half), min(1.0, centre + half)


def newcombe(k1: int, n1: int, k2: int, n2: int) -> tuple[float, float]:
    """The 95 % interval of the difference of two rates, the first minus the second; nobody may be missing."""
    p1, p2 = k1 / n1, k2 / n2
    (l1, u1), (l2, u2) = wilson(k1, n1), wilson(k2, n2)
    d = p1 - p2
    return d - math.hypot(p1 - l1, u2 - p2), d + math.hypot(u1 - p1, p2 - l2)


def persons_needed(threshold: float) -> int:
    """From how many persons on zero complaints prove a rate of at most `threshold`."""
    return math.ceil(Z * Z * (1 - threshold) / threshold)


@dataclass(frozen=True, slots=True)
class Stratum:
    """Persons and events of O and of R on the same campaigns."""

    k_o: int
    n_o: int
    k_r: int
    n_r: int


def crude_ratio(strata: Sequence[Stratum]) -> float:
    """The ratio of the pooled rates, O to R; it mixes campaigns of different kinds."""
    k_o, n_o = sum(s.k_o for s in strata), sum(s.n_o for s in strata)
    k_r, n_r = sum(s.k_r for s in strata), sum(s.n_r for s in strata)
    return _divided(k_o * n_r, k_r * n_o)


def mantel_haenszel(strata: Sequence[Stratum]) -> float:
    """The ratio of rates, O to R, stratum by stratum: like is compared with like."""
    filled = [s for s in strata if s.n_o + s.n_r]
    above = sum(s.k_o * s.n_r / (s.n_o + s.n_r) for s in filled)
    below = sum(s.k_r * s.n_o / (s.n_o + s.n_r) for s in filled)
    return _divided(above, below)


def _divided(above: float, below: float) -> float:
    return above / below if below else math.nan


def weight(age_days: float) -> float:
    """What an observation of that age still weighs: half after 90 days (C.5)."""
    return float(0.5 ** (age_days / 90))


# -- posteriors (C.2) ----------------------------------------------------------------------------------------


def beta_cdf(x: float, a: float, b: float) -> float:
    """P(θ ≤ x) for θ ~ Beta(a, b): the regularised incomplete beta function, to about 1e-12."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    front = math.exp(_log_beta_pdf(x, a, b) + math.log(x) + math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _continued_fraction(x, a, b) / a
    return 1 - front * _continued_fraction(1 - x, b, a) / b


def _log_beta_pdf(x: float, a: float, b: float) -> float:
    norm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return norm + (a - 1) * math.log(x) + (b - 1) * math.log1p(-x)


def _continued_fraction(x: float, a: float, b: float) -> float:
    """Lentz's evaluation of the continued fraction of the incomplete beta function."""
    tiny = 1e-300
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1) or tiny)
    result = d
    for m in range(1, 1000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for numerator in (even, odd):
            d = 1 / (1 + numerator * d or tiny)
            c = 1 + numerator / c or tiny
            result *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return result


def _posteriors(
    k_o: int, n_o: int, k_r: int, n_r: int, prior: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The Beta parameters of θR, and of θO whose prior is worth `prior` persons at R's own rate."""
    mean = max(k_r, 0.5) / n_r
    of_r = (k_r + 0.5, n_r - k_r + 0.5)
    of_o = (prior * mean + k_o, prior * (1 - mean) + n_o - k_o)
    return of_r, of_o


def _expected(of_r: tuple[float, float], value: Callable[[float], float]) -> float:
    """The mean of `value(θR)` by Simpson's rule over the mean of θR ± 12 standard deviations."""
    a, b = of_r
    mean = a / (a + b)
    deviation = math.sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))
    low, high = max(1e-12, mean - 12 * deviation), min(1 - 1e-12, mean + 12 * deviation)
    pieces = 600
    step = (high - low) / pieces
    total = mass = 0.0
    for i in range(pieces + 1):
        x = low + i * step
        density = math.exp(_log_beta_pdf(x, a, b)) * (1 if i in (0, pieces) else 4 if i % 2 else 2)
        total += density * value(x)
        mass += density
    return total / mass


def p_click(k_o: int, n_o: int, k_r: int, n_r: int, ratio: float = CLICK_RATIO) -> float:
    """P(θO ≥ ratio · θR) for clicks."""
    of_r, of_o = _posteriors(k_o, n_o, k_r, n_r, 100)
    return _expected(of_r, lambda x: 1 - beta_cdf(ratio * x, *of_o))


def p_unsub(k_o: int, n_o: int, k_r: int, n_r: int, ratio: float = UNSUB_RATIO) -> float:
    """P(θO ≤ ratio · θR) for unsubscribes."""
    of_r, of_o = _posteriors(k_o, n_o, k_r, n_r, 500)
    return _expected(of_r, lambda x: beta_cdf(ratio * x, *of_o))


def p_complaint(k: int, n: int, threshold: float = COMPLAINT_RATE) -> float:
    """P(θ ≤ threshold) for complaints, prior Beta(0.5, 999.5). With few persons the prior speaks."""
    return beta_cdf(threshold, 0.5 + k, 999.5 + n - k)


# -- evidence that may be looked at every day (C.3) ------------------------------------------------------


def e_complaints(k: int, n: int) -> float:
    """Evidence for a complaint rate of 0.3 % against one of 0.1 %."""
    return _exp(k * math.log(3) + (n - k) * math.log(0.997 / 0.999))


def e_clicks(strata: Sequence[Stratum]) -> float:
    """Evidence that O clicks half as often as R, against 0.8 times."""
    return _e_ratio(strata, 0.8, 0.5)


def e_unsubscribes(strata: Sequence[Stratum]) -> float:
    """Evidence that O unsubscribes 2.5 times as often as R, against 1.5 times."""
    return _e_ratio(strata, 1.5, 2.5)


def _e_ratio(strata: Sequence[Stratum], null: float, alternative: float) -> float:
    log = 0.0
    for s in strata:
        if s.n_o and s.n_r:
            w0 = null * s.n_o / (null * s.n_o + s.n_r)
            w1 = alternative * s.n_o / (alternative * s.n_o + s.n_r)
            log += s.k_o * math.log(w1 / w0) + s.k_r * math.log((1 - w1) / (1 - w0))
    return _exp(log)


def _exp(log: float) -> float:
    return math.exp(min(log, 700.0))


# -- the rule (R-82) -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sample:
    """Persons delivered to in the window, and how many of them clicked, unsubscribed, complained.

    `reporting`: persons at providers that report complaints, where that is fewer than `n`.
    """

    n: int
    click: int
    unsub: int
    complaint: int
    reporting: int | None = None

    @property
    def heard(self) -> int:
        """The persons whose complaints would be heard of."""
        return self.n if self.reporting is None else self.reporting


@dataclass(frozen=True, slots=True)
class Evidence:
    """O and R on the same campaigns over 91 days, human clicks only.

    `strata`: the same by kind of campaign, where it is known. `promotional`: the promotional campaigns alone,
    which must pass too before a share above zero is raised.
    """

    o: Sample
    r: Sample
    strata: tuple[tuple[Sample, Sample], ...] = ()
    promotional: tuple[Sample, Sample] | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the statistics say: the state from now on, `raise`, `fall` or `hold`, and which rule spoke.

    `figures` are the probabilities and e-values by name, for the screen.
    """

    move: str
    state: ThrottleState
    reason: str
    figures: tuple[tuple[str, float], ...] = ()

    def __str__(self) -> str:
        """As the policy cases say it: `hold`, `raise to p=0.10`, `EDITORIAL_ONLY`."""
        if self.move == "raise":
            return f"raise to p={self.state.share_percent / 100:.2f}"
        return "hold" if self.move == "hold" else str(self.state.mode)


def decide(
    state: ThrottleState, seen: Evidence, *, weekly: bool = True, days_since_change: int | None = None
) -> Ruling:
    """Raise one step, fall to editorial only, or hold (R-82). Too little data holds, it never raises.

    `weekly`: whether this is the day of the week's judgement; alarms are heard every day.
    `days_since_change`: None where the state has never changed. An alarm in EDITORIAL_ONLY holds it there.
    """
    figures = _figures(seen)
    fallen = _alarm(figures, seen) or (_judged_badly(figures, seen) if weekly else None)
    if fallen is not None:
        move = "fall" if state.mode is ThrottleMode.PROMO else "hold"
        return Ruling(move, ThrottleState(), fallen, figures)
    missing = _stands_against_raise(state, seen, figures, weekly=weekly, days=days_since_change)
    if missing is not None:
        return Ruling("hold", state, missing, figures)
    share = next(step for step in LADDER if step > state.share_percent)
    told = ", ".join(f"{value:.4f}" for _, value in figures[:3])
    return Ruling(
        "raise",
        ThrottleState(ThrottleMode.PROMO, share),
        f"the three probabilities are ≥ 0.90 ({told})",
        figures,
    )


def _figures(seen: Evidence) -> tuple[tuple[str, float], ...]:
    o, r = seen.o, seen.r
    pairs = seen.strata or ((o, r),)
    by_clicks = [Stratum(a.click, a.n, b.click, b.n) for a, b in pairs]
    by_unsubs = [Stratum(a.unsub, a.n, b.unsub, b.n) for a, b in pairs]
    return (
        *_probabilities(o, r),
        ("E(click)", e_clicks(by_clicks)),
        ("E(unsubscribe)", e_unsubscribes(by_unsubs)),
        ("E(complaint)", e_complaints(o.complaint, o.heard)),
        ("crude ratio", crude_ratio(by_clicks)),
        ("Mantel-Haenszel ratio", mantel_haenszel(by_clicks)),
    )


def _probabilities(o: Sample, r: Sample) -> tuple[tuple[str, float], ...]:
    known = r.n > 0
    return (
        ("P(click)", p_click(o.click, o.n, r.click, r.n) if known else math.nan),
        ("P(unsubscribe)", p_unsub(o.unsub, o.n, r.unsub, r.n) if known else math.nan),
        ("P(complaint)", p_complaint(o.complaint, o.heard)),
    )


def _alarm(figures: tuple[tuple[str, float], ...], seen: Evidence) -> str | None:
    for name, value in figures:
        if name.startswith("E(") and value >= ALARM_AT:
            return f"{name} {value:.2f} ≥ 20"
    o = seen.o
    if o.complaint >= MOST_COMPLAINTS and o.complaint >= WORST_COMPLAINT_RATE * o.heard:
        return f"{o.complaint} complaints of {o.heard} persons"
    return None


def _judged_badly(figures: tuple[tuple[str, float], ...], seen: Evidence) -> str | None:
    """P(click) or P(unsubscribe) at most 0.20, from 1,000 persons on."""
    if seen.o.n < LEAST_PERSONS:
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


def _stands_against_raise(
    state: ThrottleState,
    seen: Evidence,
    figures: tuple[tuple[str, float], ...],
    *,
    weekly: bool,
    days: int | None,
) -> str | None:
    """The first thing that keeps the share where it is, or None."""
    if not weekly:
        return "raises are judged once a week"
    if state.share_percent >= LADDER[-1]:
        return "the share is at the top of its ladder"
    if days is not None and days < DAYS_BETWEEN_CHANGES:
        return f"{days} days since the last change, 28 needed"
    short = _too_little(seen.o, seen.r) or _below(figures)
    if short is None and _mix_misleads(dict(figures), towards_raise=True):
        short = "campaign by campaign, clicks are below 0.8 of the rest"
    if short is not None or state.share_percent == 0:
        return short
    if seen.promotional is None:
        return "no promotional campaigns to judge the next step on"
    o, r = seen.promotional
    return _too_little(o, r) or _below(_probabilities(o, r))


def _too_little(o: Sample, r: Sample) -> str | None:
    if o.n < LEAST_PERSONS:
        return f"n = {o.n} < 1000"
    expected = o.n * r.click / r.n if r.n else 0.0
    return f"{expected:.1f} clicks expected < 20" if expected < LEAST_EXPECTED_CLICKS else None


def _below(figures: tuple[tuple[str, float], ...]) -> str | None:
    for name, value in figures:
        if name.startswith("P(") and not value >= RAISE_AT:
            return f"{name} {value:.4f} < 0.90"
    return None
