"""The throttle from day to day: which days count, what a pin does, when a raise is possible."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.standing import Standing, begun, is_weekly, judged, next_raise, pinned, unpinned
from accord.core.throttle import LADDER, TOP, Evidence, Pair, Sample, at_share

MONDAY = date(2026, 11, 23)
LONG_AGO = MONDAY - timedelta(days=40)
R = Sample(20_000, 900, 60, 8)
GOOD = Evidence(Sample(3000, 150, 9, 1), R, promotional=Pair(Sample(3000, 150, 9, 1), R))
BAD = Evidence(Sample(2000, 44, 14, 6), R)


def days(number: int) -> timedelta:
    return timedelta(days=number)


def promoting(share: int, since: date = LONG_AGO) -> Standing:
    return Standing(at_share(share), since)


def test_it_begins_with_editorial_only_and_28_days_to_wait():
    start = begun(MONDAY)
    assert start.state == at_share(0)
    ruling, after = judged(start, GOOD, today=MONDAY + days(21), weekly=True)
    assert (ruling.reason, after) == ("21 days since the last change, 28 needed", start)
    ruling, after = judged(start, GOOD, today=MONDAY + days(28), weekly=True)
    assert (after.state, after.changed_on, after.fallen_on) == (at_share(10), MONDAY + days(28), None)


def test_a_fall_is_remembered_and_nothing_before_it_counts():
    _, fallen = judged(promoting(25), BAD, today=MONDAY, weekly=False)
    assert (fallen.state, fallen.changed_on, fallen.fallen_on) == (at_share(0), MONDAY, MONDAY)
    assert fallen.counts_from(MONDAY + days(10)) == MONDAY + days(1)
    assert fallen.counts_from(MONDAY + days(200)) == MONDAY + days(109)
    _, raised = judged(fallen, GOOD, today=MONDAY + days(28), weekly=True)
    assert raised.counts_from(MONDAY + days(30)) == MONDAY + days(1)


def test_the_e_values_begin_anew_with_each_change_and_look_no_further_back_than_the_window():
    standing = promoting(10, MONDAY)
    assert standing.fresh_from(MONDAY + days(7)) == MONDAY + days(1)
    assert standing.counts_from(MONDAY + days(7)) == MONDAY - days(84)
    assert standing.fresh_from(MONDAY + days(400)) == MONDAY + days(309)


def test_a_person_counts_once_in_28_days_from_the_last_change_on():
    standing = promoting(10, MONDAY)
    first = MONDAY + days(1)
    assert [standing.cycle_of(first + days(n)) for n in (0, 27, 28, 55, 56)] == [
        first,
        first,
        first + days(28),
        first + days(28),
        first + days(56),
    ]
    assert standing.cycle_of(MONDAY) == first - days(28)


def test_a_pin_lowers_at_once_and_taking_it_out_raises_nothing():
    low = pinned(promoting(50), 10, MONDAY)
    assert (low.state, low.at_most, low.changed_on) == (at_share(10), 10, MONDAY)
    assert low.fallen_on is None
    _, still = judged(low, GOOD, today=MONDAY + days(28), weekly=True)
    assert still == low
    free = unpinned(low)
    assert free == replace(low, at_most=TOP)
    _, raised = judged(free, GOOD, today=MONDAY + days(28), weekly=True)
    assert raised.state == at_share(25)


def test_pinned_to_editorial_only_it_has_fallen():
    none = pinned(promoting(25), 0, MONDAY)
    assert (none.state, none.fallen_on) == (at_share(0), MONDAY)


@given(st.sampled_from(LADDER), st.sampled_from(LADDER))
def test_a_pin_is_never_above_what_the_statistics_allow(share, at_most):
    before = promoting(share)
    after = pinned(before, at_most, MONDAY)
    assert after.state.share_percent == min(share, at_most)
    assert (after.changed_on == before.changed_on) == (at_most >= share)


@pytest.mark.parametrize(
    ("since", "today", "weekly"),
    [
        (MONDAY - days(1), MONDAY, True),
        (MONDAY, MONDAY + days(1), False),
        (MONDAY - days(3), MONDAY + days(2), True),  # the daemon was away over the Monday
        (MONDAY, MONDAY + days(6), False),
        (MONDAY, MONDAY + days(7), True),
    ],
)
def test_the_week_is_judged_on_mondays_or_as_soon_as_it_can_be(since, today, weekly):
    assert is_weekly(since, today) is weekly


@pytest.mark.parametrize(
    ("today", "changed", "expected"),
    [
        (MONDAY, MONDAY - days(60), MONDAY + days(7)),  # a Monday: it is judged, so the next one
        (MONDAY + days(1), MONDAY - days(60), MONDAY + days(7)),
        (MONDAY + days(1), MONDAY - days(21), MONDAY + days(7)),
        (MONDAY + days(1), MONDAY - days(20), MONDAY + days(14)),
    ],
)
def test_the_next_possible_date(today, changed, expected):
    assert next_raise(promoting(10, changed), today) == expected
