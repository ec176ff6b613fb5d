"""The tables of the statistics, recomputed, and the rule that rests on them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.model.decision import ThrottleMode, ThrottleState
from accord.core.throttle import (
    LADDER,
    Evidence,
    Sample,
    Stratum,
    beta_cdf,
    crude_ratio,
    decide,
    e_clicks,
    e_complaints,
    e_unsubscribes,
    mantel_haenszel,
    newcombe,
    p_click,
    p_complaint,
    p_unsub,
    persons_needed,
    weight,
    wilson,
)

R = Sample(20_000, 900, 60, 8)
START = ThrottleState()


def promo(share: int) -> ThrottleState:
    return ThrottleState(ThrottleMode.PROMO, share)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (12, 400, 0.017243, 0.051699),
        (36, 1000, 0.026116, 0.049436),
        (900, 20000, 0.042213, 0.047961),
        (1, 20, 0.008881, 0.236131),
        (0, 50, 0, 0.071348),
        (0, 1000, 0, 0.003827),
        (3, 1000, 0.001021, 0.008783),
        (5, 1000, 0.002138, 0.011651),
        (1, 300, 0.000589, 0.018637),
    ],
)
def test_wilson(k, n, low, high):
    assert wilson(k, n) == pytest.approx((low, high), abs=1e-6)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (12, 400, -0.028096, 0.006877),
        (36, 1000, -0.019319, 0.004722),
        (48, 1000, -0.008979, 0.018322),
        (1, 20, -0.036225, 0.191152),
    ],
)
def test_newcombe_against_the_rest(k, n, low, high):
    assert newcombe(k, n, 900, 20000) == pytest.approx((low, high), abs=1e-6)


def test_persons_needed_before_zero_complaints_prove_anything():
    assert (persons_needed(0.001), persons_needed(0.003)) == (3838, 1277)


def test_mixed_campaigns_mislead_the_crude_ratio():
    equal = [Stratum(54, 900, 600, 10_000), Stratum(3, 100, 300, 10_000)]
    lower = [Stratum(40, 1000, 500, 10_000), Stratum(10, 100, 1200, 10_000)]
    assert crude_ratio(equal) == pytest.approx(1.2667, abs=5e-5)
    assert mantel_haenszel(equal) == pytest.approx(1.0, abs=5e-5)
    assert crude_ratio(lower) == pytest.approx(0.5348, abs=5e-5)
    assert mantel_haenszel(lower) == pytest.approx(0.8069, abs=5e-5)


CASES = {
    "A": (Sample(400, 12, 2, 0), 0.3304, 0.6729, 0.9057),
    "B": (Sample(1000, 36, 4, 0), 0.5368, 0.7303, 0.9545),
    "C": (Sample(1000, 48, 3, 0), 0.9714, 0.8493, 0.9545),
    "D": (Sample(20, 1, 0, 0), 0.6619, 0.8005, 0.8467),
    "E": (Sample(5000, 205, 14, 2), 0.9563, 0.9642, 0.9652),
    "F": (Sample(2000, 44, 14, 6), 0.0005, 0.1574, 0.0537),
    "G": (Sample(3000, 150, 9, 1), 0.9999, 0.9150, 0.9540),
}


@pytest.mark.parametrize("case", CASES)
def test_posteriors(case):
    o, click, unsub, complaint = CASES[case]
    assert p_click(o.click, o.n, R.click, R.n) == pytest.approx(click, abs=5e-4)
    assert p_unsub(o.unsub, o.n, R.unsub, R.n) == pytest.approx(unsub, abs=5e-4)
    assert p_complaint(o.complaint, o.n) == pytest.approx(complaint, abs=5e-4)


@pytest.mark.parametrize(
    ("k", "n", "e"),
    [
        (0, 1000, 0.1348),
        (3, 1000, 3.6614),
        (5, 1000, 33.0848),
        (6, 2000, 13.4057),
        (7, 2000, 40.2978),
        (2, 300, 4.9532),
        (3, 300, 14.8894),
        (10, 5000, 2.6808),
    ],
)
def test_e_of_complaints(k, n, e):
    assert e_complaints(k, n) == pytest.approx(e, abs=5e-4)


@pytest.mark.parametrize(
    ("k", "n", "e"), [(4, 1000, 0.4205), (14, 2000, 2.6680), (18, 2000, 14.7478), (19, 2000, 22.6133)]
)
def test_e_of_unsubscribes(k, n, e):
    assert e_unsubscribes([Stratum(k, n, 60, 20_000)]) == pytest.approx(e, abs=5e-4)


@pytest.mark.parametrize(
    ("k", "n", "e"),
    [(12, 400, 0.7880), (36, 1000, 0.0361), (50, 2000, 26.1056), (44, 2000, 369.8687), (60, 2000, 0.3147)],
)
def test_e_of_clicks(k, n, e):
    assert e_clicks([Stratum(k, n, 900, 20_000)]) == pytest.approx(e, abs=5e-4)


def test_observations_fade():
    assert [round(weight(days), 4) for days in (28, 90, 180, 365)] == [0.8060, 0.5, 0.25, 0.0601]


WORKED = {"A": "hold", "B": "hold", "C": "hold", "D": "hold", "E": "raise to p=0.10", "G": "raise to p=0.10"}


@pytest.mark.parametrize("case", WORKED)
def test_the_rule_worked_through(case):
    assert str(decide(START, Evidence(CASES[case][0], R))) == WORKED[case]


@pytest.mark.parametrize("share", [10, 25, 50])
def test_bad_figures_fall_at_once_from_any_share(share):
    ruling = decide(promo(share), Evidence(CASES["F"][0], R), weekly=False)
    assert (str(ruling), ruling.state) == ("EDITORIAL_ONLY", START)


def test_bad_figures_at_the_bottom_hold_there():
    assert str(decide(START, Evidence(CASES["F"][0], R))) == "hold"


def test_three_complaints_at_a_high_rate_are_an_alarm_before_the_e_value_is():
    few = Sample(900, 40, 0, 3)
    assert e_complaints(3, 900) < 20
    assert decide(promo(10), Evidence(few, R), weekly=False).move == "fall"


def test_a_raise_waits_for_the_week_and_for_28_days():
    good = Evidence(CASES["E"][0], R)
    assert decide(START, good, weekly=False).move == "hold"
    assert decide(START, good, days_since_change=27).move == "hold"
    assert decide(START, good, days_since_change=28).move == "raise"


def test_a_share_above_zero_is_raised_on_promotional_campaigns_alone():
    good, poor = CASES["G"][0], CASES["B"][0]
    assert decide(promo(10), Evidence(good, R)).move == "hold"
    assert decide(promo(10), Evidence(good, R, promotional=(poor, R))).move == "hold"
    assert decide(promo(10), Evidence(good, R, promotional=(good, R))).state == promo(25)


def test_the_ladder_has_a_top():
    good = CASES["G"][0]
    assert decide(promo(50), Evidence(good, R, promotional=(good, R))).move == "hold"


def test_a_mix_of_campaigns_alone_raises_nothing():
    """O looks good only because it got more of what everybody clicks."""
    strata = (
        (Sample(4500, 190, 4, 0), Sample(10_000, 600, 10, 1)),
        (Sample(500, 10, 1, 0), Sample(90_000, 2_600, 100, 9)),
    )
    o = Sample(5000, 200, 5, 0)
    r = Sample(100_000, 3_200, 110, 10)
    assert decide(START, Evidence(o, r)).move == "raise"
    assert decide(START, Evidence(o, r, strata)).move == "hold"


def test_nobody_at_all_holds():
    nobody = Sample(0, 0, 0, 0)
    assert decide(START, Evidence(nobody, nobody)).move == "hold"
    assert decide(promo(25), Evidence(nobody, R)).state == promo(25)


@given(st.floats(0.001, 0.999), st.floats(0.5, 500), st.floats(0.5, 500))
def test_the_beta_distribution_mirrors(x, a, b):
    assert beta_cdf(x, a, b) + beta_cdf(1 - x, b, a) == pytest.approx(1, abs=1e-9)


def test_the_beta_distribution_at_known_points():
    assert beta_cdf(0.3, 1, 1) == pytest.approx(0.3)
    assert beta_cdf(0.5, 2, 2) == pytest.approx(0.5)
    assert beta_cdf(0.25, 0.5, 0.5) == pytest.approx(2 / math.pi * math.asin(0.5))


@given(
    st.integers(0, 999),
    st.integers(0, 50),
    st.integers(0, 10),
    st.sampled_from(LADDER),
)
def test_fewer_than_a_thousand_persons_never_raise(n, click, unsub, share):
    o = Sample(n, min(click, n), min(unsub, n), 0)
    state = promo(share) if share else START
    assert decide(state, Evidence(o, R, promotional=(o, R))).move != "raise"
