"""Replays the experiments behind the throttle's rule, against its own code: false alarms, delays, hysteresis.

Each line gives the figure that the rule was chosen by, the one found here, and the error of the two together
(99.9 %, since more than thirty are compared); the exit code is 1 where they differ by more. Seeds are fixed: the
same runs give the same figures.

    python benchmarks/throttle.py            half a minute
    python benchmarks/throttle.py --runs 400 a few seconds, with wider errors
"""

from __future__ import annotations

import argparse
import math
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate
from random import Random
from statistics import fmean, median, pstdev

from accord.core.statistics import Stratum, e_clicks, e_complaints, p_click
from accord.core.throttle import (
    ALARM_AT,
    CLICK_RATIO,
    DAYS_BETWEEN_CHANGES,
    FALL_AT,
    LEAST_PERSONS,
    RAISE_AT,
    WINDOW_DAYS,
)

SEED = 20261123
Z_TWO_SIDED, Z_ONE_SIDED, Z_OF_ERRORS = 1.959964, 1.644854, 3.290527

# The experiments of the rule: so many of O and of R a day, and how often R clicks.
O_A_DAY, R_A_DAY, CLICKS, DAYS = 50, 1000, 0.045, 180
HEARD_A_DAY, YEAR = 100, 365
WEEKS = 104

# How many runs the rule's own figures rest on; of the years of hysteresis it is not said, and supposed.
RUNS_OF_THE_RULE, RUNS_OF_ITS_TABLE = 4000, 1000


@dataclass(frozen=True)
class Found:
    """One figure of the rule, found again: `error` is what chance explains of the difference."""

    what: str
    rule: float
    here: float
    error: float
    percent: bool = True

    @property
    def agrees(self) -> bool:
        return abs(self.rule - self.here) <= self.error

    def __str__(self) -> str:
        show = (lambda x: f"{100 * x:6.1f} %") if self.percent else (lambda x: f"{x:8.2f}")
        mark = "" if self.agrees else "   DIFFERS"
        return f"{self.what:<66} {show(self.rule)} {show(self.here)} ±{show(self.error).strip():>8}{mark}"


def share(
    what: str, rule: float, hits: Sequence[bool], digits: int = 1, of_rule: int = RUNS_OF_THE_RULE
) -> Found:
    """A share of runs; both figures are drawn, and the rule's is rounded."""
    spread = math.sqrt(max(rule * (1 - rule), 0.0005))
    return Found(what, rule, fmean(hits), _error(spread, len(hits), of_rule) + 0.5 * 10 ** -(digits + 2))


def _error(spread: float, runs: int, of_rule: int = RUNS_OF_THE_RULE) -> float:
    return Z_OF_ERRORS * spread * math.sqrt(1 / runs + 1 / of_rule)


class Draw:
    """Binomial draws, each by one throw and a table."""

    def __init__(self, n: int, p: float) -> None:
        mean, spread = n * p, math.sqrt(n * p * (1 - p))
        self.low, high = max(0, int(mean - 9 * spread) - 9), min(n, int(mean + 9 * spread) + 9)
        odds = math.log(p / (1 - p))
        log = [
            math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * odds + n * math.log1p(-p)
            for k in range(self.low, high + 1)
        ]
        self.table = list(accumulate(map(math.exp, log)))

    def __call__(self, dice: Random) -> int:
        return self.low + bisect_left(self.table, dice.random() * self.table[-1])


def sums(draw: Draw, dice: Random, count: int) -> list[int]:
    """Running totals of so many draws."""
    return list(accumulate(draw(dice) for _ in range(count)))


def every(runs: int, seed: int, run: Callable[[Random], tuple]) -> Iterator[tuple]:
    """The results of all runs, column by column."""
    dice = Random(seed)
    return zip(*(run(dice) for _ in range(runs)), strict=True)


# -- C.3: looking every day ---------------------------------------------------------------------------------------


def looks(runs: int) -> list[Found]:
    """A test made for one look, looked at often, where nothing differs."""
    o, r = Draw(O_A_DAY, CLICKS), Draw(R_A_DAY, CLICKS)

    def run(dice: Random) -> tuple[bool, bool, bool]:
        wrong = [
            abs(_z(k_o, O_A_DAY * day, k_r, R_A_DAY * day)) > Z_TWO_SIDED
            for day, (k_o, k_r) in enumerate(zip(sums(o, dice, DAYS), sums(r, dice, DAYS), strict=True), 1)
        ]
        return wrong[-1], any(wrong[6::7]), any(wrong)

    once, weekly, daily = every(runs, SEED, run)
    return [
        share("z-test at 5 %, one look after 180 days: false alarms", 0.052, once),
        share("the same, looked at weekly", 0.27, weekly, 0),
        share("the same, looked at daily", 0.41, daily, 0),
    ]


def _z(k_o: int, n_o: int, k_r: int, n_r: int) -> float:
    p = (k_o + k_r) / (n_o + n_r)
    spread = math.sqrt(p * (1 - p) * (1 / n_o + 1 / n_r))
    return (k_o / n_o - k_r / n_r) / spread if spread else 0.0


def naive_line(runs: int) -> list[Found]:
    """The line «0.1 % of complaints», crossed at least once in a year of looking every day."""
    found = []
    for rate, rule in ((0.0005, 0.47), (0.001, 0.93)):
        draw = Draw(HEARD_A_DAY, rate)

        def run(dice: Random, draw: Draw = draw) -> tuple[bool]:
            totals = sums(draw, dice, YEAR)
            return (any(k > 0.001 * HEARD_A_DAY * day for day, k in enumerate(totals, 1)),)

        (crossed,) = every(runs, SEED, run)
        found.append(share(f"naive line at 0.1 %, true rate {100 * rate:.2f} %, a year", rule, crossed, 0))
    return found


def clicks_daily(runs: int) -> list[Found]:
    """The e-value of clicks, looked at daily: false alarms at the border, delay where O is half as good."""
    found = []
    for ratio in (0.8, 0.5):
        o, r = Draw(O_A_DAY, CLICKS * ratio), Draw(R_A_DAY, CLICKS)

        def run(dice: Random, o: Draw = o, r: Draw = r) -> tuple[int | None, bool]:
            days = list(enumerate(zip(sums(o, dice, DAYS), sums(r, dice, DAYS), strict=True), 1))
            alarm = next((day for day, (k_o, k_r) in days if _e(day, k_o, k_r) >= ALARM_AT), None)
            return alarm, any(_naive(k_o, k_r) < -Z_ONE_SIDED for _, (k_o, k_r) in days)

        alarms, naive = every(runs, SEED, run)
        heard = [alarm is not None for alarm in alarms]
        if ratio == 0.8:
            found.append(share("E of clicks, O at exactly 0.8 of R: false alarms", 0.031, heard))
            found.append(share("a one-sided test at 5 % in its place", 0.30, naive, 0))
        else:
            found.append(share("E of clicks, O at 0.5 of R: heard within 180 days", 1.0, heard))
            found.append(_median("the same: median day", 18, alarms))
    return found


def _e(day: int, k_o: int, k_r: int) -> float:
    return e_clicks([Stratum(k_o, O_A_DAY * day, k_r, R_A_DAY * day)])


def _naive(k_o: int, k_r: int) -> float:
    """Given all clicks, are O's fewer than 0.8 of R's rate makes likely?"""
    w = CLICK_RATIO * O_A_DAY / (CLICK_RATIO * O_A_DAY + R_A_DAY)
    total = k_o + k_r
    return (k_o - total * w) / math.sqrt(total * w * (1 - w)) if total else 0.0


def _median(what: str, rule: float, alarms: Sequence[int | None]) -> Found:
    days = sorted(math.inf if alarm is None else alarm for alarm in alarms)
    around = 1.25 * _error(1.0, len(days)) * pstdev([day for day in days if day < math.inf])
    return Found(what, rule, median(days), around + 0.5, percent=False)


def complaints_daily(runs: int) -> list[Found]:
    """The e-value of complaints, looked at daily for a year."""
    found = []
    for rate, rule, day in (
        (0.001, 0.039, None),
        (0.0005, 0.001, None),
        (0.003, 1.0, 20),
        (0.005, 1.0, 9),
    ):
        draw = Draw(HEARD_A_DAY, rate)

        def run(dice: Random, draw: Draw = draw) -> tuple[int | None]:
            k = 0
            for number in range(1, YEAR + 1):
                k += draw(dice)
                if e_complaints(k, HEARD_A_DAY * number) >= ALARM_AT:
                    return (number,)
            return (None,)

        (alarms,) = every(runs, SEED, run)
        heard = [alarm is not None for alarm in alarms]
        found.append(share(f"E of complaints, true rate {100 * rate:.2f} %: alarms in a year", rule, heard))
        if day is not None:
            found.append(_median("the same: median day", day, alarms))
    return found


# -- C.4: hysteresis -----------------------------------------------------------------------------------------------

O_A_WEEK, R_A_WEEK = 350, 7 * R_A_DAY
WINDOW, GAP = WINDOW_DAYS // 7, DAYS_BETWEEN_CHANGES // 7


@cache
def _nodes(weeks: int, threshold: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """How many of O must click for P(click) to reach a threshold, at a few counts of R's clicks."""
    n_o, n_r = O_A_WEEK * weeks, R_A_WEEK * weeks
    mean, spread = n_r * CLICKS, math.sqrt(n_r * CLICKS)
    counts = tuple(mean + spread * step for step in (-5, 0, 5))
    return counts, tuple(_count_at(threshold, n_o, k_r, n_r) for k_r in counts)


def _count_at(threshold: float, n_o: int, k_r: float, n_r: int) -> float:
    low, high = 0.6 * n_o * k_r / n_r, 1.1 * n_o * k_r / n_r
    for _ in range(10):
        middle = (low + high) / 2
        low, high = (
            (low, middle) if p_click(middle, n_o, k_r, n_r, CLICK_RATIO) >= threshold else (middle, high)
        )
    return high


def needed(weeks: int, k_r: int, threshold: float) -> float:
    """The same at any count of R's, between the nodes: the curve is all but straight."""
    counts, values = _nodes(weeks, threshold)
    place = min(max(bisect_left(counts, k_r), 1), len(counts) - 1)
    part = (k_r - counts[place - 1]) / (counts[place] - counts[place - 1])
    return values[place - 1] + part * (values[place] - values[place - 1])


def two_years(o: Draw, r: Draw, dice: Random) -> tuple[float, float, bool, float]:
    """Changes a year by one threshold, and with hysteresis; whether ever, and how long, in PROMO."""
    k_o, k_r = [0, *sums(o, dice, WEEKS)], [0, *sums(r, dice, WEEKS)]
    plain = promo = False
    changed, changes, plain_changes, weeks_in_promo = -GAP, 0, 0, 0
    ever = False
    for week in range(1, WEEKS + 1):
        first = max(0, week - WINDOW)
        seen, rest, span = k_o[week] - k_o[first], k_r[week] - k_r[first], week - first
        if O_A_WEEK * span >= LEAST_PERSONS:
            above = seen >= needed(span, rest, 0.5)
            plain_changes += above != plain
            plain = above
            if not promo and week - changed >= GAP and seen >= needed(span, rest, RAISE_AT):
                promo, changed, changes = True, week, changes + 1
            elif promo and seen < needed(span, rest, FALL_AT):
                promo, changed, changes = False, week, changes + 1
        ever = ever or promo
        weeks_in_promo += promo
    return plain_changes / 2, changes / 2, ever, weeks_in_promo / WEEKS


TABLE = (
    (0.6, 0.09, 0.00, 0.003, 0.000),
    (0.7, 1.99, 0.08, 0.087, 0.009),
    (0.8, 6.55, 1.16, 0.886, 0.334),
    (0.9, 2.23, 0.70, 1.000, 0.894),
    (1.0, 0.59, 0.50, 1.000, 0.966),
)


def hysteresis(runs: int) -> list[Found]:
    """Two years, judged weekly by the click rule alone."""
    found = []
    r = Draw(R_A_WEEK, CLICKS)
    for ratio, *rule in TABLE:
        o = Draw(O_A_WEEK, CLICKS * ratio)
        plain, changes, ever, time = every(runs, SEED, lambda dice, o=o: two_years(o, r, dice))
        found += [
            _of_table(f"O at {ratio} of R: changes a year, one threshold at 0.5", rule[0], plain, 0.005),
            _of_table("  with hysteresis", rule[1], changes, 0.005),
            share("  ever in PROMO", rule[2], ever, of_rule=RUNS_OF_ITS_TABLE),
            replace(_of_table("  time in PROMO", rule[3], time, 0.0005), percent=True),
        ]
    return found


def _of_table(what: str, rule: float, values: Sequence[float], rounded: float) -> Found:
    error = _error(pstdev(values) or 0.01, len(values), RUNS_OF_ITS_TABLE) + rounded
    return Found(what, rule, fmean(values), error, percent=False)


# -- how fast promotions stop ----------------------------------------------------------------------------------------


def weeks_until_fall(dice: Random, good_weeks: int) -> int:
    """O was as good as R for a while and is 40 % weaker from then on: the weeks until the weekly judgement falls."""
    good, weak, r = Draw(O_A_WEEK, CLICKS), Draw(O_A_WEEK, CLICKS * 0.6), Draw(R_A_WEEK, CLICKS)
    o_weeks = [good(dice) for _ in range(good_weeks)]
    r_weeks = [r(dice) for _ in range(good_weeks)]
    for week in range(1, WEEKS):
        o_weeks.append(weak(dice))
        r_weeks.append(r(dice))
        span = min(WINDOW, len(o_weeks))
        seen, rest = sum(o_weeks[-span:]), sum(r_weeks[-span:])
        if O_A_WEEK * span >= LEAST_PERSONS and seen < needed(span, rest, FALL_AT):
            return week
    return WEEKS


def delays(runs: int) -> list[str]:
    """In days, by the weekly judgement alone: median, and what 19 of 20 do not exceed."""
    lines = []
    for what, good_weeks in (("from the first day on", 0), ("after a window of good weeks", WINDOW)):
        dice = Random(SEED)
        days = sorted(7 * weeks_until_fall(dice, good_weeks) for _ in range(runs))
        usual, late = median(days), days[math.ceil(0.95 * len(days)) - 1]
        lines.append(
            f"O 40 % weaker {what}: promotions stop after {usual:.0f} days, 19 times in 20 after {late}"
        )
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Print all figures; 1 where one differs by more than chance explains."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=4000)
    runs = parser.parse_args(arguments).runs
    print(f"{runs} runs of each, seed {SEED}\n{'':<66} the rule      here    error")
    agree = True
    for experiment in (looks, naive_line, clicks_daily, complaints_daily, hysteresis):
        for found in experiment(runs):
            print(found)
            agree = agree and found.agrees
    print("\n".join(delays(runs)))
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
