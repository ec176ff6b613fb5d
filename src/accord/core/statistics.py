"""What rates say: intervals, ratios, posteriors, and evidence that may be looked at every day (rules, part C)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Z = 1.959964  # 95 %, two sides

# How many persons the prior of O is worth, at R's own rate; complaints have a prior of their own.
CLICK_PRIOR, UNSUB_PRIOR = 100, 500
COMPLAINT_PRIOR = (0.5, 999.5)

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


# Of fewer persons a side nothing is said of whether two rates differ.
ENOUGH_TO_COMPARE = 30


def difference(k1: int, n1: int, k2: int, n2: int) -> tuple[float, float] | None:
    """The same interval where it says something; None where either side has too few persons for that."""
    return newcombe(k1, n1, k2, n2) if min(n1, n2) >= ENOUGH_TO_COMPARE else None


def persons_needed(threshold: float) -> int:
    """From how many persons on zero complaints prove a rate of at most `threshold`."""
    return math.ceil(Z * Z * (1 - threshold) / threshold)


@dataclass(frozen=True, slots=True)
class Stratum:
    """Persons and events of O and of R on the same campaign."""

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
    return (a - 1) * math.log(x) + (b - 1) * math.log1p(-x) - _log_beta(a, b)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


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
    k_o: float, n_o: float, k_r: float, n_r: float, prior: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The Beta parameters of θR, and of θO whose prior is worth `prior` persons at R's own rate."""
    mean = min(max(k_r, 0.5), n_r - 0.5) / n_r
    of_r = (k_r + 0.5, n_r - k_r + 0.5)
    of_o = (prior * mean + k_o, prior * (1 - mean) + n_o - k_o)
    return of_r, of_o


def _expected(of_r: tuple[float, float], value: Callable[[float], float]) -> float:
    """The mean of `value(θR)` by Simpson's rule over the mean of θR ± 12 standard deviations.

    The steps are even in √θ: a rate of which nothing has been seen has its density's pole at zero, where
    even steps in θ would weigh one point like all the others together. Where the density is nothing, the
    value is not asked for.
    """
    a, b = of_r
    mean = a / (a + b)
    deviation = math.sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))
    low, high = math.sqrt(max(0.0, mean - 12 * deviation)), math.sqrt(min(1.0, mean + 12 * deviation))
    pieces = 240
    step = (high - low) / pieces
    norm = _log_beta(a, b)
    total = mass = 0.0
    for i in range(pieces + 1):
        u = low + i * step
        if not 0 < u < 1:
            u = min(max(u, 1e-9), 1 - 1e-12)
        log = (2 * a - 1) * math.log(u) + (b - 1) * math.log1p(-u * u) - norm
        if log < -40:
            continue
        density = math.exp(log) * (1 if i in (0, pieces) else 4 if i % 2 else 2)
        total += density * value(u * u)
        mass += density
    return total / mass


def p_click(k_o: float, n_o: float, k_r: float, n_r: float, ratio: float) -> float:
    """P(θO ≥ ratio · θR) for clicks."""
    of_r, of_o = _posteriors(k_o, n_o, k_r, n_r, CLICK_PRIOR)
    return _expected(of_r, lambda x: 1 - beta_cdf(ratio * x, *of_o))


def p_unsub(k_o: float, n_o: float, k_r: float, n_r: float, ratio: float) -> float:
    """P(θO ≤ ratio · θR) for unsubscribes."""
    of_r, of_o = _posteriors(k_o, n_o, k_r, n_r, UNSUB_PRIOR)
    return _expected(of_r, lambda x: beta_cdf(ratio * x, *of_o))


def p_complaint(k: int, n: int, threshold: float) -> float:
    """P(θ ≤ threshold) for complaints, prior Beta(0.5, 999.5). With few persons the prior speaks."""
    a, b = COMPLAINT_PRIOR
    return beta_cdf(threshold, a + k, b + n - k)


def chance_of_at_most(k: int, n: int, a: float, b: float) -> float:
    """P(X ≤ k) of `n` persons whose rate is ~ Beta(a, b): how surprising a count is (beta-binomial)."""
    choose = math.lgamma(n + 1)
    return sum(
        math.exp(
            choose
            - math.lgamma(i + 1)
            - math.lgamma(n - i + 1)
            + _log_beta(a + i, b + n - i)
            - _log_beta(a, b)
        )
        for i in range(k + 1)
    )


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
    """Stratum by stratum: given that there was an event, it is O's with a chance that the ratio tells."""
    log = 0.0
    for s in strata:
        if s.n_o and s.n_r:
            w0 = null * s.n_o / (null * s.n_o + s.n_r)
            w1 = alternative * s.n_o / (alternative * s.n_o + s.n_r)
            log += s.k_o * math.log(w1 / w0) + s.k_r * math.log((1 - w1) / (1 - w0))
    return _exp(log)


def _exp(log: float) -> float:
    return math.exp(min(log, 700.0))
