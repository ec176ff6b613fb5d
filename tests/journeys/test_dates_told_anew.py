"""A date that is told anew is read again: by the engine and in imagined days, however it is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from accord.core.model.expression import Type
from accord.core.simulate import Happening
from accord.shell.engine.intake.orders import read_order, take_orders
from accord.shell.engine.ports.rows import NewContact
from accord.shell.store.database import SqlStore
from both_ways import START, compare, happening, order
from builders import a_catalogue, a_scenario, a_venue, an_event
from engine_driver import Driver

EVE = """
scenario: veille
purpose: service
enter: {when: order.placed, per: event.order_id}
steps:
  veille: {date: event.starts_at - 2 days, at: "10:00", send: c/infos, nature: service, about: order}
"""


def update(day: float, number: str = "A-1", **told: object) -> Happening:
    return happening(
        day, event=lambda at: an_event("order.updated", at=at, data={"order_id": number, **told})
    )


def of_the_eve(lines: Sequence[str]) -> list[str]:
    return [line[:16] for line in lines if "mail.queued" in line or "DATE_" in line]


@pytest.mark.parametrize(
    ("updates", "eve"),
    [
        pytest.param([], ["2026-10-28 09:00"], id="as it was told"),
        pytest.param(
            [update(3, starts_at=START + timedelta(days=31, hours=13))], ["2026-11-19 09:00"], id="put off"
        ),
        pytest.param([update(3, starts_at=START + timedelta(days=7))], ["2026-10-25 09:00"], id="sooner"),
        pytest.param(
            [update(3, starts_at=START + timedelta(days=4, hours=8))], ["2026-10-23 08:00"], id="tomorrow"
        ),
        pytest.param([update(3, "A-2", starts_at=START)], ["2026-10-28 09:00"], id="another order"),
        pytest.param([update(3, title="Phèdre")], ["2026-10-28 09:00"], id="another title"),
        pytest.param(
            [
                update(3, starts_at=START + timedelta(days=31)),
                update(4, starts_at=START + timedelta(days=21)),
            ],
            ["2026-11-08 09:00"],
            id="twice",
        ),
    ],
)
def test_the_eve_of_a_show_moves_with_it(store: SqlStore, updates: list[Happening], eve: list[str]) -> None:
    assert of_the_eve(compare(store, [order(1), *updates], (EVE,))) == eve


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        pytest.param({"starts_at": START + timedelta(days=2)}, "DATE_PASSED", id="it was yesterday"),
        pytest.param({"starts_at": None}, "DATE_MISSING", id="there is none any more"),
    ],
)
def test_no_mail_goes_where_the_date_is_gone(store: SqlStore, told: dict[str, object], reason: str) -> None:
    lines = compare(store, [order(1), update(3, **told)], (EVE,))
    assert [line for line in lines if "mail." in line and reason not in line] == []
    assert sum(reason in line for line in lines) == 1


# A venue's own thing: it has a number, and an event that tells it anew.
SHOW = """
scenario: loge
purpose: newsletter
why: {consent: Parce que., customer: Parce que client.}
enter: {when: show.booked, per: event.show_id, again: each}
steps:
  loge: {date: event.opens_at - 1 day, emit: own.welcomed}
"""


def test_a_thing_of_the_venues_own_is_told_anew_by_its_number(store: SqlStore) -> None:
    fields = {"show_id": Type.TEXT, "opens_at": Type.INSTANT}
    venue = a_venue(events={"show.booked": fields, "show.updated": fields, "own.welcomed": {}})

    def tell(day: float, name: str, opens: float, number: str = "S-1") -> Happening:
        data = {"show_id": number, "opens_at": START + timedelta(days=opens)}
        return happening(day, event=lambda at: an_event(name, at=at, data=data))

    script = [
        tell(1, "show.booked", 9),
        tell(1.5, "show.booked", 12, "S-2"),
        tell(3, "show.updated", 20),
        tell(4, "show.booked", 20),
    ]
    lines = compare(store, script, (SHOW,), venue=venue)
    assert [line[:10] for line in lines if "own.welcomed" in line or "finished" in line] == [
        "2026-10-31",
        "2026-11-08",
        "2026-11-08",
    ]


def in_three_days(driver: Driver, told: dict[str, Any]) -> None:
    """The shop tells the order, three days after it was placed."""
    driver.now = START + timedelta(days=3)
    tell(driver, told)


def tell(driver: Driver, told: dict[str, Any]) -> None:
    made, faults = read_order(told, driver.catalogue.venue, now=driver.now)
    assert made is not None, faults
    take_orders(driver.store, driver.catalogue, [(1, made)], now=driver.now)
    driver.think()


def an_order(**told: Any) -> dict[str, Any]:
    first = {
        "order_id": "A-1",
        "placed_at": START.isoformat(),
        "title": "Phèdre",
        "starts_at": (START + timedelta(days=9)).isoformat(),
        "lines": [{"family": "theatre", "amount_cents": 4800}],
    }
    return {key: value for key, value in {**first, **told}.items() if value != "left out"}


@pytest.fixture
def driver(store: SqlStore) -> Driver:
    venue = a_venue()
    catalogue = a_catalogue(a_scenario(EVE, venue), venue=venue)
    with store.begin() as unit:
        unit.add_contacts([NewContact("ada@example.org", "fr", "Europe/Paris", START - timedelta(days=9))])
    driver = Driver(store, catalogue, START)
    tell(driver, an_order())
    return driver


def planned(driver: Driver) -> datetime | None:
    with driver.store.read() as unit:
        return unit.next_instant()


def updates(driver: Driver) -> list[dict[str, Any]]:
    return [dict(row.data) for row in driver.journal() if row.name == "order.updated"]


EVE_BEFORE = datetime.fromisoformat("2026-10-27T09:00+00:00")


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({}, id="as before"),
        pytest.param({"title": "left out", "starts_at": "left out"}, id="with less"),
        pytest.param({"paid_at": START.isoformat()}, id="paid"),
    ],
)
def test_an_order_that_is_told_again_alike_is_no_news(driver: Driver, told: dict[str, Any]) -> None:
    in_three_days(driver, an_order(**told))
    assert updates(driver) == []
    assert planned(driver) == EVE_BEFORE


def test_an_order_that_is_told_with_another_date_moves_its_eve(driver: Driver) -> None:
    later = START + timedelta(days=40)
    in_three_days(driver, an_order(starts_at=later.isoformat()))
    [told] = updates(driver)
    assert (told["order_id"], told["title"], told["starts_at"]) == ("A-1", "Phèdre", later)
    assert planned(driver) == datetime.fromisoformat("2026-11-27T09:00+00:00")
    in_three_days(driver, an_order(starts_at=later.isoformat()))
    assert len(updates(driver)) == 1, "told twice it is no news"
    in_three_days(driver, an_order())
    assert planned(driver) == EVE_BEFORE, "and back again"


def test_what_a_mail_reads_of_its_order_is_what_was_told_last(driver: Driver) -> None:
    in_three_days(driver, an_order(title="Phèdre, avec surtitres"))
    with driver.store.read() as unit:
        [run] = unit.open_runs([1])
        [situation] = unit.with_runs(unit.situations([1]), [run])
    assert situation.entered_by is not None
    assert situation.entered_by.data["title"] == "Phèdre, avec surtitres"


def test_a_queued_mail_does_not_leave_after_its_date(driver: Driver) -> None:
    driver.now = EVE_BEFORE
    driver.think()
    driver.now += timedelta(days=3)
    driver.send()
    with driver.store.read() as unit:
        assert [(mail.state.value, mail.reason) for mail in unit.messages_of(1)] == [
            ("expired", "DATE_PASSED")
        ]
    assert driver.sink.taken == []


def test_a_mail_of_a_show_that_comes_sooner_is_not_late(driver: Driver) -> None:
    in_three_days(driver, an_order(starts_at=(driver.now + timedelta(days=4)).isoformat()))
    driver.send()
    assert len(driver.sink.taken) == 1
