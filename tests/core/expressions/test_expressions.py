"""The closed language of conditions: what it reads, what it refuses, and what it answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.expressions.evaluate import holds, value_of
from accord.core.expressions.names import Scope
from accord.core.expressions.parse import Want, read_expression
from accord.core.model.expression import Type
from accord.core.model.place import Span
from builders import NOW, a_contact, a_situation, a_venue, an_event, an_order_line

VENUE = a_venue()
SCOPE = Scope(VENUE, entering=("order.placed",), arriving=("order.cancelled",), steps=frozenset({"offre"}))


def asked(source: str, want: Want = Want.CONDITION):
    return read_expression(source, Span("f.yaml", 7, 10), SCOPE, want)


def true(source: str, **known) -> bool:
    found, faults = asked(source)
    assert found is not None, faults
    return holds(found, a_situation(**known), VENUE, now=NOW)


@pytest.mark.parametrize(
    ("source", "code", "column"),
    [
        ("contact.citty == 'x'", "name-unknown", 10),
        ("contact.city", "not-a-condition", 10),
        ("contact.city == 3", "types-differ", 26),
        ("orders.count + 1 == 2", "not-in-language", 23),
        ("contact.city | upper == 'X'", "not-in-language", 25),
        ("contact.city == none", "not-in-language", 26),
        ("contact.city is defined", "not-in-language", 10),
        ("1 < orders.count < 3", "not-in-language", 10),
        ("clicked('nothing')", "step-unknown", 18),
        ("clicked(contact.city)", "function-argument", 10),
        ("launch('x')", "function-unknown", 10),
        ("consent('lettre') == 'optin_proven'", "purpose-unknown", 18),
        ("last_action.age >= 'long'", "age-needs-duration", 29),
        ("last_action.age is none", "age-needs-duration", 10),
        ("contact.joined >= 'yesterday'", "not-a-date", 28),
        ("event.nothing == 'x'", "name-unknown", 10),
        ("contact.city ==", "expression-syntax", 25),
        ("", "expression-empty", 10),
        ("contact.city in 'Lyon'", "not-in-language", 26),
    ],
)
def test_what_is_no_part_of_the_language_is_pointed_at(source: str, code: str, column: int) -> None:
    found, faults = asked(source)
    assert found is None
    assert [(fault.code, fault.span.line, fault.span.column) for fault in faults] == [(code, 7, column)]


def test_every_fault_of_one_condition_is_told_at_once() -> None:
    _, faults = asked("contact.citty == 'x' and contact.langage == 'fr'")
    assert [fault.hint for fault in faults] == [
        "Did you mean contact.city?",
        "Did you mean contact.language?",
    ]


def test_a_field_must_be_there_in_each_entering_event() -> None:
    scope = Scope(VENUE, entering=("order.placed", "ticket.scanned"))
    _, [fault] = read_expression("event.amount_cents > 1", Span("f", 1, 1), scope)
    assert "ticket.scanned has no such field" in fault.message
    found, _ = read_expression("event.order_id == 'x'", Span("f", 1, 1), scope)
    assert found is not None


@pytest.mark.parametrize(
    "source", ["contact.visits < 3", "contact.visits >= 3", "contact.visits == 3", "contact.visits != 3"]
)
def test_a_comparison_with_what_is_missing_is_false(source: str) -> None:
    assert not true(source)
    assert true(f"not ({source})")
    assert true("contact.visits is none")
    assert not true("contact.visits is not none")


def test_names_answer_for_a_person() -> None:
    lines = (
        an_order_line(),
        an_order_line(order_id="O-2", family="bar", placed_at=datetime(2026, 11, 1, tzinfo=UTC)),
    )
    contact = a_contact(attributes={"city": "Lyon", "member": True})
    known = {
        "contact": contact,
        "lines": lines,
        "entered_by": an_event("order.placed", data={"order_id": "O-2", "amount_cents": 2400}),
        "it": an_event("order.cancelled", data={"order_id": "O-2"}),
    }
    for source in (
        "contact.city == 'Lyon' and contact.member",
        "orders.count == 2 and orders.last.family == 'bar'",
        "it.order_id == event.order_id",
        "event.amount_cents > 2000.5",
        "last_action.age >= '1 month' and last_action.age < '2 months'",
        "contact.expires_on == '2029-10-20'",
        "contact.city not in ['Paris', 'Nice']",
        "consent('newsletter') == 'never_asked'",
        "not clicked('offre')",
        "today == '2026-11-23'",
    ):
        assert true(source, **known), source


def test_an_instant_beside_a_day_is_the_entitys_day() -> None:
    late = a_contact(last_action_at=datetime(2026, 10, 24, 22, 30, tzinfo=UTC))
    assert true("last_action.at == '2026-10-25'", contact=late)


def test_text_compares_by_code_point() -> None:
    assert true("contact.city < 'a'", contact=a_contact(attributes={"city": "Z"}))


def test_values_are_read_for_per_and_promotes() -> None:
    found, _ = asked("event.families", Want.VALUE)
    assert found is not None
    assert found.type is Type.TEXTS
    bought = a_situation(entered_by=an_event("order.placed", data={"families": ("theatre",)}))
    assert value_of(found, bought, VENUE, now=NOW) == ("theatre",)


@given(st.text(max_size=60))
def test_no_text_makes_the_reader_fail(source: str) -> None:
    found, faults = asked(source)
    assert (found is None) == bool(faults)
