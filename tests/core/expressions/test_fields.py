"""What a door is told of an event is read by the types that the event declares, and never bent into them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from accord.core.expressions.fields import read_fields
from accord.core.expressions.literals import LARGEST
from accord.core.model.expression import Type
from accord.core.model.venue import Attribute
from builders import a_venue

VENUE = a_venue(
    attributes={
        each.name: each
        for each in (
            Attribute("city", Type.TEXT),
            Attribute("visits", Type.INTEGER),
            Attribute("score", Type.NUMBER),
            Attribute("member", Type.BOOLEAN),
            Attribute("joined", Type.DATE),
            Attribute("birthday", Type.DAY_OF_YEAR),
            Attribute("seen_at", Type.INSTANT),
            Attribute("tastes", Type.TEXTS),
        )
    }
)


def read(**told: object):
    return read_fields("contact.updated", told, VENUE)


@pytest.mark.parametrize(
    ("name", "told", "value"),
    [
        ("city", "Lyon", "Lyon"),
        ("visits", 3, 3),
        ("score", 3, 3),
        ("score", 2.5, 2.5),
        ("member", False, False),
        ("joined", "2026-09-01", date(2026, 9, 1)),
        ("birthday", "02-29", date(2000, 2, 29)),
        ("birthday", "1980-07-14", date(1980, 7, 14)),
        ("seen_at", "2026-09-01T10:00+02:00", datetime(2026, 9, 1, 8, tzinfo=UTC)),
        ("seen_at", "2026-09-01T10:00", datetime(2026, 9, 1, 8, tzinfo=UTC)),
        ("tastes", ["danse", "cirque"], ("danse", "cirque")),
        ("tastes", [], ()),
        ("language", "en", "en"),
        ("city", None, None),
    ],
)
def test_a_value_of_its_type_is_read(name: str, told: object, value: object) -> None:
    values, faults = read(**{name: told})
    assert (dict(values), faults) == ({name: value}, ())


@pytest.mark.parametrize(
    ("name", "told", "reason"),
    [
        ("city", 3, "«3» is not text"),
        ("city", "a\0b", "it holds a character that no text can hold"),
        ("city", "\ud800", "it holds a character that no text can hold"),
        ("city", "x" * 10_001, "it is longer than 10000 characters"),
        ("visits", "3", "«3» is not a whole number"),
        ("visits", True, "«true» is not a whole number"),
        ("visits", 2.0, "«2.0» is not a whole number"),
        ("visits", LARGEST + 1, f"a number must lie between -{LARGEST} and {LARGEST}"),
        ("score", float("nan"), "«nan» is not a number"),
        ("score", False, "«false» is not a number"),
        ("member", "yes", "«yes» is neither true nor false"),
        ("member", 1, "«1» is neither true nor false"),
        ("joined", "1.9.2026", "«1.9.2026» is no date; write 2026-09-01"),
        ("joined", 20260901, "«20260901» is no date; write 2026-09-01"),
        ("joined", "0001-01-01", "«0001-01-01» lies outside of the years 1900 to 9000"),
        ("birthday", "02-30", "«02-30» is no day of the year; write 09-14"),
        ("birthday", 229, "«229» is no day of the year; write 09-14"),
        ("seen_at", "tomorrow", "«tomorrow» is no instant; write 2026-09-01T10:00+02:00"),
        (
            "seen_at",
            "0001-01-01T00:00+02:00",
            "«0001-01-01T00:00+02:00» lies outside of the years 1900 to 9000",
        ),
        ("seen_at", {"$at": "now"}, "«{'$at': 'now'}» is no instant; write 2026-09-01T10:00+02:00"),
        ("tastes", "danse", "«danse» is not a list of texts"),
        ("tastes", ["danse", 3], "«3» is not text"),
        ("tastes", ["x"] * 1001, "it has more than 1000 entries"),
    ],
)
def test_a_value_of_another_type_is_refused_with_what_it_is(name: str, told: object, reason: str) -> None:
    values, [fault] = read(**{name: told})
    assert (dict(values), fault.field, fault.reason) == ({}, name, reason)


def test_every_fault_is_told_at_once() -> None:
    _, faults = read(visits="3", member="yes", shoe_size=41)
    assert [fault.field for fault in faults] == ["visits", "member", "shoe_size"]
    assert faults[-1].reason.startswith("contact.updated has no such field; it has: language, zone, city")


def test_what_is_told_is_a_map() -> None:
    for told in ([], "text", 3, None):
        assert read_fields("ticket.scanned", told, VENUE)[1][0].field == "data"


def test_an_event_has_no_fields_but_its_own() -> None:
    _, [fault] = read_fields("ticket.scanned", {"newsletters_per_month": 1}, VENUE)
    assert fault.reason == "ticket.scanned has no such field; it has: order_id, title"
    _, [none] = read_fields("account.created", {"plan": "x"}, VENUE)
    assert none.reason == "account.created has no such field; it has: none"


def test_a_wish_is_within_its_range_or_taken_back() -> None:
    def wish(number: object):
        return read_fields("preferences.updated", {"newsletters_per_month": number}, VENUE)

    assert wish(0) == ({"newsletters_per_month": 0}, ())
    assert wish(None) == ({"newsletters_per_month": None}, ())
    assert [wish(number)[1][0].reason for number in ("abc", -1, 1001)] == [
        "«abc» is not a whole number",
        "-1 is not between 0 and 1000",
        "1001 is not between 0 and 1000",
    ]


def test_a_venue_types_its_own_events() -> None:
    assert read_fields("own.welcomed", {"purpose": "newsletter"}, VENUE) == ({"purpose": "newsletter"}, ())
    assert read_fields("own.welcomed", {"purpose": 3}, VENUE)[1][0].reason == "«3» is not text"
