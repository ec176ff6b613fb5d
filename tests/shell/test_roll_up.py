"""The roll-ups: what each day came to, counted anew and not added up."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import text

from accord.core.model.enrolment import RunState
from accord.core.model.time import on_wall_clock
from accord.core.model.venue import Retention
from accord.shell.engine.care.roll_up import KEPT_DAYS, due, roll_up
from accord.shell.engine.ports.rows import NewRun
from accord.shell.engine.ports.tallies import OF_A_DAY, Subject
from accord.shell.store.database import SqlStore
from explained import steps
from planted import VENUE, ZONE, Base, a_click, a_mail, put, told

MONDAY = date(2026, 1, 5)
EVERY_DAY = MONDAY - timedelta(days=500), MONDAY + timedelta(days=500)


def at(number: float, hour: int = 9, minute: int = 0) -> datetime:
    """An hour on so many days after the Monday."""
    return on_wall_clock(MONDAY + timedelta(days=int(number)), time(hour, minute), ZONE)


def counted(store: SqlStore, subject: Subject, number: int | None = None) -> dict[tuple[str, ...], int]:
    """What the roll-ups say of a subject: of one day, or of all together."""
    span = EVERY_DAY
    if number is not None:
        day = MONDAY + timedelta(days=number)
        span = day, day + timedelta(days=1)
    found: Counter[tuple[str, ...]] = Counter()
    with store.read() as unit:
        for tally in unit.tallies.counts(subject, *span):
            found[tally.key] += tally.count
        assert unit.tallies.totals(subject, *span) == found
    return dict(found)


def count(store: SqlStore, now: datetime) -> list[int]:
    """One turn; the days counted, as so many after the Monday."""
    return [(day - MONDAY).days for day in roll_up(store, VENUE, now=now)]


@pytest.fixture
def base(store: SqlStore) -> Base:
    return Base.of(store, 2, 2)


# -- what is counted -----------------------------------------------------------------------------------------


def test_what_left_is_counted_by_nature_basis_and_what_became_of_it(base: Base) -> None:
    mails = [
        a_mail(1, 1, at(0)),
        a_mail(2, 2, at(0), basis="soft_optin"),
        a_mail(3, 3, at(0), basis="soft_optin"),
        a_mail(4, 4, at(0), nature="service", basis="service", state="bounced"),
        a_mail(5, 4, at(0), state="unknown", enrolment_id=-50),
        a_mail(6, 4, at(0), state="queued", sent_at=None),
        a_mail(7, 4, at(1)),
    ]
    put(base.store, mails)
    count(base.store, at(0, 12))
    assert counted(base.store, Subject.LEFT) == {
        ("editorial", "consent", "accepted"): 1,
        ("editorial", "soft_optin", "accepted"): 2,
        ("service", "service", "bounced"): 1,
        ("editorial", "consent", "unknown"): 1,
    }


def test_refusals_and_holdings_are_counted_by_their_reasons(base: Base) -> None:
    where = {"scenario": "lettre", "step": "mail", "template": "lettre/mail"}
    events = [
        told(1, "mail.refused", at(0), reason="OBJECTION", rule="R-10", nature="editorial", **where),
        told(2, "mail.refused", at(0), reason="OBJECTION", rule="R-10", nature="editorial", **where),
        told(3, "mail.refused", at(0), reason="LATE", rule="delivery", nature="promotional", **where),
        told(4, "mail.held", at(0), reason="QUIET_HOURS", rule="R-70", **where),
        told(4, "mail.held", at(0), reason="DEFERRED", nature="editorial", **where),
    ]
    put(base.store, [], events)
    count(base.store, at(0, 12))
    assert counted(base.store, Subject.REFUSED) == {
        ("OBJECTION", "R-10", "editorial"): 2,
        ("LATE", "delivery", "promotional"): 1,
    }
    assert counted(base.store, Subject.HELD) == {("QUIET_HOURS", ""): 1, ("DEFERRED", "editorial"): 1}
    assert counted(base.store, Subject.MAIL) == {("lettre", "mail", "", "refused"): 3}


def test_what_came_of_a_mail_is_told_of_the_day_on_which_it_left(base: Base) -> None:
    put(base.store, [a_mail(1, 1, at(0)), a_mail(2, 2, at(0)), a_mail(3, 3, at(0), edition="fallback")])
    answers = [
        a_click(1, 1, at(3)),
        a_click(2, 2, at(3), "robot"),
        told(2, "consent.objected", at(2), purpose="*", kind="*"),
        a_click(3, 3, at(29)),
    ]
    put(base.store, [], answers)
    count(base.store, at(0, 12))
    assert counted(base.store, Subject.MAIL, 0) == {
        ("lettre", "mail", "main", "sent"): 2,
        ("lettre", "mail", "main", "delivered"): 2,
        ("lettre", "mail", "main", "clicked"): 1,
        ("lettre", "mail", "main", "left"): 1,
        ("lettre", "mail", "fallback", "sent"): 1,
        ("lettre", "mail", "fallback", "delivered"): 1,
    }, "the click of 29 days later answers it no more"


def test_people_are_counted_by_the_day_on_which_they_entered(base: Base) -> None:
    new = NewRun("lettre", "d", 1, "k", at(0), "mail", at(0))
    ended = replace(new, contact_id=2, state=RunState.FINISHED)
    with base.store.begin() as unit:
        unit.add_runs([new, ended, replace(new, contact_id=3, entered_at=at(1))])
    count(base.store, at(1, 12))
    count(base.store, at(1, 13))
    assert counted(base.store, Subject.PEOPLE, 0) == {
        ("lettre", "entered"): 2,
        ("lettre", "under way"): 1,
        ("lettre", "finished"): 1,
    }
    assert counted(base.store, Subject.PEOPLE, 1)["lettre", "entered"] == 1
    assert counted(base.store, Subject.IN_FLIGHT, 1) == {("lettre", "d", "mail"): 2}


def test_goals_are_counted_by_the_day_of_entry_beside_those_held_out(base: Base) -> None:
    took_part = NewRun("lettre", "d", 1, "k", at(0), "mail", at(0))
    noted = replace(took_part, contact_id=4, state=RunState.LEFT)
    held_out = replace(took_part, contact_id=3, held_out=True)
    with base.store.begin() as unit:
        runs = unit.add_runs([took_part, replace(took_part, contact_id=2), held_out, noted])
        unit.measuring.reached({runs[0].id: at(2)})
        took, held = unit.measuring.goals("lettre", at(-1), at(1))
    count(base.store, at(0, 12))
    found = counted(base.store, Subject.GOAL, 0)
    assert found == {
        ("lettre", "took part", "entered"): took.entered,
        ("lettre", "took part", "reached"): took.reached,
        ("lettre", "held out", "entered"): held.entered,
    }
    assert (took.entered, took.reached, held.entered) == (2, 1, 1)


def test_whom_a_reactivation_brought_back_is_counted_in_people(base: Base) -> None:
    asking = {"nature": "reactivation"}
    put(
        base.store,
        [a_mail(n, n, at(0), **asking) for n in (1, 2, 3, 4)] + [a_mail(5, 1, at(0, 10), **asking)],
    )
    put(base.store, [], [a_click(1, 1, at(1)), a_click(1, 5, at(1)), told(2, "contact.kept", at(2))])
    put(base.store, [], [told(3, "contact.kept", at(-2))])
    count(base.store, at(0, 12))
    assert counted(base.store, Subject.REACTIVATION) == {
        ("2026-01", "written to"): 4,
        ("2026-01", "came back by click"): 1,
        ("2026-01", "kept themselves"): 1,
    }


def test_cut_offs_are_counted_by_month_once_a_day(base: Base) -> None:
    count(base.store, at(0, 12))
    assert counted(base.store, Subject.CUT_OFF, 0) == {("2029-01",): 4}
    with base.store.engine.begin() as connection:
        connection.execute(text("UPDATE contact SET expires_on = '2027-03-01' WHERE id = 1"))
    count(base.store, at(0, 13))
    assert counted(base.store, Subject.CUT_OFF, 0) == {("2029-01",): 4}
    count(base.store, at(1, 12))
    assert counted(base.store, Subject.CUT_OFF, 1) == {("2027-03",): 1, ("2029-01",): 3}


def test_the_days_are_the_entitys(base: Base) -> None:
    put(base.store, [a_mail(1, 1, at(1, 0) - timedelta(minutes=1)), a_mail(2, 2, at(1, 0))])
    count(base.store, at(1, 12))
    count(base.store, at(1, 13))
    assert sum(counted(base.store, Subject.LEFT, 0).values()) == 1
    assert sum(counted(base.store, Subject.LEFT, 1).values()) == 1


# -- anew, and not added up ----------------------------------------------------------------------------------


def test_counted_twice_is_counted_once_and_what_has_changed_is_seen(base: Base) -> None:
    put(base.store, [a_mail(1, 1, at(0)), a_mail(2, 2, at(0))])
    count(base.store, at(0, 12))
    count(base.store, at(0, 13))
    with base.store.engine.begin() as connection:
        connection.execute(text("UPDATE message SET state = 'bounced' WHERE id = 1"))
    count(base.store, at(0, 14))
    assert counted(base.store, Subject.LEFT) == {
        ("editorial", "consent", "accepted"): 1,
        ("editorial", "consent", "bounced"): 1,
    }


def test_yesterday_is_counted_until_it_is_an_hour_over_and_then_each_night(base: Base) -> None:
    with base.store.begin() as unit:
        for number in range(1, KEPT_DAYS + 2):
            unit.tallies.note(MONDAY - timedelta(days=number), number, at(0))
    assert count(base.store, at(0, 23))[:1] == [0]
    assert count(base.store, at(1, 0, 30))[:2] == [1, 0]
    assert count(base.store, at(1, 1, 30))[:2] == [1, 0], "closed, and once more"
    assert 0 not in count(base.store, at(1, 2, 30))


def test_late_answers_are_seen_for_four_weeks_and_ends_of_runs_every_week(base: Base) -> None:
    """With one turn a minute, every day is counted as often as it may change, and no more."""
    done = {MONDAY: 0}
    turns: list[int] = []
    for age in range(1, 61):
        closed = MONDAY + timedelta(days=age)
        if MONDAY in due(done, closed, VENUE):
            turns.append(age)
            done[MONDAY] = age
    assert turns == [*range(1, 29), 35, 42, 49, 56]


def test_an_old_base_is_counted_backwards_a_day_a_turn(base: Base) -> None:
    put(base.store, [a_mail(n, 1, at(-n)) for n in range(1, 6)])
    for turn in range(5):
        assert count(base.store, at(0, 12, turn)) == [0, -1 - turn]
    assert sum(counted(base.store, Subject.LEFT).values()) == 5


def test_nothing_is_counted_or_kept_beyond_the_last_day(base: Base) -> None:
    everything = due({}, MONDAY, VENUE)
    assert everything[-1] == MONDAY - timedelta(days=KEPT_DAYS - 1)
    put(base.store, [a_mail(1, 1, at(0))])
    count(base.store, at(0, 12))
    count(base.store, at(KEPT_DAYS, 12))
    assert counted(base.store, Subject.LEFT) != {}
    count(base.store, at(KEPT_DAYS + 1, 12))
    assert counted(base.store, Subject.LEFT) == {}


def test_a_day_whose_mails_were_tidied_away_stays_as_it_was_counted() -> None:
    tidy = replace(VENUE, retention=Retention(messages_months=3))
    assert min(due({}, MONDAY, tidy)) > MONDAY - timedelta(days=92)


def test_a_turn_belongs_to_one_daemon(base: Base) -> None:
    put(base.store, [a_mail(1, 1, at(0))])
    with ThreadPoolExecutor(4) as daemons:
        done = list(daemons.map(lambda _: count(base.store, at(0, 12)), range(4)))
    assert sorted(map(bool, done)) == [False, False, False, True]
    assert count(base.store, at(0, 12) + timedelta(seconds=20)) == []
    assert count(base.store, at(0, 11)) != [], "a clock that was set back is heeded"
    assert sum(counted(base.store, Subject.LEFT).values()) == 1


def test_who_was_overtaken_writes_nothing(base: Base) -> None:
    with base.store.begin() as unit:
        assert unit.tallies.take_turn(at(0, 12), timedelta())
        assert unit.tallies.still_mine(at(0, 12))
        assert unit.tallies.take_turn(at(0, 13), timedelta())
        assert not unit.tallies.still_mine(at(0, 12))


def test_it_is_known_when_the_newest_count_was_made(base: Base) -> None:
    with base.store.read() as unit:
        assert unit.tallies.counted_at() is None
    count(base.store, at(0, 12))
    with base.store.read() as unit:
        assert unit.tallies.counted_at() == at(0, 12)


# -- what it costs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_count_walks_through_a_whole_ledger(base: Base) -> None:
    put(base.store, [a_mail(1, 1, at(0))])

    def turn_and_read() -> None:
        count(base.store, at(0, 12))
        for subject in Subject:
            counted(base.store, subject)

    found = steps(base.store, turn_and_read)
    for index in ("ix_event_outcome", "ix_event_held", "ix_message_sent", "ix_enrolment_entered"):
        assert any(index in step for step in found), index
    walked = [
        step for step in found if re.match(r"SCAN (message|event|contact|enrolment|daily_count)\b", step)
    ]
    assert set(walked) == {"SCAN enrolment USING COVERING INDEX ix_enrolment_in_flight"}, (
        "those under way alone"
    )


def test_every_subject_of_a_day_is_replaced_with_it() -> None:
    assert set(Subject) - {Subject.IN_FLIGHT, Subject.CUT_OFF} == OF_A_DAY
