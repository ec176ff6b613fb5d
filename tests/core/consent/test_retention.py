"""The three-year clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from accord.core.consent.retention import cut_off, is_expired, last_action, renews, what_then
from accord.core.model.consent import Nature
from accord.core.model.event import EVENTS, Event
from accord.core.model.venue import Retention
from core.consent.people import CONTACT, NOW, VENUE, past


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
