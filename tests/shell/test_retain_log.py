"""The objections log: on the disk before anybody is told, and stronger than any backup."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from accord.core.model.consent import Act, ConsentStatus
from accord.core.model.contact import AddressState
from accord.core.model.event import Event
from accord.shell.engine.care.rights import erase_person
from accord.shell.engine.care.signup import contact_at
from accord.shell.engine.ports.rows import NewContact
from accord.shell.engine.ports.store import StoreError
from accord.shell.engine.record import consents_in
from accord.shell.keys import Keys
from accord.shell.store.after_restore import replay_objections
from accord.shell.store.database import SqlStore, open_store
from accord.shell.store.objections_log import ObjectionsLog, Sealed
from builders import NOW, acts, an_act
from conftest import KEYS
from engine_driver import Driver
from ready import embedded_at
from shell.leaving import a_driver

DAY = timedelta(days=1)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "objections.log"


@pytest.fixture
def driver(database_url: str, log: Path) -> Iterator[Driver]:
    store = open_store(database_url, dice=os.urandom, keys=lambda: KEYS, objections_log=log)
    yield a_driver(store)
    store.close()


def person(driver: Driver, email: str = "ada@example.org") -> int:
    with driver.store.begin() as unit:
        number = unit.add_contacts([NewContact(email, "fr", "Europe/Paris", driver.now)])[0]
        created = Event(number, "contact.created", driver.now)
        unit.append([created], received_at=driver.now, reacts=False)
        return number


def lines(log: Path) -> list[Sealed]:
    return [line for _, line in ObjectionsLog(log).lines() if line is not None] if log.exists() else []


def status(driver: Driver, number: int) -> ConsentStatus:
    with driver.store.read() as unit:
        return unit.situations([number])[number].consents.of("newsletter", "editorial").status


def test_an_objection_is_on_the_disk_before_it_is_taken(driver: Driver, log: Path) -> None:
    number = person(driver)
    with pytest.raises(ZeroDivisionError), driver.store.begin() as unit:
        objection = an_act(Act.OBJECTION, contact_id=number, purpose="*", kind="*", at=NOW)
        consents_in(unit, driver.catalogue, [objection], now=NOW, history=False, source="web")
        raise ZeroDivisionError
    assert status(driver, number) is ConsentStatus.NEVER_ASKED
    [line] = lines(log)
    assert (line.seal, line.purpose, line.at) == (KEYS.seal("ada@example.org"), "*", NOW)
    assert "ada" not in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


@pytest.mark.parametrize("act", [Act.OBJECTION, Act.UNSUBSCRIBE, Act.WITHDRAWAL, Act.COMPLAINT])
def test_every_refusal_is_written(driver: Driver, log: Path, act: Act) -> None:
    number = person(driver)
    driver.consent(an_act(act, contact_id=number, at=driver.now))
    assert [line.purpose for line in lines(log)] == ["newsletter"]


def test_a_complaint_is_written_and_so_is_a_second_refusal(driver: Driver, log: Path) -> None:
    number = person(driver)
    driver.tell(Event(number, "mail.complained", driver.now))
    driver.consent(*acts(contact_id=number, at=driver.now + DAY))
    driver.consent(an_act(Act.UNSUBSCRIBE, contact_id=number, purpose="*", kind="*", at=driver.now + 2 * DAY))
    assert [(line.purpose, line.at) for line in lines(log)] == [("*", NOW), ("*", NOW + 2 * DAY)]
    with driver.store.read() as unit:
        assert unit.objections.against(["ada@example.org"]) == {"ada@example.org": {"*": NOW + 2 * DAY}}


def test_what_cannot_be_written_is_not_taken(driver: Driver, log: Path) -> None:
    number = person(driver)
    log.mkdir()
    with pytest.raises(StoreError, match="objections log"):
        driver.consent(an_act(Act.OBJECTION, contact_id=number, at=driver.now))
    assert status(driver, number) is ConsentStatus.NEVER_ASKED


def test_a_line_that_a_crash_broke_off_spoils_no_other(log: Path) -> None:
    sealed = Sealed("abc", "self", "*", NOW)
    ObjectionsLog(log).append([sealed])
    with log.open("a") as file:
        file.write('{"seal": "de')
    ObjectionsLog(log).append([replace(sealed, erasure=True)])
    assert [line for _, line in ObjectionsLog(log).lines()] == [sealed, None, replace(sealed, erasure=True)]
    for damaged in ("[]", "1", '{"seal": "a", "entity": "e", "purpose": "p", "at": "2026-01-01"}', "{}"):
        with pytest.raises(ValueError):
            Sealed.read(damaged)


@pytest.fixture
def restored(tmp_path: Path, log: Path):
    """A driver on SQLite, how to take a backup of it, and how to come back to it."""
    path = tmp_path / "accord.db"
    store = open_store(embedded_at(path), dice=os.urandom, keys=lambda: KEYS, objections_log=log)
    driver = a_driver(store)

    def back() -> SqlStore:
        driver.store.close()
        for suffix in ("-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        shutil.copy(tmp_path / "backup.db", path)
        driver.store = open_store(f"sqlite:///{path}", dice=os.urandom, keys=lambda: KEYS, objections_log=log)
        return driver.store

    yield driver, lambda: driver.store.backup(tmp_path / "backup.db"), back
    driver.store.close()


def test_a_restored_backup_undoes_no_objection_and_no_erasure(restored, log: Path) -> None:
    driver, take_backup, back = restored
    objects, lifts, goes, stays = (
        person(driver, f"{n}@example.org") for n in ("objects", "lifts", "goes", "stays")
    )
    for each in (objects, lifts, goes, stays):
        driver.consent(*acts(contact_id=each, at=driver.now))
    driver.consent(an_act(Act.OBJECTION, contact_id=lifts, purpose="*", kind="*", at=driver.now + DAY))
    driver.consent(*acts(contact_id=lifts, at=driver.now + 2 * DAY))
    driver.think()
    take_backup()
    driver.now += 3 * DAY
    driver.consent(*acts(Act.UNSUBSCRIBE, contact_id=objects, at=driver.now))
    erase_person(driver.store, driver.catalogue, goes, by="lea", now=driver.now)
    written = len(lines(log))
    store = back()
    assert status(driver, objects) is ConsentStatus.OPTIN_PROVEN
    driver.now += DAY
    done = replay_objections(store, log, now=driver.now)
    assert (done.lines, done.damaged, done.objecting, done.erased) == (written, [], 1, 1)
    assert status(driver, objects) is ConsentStatus.ACTIVE_OPTOUT
    assert status(driver, lifts) is ConsentStatus.OPTIN_PROVEN, "what was lifted since stays lifted"
    with store.read() as unit:
        assert unit.contacts([goes])[goes].address_state is AddressState.ERASED
        assert list(unit.broken_chains()) == []
        waiting = {
            each: [mail.state.value for mail in unit.messages_of(each)] for each in (objects, goes, stays)
        }
    assert waiting == {objects: ["cancelled"], goes: ["cancelled"], stays: ["queued"]}
    again = replay_objections(store, log, now=driver.now)
    assert (again.objecting, again.erased) == (0, 0)
    assert len(lines(log)) == written, "replaying writes no lines of its own"


def test_whoever_came_back_before_the_backup_is_not_erased_again(restored, log: Path) -> None:
    driver, take_backup, back = restored
    erase_person(driver.store, driver.catalogue, person(driver), by="lea", now=driver.now)
    driver.now += DAY
    with driver.store.begin() as unit:
        again = contact_at(unit, driver.catalogue, "ada@example.org", "fr", source="shop", now=driver.now)
    take_backup()
    store = back()
    assert replay_objections(store, log, now=driver.now).erased == 0
    assert status(driver, again) is ConsentStatus.ACTIVE_OPTOUT


def test_older_keys_are_tried_too(database_url: str, log: Path) -> None:
    newer = Keys((b"a newer key for the objections", *KEYS.objections), KEYS.links)
    old = open_store(database_url, dice=os.urandom, keys=lambda: KEYS, objections_log=log)
    with old.begin() as unit:
        unit.objections.keep_addresses([("ada@example.org", "*", NOW)])
    new = open_store(database_url, dice=os.urandom, keys=lambda: newer, objections_log=log)
    with new.begin() as unit:
        unit.objections.keep_addresses([("bob@example.org", "*", NOW)])
        assert len(unit.objections.against(["ada@example.org", "bob@example.org"])) == 2
    with old.read() as unit:
        assert unit.objections.against(["bob@example.org"]) == {}
    old.close()
    new.close()


def test_without_keys_nothing_is_sealed(tmp_path: Path) -> None:
    store = open_store(embedded_at(tmp_path / "a.db"), dice=os.urandom)
    with pytest.raises(StoreError, match="keys"), store.begin() as unit:
        unit.objections.keep_addresses([("ada@example.org", "*", NOW)])
    store.close()
