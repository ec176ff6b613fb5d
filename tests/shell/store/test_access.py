"""Keys of the systems around, their answers, and long lists, over every database."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from accord.shell.engine import access
from accord.shell.engine.access import NoAccess
from accord.shell.engine.care.retain import sweep
from accord.shell.engine.ports.access import Given, Promise
from accord.shell.engine.ports.listing import MailsWanted
from accord.shell.engine.ports.rows import NewContact
from accord.shell.store.database import SqlStore
from builders import NOW, a_catalogue

HOUR = timedelta(hours=1)


def a_key(store: SqlStore, name: str = "shop", *scopes: str) -> access.Made:
    return access.add(store, name, scopes or ("orders:write",), rate=600, by="lea", now=NOW, dice=os.urandom)


def opens(store: SqlStore, token: str, later: timedelta = timedelta()) -> str | None:
    with store.read() as unit:
        key = access.recognised(unit, token, NOW + later)
    return key.name if key is not None else None


def test_a_key_opens_as_it_was_made_and_is_kept_as_a_digest_alone(store: SqlStore) -> None:
    made = a_key(store, "shop", "orders:write", "people:read")
    assert opens(store, made.token) == "shop"
    assert opens(store, made.token[:-1] + ("A" if made.token[-1] != "A" else "B")) is None
    assert opens(store, "accord_000000000000_" + made.token[20:]) is None
    assert opens(store, "") is None
    with store.read() as unit:
        [kept] = unit.access.all_keys()
    assert kept.scopes == {"orders:write", "people:read"}
    secret = made.token.rpartition(f"{made.prefix}_")[2]
    assert secret not in repr(kept)


def test_a_rotated_key_opens_beside_the_new_one_for_a_while(store: SqlStore) -> None:
    old = a_key(store)
    new = access.rotate(store, "shop", overlap=HOUR, by="lea", now=NOW, dice=os.urandom)
    assert new.scopes == old.scopes
    assert opens(store, old.token, HOUR / 2) == opens(store, new.token, HOUR / 2) == "shop"
    assert opens(store, old.token, HOUR) is None
    assert opens(store, new.token, 1000 * HOUR) == "shop"


def test_revoking_closes_the_door_to_all_keys_of_a_name_at_once(store: SqlStore) -> None:
    old, other = a_key(store), a_key(store, "gates")
    new = access.rotate(store, "shop", overlap=HOUR, by="lea", now=NOW, dice=os.urandom)
    assert access.revoke(store, "shop", by="lea", now=NOW) == 2
    assert (opens(store, old.token), opens(store, new.token)) == (None, None)
    assert opens(store, other.token) == "gates"
    with pytest.raises(NoAccess):
        access.revoke(store, "shop", by="lea", now=NOW)
    with pytest.raises(NoAccess):
        access.rotate(store, "shop", overlap=HOUR, by="lea", now=NOW, dice=os.urandom)
    assert a_key(store).name == "shop", "the name is free again"
    with store.read() as unit:
        deeds = [(deed.action, deed.subject) for deed in unit.deeds()]
    assert ("access revoke", "shop") in deeds
    assert ("access rotate", "shop") in deeds


@pytest.mark.parametrize(
    ("name", "scopes"),
    [("Shop", ("orders:write",)), ("a b", ("orders:write",)), ("shop", ()), ("shop", ("all",))],
)
def test_a_key_that_can_not_be_is_refused_with_a_reason(
    store: SqlStore, name: str, scopes: tuple[str, ...]
) -> None:
    with pytest.raises(NoAccess):
        access.add(store, name, scopes, rate=1, by="lea", now=NOW, dice=os.urandom)


def test_a_use_is_noted_once_an_hour(store: SqlStore) -> None:
    made = a_key(store)

    def used(at: timedelta) -> object:
        with store.read() as unit:
            key = access.recognised(unit, made.token, NOW + at)
        assert key is not None
        access.note_use(store, key, NOW + at)
        with store.read() as unit:
            return unit.access.all_keys()[0].used_at

    assert used(timedelta()) == NOW
    assert used(HOUR / 2) == NOW
    assert used(HOUR) == NOW + HOUR


def promise(key: str = "k", **changed: object) -> Promise:
    kept = {"lease": NOW + HOUR / 60, "keep_until": NOW + 24 * HOUR, **changed}
    return Promise("shop", key, "digest", **kept)  # type: ignore[arg-type]


def test_a_promise_is_made_once_and_answered_once(store: SqlStore) -> None:
    with store.begin() as unit:
        assert unit.access.promise(promise(), NOW) is None
    with store.begin() as unit:
        standing = unit.access.promise(promise(), NOW)
        assert standing is not None
        assert standing.answer is None
        unit.access.keep_answer("shop", "k", Given(201, "{}", "/api/v1/contacts/1"))
    with store.begin() as unit:
        standing = unit.access.promise(promise(), NOW + 23 * HOUR)
        assert standing is not None
        assert standing.answer == Given(201, "{}", "/api/v1/contacts/1")
        assert unit.access.promise(promise("other"), NOW) is None, "another key is another request"
    with store.begin() as unit:
        assert unit.access.promise(promise(), NOW + 24 * HOUR) is None, "a day is over"


def test_a_promise_of_who_died_is_made_anew_and_a_broken_one_is_none(store: SqlStore) -> None:
    with store.begin() as unit:
        unit.access.promise(promise(), NOW)
        assert unit.access.promise(promise(), NOW + HOUR) is None
        unit.access.break_promise("shop", "k")
        assert unit.access.promise(promise(), NOW) is None
        unit.access.keep_answer("shop", "k", Given(200, "{}"))
        unit.access.break_promise("shop", "k")
        assert unit.access.promise(promise(), NOW) is not None, "what was answered stays"


def test_old_answers_go(store: SqlStore) -> None:
    with store.begin() as unit:
        unit.access.promise(promise("old", keep_until=NOW), NOW - HOUR)
        unit.access.promise(promise("new"), NOW)
        assert unit.access.old_answers(NOW) == 1
        unit.access.drop_answers(NOW)
        assert unit.access.old_answers(NOW + 48 * HOUR) == 1


def test_the_sweep_takes_old_answers_away(store: SqlStore) -> None:
    with store.begin() as unit:
        unit.access.promise(promise("old"), NOW)
        unit.access.promise(promise("new", keep_until=NOW + 48 * HOUR), NOW)

    def swept(**more: bool) -> int:
        return sweep(store, a_catalogue(), now=NOW + 25 * HOUR, by="test", **more).answers

    assert [swept(dry=True), swept(), swept()] == [1, 1, 0]
    with store.read() as unit:
        assert unit.access.promised("shop", "new", NOW) is not None


def test_pages_of_people_are_not_shifted_by_who_comes_in(store: SqlStore) -> None:
    def add(*names: str) -> list[int]:
        with store.begin() as unit:
            return list(
                unit.add_contacts([NewContact(f"{n}@example.org", "fr", "Europe/Paris", NOW) for n in names])
            )

    first = add("c", "b", "a")
    with store.read() as unit:
        page = unit.listing.contacts(0, 2)
        assert [each.id for each in page] == first[:2]
    add("aa")
    with store.begin() as unit:
        assert [each.email for each in unit.listing.contacts(page[-1].id, 2)] == [
            "a@example.org",
            "aa@example.org",
        ]
        unit.keeping.erase({first[2]: ()}, "ADDR_ERASED", NOW)
        assert [each.email for each in unit.listing.contacts(page[-1].id, 2)] == ["aa@example.org"]
        assert unit.listing.mails(MailsWanted(contact_id=first[0]), before_id=5, limit=10) == []
