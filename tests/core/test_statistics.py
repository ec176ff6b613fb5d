"""Every number of the tables of part C, recomputed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.statistics import (
    COMPLAINT_PRIOR,
    Stratum,
    beta_cdf,
    chance_of_at_most,
    crude_ratio,
    e_clicks,
    e_complaints,
    e_unsubscribes,
    mantel_haenszel,
    newcombe,
    p_click,
    p_complaint,
    p_unsub,
    persons_needed,
    wilson,
)

# R of the tables: 20,000 persons, of whom so many clicked, unsubscribed, complained.
N_R, CLICK_R, UNSUB_R = 20_000, 900, 60


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


def test_nobody_says_nothing():
    assert wilson(0, 0) == (0, 1)


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
    found = newcombe(k, n, CLICK_R, N_R)
    assert found == pytest.approx((low, high), abs=1e-6)
    assert found[0] < 0 < found[1], "lower than the rest is not established by any of them"


def test_persons_needed_before_zero_complaints_prove_anything():
    assert (persons_needed(0.001), persons_needed(0.003)) == (3838, 1277)


def test_a_base_that_contains_o_flatters_it():
    o, r = Stratum(30, 1000, 0, 0), Stratum(0, 0, 105, 2333)
    everybody = Stratum(30, 1000, 30 + 105, 1000 + 2333)
    assert crude_ratio([everybody]) == pytest.approx(0.7407, abs=1e-3)
    assert crude_ratio([o, r]) == pytest.approx(0.6667, abs=1e-3)


def test_mixed_campaigns_mislead_the_crude_ratio():
    equal = [Stratum(54, 900, 600, 10_000), Stratum(3, 100, 300, 10_000)]
    lower = [Stratum(40, 1000, 500, 10_000), Stratum(10, 100, 1200, 10_000)]
    assert crude_ratio(equal) == pytest.approx(1.2667, abs=5e-5)
    assert mantel_haenszel(equal) == pytest.approx(1.0, abs=5e-5)
    assert crude_ratio(lower) == pytest.approx(0.5348, abs=5e-5)
    assert mantel_haenszel(lower) == pytest.approx(0.8069, abs=5e-5)


@pytest.mark.parametrize(
    ("n", "counts", "click", "unsub", "complaint"),
    [
        (400, (12, 2, 0), 0.3304, 0.6729, 0.9057),
        (1000, (36, 4, 0), 0.5368, 0.7303, 0.9545),
        (1000, (48, 3, 0), 0.9714, 0.8493, 0.9545),
        (20, (1, 0, 0), 0.6619, 0.8005, 0.8467),
        (5000, (205, 14, 2), 0.9563, 0.9642, 0.9652),
        (2000, (44, 14, 6), 0.0005, 0.1574, 0.0537),
        (3000, (150, 9, 1), 0.9999, 0.9150, 0.9540),
    ],
    ids="ABCDEFG",
)
def test_posteriors(n, counts, click, unsub, complaint):
    clicked, left, complained = counts
    assert p_click(clicked, n, CLICK_R, N_R, 0.8) == pytest.approx(click, abs=5e-4)
    assert p_unsub(left, n, UNSUB_R, N_R, 1.5) == pytest.approx(unsub, abs=5e-4)
    assert p_complaint(complained, n, 0.001) == pytest.approx(complaint, abs=5e-4)


def test_surprises():
    assert 1 - chance_of_at_most(2, 1000, *COMPLAINT_PRIOR) == pytest.approx(0.0498, abs=5e-5)
    assert 1 - chance_of_at_most(4, 1000, *COMPLAINT_PRIOR) == pytest.approx(0.01009, abs=5e-6)
    of_r = (CLICK_R + 0.5, N_R - CLICK_R + 0.5)
    assert chance_of_at_most(36, 1000, *of_r) == pytest.approx(0.09919, abs=5e-6)
    plain = (CLICK_R * 1e6, (N_R - CLICK_R) * 1e6)  # so sure of the rate that it is the binomial
    assert chance_of_at_most(36, 1000, *plain) == pytest.approx(0.09427, abs=5e-6)


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
    ("k", "n", "e"),
    [
        (4, 1000, 0.4205),
        (14, 2000, 2.6680),
        (18, 2000, 14.7478),
        (19, 2000, 22.6133),
        (20, 2000, 34.6738),
    ],
)
def test_e_of_unsubscribes(k, n, e):
    assert e_unsubscribes([Stratum(k, n, UNSUB_R, N_R)]) == pytest.approx(e, abs=5e-4)


@pytest.mark.parametrize(
    ("k", "n", "e"),
    [(12, 400, 0.7880), (36, 1000, 0.0361), (50, 2000, 26.1056), (44, 2000, 369.8687), (60, 2000, 0.3147)],
)
def test_e_of_clicks(k, n, e):
    assert e_clicks([Stratum(k, n, CLICK_R, N_R)]) == pytest.approx(e, abs=5e-4)


def test_evidence_multiplies_stratum_by_stratum_and_one_side_alone_says_nothing():
    one, other = Stratum(12, 400, 900, 20_000), Stratum(36, 1000, 900, 20_000)
    assert e_clicks([one, other]) == pytest.approx(e_clicks([one]) * e_clicks([other]))
    assert e_clicks([Stratum(3, 50, 0, 0), Stratum(0, 0, 3, 50)]) == 1


@given(st.floats(0.001, 0.999), st.floats(0.5, 500), st.floats(0.5, 500))
def test_the_beta_distribution_mirrors(x, a, b):
    assert beta_cdf(x, a, b) + beta_cdf(1 - x, b, a) == pytest.approx(1, abs=1e-9)


def test_the_beta_distribution_at_known_points():
    assert beta_cdf(0.3, 1, 1) == pytest.approx(0.3)
    assert beta_cdf(0.5, 2, 2) == pytest.approx(0.5)
    assert beta_cdf(0.25, 0.5, 0.5) == pytest.approx(2 / math.pi * math.asin(0.5))


def test_a_rate_of_which_nothing_was_seen_is_not_taken_for_zero():
    """The density of R's rate has its pole at zero: no one point may weigh like all the others together."""
    assert p_unsub(0, 1000, 0, 1000, 1.5) == pytest.approx(0.7688, abs=0.002)
    assert p_click(0, 1000, 0, 1000, 0.8) == pytest.approx(0.0857, abs=0.002)


@given(st.integers(1, 30_000), st.data())
def test_probabilities_are_probabilities(n_r, data):
    n_o = data.draw(st.integers(0, 5000))
    k_o, k_r = data.draw(st.integers(0, n_o)), data.draw(st.integers(0, n_r))
    assert -1e-9 <= p_click(k_o, n_o, k_r, n_r, 0.8) <= 1 + 1e-9
    assert -1e-9 <= p_unsub(k_o, n_o, k_r, n_r, 1.5) <= 1 + 1e-9
