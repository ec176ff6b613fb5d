"""What becomes of people at the cut-off, and of everything that grows old."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from accord.core.model.consent import Act
from accord.core.model.contact import AddressState
from accord.core.model.event import ADDRESS_ASKED, Event
from accord.core.model.time import Duration, later
from accord.shell.engine.care.horizon import horizon
from accord.shell.engine.care.nightly import nightly
from accord.shell.engine.care.retain import history, sweep
from accord.shell.engine.ports.rows import NewContact
from accord.shell.store.database import SqlStore
from accord.shell.store.tables import metadata
from builders import NOW, a_catalogue, a_scenario, a_venue, acts, an_event, an_order_line
from engine_driver import Driver
from shell.leaving import LETTER, NEW_ADDRESS, PARIS, VENUE, a_driver, ago, everything


@pytest.fixture
def driver(store: SqlStore) -> Driver:
    return a_driver(store)


def person(driver: Driver, name: str = "ada", *, collected: datetime = NOW, **more) -> int:
    new = NewContact(f"{name}@example.org", "fr", "Europe/Paris", collected, **more)
    with driver.store.begin() as unit:
        [number] = unit.add_contacts([new])
        told = Event(number, "contact.imported", collected)
        unit.append([told], received_at=collected, reacts=False)
    return number


def swept(driver: Driver, **more):
    return sweep(driver.store, driver.catalogue, now=driver.now, by="lea", **more)


def gone(driver: Driver, number: int) -> bool:
    with driver.store.read() as unit:
        return unit.contacts([number])[number].address_state is AddressState.ERASED


def test_who_has_not_acted_for_three_years_is_gone_on_the_anniversary(driver: Driver) -> None:
    due = person(driver, "due", collected=ago(months=36))
    tomorrow = person(driver, "tomorrow", collected=later(ago(months=36), Duration(days=1), PARIS))
    acted = person(driver, "acted", collected=ago(months=40))
    driver.tell(Event(acted, "ticket.scanned", ago(months=1)))
    done = swept(driver)
    assert (done.erased, done.kept) == (1, {})
    assert [gone(driver, each) for each in (due, tomorrow, acted)] == [True, False, False]


def test_nothing_of_a_person_is_left_but_links_of_the_chain_and_an_archived_order(driver: Driver) -> None:
    driver.now = ago(months=37)
    number = person(
        driver, "zoe.unique", collected=driver.now, external_id="ext-7", attributes={"first_name": "Zoé"}
    )
    driver.consent(*acts(contact_id=number, at=driver.now, details={"address": "zoe.unique@example.org"}))
    placed = {"order_id": "ORDER-77", "families": ("theatre",), "amount_cents": 2400, "title": "Phèdre"}
    driver.tell(Event(number, "order.placed", driver.now, placed))
    driver.tell(Event(number, "order.paid", driver.now, placed))
    driver.catalogue = a_catalogue(a_scenario(LETTER, VENUE), venue=VENUE)
    driver.turn()
    assert driver.sink.taken
    driver.now = NOW
    done = swept(driver)
    assert (done.erased, done.orders_archived) == (1, 1)
    held = everything(driver.store)
    for trace in ("zoe", "Zoé", "ext-7", "Phèdre"):
        assert trace not in held
    assert next(line for line in held.splitlines() if "ORDER-77" in line).startswith("order_archive")
    assert held.count("ORDER-77") == 1
    with driver.store.read() as unit:
        assert list(unit.broken_chains()) == []
        assert unit.entries([number]) == {}
        assert len(unit.proving.chain(number)) == 2
        assert [each.name for each in unit.events_of(number)] == ["contact.erased"]


def test_whoever_has_something_under_way_stays_until_it_is_over(driver: Driver) -> None:
    driver.now = ago(months=40)
    contract = person(driver, "contract", collected=driver.now)
    waiting = person(driver, "waiting", collected=driver.now)
    started = {"contract_id": "C-1", "family": "theatre"}
    driver.tell(Event(contract, "contract.started", driver.now, started))
    driver.tell(Event(waiting, "order.placed", driver.now, {"order_id": "O-1", "families": ("theatre",)}))
    driver.turn()
    driver.now = NOW
    assert swept(driver).kept == {"contract": 1, "service_run": 1}
    driver.tell(Event(contract, "contract.ended", ago(months=1), started))
    assert swept(driver).kept == {"service_run": 1}, "three years run from the end of a contract (R-41)"
    driver.now = later(NOW, Duration(months=36), PARIS)
    driver.turn()
    assert (swept(driver).erased, gone(driver, contract), gone(driver, waiting)) == (2, True, True)


def test_a_withdrawn_consent_can_be_proved_for_five_years_and_found_by_the_address_alone(
    driver: Driver,
) -> None:
    driver.now = ago(months=38)
    number = person(driver, collected=driver.now)
    driver.consent(*acts(contact_id=number, at=driver.now))
    driver.now += timedelta(days=1)
    driver.consent(*acts(Act.UNSUBSCRIBE, contact_id=number, at=driver.now))
    driver.now = NOW
    assert swept(driver).erased == 1
    assert "ada@example.org" not in everything(driver.store)
    with driver.store.read() as unit:
        left = unit.keeping.left_of("Ada@Example.org")
        assert left.objections.keys() == {"newsletter"}
        assert [entry.act for entry in left.proofs[number]] == [Act.OPTIN_PROVEN] * 2 + [Act.UNSUBSCRIBE] * 2
    driver.now = later(NOW, Duration(months=23), PARIS)
    assert swept(driver).proofs == 4
    with driver.store.read() as unit:
        assert unit.keeping.left_of("ada@example.org").proofs == {}
        assert unit.keeping.left_of("ada@example.org").objections.keys() == {"newsletter"}
        assert list(unit.broken_chains()) == []
    assert swept(driver).proofs == 0


def test_a_sign_up_that_nobody_confirmed_is_deleted_after_seven_days(driver: Driver) -> None:
    stranger = person(driver, "stranger")
    with driver.store.engine.begin() as connection:
        connection.execute(text("DELETE FROM event"))
    customer, hasty = person(driver, "customer", collected=ago(days=100)), person(driver, "hasty")
    for number in (stranger, customer, hasty):
        driver.consent(*acts(Act.OPTIN_PENDING, contact_id=number, at=driver.now))
        driver.tell(Event(number, "form.submitted", driver.now, {"form": "inscription"}))
    driver.now += timedelta(days=1)
    driver.consent(*acts(Act.CONFIRM_POST, contact_id=hasty, at=driver.now))
    driver.now = NOW + timedelta(days=7)
    assert (swept(driver).unconfirmed, gone(driver, stranger)) == (0, False)
    driver.now += timedelta(minutes=1)
    done = swept(driver)
    assert (done.unconfirmed, done.sign_ups) == (1, 4)
    assert [gone(driver, each) for each in (stranger, customer, hasty)] == [True, False, False]
    with driver.store.read() as unit:
        assert unit.entries([customer]) == {}
        assert unit.situations([hasty])[hasty].consents.of("newsletter", "editorial").status == "optin_proven"
        assert list(unit.broken_chains()) == []
        assert not unit.objections.against(["stranger@example.org"])
    assert swept(driver).sign_ups == 0


def test_a_new_address_is_forgotten_once_nobody_can_confirm_it(store: SqlStore) -> None:
    driver = Driver(store, a_catalogue(a_scenario(NEW_ADDRESS, VENUE), venue=VENUE), NOW)
    ada = person(driver)
    driver.tell(Event(ada, ADDRESS_ASKED, driver.now, {"address": "stranger@example.org"}))
    driver.turn()
    with driver.store.engine.begin() as connection:
        assert (
            connection.execute(text("UPDATE message SET reply = '250 <stranger@example.org>'")).rowcount == 1
        )
    driver.now += timedelta(days=7)
    assert swept(driver).addresses == 0
    driver.now += timedelta(minutes=1)
    for dry, stays in ((True, True), (False, False)):
        assert swept(driver, dry=dry).addresses == 1
        assert ("stranger" in everything(driver.store)) is stays
    assert swept(driver).addresses == 0
    with driver.store.read() as unit:
        assert ADDRESS_ASKED in [event.name for event in unit.events_of(ada)], (
            "that it was asked for stays known"
        )


def test_ledgers_of_those_who_stay_go_after_their_months(driver: Driver) -> None:
    driver.now = ago(months=37)
    number = person(driver, collected=driver.now)
    driver.consent(*acts(contact_id=number, at=driver.now))
    driver.tell(Event(number, "contract.started", driver.now, {"contract_id": "C-1"}))
    driver.turn()
    driver.now = ago(months=35)
    driver.tell(Event(number, "order.placed", driver.now, {"order_id": "O-1", "families": ("theatre",)}))
    driver.turn()
    driver.now = NOW
    done = swept(driver)
    assert (done.messages, done.erased) == (1, 0)
    with driver.store.read() as unit:
        names = [each.name for each in unit.events_of(number)]
        assert [each.step for each in unit.messages_of(number)] == ["confirmation"]
        assert unit.situations([number])[number].contract_in_progress
    assert names[0] == "contract.started"
    assert "consent.given" not in names
    assert "order.placed" in names
    assert (swept(driver).messages, swept(driver).events) == (0, 0)


def test_the_event_that_an_open_run_began_by_stays_however_old_it_is(driver: Driver) -> None:
    driver.now = ago(months=40)
    number = person(driver, collected=driver.now)
    driver.tell(Event(number, "order.placed", driver.now, {"order_id": "O-1", "families": ("theatre",)}))
    driver.now = ago(months=1)
    driver.turn()
    driver.now = NOW
    assert swept(driver).kept == {"service_run": 1}
    with driver.store.read() as unit:
        assert [each.name for each in unit.events_of(number)][:1] == ["order.placed"]
        [run] = unit.with_runs(unit.situations([number]), unit.open_runs([number]))
    assert run.entered_by is not None


def test_an_archived_order_stays_ten_years_and_is_told_to_nobody_else(driver: Driver) -> None:
    number = person(driver, collected=ago(months=50))
    with driver.store.begin() as unit:
        placed = ago(months=45)
        unit.save_order_lines({number: [an_order_line(placed_at=placed, paid_at=placed)]})
    assert swept(driver).orders_archived == 1
    again = person(driver)
    with driver.store.begin() as unit:
        unit.save_order_lines({again: [an_order_line()]})
        assert unit.situations([again])[again].lines == (), "an archived order comes back to nobody"
        [kept] = unit.keeping.left_of("ada@example.org").orders
    assert kept["keep_until"] == date(2033, 2, 23)
    driver.now = datetime(2033, 2, 22, 12, tzinfo=UTC)
    assert swept(driver).archive == 0
    driver.now += timedelta(days=1)
    assert swept(driver).archive == 1


def test_a_dry_run_says_the_same_and_writes_nothing(driver: Driver) -> None:
    for n in range(3):
        person(driver, f"p{n}", collected=ago(months=36 + n))
    person(driver, "stays")
    before = everything(driver.store)
    said = swept(driver, dry=True)
    assert everything(driver.store) == before
    done = swept(driver)
    assert said.erased == done.erased == 3
    assert swept(driver).erased == 0


def test_a_night_takes_so_many_and_leaves_the_others(driver: Driver) -> None:
    for n in range(5):
        person(driver, f"p{n}", collected=ago(months=40))
    done = swept(driver, most=2)
    assert (done.erased, done.left) == (2, 3)
    done = swept(driver, most=2)
    assert (done.erased, done.left) == (2, 1)


def test_it_runs_once_a_night_from_three_o_clock_in_the_entitys_zone(driver: Driver) -> None:
    person(driver, collected=ago(months=40))

    def at(hour: int, day: int = 24) -> datetime:
        return datetime(2026, 11, day, hour, 5, tzinfo=PARIS).astimezone(UTC)

    assert nightly(driver.store, driver.catalogue, now=at(2)) is None
    done = nightly(driver.store, driver.catalogue, now=at(3))
    assert done is not None
    assert done.erased == 1
    assert nightly(driver.store, driver.catalogue, now=at(4)) is None
    assert nightly(driver.store, driver.catalogue, now=at(23)) is None
    assert nightly(driver.store, driver.catalogue, now=at(2, 25)) is None
    assert nightly(driver.store, driver.catalogue, now=at(9, 25)) is not None
    with driver.store.read() as unit:
        told = history(unit)
    assert [(deed.by, deed.details["erased"]) for deed in told] == [("accord", 0), ("accord", 1)]


def test_a_sweep_that_died_is_begun_again(driver: Driver) -> None:
    night = datetime(2026, 11, 24, 3, 5, tzinfo=PARIS)
    with driver.store.begin() as unit:
        unit.note_progress("sweep", f'["2026-11-24", false, "{night.isoformat()}"]', night)
    assert nightly(driver.store, driver.catalogue, now=night + timedelta(hours=1)) is None
    assert nightly(driver.store, driver.catalogue, now=night + timedelta(hours=2)) is not None


def test_one_question_after_the_cut_off_leaves_a_month_for_the_answer(driver: Driver) -> None:
    number = person(driver, collected=ago(months=36))
    patient = a_venue(policy=type(VENUE.policy)(one_question_after_cutoff=True))
    driver.catalogue = a_catalogue(venue=patient)
    assert swept(driver).erased == 0
    driver.now = later(NOW, Duration(months=1), PARIS)
    assert (swept(driver).erased, gone(driver, number)) == (1, True)


def test_the_team_is_reminded_of_people_whom_a_third_party_gave_us(driver: Driver) -> None:
    number = person(driver, from_third_party=True, collected=ago(days=10))
    assert swept(driver).third_parties == 1

    def tasks() -> list[tuple[str, bool]]:
        with driver.store.engine.connect() as connection:
            rows = connection.execute(metadata.tables["task"].select())
            return [(str(row.body["inform_by"]), row.done_at is None) for row in rows]

    assert tasks() == [("2026-12-13", True)]
    driver.tell(Event(number, "order.placed", driver.now, {"order_id": "O-1", "families": ("theatre",)}))
    driver.turn()
    assert swept(driver).third_parties == 0
    assert tasks() == [("2026-12-13", False)]


def test_the_horizon_counts_by_month_from_tomorrow_on(driver: Driver) -> None:
    for name, months in (("past", 37), ("today", 36), ("soon", 34), ("also", 34), ("later", 20)):
        person(driver, name, collected=ago(months=months))
    person(driver, "third", collected=ago(days=40), from_third_party=True)
    with driver.store.read() as unit:
        seen = horizon(unit, VENUE, 4, now=NOW)
    assert (seen.people, seen.past, seen.window) == (6, 2, 2)
    assert [(each.month, each.people) for each in seen.months] == [
        ("2026-11", 0),
        ("2026-12", 0),
        ("2027-01", 2),
        ("2027-02", 0),
    ]
    assert (seen.third_parties, seen.inform_by, seen.overdue) == (1, date(2026, 11, 14), True)


def test_many_people_go_in_transactions_that_let_others_in(driver: Driver) -> None:
    with driver.store.begin() as unit:
        ids = unit.add_contacts(
            [NewContact(f"p{n}@example.org", "fr", "Europe/Paris", ago(months=40)) for n in range(450)]
        )
        unit.append(
            [an_event("mail.sent", contact_id=ids[0], at=ago(months=40)) for _ in range(9000)],
            received_at=ago(months=40),
            reacts=False,
        )
    written: list[int] = []

    class Counting:
        """A store that counts what each transaction deletes and changes."""

        def __getattr__(self, name):
            return getattr(driver.store, name)

        def begin(self):
            from sqlalchemy import event

            opened = driver.store.begin()

            class Opened:
                def __enter__(self):
                    unit = opened.__enter__()
                    written.append(0)

                    def count(_c, cursor, _s, _p, _x, _m):
                        written[-1] += max(cursor.rowcount, 0)

                    event.listen(unit.connection, "after_cursor_execute", count)
                    return unit

                def __exit__(self, *fault):
                    return opened.__exit__(*fault)

            return Opened()

    done = sweep(Counting(), driver.catalogue, now=NOW, by="lea")
    assert done.erased == 450
    assert max(written) < 5000
    with driver.store.read() as unit:
        assert [each.name for each in unit.events_of(ids[0])] == ["contact.erased"]
