"""The rule that rests on the figures: raise, fall, hold (R-82)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.statistics import e_complaints
from accord.core.throttle import (
    LADDER,
    Evidence,
    Pair,
    Sample,
    SinceChange,
    at_share,
    decide,
)

R = Sample(20_000, 900, 60, 8)
START = at_share(0)
CASES = {
    "A": Sample(400, 12, 2, 0),
    "B": Sample(1000, 36, 4, 0),
    "C": Sample(1000, 48, 3, 0),
    "D": Sample(20, 1, 0, 0),
    "E": Sample(5000, 205, 14, 2),
    "F": Sample(2000, 44, 14, 6),
    "G": Sample(3000, 150, 9, 1),
}
GOOD, POOR, BAD = CASES["G"], CASES["B"], CASES["F"]
WORKED = {
    "A": ("hold", "n = 400 < 1000"),
    "B": ("hold", "P(click) 0.5368 < 0.90"),
    "C": ("hold", "P(unsubscribe) 0.8493 < 0.90"),
    "D": ("hold", "n = 20 < 1000"),
    "E": ("raise to p=0.10", "the three probabilities are ≥ 0.90 (0.9563, 0.9642, 0.9652)"),
    "F": ("hold", "E(click) 369.87 ≥ 20"),
    "G": ("raise to p=0.10", "the three probabilities are ≥ 0.90 (0.9999, 0.9150, 0.9540)"),
}


def seen(o: Sample, promotional: Sample | None = None, **more) -> Evidence:
    return Evidence(o, R, promotional=Pair(promotional, R) if promotional is not None else None, **more)


@pytest.mark.parametrize("case", WORKED)
def test_the_rule_worked_through(case):
    ruling = decide(START, seen(CASES[case]))
    assert (str(ruling), ruling.reason) == WORKED[case]


@pytest.mark.parametrize("share", [10, 25, 50])
def test_bad_figures_fall_at_once_from_any_share(share):
    ruling = decide(at_share(share), seen(BAD), weekly=False)
    assert (str(ruling), ruling.state) == ("EDITORIAL_ONLY", START)


def test_bad_figures_at_the_bottom_hold_there():
    assert str(decide(START, seen(BAD))) == "hold"


@pytest.mark.parametrize("n", [999, 1000])
def test_low_probabilities_fall_weekly_from_a_thousand_persons_on(n):
    weak = Evidence(Sample(n, 20, 0, 0), Sample(1000, 36, 3, 0))
    assert decide(at_share(10), weak, weekly=False).move == "hold"
    assert decide(at_share(10), weak).move == ("fall" if n == 1000 else "hold")


def test_nobody_leaving_is_no_reason_to_fall():
    quiet = Sample(1000, 40, 0, 0)
    assert decide(at_share(10), Evidence(quiet, quiet)).move == "hold"


def test_three_complaints_at_a_high_rate_are_an_alarm_before_the_e_value_is():
    few = Sample(900, 40, 0, 3)
    assert e_complaints(3, 900) < 20
    assert decide(at_share(10), seen(few), weekly=False).move == "fall"


def test_two_complaints_are_no_alarm_whatever_their_rate():
    assert decide(at_share(10), seen(Sample(100, 5, 0, 2)), weekly=False).move == "hold"


def test_a_raise_waits_for_the_week_and_for_28_days():
    good = seen(GOOD)
    assert decide(START, good, weekly=False).move == "hold"
    assert decide(START, good, days_since_change=27).move == "hold"
    assert decide(START, good, days_since_change=28).move == "raise"


def test_a_share_above_zero_is_raised_on_promotional_campaigns_alone():
    assert decide(at_share(10), seen(GOOD)).move == "hold"
    poor = decide(at_share(10), seen(GOOD, POOR))
    assert (poor.move, poor.reason) == ("hold", "of promotions alone, P(click) 0.5368 < 0.90")
    assert decide(at_share(10), seen(GOOD, GOOD)).state == at_share(25)
    assert decide(at_share(25), seen(GOOD, GOOD)).state == at_share(50)


def test_the_ladder_has_a_top():
    assert decide(at_share(50), seen(GOOD, GOOD)).move == "hold"


def test_a_pin_holds_raises_and_lets_falls_pass():
    pinned = decide(START, seen(GOOD), at_most=0)
    assert (pinned.move, pinned.reason) == ("hold", "it is pinned by hand")
    assert decide(START, seen(GOOD), at_most=10).state == at_share(10)
    assert decide(at_share(10), seen(GOOD, GOOD), at_most=10).state == at_share(10)
    assert decide(at_share(10), seen(BAD), at_most=10).move == "fall"


def test_the_e_values_begin_anew_with_each_change():
    fresh = SinceChange()
    assert decide(at_share(10), seen(BAD), weekly=False).move == "fall"
    begun_anew = Evidence(replace(BAD, complaint=0), R, since_change=fresh)
    ruling = decide(at_share(10), begun_anew, weekly=False)
    assert (ruling.move, dict(ruling.figures)["E(click)"]) == ("hold", 1)
    later = replace(begun_anew, since_change=SinceChange(BAD, (Pair(BAD, R),)))
    assert decide(at_share(10), later, weekly=False).reason == "E(click) 369.87 ≥ 20"


def test_complaints_prove_nothing_where_nobody_reports_them():
    """With few persons their prior speaks, and it speaks well of everybody."""
    unheard = replace(GOOD, complaint=0, reporting=999)
    assert decide(START, seen(unheard)).reason == "complaints would be heard of 999 persons < 1000"
    assert decide(START, seen(replace(unheard, reporting=1000))).move == "raise"


def test_a_mix_of_campaigns_alone_raises_nothing():
    """O looks good only because it got more of what everybody clicks."""
    strata = (
        Pair(Sample(4500, 190, 4, 0), Sample(10_000, 600, 10, 1)),
        Pair(Sample(500, 10, 1, 0), Sample(90_000, 2_600, 100, 9)),
    )
    o = Sample(5000, 200, 5, 0)
    r = Sample(100_000, 3_200, 110, 10)
    assert decide(START, Evidence(o, r)).move == "raise"
    assert decide(START, Evidence(o, r, strata)).move == "hold"


def test_a_mix_of_campaigns_alone_fells_nothing():
    """O looks weak only because it got less of what everybody clicks; nothing else has changed."""
    strata = (
        Pair(Sample(4500, 90, 9, 0), Sample(10_000, 200, 20, 1)),
        Pair(Sample(500, 60, 1, 0), Sample(90_000, 10_800, 200, 9)),
    )
    o, r = Sample(5000, 150, 10, 0), Sample(100_000, 11_000, 220, 10)
    calm = SinceChange(o, strata)
    assert decide(at_share(10), Evidence(o, r, since_change=calm)).move == "fall"
    assert decide(at_share(10), Evidence(o, r, strata, since_change=calm)).move == "hold"


def test_everything_that_stands_against_a_raise_is_told():
    ruling = decide(at_share(10), seen(Sample(400, 15, 2, 0)), days_since_change=7)
    assert ruling.missing[:3] == (
        "7 days since the last change, 28 needed",
        "n = 400 < 1000",
        "18.0 clicks expected < 20",
    )
    assert any(each.startswith("of promotions alone, n = 0") for each in ruling.missing)


def test_nobody_at_all_holds():
    nobody = Sample()
    assert decide(START, Evidence(nobody, nobody)).move == "hold"
    assert decide(at_share(25), Evidence(nobody, R)).state == at_share(25)


@given(st.integers(0, 999), st.integers(0, 50), st.integers(0, 10), st.sampled_from(LADDER))
def test_fewer_than_a_thousand_persons_never_raise(n, click, unsub, share):
    o = Sample(n, min(click, n), min(unsub, n), 0)
    assert decide(at_share(share), seen(o, o)).move != "raise"


counts = st.builds(
    lambda n, click, unsub, complaint: Sample(n, click % (n + 1), unsub % (n + 1), complaint % (n + 1)),
    st.integers(0, 6000),
    st.integers(0, 400),
    st.integers(0, 40),
    st.integers(0, 8),
)


@given(counts, counts, st.sampled_from(LADDER), st.sampled_from(LADDER), st.booleans())
def test_it_goes_up_by_single_steps_below_its_pin_and_down_to_the_bottom(o, promotional, share, pin, weekly):
    state = at_share(share)
    after = decide(state, seen(o, promotional), at_most=pin, weekly=weekly)
    if after.move == "raise":
        assert weekly
        assert after.state.share_percent == LADDER[LADDER.index(share) + 1] <= pin
    elif after.move == "fall":
        assert after.state == START != state
    else:
        assert after.state in (state, START)
