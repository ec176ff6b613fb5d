"""Opening the books: foreign keys are refused, and a turned switch is put on record once, with all its effects."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from accord.core.model.consent import Act
from accord.core.model.venue import Policy, Venue
from accord.shell.engine.opening import LAW, POLICY_REVISION, OtherKeys, open_books
from accord.shell.engine.ports.rows import NewContact
from accord.shell.store.database import SqlStore
from accord.shell.store.people import Law
from builders import NOW, a_venue, acts

VENUE = a_venue()
LATER = NOW + timedelta(days=1)


def under(**switches: bool) -> Venue:
    return replace(VENUE, policy=Policy(**switches))


def opened(store: SqlStore, venue: Venue, *, by: str = "marie", prints: str = "a", now=NOW):
    store.law = Law(venue.retention.months, venue.entity.zone, venue.policy)
    return open_books(store, venue, prints=prints, by=by, now=now)


def test_prudent_defaults_are_no_change(store: SqlStore) -> None:
    assert opened(store, VENUE) == ()
    with store.read() as unit:
        assert unit.fact(LAW) is not None
        assert unit.fact(POLICY_REVISION) is None
        assert unit.policy_changes() == []


def test_a_turned_switch_is_told_once_with_its_values_and_its_hand(store: SqlStore) -> None:
    opened(store, VENUE)
    [change] = opened(store, under(review_is_prospecting=True), now=LATER)
    assert (change.switch, change.old, change.new, change.by) == (
        "review_is_prospecting",
        "false",
        "true",
        "marie",
    )
    assert opened(store, under(review_is_prospecting=True), by="luc") == ()
    with store.read() as unit:
        assert unit.policy_changes() == [change]
        assert unit.fact(POLICY_REVISION) == "1"
        [told] = unit.events_of(0)
        assert (told.name, told.data["switch"], told.data["old"], told.data["new"]) == (
            "policy.changed",
            "review_is_prospecting",
            "false",
            "true",
        )
        [deed] = unit.deeds()
        assert (deed.by, deed.action, deed.subject) == ("marie", "policy", "review_is_prospecting")


def test_turning_it_back_is_a_change_too_and_no_verdict_before_it_stands(store: SqlStore) -> None:
    opened(store, VENUE)
    opened(store, under(review_is_prospecting=True))
    opened(store, VENUE)
    with store.read() as unit:
        assert [(each.old, each.new) for each in unit.policy_changes()] == [
            ("false", "true"),
            ("true", "false"),
        ]
        assert unit.fact(POLICY_REVISION) == "2"


def test_a_switch_that_differs_at_the_first_opening_is_on_record(store: SqlStore) -> None:
    [change] = opened(store, under(purchase_lifts_objection=True))
    assert (change.old, change.new) == ("false", "true")


def test_what_segments_read_follows_the_law_at_once(store: SqlStore) -> None:
    opened(store, VENUE)
    with store.begin() as unit:
        [number] = unit.add_contacts([NewContact("a@example.org", "fr", "Europe/Paris", NOW)])
        unit.add_entries(
            acts(Act.OBJECTION, contact_id=number, at=NOW - timedelta(days=9))
            + acts(Act.PURCHASE_PASSIVE, contact_id=number, at=NOW, informed=True),
            NOW,
        )
        before = statuses(unit)
    opened(store, under(purchase_lifts_objection=True))
    with store.read() as unit:
        assert before != statuses(unit)


def statuses(unit) -> set[str]:
    rows = unit.connection.exec_driver_sql("SELECT status FROM consent_state WHERE kind <> '*'")
    return set(rows.scalars())


def test_a_shorter_clock_moves_every_last_day(store: SqlStore) -> None:
    opened(store, VENUE)
    with store.begin() as unit:
        unit.add_contacts([NewContact("a@example.org", "fr", "Europe/Paris", NOW)])
    opened(store, replace(VENUE, retention=replace(VENUE.retention, months=12)))
    with store.read() as unit:
        [day] = unit.connection.exec_driver_sql("SELECT expires_on FROM contact").scalars()
        assert str(day) == "2027-11-23"
        assert unit.policy_changes() == []
        assert unit.fact(POLICY_REVISION) == "1"


def test_a_key_that_is_missing_is_refused_and_one_more_is_welcome(store: SqlStore) -> None:
    opened(store, VENUE, prints="a,b")
    with pytest.raises(OtherKeys, match="lacks a key"):
        opened(store, VENUE, prints="a")
    with pytest.raises(OtherKeys):
        opened(store, VENUE, prints="b,c")
    opened(store, VENUE, prints="a,b,c")
    with pytest.raises(OtherKeys):
        opened(store, VENUE, prints="a,b")
