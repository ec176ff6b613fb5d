"""What an examination asks of the database, on both of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from accord.core.model.event import Event
from accord.shell.engine.ports.checkup import Fared
from accord.shell.engine.ports.rows import NewContact
from accord.shell.store.database import SqlStore
from accord.shell.store.people import ENTRY
from builders import NOW, acts
from planted import a_mail, put


def people(store: SqlStore) -> list[int]:
    told = ("ada@orange.example", "bob@other.example", "eve@sorange.example")
    with store.begin() as unit:
        return list(unit.add_contacts([NewContact(each, "fr", "Europe/Paris", NOW) for each in told]))


def test_only_the_chains_of_the_newest_entries_are_looked_at(store: SqlStore) -> None:
    ada, bob, _ = people(store)
    with store.begin() as unit:
        for person in (ada, ada, bob):
            unit.add_entries(acts(contact_id=person), NOW)
    with store.engine.begin() as connection:
        connection.execute(update(ENTRY).where(ENTRY.c.contact_id == ada).values(digest="0" * 64))
    with store.read() as unit:
        assert list(unit.checkup.broken_tail(1)) == []
        assert {contact for contact, _ in unit.checkup.broken_tail(3)} == {ada}
        assert set(unit.checkup.broken_tail(100)) == set(unit.broken_chains())


def test_how_mails_fared_by_where_their_readers_are(store: SqlStore) -> None:
    ada, bob, eve = people(store)
    states = [(ada, "complained"), (ada, "accepted"), (bob, "bounced"), (eve, "accepted"), (bob, "queued")]
    mails = [
        a_mail(number, person, NOW, state=state, sent_at=None if state == "queued" else NOW)
        for number, (person, state) in enumerate(states, 1)
    ]
    mails.append(a_mail(8, ada, NOW, nature="service"))
    mails.append(a_mail(9, ada, NOW - timedelta(days=40)))
    put(store, mails)
    since = NOW - timedelta(days=28)
    with store.read() as unit:
        assert unit.checkup.fared(since) == Fared(left=4, bounced=1, complained=1)
        assert unit.checkup.fared(since, ["orange.example"]) == Fared(left=2, bounced=0, complained=1)
        assert unit.checkup.fared(NOW + timedelta(days=1)) == Fared(0, 0, 0)


def test_its_clock_and_the_newest_row_of_the_journal(store: SqlStore) -> None:
    ada, _, _ = people(store)
    with store.read() as unit:
        assert unit.checkup.newest_event() is None
    event = Event(ada, "contact.kept", NOW - timedelta(days=3), {}, "test")
    with store.begin() as unit:
        unit.append([event], received_at=NOW, reacts=False)
    with store.read() as unit:
        assert unit.checkup.newest_event() == NOW
        clock = unit.checkup.clock()
    assert (clock is None) == (store.file is not None)
    assert clock is None or clock.tzinfo is not None


@pytest.mark.parametrize("domain", ["%", "_range.example"])
def test_a_domain_is_no_pattern(embedded: SqlStore, domain: str) -> None:
    ada, _, _ = people(embedded)
    put(embedded, [a_mail(1, ada, NOW)])
    with embedded.read() as unit:
        assert unit.checkup.fared(NOW - timedelta(days=1), [domain]).left == 0
