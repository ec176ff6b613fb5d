"""The walker in memory and the SQL for a whole base give the same answer, always, on both databases."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.core.expressions.evaluate import holds
from accord.core.expressions.names import Scope
from accord.core.expressions.parse import read_expression
from accord.core.model.consent import Act
from accord.core.model.contact import Preferences
from accord.core.model.event import Event
from accord.core.model.expression import Expression
from accord.core.model.place import Span
from accord.shell.engine.ports.rows import ContactChange, NewContact
from accord.shell.store.database import SqlStore, open_store
from builders import NOW, a_venue, acts, an_act, an_order_line
from ready import embedded_at, on_server

VENUE = a_venue()
SCOPE = Scope(VENUE, steps=None)

COMPARABLE = {
    "contact.city": ['"Lyon"', '"lyon"', '"Évian"', '""'],
    "contact.language": ['"fr"', '"en"'],
    "contact.visits": ["0", "3", "-1"],
    "contact.joined": ['"2024-02-29"', '"2026-03-29"'],
    "contact.birthday": ['"02-29"', '"11-23"'],
    "contact.expires_on": ['"2028-03-01"', '"2029-10-20"', "today"],
    "orders.count": ["0", "1", "2"],
    "orders.last.at": ['"2026-10-25"', '"2026-10-20"'],
    "orders.last.family": ['"theatre"', '"bar"'],
    "last_action.at": ['"2026-10-25"', '"2026-03-29"', "today"],
    "preferences.newsletters_per_month": ["0", "1", "4"],
    "today": ['"2026-11-23"', '"2026-11-24"'],
}
STATES = ['"optin_proven"', '"active_optout"', '"never_asked"', '"withdrawn"']
AGES = ["last_action.age", "orders.last.age"]
LENGTHS = ['"1 month"', '"36 days"', '"2 years"', '"0 days"']
MISSABLE = [
    "contact.city",
    "contact.visits",
    "orders.last.at",
    "last_action.at",
    "preferences.newsletters_per_month",
]

comparators = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
comparisons = st.sampled_from(sorted(COMPARABLE)).flatmap(
    lambda name: st.builds(
        lambda op, value: f"{name} {op} {value}", comparators, st.sampled_from(COMPARABLE[name])
    )
)
states = st.builds(
    lambda op, state: f'consent("newsletter") {op} {state}',
    st.sampled_from(["==", "!="]),
    st.sampled_from(STATES),
)
among = st.sampled_from(["contact.city", "orders.last.family"]).flatmap(
    lambda name: st.builds(
        lambda word, some: f"{name} {word} [{', '.join(some)}]",
        st.sampled_from(["in", "not in"]),
        st.lists(st.sampled_from(COMPARABLE[name]), min_size=1, max_size=3),
    )
)
ages = st.builds(
    lambda name, op, length: f"{name} {op} {length}",
    st.sampled_from(AGES),
    comparators,
    st.sampled_from(LENGTHS),
)
missing = st.builds(
    lambda name, word: f"{name} is {word}none", st.sampled_from(MISSABLE), st.sampled_from(["", "not "])
)
plain = st.sampled_from(
    ["contact.member", "contact.from_third_party", 'sent("lettre/edition")', 'clicked("lettre/edition")']
)
leaves = st.one_of(comparisons, states, among, ages, missing, plain)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda a: f"not ({a})", inner),
        st.builds(lambda a, b, word: f"({a} {word} {b})", inner, inner, st.sampled_from(["and", "or"])),
    ),
    max_leaves=5,
)


def read(source: str) -> Expression:
    found, faults = read_expression(source, Span("f", 1, 1), SCOPE)
    assert found is not None, (source, faults)
    return found


def populate(store: SqlStore) -> None:
    """People who differ in everything that a condition can ask."""
    night = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)  # already the 25th in Paris
    cities = ["Lyon", "lyon", "Évian", None, "Paris", ""]
    with store.begin() as unit:
        ids = unit.add_contacts(
            [
                NewContact(
                    f"p{n}@example.org",
                    "en" if n % 3 == 0 else "fr",
                    "Europe/Paris",
                    datetime(2025, 3, 1, tzinfo=UTC) + timedelta(days=97 * n),
                    from_third_party=n % 5 == 4,
                    attributes={
                        **({"city": cities[n % 6]} if cities[n % 6] is not None else {}),
                        **({"visits": n % 4} if n % 5 else {}),
                        **({"member": n % 2 == 0} if n % 3 else {}),
                        **({"joined": date(2024, 2, 29) + timedelta(days=n % 2)} if n % 4 else {}),
                        **({"birthday": date(2000, 2, 28) + timedelta(days=n % 3)} if n % 7 else {}),
                    },
                )
                for n in range(24)
            ]
        )
        for n, number in enumerate(ids):
            if n % 3:
                unit.change_contacts([ContactChange(number, acted_at=night - timedelta(days=40 * (n % 4)))])
            if n % 4 == 1:
                unit.change_contacts([ContactChange(number, preferences=Preferences(n % 5))])
            if n % 5:
                at = night - timedelta(days=n % 3)
                line = an_order_line(order_id=f"O-{n}", placed_at=at, paid_at=at if n % 2 else None)
                other = an_order_line(order_id=f"O-{n}b", family="bar", placed_at=at)
                unit.save_order_lines({number: [line, other]})
            if n % 6 == 2:
                unit.add_entries(acts(contact_id=number), NOW)
            if n % 6 == 3:
                unit.add_entries(
                    [*acts(contact_id=number), an_act(Act.UNSUBSCRIBE, contact_id=number, at=NOW)], NOW
                )
            if n % 6 == 4:
                unit.add_entries([an_act(Act.OBJECTION, contact_id=number, purpose="*", kind="*")], NOW)
            if n % 8 == 3:
                clicked = {"message_id": "1", "verdict": "human"}
                unit.append([Event(number, "mail.clicked", NOW, clicked)], received_at=NOW, reacts=False)


@pytest.fixture(scope="module")
def sqlite_store(tmp_path_factory):
    store = open_store(embedded_at(tmp_path_factory.mktemp("s") / "accord.db"), dice=os.urandom)
    populate(store)
    yield store
    store.close()


@pytest.fixture(scope="module")
def postgres_store(postgres: str):
    store = open_store(on_server(postgres, f"segments_{os.getpid()}"), dice=os.urandom)
    populate(store)
    yield store
    store.close()


def both_agree(store: SqlStore, source: str) -> None:
    condition = read(source)
    with store.read() as unit:
        by_sql = list(unit.matching(condition, now=NOW, not_in=None, after_id=0, limit=1000))
        everybody = unit.situations(range(1, 25))
    by_walker = [number for number, each in everybody.items() if holds(condition, each, VENUE, now=NOW)]
    assert by_sql == by_walker, source


@given(source=conditions)
@settings(max_examples=250)
def test_sqlite_answers_as_the_walker_does(sqlite_store: SqlStore, source: str) -> None:
    both_agree(sqlite_store, source)


@given(source=conditions)
@settings(max_examples=250)
def test_postgresql_answers_as_the_walker_does(postgres_store: SqlStore, source: str) -> None:
    both_agree(postgres_store, source)


@pytest.mark.parametrize(
    "source",
    [
        *(f"{n} == {v}" for n, vs in COMPARABLE.items() for v in vs),
        *(f"{a} >= {d}" for a in AGES for d in LENGTHS),
    ],
)
def test_each_name_is_answered_alike(sqlite_store: SqlStore, postgres_store: SqlStore, source: str) -> None:
    both_agree(sqlite_store, source)
    both_agree(postgres_store, source)


def test_pages_and_those_who_are_in_already(store: SqlStore, tmp_path: Path) -> None:
    populate(store)
    everybody = read("orders.count >= 0")
    with store.read() as unit:
        first = unit.matching(everybody, now=NOW, not_in=None, after_id=0, limit=10)
        rest = unit.matching(everybody, now=NOW, not_in="s", after_id=first[-1], limit=100)
    assert len(first) == 10
    assert len(rest) == 14
