"""What becomes of one run that stood still, or that moves to another version: its step, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accord.core.model.decision import Decision, Move, Note, Refuse
from accord.core.model.enrolment import Enrolment, RunState
from accord.core.standstill import Late, goes_on, moves, put_off
from builders import a_catalogue, a_contact, a_scenario, a_situation, an_event

PARIS = "Europe/Paris"
FRIDAY = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
MONDAY = FRIDAY + timedelta(days=2.75)  # eleven o'clock in Paris
DAY = timedelta(days=1)

TEXT = """
scenario: lettre
purpose: newsletter
why: {consent: Parce que., customer: Parce que client.}
enter: {when: order.placed}
hours: mon-fri 09:00-19:00
steps:
  mail: {after: 2 days, send: l/mail, nature: editorial}
  matin: {after: 2 days, at: "10:00", send: l/matin, nature: editorial}
  veille: {date: event.starts_at - 2 days, send: l/veille, nature: editorial}
  voie: {branch: [{if: contact.visits >= 3, then: fin}], otherwise: choix}
  choix: {wait_until: preferences.updated, at_most: 7 days, then: fin, otherwise: fin}
  fin: {after: 1 day, send: l/fin, nature: editorial}
"""
LETTER = a_scenario(TEXT)
CATALOGUE = a_catalogue(LETTER)


def standing(step: str, planned: datetime, state: RunState = RunState.DUE, decided: datetime | None = None):
    """Somebody in Paris who stands at a step, since well before the pause."""
    decided = decided or FRIDAY - 2 * DAY
    run = Enrolment(1, 1, "lettre", LETTER.digest, "", decided, state, step, planned, planned, decided)
    entered = an_event("order.placed", at=FRIDAY, data={"starts_at": MONDAY + 4 * DAY})
    return a_situation(contact=a_contact(zone=PARIS), enrolment=run, entered_by=entered)


def after(late: Late, *where, **more) -> Decision:
    return goes_on(standing(*where, **more), CATALOGUE, late, since=FRIDAY, now=MONDAY)


def move(decision: Decision) -> Move:
    [found] = decision.of(Move)
    assert isinstance(found, Move)
    return found


SATURDAY, THURSDAY = FRIDAY + DAY, FRIDAY + 6 * DAY


def test_sent_is_what_came_due_and_nothing_else() -> None:
    due = move(after(Late.SEND, "mail", SATURDAY))
    assert (due.step, due.due_at, due.planned_at) == ("mail", MONDAY, MONDAY)
    assert after(Late.SEND, "mail", THURSDAY) == Decision()


def test_skipped_is_a_mail_that_came_due_and_the_next_step_is_planned_from_now() -> None:
    decision = after(Late.SKIP, "mail", SATURDAY)
    [refused] = decision.of(Refuse)
    assert (refused.step, refused.verdict.reason) == ("mail", "MISSED_IN_PAUSE")  # type: ignore[union-attr]
    assert (move(decision).step, move(decision).due_at) == (
        "matin",
        datetime(2026, 11, 26, 9, 0, tzinfo=UTC),
    )
    assert after(Late.SKIP, "mail", THURSDAY) == Decision()


def test_what_only_chooses_is_not_skipped() -> None:
    decision = after(Late.SKIP, "voie", SATURDAY)
    assert (decision.of(Refuse), decision.of(Note), move(decision).step) == ((), (), "voie")


def test_a_wait_that_is_over_goes_its_way_and_is_not_skipped() -> None:
    over = move(after(Late.SKIP, "choix", SATURDAY, state=RunState.WAITING))
    assert (over.step, over.state, over.due_at) == ("choix", RunState.WAITING, MONDAY)


def test_shifted_is_everything_by_as_long_as_it_stood_still_to_the_next_hour_that_is_allowed() -> None:
    stood = MONDAY - FRIDAY
    assert move(after(Late.SHIFT, "mail", THURSDAY)).due_at == datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
    plain = move(after(Late.SHIFT, "choix", THURSDAY, state=RunState.WAITING))
    assert (plain.due_at, plain.state) == (THURSDAY + stood, RunState.WAITING)
    morning = move(after(Late.SHIFT, "matin", SATURDAY.replace(hour=9)))
    assert morning.due_at == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # ten o'clock in Paris


def test_who_came_in_during_the_pause_is_shifted_by_what_they_stood() -> None:
    sunday = FRIDAY + 2 * DAY
    shifted = move(after(Late.SHIFT, "mail", sunday, decided=sunday))
    assert shifted.due_at == MONDAY


@pytest.mark.parametrize("late", [Late.SHIFT, Late.SEND])
def test_a_step_that_hangs_on_a_date_is_never_shifted(late: Late) -> None:
    assert after(late, "veille", THURSDAY) == Decision()
    assert move(after(late, "veille", SATURDAY)).due_at == MONDAY


def test_a_backlog_is_put_off_within_the_hours() -> None:
    decision = after(Late.SEND, "mail", SATURDAY)
    zone = a_contact().zone
    assert zone == PARIS
    from zoneinfo import ZoneInfo

    later = put_off(decision, timedelta(hours=9), LETTER, ZoneInfo(PARIS))
    assert move(later).due_at == move(later).planned_at == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def migrated(text: str, *where, **more) -> Decision:
    return moves(standing(*where, **more), CATALOGUE, a_scenario(text), now=MONDAY)


def test_who_moves_keeps_the_instant_where_the_timing_is_the_same() -> None:
    assert migrated(TEXT.replace("l/mail", "l/autre"), "mail", THURSDAY) == Decision()


def test_who_moves_is_planned_from_when_the_step_before_was_decided_and_is_never_late() -> None:
    longer = migrated(TEXT.replace("mail: {after: 2 days", "mail: {after: 10 days"), "mail", THURSDAY)
    assert move(longer).due_at == datetime(2026, 11, 30, 8, 0, tzinfo=UTC)  # a Saturday, so on Monday
    shorter = migrated(TEXT.replace("mail: {after: 2 days", "mail: {after: 1 hour"), "mail", THURSDAY)
    assert (move(shorter).due_at, move(shorter).planned_at) == (MONDAY, MONDAY)


def test_a_wait_that_has_begun_ends_when_it_was_to() -> None:
    assert (
        migrated(TEXT.replace("at_most: 7", "at_most: 2"), "choix", THURSDAY, state=RunState.WAITING)
        == Decision()
    )
