"""Prospecting stops by itself when too much of it comes back, and goes on when somebody has looked; service mail never stops."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.model.reputation import Bearable, CameBack, Reputation, readings
from accord.core.model.time import Duration
from accord.shell.engine.care.roll_up import roll_up
from accord.shell.engine.care.vitals import alarms, vitals
from accord.shell.engine.journeys import braking
from accord.shell.engine.ports.running import GUARD
from accord.shell.engine.target.reputation import guard
from accord.shell.store.database import SqlStore
from builders import NOW, a_venue
from planted import a_mail, put, told

VENUE = a_venue()


@given(mails=st.integers(0, 5000), count=st.integers(0, 200))
def test_a_rate_needs_a_sample_and_more_than_a_few(mails: int, count: int) -> None:
    bounces, complaints = readings(CameBack(mails, count, count), Reputation())
    for each, limit in ((bounces, 5.0), (complaints, 0.3)):
        assert each.stops is (mails >= 500 and count >= 3 and 100 * count / mails >= limit)
        assert each.warns or not each.stops


@pytest.mark.parametrize(
    ("mails", "complained", "warns", "stops"),
    [(10, 1, False, False), (900, 2, False, False), (3000, 3, True, False), (1000, 3, True, True)],
)
def test_one_of_ten_is_no_rate(mails: int, complained: int, warns: bool, stops: bool) -> None:
    found = readings(CameBack(mails, 0, complained), Reputation())[1]
    assert (found.warns, found.stops) == (warns, stops)


LIMITS = Reputation(Bearable(2.0, 5.0), Bearable(1.0, 3.0), days=3, sample=100)


class Letters:
    """A house whose letters come back."""

    def __init__(self, store: SqlStore) -> None:
        self.store, self.now, self.next = store, NOW, 1
        self.venue = replace(VENUE, reputation=LIMITS)

    def sent(
        self, count: int, back: int = 0, *, how: str = "mail.bounced", nature: str = "editorial"
    ) -> None:
        """So many mails left just now, of which some came back."""
        numbers = range(self.next, self.next + count)
        self.next += count
        mails = [a_mail(n, n, self.now, nature=nature, lane=int(nature != "service")) for n in numbers]
        events = [
            told(n, how, self.now, message_id=str(n), reason="HARD_BOUNCE") for n in list(numbers)[:back]
        ]
        put(self.store, mails, events)

    def look(self) -> None:
        roll_up(self.store, self.venue, now=self.now, every=timedelta())
        guard(self.store, self.venue, now=self.now)

    def brakes(self) -> dict[str, str]:
        with self.store.read() as unit:
            return {brake.name: brake.reason for brake in unit.brakes()}

    def alarms(self) -> str:
        with self.store.read() as unit:
            return "; ".join(alarms(vitals(unit, self.now), Duration(minutes=15)))

    def journal(self) -> list[tuple[str, object]]:
        with self.store.read() as unit:
            return [(e.name, e.data["by"]) for e in unit.events_of(0) if e.name.startswith("prospecting.")]


@pytest.fixture
def letters(store: SqlStore) -> Letters:
    return Letters(store)


def test_too_many_bounces_stop_prospecting_and_say_why(letters: Letters) -> None:
    letters.sent(200, back=4)
    letters.look()
    assert (
        letters.brakes() == {} and letters.alarms() == "4 of 200 mails bounced (2 %, where 5 % is the limit)"
    )
    letters.sent(100, back=12)
    letters.look()
    reason = "REPUTATION: 16 of 300 mails bounced (5.33 %, where 5 % is the limit)"
    assert letters.brakes() == {"prospecting": reason}
    assert letters.journal() == [("prospecting.held", GUARD)]
    assert letters.alarms() == (
        "prospecting has stopped by itself: 16 of 300 mails bounced (5.33 %, where 5 % is the limit):"
        " scenario release prospecting"
    )
    letters.look()
    assert letters.journal() == [("prospecting.held", GUARD)], "once"


def test_whoever_releases_it_has_looked_and_only_what_leaves_then_counts(letters: Letters) -> None:
    letters.sent(200, back=20)
    letters.look()
    letters.now += timedelta(minutes=1)
    with letters.store.begin() as unit:
        assert braking.release(unit, "prospecting", by="ada", now=letters.now)
    letters.look()
    assert letters.brakes() == {} and letters.alarms() == ""
    letters.now += timedelta(hours=1)
    letters.sent(150, back=3)
    letters.look()
    assert letters.brakes() == {}
    letters.sent(50, back=10)
    letters.look()
    assert "13 of 200 mails bounced" in letters.brakes()["prospecting"]
    assert letters.journal() == [
        ("prospecting.held", GUARD),
        ("prospecting.released", "ada"),
        ("prospecting.held", GUARD),
    ]


def test_complaints_stop_it_and_service_mail_counts_for_nothing(letters: Letters) -> None:
    letters.sent(500, back=100, nature="service")
    letters.sent(200, back=6, how="mail.complained")
    letters.look()
    assert letters.brakes()["prospecting"] == (
        "REPUTATION: 6 of 200 mails were complained of (3 %, where 3 % is the limit)"
    )


def test_what_comes_back_of_old_mail_or_softly_stops_nothing(letters: Letters) -> None:
    letters.sent(200, back=40, how="mail.soft_bounced")
    letters.sent(100)
    letters.look()
    letters.now += timedelta(days=5)
    put(letters.store, [], [told(n, "mail.bounced", letters.now, message_id=str(n)) for n in range(1, 60)])
    letters.sent(150)
    letters.look()
    assert letters.brakes() == {}, "those left before the window"


def test_a_brake_that_a_person_put_on_stays_theirs(letters: Letters) -> None:
    with letters.store.begin() as unit:
        braking.hold(unit, "prospecting", reason="why", by="ada", now=letters.now)
    letters.sent(200, back=50)
    letters.look()
    assert letters.brakes() == {"prospecting": "why"}
