"""What people ask for: to be erased, to know, to be put right, to be one person and not two."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import threading
import time
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from accord.core.consent.history import merge as stricter
from accord.core.model.consent import Act, ConsentStatus
from accord.core.model.contact import AddressState, Preferences
from accord.core.model.event import Event
from accord.core.model.message import MessageState
from accord.shell.engine.addresses import NoAddress
from accord.shell.engine.care.rights import Unfit, change_address, erase_person, merge, rectify
from accord.shell.engine.care.signup import contact_at
from accord.shell.engine.ports.rows import ContactChange, NewContact
from accord.shell.engine.ports.store import Duplicate
from accord.shell.proof.access import SENTENCES, all_known, write_access
from accord.shell.store.database import SqlStore, open_store
from accord.shell.store.tables import metadata
from accord.shell.wordings import catalogue
from builders import NOW, acts, an_act
from conftest import KEYS
from engine_driver import Driver
from ready import embedded_at
from shell.leaving import VENUE, a_driver, everything

ORDER = {"order_id": "ORDER-77", "families": ("theatre",), "amount_cents": 2400}


@pytest.fixture
def driver(store: SqlStore) -> Driver:
    return a_driver(store)


def person(driver: Driver, email: str = "ada@example.org", **more) -> int:
    with driver.store.begin() as unit:
        return unit.add_contacts([NewContact(email, "fr", "Europe/Paris", driver.now, **more)])[0]


def situation(driver: Driver, number: int):
    with driver.store.read() as unit:
        return unit.situations([number])[number]


def status(driver: Driver, number: int, kind: str = "editorial") -> ConsentStatus:
    return situation(driver, number).consents.of("newsletter", kind).status


def erased(driver: Driver, number: int):
    return erase_person(driver.store, driver.catalogue, number, by="lea", now=driver.now)


def merged(driver: Driver, kept: int, gone: int):
    return merge(driver.store, driver.catalogue, kept, gone, by="lea", now=driver.now)


def sent_to(driver: Driver) -> list[str]:
    return [each.recipient for each in driver.sink.taken]


# -- erasing -----------------------------------------------------------------------------------------------


def test_erasing_cancels_ends_and_leaves_a_digest_and_an_archived_order(driver: Driver) -> None:
    number = person(driver, "zoe.unique@example.org", attributes={"first_name": "Zoé"})
    driver.consent(*acts(contact_id=number, at=driver.now))
    driver.tell(Event(number, "order.placed", driver.now, ORDER))
    driver.think()
    done = erased(driver, number)
    assert (done.erased.cancelled, done.erased.runs, done.erased.orders) == (2, 2, 1)
    assert done.under_way == "service_run"
    held = everything(driver.store)
    assert "zoe" not in held
    assert "Zoé" not in held
    assert held.count("ORDER-77") == 1
    driver.turn()
    assert driver.sink.taken == []
    with driver.store.read() as unit:
        assert {each.state for each in unit.messages_of(number)} == {MessageState.CANCELLED}
        assert unit.open_runs([number]) == []
        assert list(unit.broken_chains()) == []
        assert unit.objections.against(["Zoe.Unique@example.org"]).keys() == {"Zoe.Unique@example.org"}
        assert len(unit.keeping.left_of("zoe.unique@example.org").orders) == 1
        assert [deed.subject for deed in unit.deeds()] == [f"contact {number}"]
    with pytest.raises(Unfit):
        erased(driver, number)


def test_not_even_the_bytes_of_the_file_tell(tmp_path: Path) -> None:
    path = tmp_path / "accord.db"
    store = open_store(embedded_at(path), dice=os.urandom, keys=lambda: KEYS)
    driver = a_driver(store)
    numbers = [person(driver, f"p{n}.unique@example.org", attributes={"city": "Lyon"}) for n in range(40)]
    for number in numbers:
        driver.consent(*acts(contact_id=number, at=driver.now, details={"address": "as.unique@example.org"}))
        rectify(driver.store, driver.catalogue, number, {"city": "Lyon" * 20}, by="lea", now=driver.now)
    for number in numbers:
        erased(driver, number)
    store.close()
    assert b".unique@" not in path.read_bytes()


def test_every_table_that_names_a_contact_is_seen_to() -> None:
    named = {table.name for table in metadata.sorted_tables if "contact_id" in table.c}
    seen_to = {
        "consent_entry",
        "consent_state",
        "order",
        "order_line",
        "event",
        "enrolment",
        "message",
        "posting",
        "task",
        "returned",
    }
    figures = {"entrant"}  # a number and what was counted of it: nobody's, once the person is
    assert named - seen_to - figures == set(), "store/erase.py and store/merge.py must learn of it"


def test_whoever_comes_back_gets_service_mail_and_no_prospecting(driver: Driver) -> None:
    number = person(driver)
    driver.consent(*acts(contact_id=number, at=driver.now))
    erased(driver, number)
    driver.now += timedelta(days=1)
    with driver.store.begin() as unit:
        again = contact_at(unit, driver.catalogue, "ADA@example.org", "fr", source="shop", now=driver.now)
    assert again != number
    driver.tell(Event(again, "order.placed", driver.now, {**ORDER, "order_id": "O-2"}))
    driver.consent(*acts(Act.OPTIN_IMPORT, contact_id=again, at=driver.now))
    driver.turn()
    assert sent_to(driver) == ["ADA@example.org"]
    assert status(driver, again) is ConsentStatus.ACTIVE_OPTOUT
    driver.now += timedelta(days=1)
    driver.consent(*acts(contact_id=again, at=driver.now))
    assert status(driver, again) is ConsentStatus.OPTIN_PROVEN, "a later opt-in of their own lifts it (R-17)"


def test_one_who_is_erased_while_a_mail_is_written_does_not_get_it(driver: Driver) -> None:
    numbers = [person(driver, f"p{n}@example.org") for n in range(3)]
    for number in numbers:
        driver.consent(*acts(contact_id=number, at=driver.now))
    driver.think()
    driver.sink.width = 1
    carry = driver.sink.carry

    async def erasing(envelope):
        if not driver.sink.taken:
            erased(driver, numbers[2])
        return await carry(envelope)

    driver.sink.carry = erasing  # type: ignore[method-assign]
    driver.send()
    assert sent_to(driver) == ["p0@example.org", "p1@example.org"]


def test_what_comes_late_of_somebody_erased_is_not_written_down(driver: Driver) -> None:
    number = person(driver)
    erased(driver, number)
    driver.tell(Event(number, "mail.bounced", driver.now, {"reason": "HARD_BOUNCE", "message_id": "1"}))
    driver.consent(an_act(Act.OBJECTION, contact_id=number, at=driver.now))
    with driver.store.begin() as unit:
        unit.change_contacts([ContactChange(number, acted_at=driver.now, attributes={"city": "Lyon"})])
    with pytest.raises(ValueError, match="closed"), driver.store.begin() as unit:
        unit.add_entries(acts(contact_id=number), driver.now)
    with driver.store.read() as unit:
        assert [each.name for each in unit.events_of(number)] == ["contact.erased"]
        kept = unit.contacts([number])[number]
    assert (kept.address_state, kept.attributes) == (AddressState.ERASED, {})


# -- putting right -----------------------------------------------------------------------------------------


def test_what_is_put_right_renews_nothing(driver: Driver) -> None:
    number = person(driver)
    rectify(
        driver.store, driver.catalogue, number, {"city": "Lyon", "language": "en"}, by="lea", now=driver.now
    )
    contact = situation(driver, number).contact
    assert (contact.attributes["city"], contact.language, contact.last_action_at) == ("Lyon", "en", None)


def moved(driver: Driver, number: int, address: str):
    return change_address(driver.store, driver.catalogue, number, address, by="lea", now=driver.now)


def test_a_new_address_keeps_the_consents(driver: Driver) -> None:
    number = person(driver)
    driver.consent(*acts(contact_id=number, at=driver.now))
    with driver.store.begin() as unit:
        unit.change_contacts([ContactChange(number, address_state=AddressState.HARD_BOUNCED)])
    assert moved(driver, number, " New@Example.org ").objections == ()
    assert situation(driver, number).contact.email == "New@example.org"
    assert situation(driver, number).contact.address_state is AddressState.OK
    assert status(driver, number) is ConsentStatus.OPTIN_PROVEN
    driver.turn()
    assert sent_to(driver) == ["New@example.org"]
    with pytest.raises(NoAddress):
        moved(driver, number, "nonsense")
    person(driver, "eve@example.org")
    with pytest.raises(Duplicate):
        moved(driver, number, "EVE@example.org")


def test_a_new_address_that_objected_ends_the_consents(driver: Driver) -> None:
    number = person(driver)
    driver.consent(*acts(contact_id=number, at=driver.now))
    driver.think()
    with driver.store.begin() as unit:
        unit.objections.keep_addresses([("new@example.org", "newsletter", NOW - timedelta(days=900))])
    assert moved(driver, number, "new@example.org").objections == ("newsletter",)
    assert status(driver, number) is ConsentStatus.ACTIVE_OPTOUT
    driver.turn()
    assert sent_to(driver) == []


def test_an_objection_goes_along_to_the_new_address(driver: Driver) -> None:
    number = person(driver)
    driver.consent(an_act(Act.OBJECTION, contact_id=number, purpose="*", kind="*", at=driver.now))
    moved(driver, number, "new@example.org")
    with driver.store.read() as unit:
        assert unit.objections.against(["new@example.org", "ada@example.org"]).keys() == {
            "new@example.org",
            "ada@example.org",
        }


# -- merging -----------------------------------------------------------------------------------------------


def test_of_two_records_the_stricter_state_stands_and_both_chains_are_told(driver: Driver) -> None:
    one, other = person(driver), person(driver, "ada2@example.org")
    driver.consent(*acts(contact_id=one, at=driver.now))
    driver.consent(*acts(contact_id=other, at=driver.now))
    driver.consent(*acts(Act.UNSUBSCRIBE, contact_id=other, at=driver.now + timedelta(minutes=1)))
    before = {each: situation(driver, each).consents.of("newsletter", "editorial") for each in (one, other)}
    driver.now += timedelta(hours=1)
    driver.think()
    merged(driver, one, other)
    assert status(driver, one) is stricter(before[one], before[other]).status is ConsentStatus.WITHDRAWN
    with driver.store.read() as unit:
        for each in (one, other):
            assert Act.MERGED in {entry.act for entry in unit.entries([each])[each]}
        assert list(unit.broken_chains()) == []
        assert len(unit.objections.against(["ada@example.org", "ada2@example.org"])) == 2
        assert unit.contacts([other])[other].address_state is AddressState.MERGED
    driver.turn()
    assert sent_to(driver) == []


def test_a_merged_record_is_another_name_of_its_survivor(driver: Driver) -> None:
    one, other, third = (person(driver, f"{name}@example.org") for name in ("one", "other", "third"))
    driver.tell(Event(other, "order.placed", driver.now, ORDER))
    driver.turn()
    done = merged(driver, one, other)
    assert (done.ended, done.carried_on) == (0, 1)
    merged(driver, third, one)
    with driver.store.read() as unit:
        found = unit.contacts_by_key(["one@example.org", "other@example.org", "third@example.org"])
        chain = len(unit.proving.chain(other))
    assert {contact.id for contact in found.values()} == {third}
    driver.tell(Event(other, "ticket.scanned", driver.now, {"order_id": "ORDER-77"}))
    driver.consent(an_act(Act.UNSUBSCRIBE, contact_id=one, purpose="*", kind="*", at=driver.now))
    known = situation(driver, third)
    assert [line.order_id for line in known.lines] == ["ORDER-77"]
    assert known.contact.last_action_at == driver.now
    assert known.consents.overall.status is ConsentStatus.ACTIVE_OPTOUT
    with driver.store.read() as unit:
        assert "ticket.scanned" in {each.name for each in unit.events_of(third)}
        assert unit.events_of(other) == []
        assert len(unit.proving.chain(other)) == chain, "nothing is written to it any more"
    driver.now += timedelta(days=1500, minutes=1)
    driver.turn()
    assert sent_to(driver) == ["other@example.org", "third@example.org"], "the service run goes on"
    erased(driver, third)
    held = everything(driver.store)
    assert not any(f"{name}@example.org" in held for name in ("one", "other", "third"))


def test_who_objects_while_being_merged_objects_as_the_survivor(driver: Driver) -> None:
    one, other = person(driver), person(driver, "ada2@example.org")
    stopping = threading.Thread(
        target=driver.consent,
        args=[an_act(Act.UNSUBSCRIBE, contact_id=other, purpose="*", kind="*", at=driver.now)],
    )
    with driver.store.begin() as unit:
        unit.situations([one, other], lock=True)
        stopping.start()
        time.sleep(0.3)
        unit.keeping.merge(one, other, [], driver.now)
    stopping.join()
    assert situation(driver, one).consents.overall.status is ConsentStatus.ACTIVE_OPTOUT
    with driver.store.read() as unit:
        assert unit.entries([other]) == {}


def test_prospecting_of_the_closed_record_ends_and_its_past_counts(driver: Driver) -> None:
    one, other = person(driver), person(driver, "ada2@example.org")
    for each in (one, other):
        driver.consent(*acts(contact_id=each, at=driver.now))
    driver.turn()
    assert merged(driver, one, other).ended == 1
    driver.now += timedelta(days=2, minutes=1)
    driver.turn()
    assert sent_to(driver) == ["ada@example.org", "ada2@example.org", "ada@example.org"]
    with driver.store.read() as unit:
        assert len(unit.messages_of(one)) == 3
        assert unit.messages_of(other) == []


def test_of_two_wishes_the_one_that_asks_for_less_holds(driver: Driver) -> None:
    one = person(driver, preferences=Preferences(4), attributes={"city": "Lyon"})
    other = person(
        driver,
        "ada2@example.org",
        preferences=Preferences(1),
        attributes={"city": "Paris", "first_name": "Ada"},
        external_id="x-1",
        from_third_party=True,
    )
    merged(driver, one, other)
    contact = situation(driver, one).contact
    assert contact.preferences.newsletters_per_month == 1
    assert contact.attributes == {"city": "Lyon", "first_name": "Ada"}
    assert contact.external_id == "x-1"
    assert contact.from_third_party
    with pytest.raises(Unfit):
        merged(driver, one, other)
    with pytest.raises(Unfit):
        merged(driver, one, one)


def test_an_address_of_ones_own_can_be_taken_back(driver: Driver) -> None:
    one, other = person(driver), person(driver, "ada2@example.org")
    merged(driver, one, other)
    moved(driver, one, "ada2@example.org")
    with driver.store.read() as unit:
        assert unit.contacts([one])[one].email == "ada2@example.org"
        assert {
            each.id for each in unit.contacts_by_key(["ada@example.org", "ada2@example.org"]).values()
        } == {one}


# -- the access of the person ------------------------------------------------------------------------------


def test_a_person_gets_everything_in_json_and_tables(driver: Driver, tmp_path: Path) -> None:
    number = person(driver, attributes={"first_name": "=HYPERLINK(1)"})
    driver.consent(*acts(contact_id=number, at=driver.now))
    driver.tell(Event(number, "order.placed", driver.now, ORDER))
    driver.turn()
    other = person(driver, "ada2@example.org")
    merged(driver, number, other)
    with driver.store.read() as unit:
        known = all_known(unit, number, VENUE)
    made = write_access(known, VENUE, tmp_path / "answers", recipients=["a relay"], now=NOW)
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write_access(known, VENUE, made, recipients=[], now=NOW)
    packed = zipfile.ZipFile(made)
    document = json.loads(packed.read("personal-data.json"))
    assert document["person"][0]["addresses"] == ["ada@example.org", "ada2@example.org"]
    assert {mail["reason"] for mail in document["mails"]} == {"OPTIN_PROVEN", "SERVICE_NECESSARY"}
    assert document["mails"][0]["inputs"]
    assert document["orders"][0]["order_id"] == "ORDER-77"
    assert {act["act"] for act in document["acts"]} == {"optin_proven", "merged"}
    assert any(event["event"] == "order.placed" for event in document["events"])
    for name in ("person", "acts", "orders", "mails", "events", "scenarios", "consents"):
        rows = list(csv.DictReader(io.StringIO(packed.read(f"{name}.csv").decode())))
        assert len(rows) == len(document[name])
    letter = packed.read("README.txt").decode()
    assert "Ce que nous savons de vous" in letter
    assert "a relay" in letter


def test_a_cell_is_never_a_formula(driver: Driver, tmp_path: Path) -> None:
    number = person(driver, external_id="=cmd|' /C calc'!A0")
    with driver.store.read() as unit:
        known = all_known(unit, number, VENUE)
    packed = zipfile.ZipFile(write_access(known, VENUE, tmp_path / "a.zip", recipients=[], now=NOW))
    [row] = csv.DictReader(io.StringIO(packed.read("person.csv").decode()))
    assert row["external_id"].startswith("'=")


def test_the_letter_beside_it_is_said_in_french_too() -> None:
    french = catalogue("fr", "access")
    assert [each for each in SENTENCES if french.gettext(each) == each] == []
