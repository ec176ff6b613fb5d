"""The three-year clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from accord.core.consent.retention import (
    cut_off,
    erased_on,
    inform_by,
    is_expired,
    is_sign_up_alone,
    lapsed,
    last_action,
    proof_kept_until,
    renews,
    what_then,
)
from accord.core.model.consent import Act, ConsentEntry, Nature
from accord.core.model.event import EVENTS, Event
from accord.core.model.venue import Retention
from core.consent.people import CONTACT, NOW, VENUE, past

PARIS = VENUE.entity.clock


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def since(action: datetime | None, collected: datetime = NOW):
    return replace(CONTACT, last_action_at=action, collected_at=collected)


@pytest.mark.parametrize(
    ("action", "day"),
    [
        (at(2023, 11, 24, 12), date(2026, 11, 24)),
        (at(2023, 11, 22, 23, 30), date(2026, 11, 23)),
        (at(2024, 2, 29, 12), date(2027, 2, 28)),
        (at(2023, 7, 31, 22, 30), date(2026, 8, 1)),
    ],
)
def test_the_cut_off_is_a_calendar_day_in_the_entitys_zone(action, day):
    assert cut_off(since(action), VENUE) == day


def test_the_clock_starts_at_the_collection_and_a_shorter_policy_binds():
    assert cut_off(since(None, at(2025, 1, 10)), VENUE) == date(2028, 1, 10)
    shorter = replace(VENUE, retention=Retention(months=24))
    assert cut_off(since(at(2025, 1, 10)), shorter) == date(2027, 1, 10)
    longer = replace(VENUE, retention=Retention(months=60))
    assert cut_off(since(at(2025, 1, 10)), longer) == date(2028, 1, 10)


def test_an_import_after_the_last_action_does_not_start_the_clock_anew():
    assert cut_off(since(at(2024, 1, 1), collected=at(2026, 1, 1)), VENUE) == date(2027, 1, 1)


def test_expired_on_the_anniversary_day_itself():
    contact = since(at(2023, 11, 24, 12))
    assert not is_expired(contact, VENUE, now=at(2026, 11, 23, 22, 59))
    assert is_expired(contact, VENUE, now=at(2026, 11, 23, 23, 0))  # midnight in Paris


def test_every_word_of_the_journal_has_its_answer():
    assert {name for name, kind in EVENTS.items() if renews(Event(1, name, NOW))} == {
        name for name, kind in EVENTS.items() if kind.renews and name != "mail.clicked"
    }
    assert not renews(Event(1, "own.sauna_visited", NOW))


@pytest.mark.parametrize(
    ("data", "counts"),
    [
        ({"verdict": "human", "target": "https://theatre.example/plays"}, True),
        ({"verdict": "human", "target": "https://theatre.example/plays", "nature": "editorial"}, True),
        ({"verdict": "robot"}, False),
        ({"verdict": "unsure"}, False),
        ({}, False),
        ({"verdict": "human", "target": "unsubscribe"}, False),
        ({"verdict": "human", "target": "https://theatre.example/u/abc"}, False),
        ({"verdict": "human", "target": "view-online"}, False),
        ({"verdict": "human", "nature": "reactivation"}, False),
        ({"verdict": "human", "message_id": "5"}, False),
        ({"verdict": "human", "message_id": "6"}, True),
    ],
)
def test_only_a_persons_click_on_content_counts(data, counts):
    mails = (past(message_id=5, nature=Nature.REACTIVATION), past(message_id=6))
    assert renews(Event(1, "mail.clicked", NOW, data), mails) is counts


def test_an_automatic_reply_is_no_act():
    assert renews(Event(1, "contact.replied", NOW))
    assert not renews(Event(1, "contact.replied", NOW, {"automatic": True}))


@pytest.mark.parametrize(
    ("words", "got"),
    [
        (["open", "sent", "delivered", "bounce"], "unchanged"),
        (["click_bot_burst", "login"], "event"),
        (["keep_me"], "event"),
        (["auto_reply"], "unchanged"),
        (["human_reply", "complaint"], "event"),
        (["telepathy"], "deny"),
        (["login", "telepathy"], "deny"),
        ([], "deny"),
    ],
)
def test_words_of_the_cases(words, got):
    assert last_action(words).got == got


TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("given", "got"),
    [
        ({"last_action": date(2023, 11, 24)}, "active"),
        ({"last_action": date(2023, 11, 23)}, "expired"),
        ({"last_action": None, "collected": date(2023, 1, 10)}, "expired"),
        ({"last_action": date(2021, 2, 1), "invoice": date(2021, 2, 1)}, "archive_order_erase_marketing"),
        ({"last_action": date(2015, 2, 1), "invoice": date(2016, 11, 23)}, "expired"),
        ({"last_action": date(2026, 1, 1), "invoice": date(2026, 1, 1)}, "active"),
        ({"last_action": date(2020, 1, 1), "objection": date(2020, 2, 1)}, "suppressed"),
        ({"last_action": date(2026, 1, 1), "objection": date(2026, 12, 1)}, "active"),
        ({"last_action": None}, "deny"),
    ],
)
def test_what_becomes_of_a_contact(given, got):
    assert what_then(**{"collected": None, **given}, today=TODAY).got == got


def test_the_end_of_a_contract_starts_a_customers_years_and_a_cart_does_not():
    assert renews(Event(1, "contract.ended", NOW))
    assert renews(Event(1, "contract.started", NOW))
    assert not renews(Event(1, "cart.updated", NOW))
    assert not renews(Event(1, "contact.updated", NOW)), "what we put right is no act of theirs"


def test_one_question_after_the_cut_off_leaves_a_month():
    contact = since(at(2023, 11, 30, 12))
    assert erased_on(contact, VENUE) == cut_off(contact, VENUE) == date(2026, 11, 30)
    asking = replace(VENUE, policy=replace(VENUE.policy, one_question_after_cutoff=True))
    assert erased_on(contact, asking) == date(2026, 12, 30)


def test_third_parties_people_are_told_within_a_calendar_month_of_the_entitys_days():
    assert inform_by(at(2026, 1, 31, 12), PARIS) == date(2026, 2, 28)
    assert inform_by(at(2026, 6, 30, 22, 30), PARIS) == date(2026, 8, 1)


def entry(
    act: Act, day: datetime, seq: int, purpose: str = "letter", kind: str = "editorial"
) -> ConsentEntry:
    return ConsentEntry(7, day, purpose, kind, act, seq=seq)


GIVEN = entry(Act.OPTIN_PROVEN, at(2022, 3, 1), 1)


@pytest.mark.parametrize(
    ("ledger", "kept"),
    [
        ([GIVEN], {}),
        (
            [GIVEN, entry(Act.WITHDRAWAL, at(2023, 5, 31, 22, 30), 2)],
            {1: date(2028, 6, 1), 2: date(2028, 6, 1)},
        ),
        ([GIVEN, entry(Act.UNSUBSCRIBE, at(2021, 11, 23), 2)], {}),
        (
            [GIVEN, entry(Act.OBJECTION, at(2024, 1, 1), 2, "*", "*")],
            {1: date(2029, 1, 1), 2: date(2029, 1, 1)},
        ),
        (
            [GIVEN, entry(Act.UNSUBSCRIBE, at(2024, 1, 1), 2, "letter", "*")],
            {1: date(2029, 1, 1), 2: date(2029, 1, 1)},
        ),
        ([GIVEN, entry(Act.UNSUBSCRIBE, at(2024, 1, 1), 2, "offers", "promotional")], {}),
        ([entry(Act.OBJECTION, at(2024, 1, 1), 1, "*", "*")], {}),
        ([entry(Act.OPTIN_IMPORT, at(2022, 1, 1), 1), entry(Act.UNSUBSCRIBE, at(2024, 1, 1), 2)], {}),
        (
            [
                entry(Act.OPTIN_PENDING, at(2022, 1, 1), 1),
                entry(Act.CONFIRM_POST, at(2022, 1, 2), 2),
                entry(Act.COMPLAINT, at(2024, 1, 1), 3, "*", "*"),
            ],
            dict.fromkeys((1, 2, 3), date(2029, 1, 1)),
        ),
        ([GIVEN, entry(Act.WITHDRAWAL, at(2021, 11, 23), 2)], {}),
    ],
)
def test_what_stays_of_a_ledger_to_prove_a_consent_that_was_taken_back(ledger, kept):
    assert proof_kept_until(ledger, 60, PARIS, today=TODAY) == kept
    assert proof_kept_until(ledger, 0, PARIS, today=TODAY) == {}


def test_a_proof_goes_on_the_very_day():
    ledger = [GIVEN, entry(Act.WITHDRAWAL, at(2022, 6, 1), 2)]
    assert set(proof_kept_until(ledger, 60, PARIS, today=date(2027, 5, 31))) == {1, 2}
    assert proof_kept_until(ledger, 60, PARIS, today=date(2027, 6, 1)) == {}


def test_sign_ups_lapse_after_seven_days_one_by_one():
    asked = at(2026, 11, 1, 9)
    ledger = [
        entry(Act.OPTIN_PENDING, asked, 1),
        entry(Act.OPTIN_PENDING, asked, 2, kind="promotional"),
        entry(Act.CONFIRM_GET, at(2026, 11, 2), 3),
        entry(Act.CONFIRM_POST, at(2026, 11, 3), 4, kind="promotional"),
        entry(Act.OPTIN_PENDING, at(2026, 11, 6), 5),
    ]
    assert lapsed(ledger, now=at(2026, 11, 8, 9)) == frozenset()
    assert lapsed(ledger, now=at(2026, 11, 8, 10)) == {1}
    assert lapsed(ledger, now=at(2026, 11, 14)) == {1, 5}
    late = [entry(Act.OPTIN_PENDING, asked, 1), entry(Act.CONFIRM_POST, at(2026, 11, 9), 2)]
    assert lapsed(late, now=at(2026, 11, 10)) == {1}
    assert is_sign_up_alone(ledger[:1] + ledger[2:3], frozenset({1}))
    assert not is_sign_up_alone(ledger, frozenset({1}))
    assert not is_sign_up_alone([], frozenset())
