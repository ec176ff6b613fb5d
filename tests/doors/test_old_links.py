"""Links in mails that were sent long ago, to records that were merged or erased since."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from accord.core.mail.links import Claim, LinkKind
from accord.core.robots import Fetch
from accord.shell.engine.care.rights import erase_person, merge
from accord.shell.engine.care.signup import contact_at
from accord.shell.web.people import HousePeople
from doors.houses import Venue


@pytest.fixture
def venue(tmp_path: Path):
    made = Venue(tmp_path)
    yield made
    made.house.store.close()


def somebody(venue: Venue, address: str) -> int:
    with venue.house.store.begin() as unit:
        return contact_at(unit, venue.house.listening, address, "fr", source="test", now=venue.now)


def link(number: int, kind: LinkKind = LinkKind.UNSUBSCRIBE, target: str | None = None) -> Claim:
    return Claim(kind, number, "newsletter", "soft_optin", 1, target)


def test_the_link_of_a_merged_record_is_its_survivors(venue: Venue) -> None:
    house, people = venue.house, HousePeople(venue.house)
    kept, gone = somebody(venue, "ada@example.org"), somebody(venue, "ada2@example.org")
    merge(house.store, house.listening, kept, gone, by="lea", now=venue.now)
    seen = people.preferences(link(gone, LinkKind.PREFERENCES))
    assert seen is not None
    assert seen.email == "ada@example.org"
    venue.now += timedelta(days=1)
    people.keep(link(gone, LinkKind.KEEP), venue.now)
    fetched = Fetch(venue.now, "https://theatre.example.org/a", "GET")
    people.record_click(link(gone, LinkKind.CLICK, "https://theatre.example.org/a"), fetched)
    people.unsubscribe([link(gone)], venue.now)
    people.unsubscribe([link(gone)], venue.now)
    assert venue.state(kept) == "active_optout"
    with house.store.read() as unit:
        assert unit.contacts([kept])[kept].last_action_at == venue.now
        names = [event.name for event in unit.events_of(kept)]
        assert unit.events_of(gone) == []
    assert names.count("consent.objected") == 1
    assert {"contact.kept", "mail.clicked"} <= set(names)


def test_the_link_of_an_erased_record_changes_nothing_and_breaks_nothing(venue: Venue) -> None:
    house, people = venue.house, HousePeople(venue.house)
    number = somebody(venue, "ada@example.org")
    erase_person(house.store, house.listening, number, by="lea", now=venue.now)
    again = somebody(venue, "ada@example.org")
    assert people.preferences(link(number, LinkKind.PREFERENCES)) is None
    people.unsubscribe([link(number)], venue.now)
    people.keep(link(number, LinkKind.KEEP), venue.now)
    with house.store.read() as unit:
        assert [event.name for event in unit.events_of(number)] == ["contact.erased"]
    assert venue.state(again) == "active_optout"
