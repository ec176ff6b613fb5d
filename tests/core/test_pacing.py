"""The pace of one domain: slower at once, faster step by step, never past its limit; hours pass in no time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.pacing import (
    BURST_SECONDS,
    LOOKS_AGAIN,
    SLOWEST,
    Pace,
    WarmUp,
    a_pace,
    asks_for_less,
    place,
    slowed,
    went_well,
)


@pytest.mark.parametrize(
    ("reply", "asks"),
    [
        ("421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred", True),
        ("421 4.7.28 Gmail has detected an unusual rate of mail", True),
        ("421 too many connections", True),
        ("451 4.7.500 Server busy", True),
        ("450-4.7.1 greylisted", True),
        ("450 4.2.1 the mailbox is busy", False),
        ("452 4.2.2 full", False),
        ("550 5.7.1 no", False),
        ("250 2.0.0 421 4.7.0", False),
    ],
)
def test_what_asks_for_less(reply: str, asks: bool) -> None:
    assert asks_for_less(reply) is asks


@dataclass
class Server:
    """Takes `capacity` mails a second, and asks for less beyond that."""

    capacity: float
    level: float = 0.0
    at: float = 0.0
    taken: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    def takes(self, now: float) -> bool:
        self.level, self.at = max(0.0, self.level - (now - self.at) * self.capacity), now
        taken = self.level + 1 <= max(1.0, 2 * self.capacity)
        self.level += taken
        (self.taken if taken else self.refused).append(now)
        return taken


def drive(pace: Pace, server: Server, seconds: float, begins: float = 0.0, step: float = 0.05) -> Pace:
    """A queue that never ends: whatever may leave leaves."""
    now, backlog_at = begins, begins
    while now < begins + seconds:
        if now >= backlog_at:
            pace, wait = place(pace, now)
            if wait:
                backlog_at = now + min(wait, 1.0)
            elif server.takes(now):
                pace = went_well(pace, left_at=now, now=now)
            else:
                pace = slowed(pace, left_at=now, now=now, recent=1 / step)
        now += step
    return pace


def test_it_finds_what_a_domain_takes_and_stays_near_it() -> None:
    server = Server(capacity=2.0)
    drive(a_pace(None), server, 1800)
    late = [at for at in server.taken if at > 600]
    assert 0.5 < len(late) / 1200 / 2.0 <= 1.01, "most of what it takes, and never more"
    assert len([at for at in server.refused if at > 600]) < 0.05 * len(late)


def test_it_recovers_to_no_limit_when_the_domain_does() -> None:
    server = Server(capacity=0.5)
    pace = drive(a_pace(None), server, 600)
    assert pace.is_slowed and pace.rate is not None and pace.rate < 3
    server.capacity = 1000.0
    rates = []
    for minute in range(15):
        pace = drive(pace, server, 60, begins=600 + 60 * minute)
        rates.append(pace.rate if pace.rate is not None else 20.0)
    assert rates == sorted(rates), "step by step, and never back"
    assert pace == Pace(changed_at=pace.changed_at, free_at=pace.free_at, tail=pace.tail)
    assert not pace.is_slowed and pace.rate is None


def test_one_burst_of_refusals_slows_it_once() -> None:
    pace = a_pace(16.0)
    for number in range(10):
        pace = slowed(pace, left_at=number / 100, now=1 + number / 100, recent=16)
    assert pace.rate == 8.0
    assert slowed(pace, left_at=3.0, now=4.0, recent=16).rate == 4.0
    assert went_well(pace, left_at=0.5, now=60.0) == pace, "it had left before"


def test_it_is_never_slower_than_the_slowest() -> None:
    pace = a_pace(None)
    for number in range(50):
        pace = slowed(pace, left_at=100 * number, now=100 * number + 1, recent=0)
    assert pace.rate == SLOWEST


@given(
    most=st.floats(0.05, 50),
    asks=st.lists(st.floats(0, 3), min_size=1, max_size=120),
    fates=st.lists(st.sampled_from(["well", "less", "silent"]), min_size=120, max_size=120),
)
def test_no_more_leaves_than_the_limit_lets(most: float, asks: list[float], fates: list[str]) -> None:
    pace, now, left = a_pace(most), 0.0, []
    for gap, fate in zip(asks, fates, strict=False):
        now += gap
        pace, wait = place(pace, now)
        assert 0 <= wait <= LOOKS_AGAIN
        if wait:
            continue
        left.append(now)
        if fate == "well":
            pace = went_well(pace, left_at=now, now=now)
        if fate == "less":
            pace = slowed(pace, left_at=now, now=now, recent=1.0)
        assert pace.rate is not None and SLOWEST <= pace.rate <= most
    for begin in range(len(left)):
        for end in range(begin, len(left)):
            most_now = (left[end] - left[begin]) * most + max(1, most * BURST_SECONDS)
            assert end - begin + 1 <= most_now + 1e-6


def test_those_that_are_held_back_are_told_different_instants() -> None:
    pace, waits = a_pace(2.0), []
    for _ in range(10_000):
        pace, wait = place(pace, 0.0)
        waits.append(wait)
    assert waits[:6] == [0.0, 0.0, 1.0, 1.0, 1.5, 2.0]
    assert waits == sorted(waits) and waits[-1] == LOOKS_AGAIN


def test_a_warm_up_counts_days() -> None:
    plan = WarmUp(date(2026, 12, 1), (50, 100, 200))
    days = [date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 3), date(2026, 12, 4)]
    assert [plan.allowed(day) for day in days] == [None, 50, 200, None]
