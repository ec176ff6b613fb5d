"""Draining, ejecting, and the guard: scenarios that end, and one that holds itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest

from accord.core.model.event import Event
from accord.shell.engine.journeys import braking
from accord.shell.engine.journeys.live import drain
from accord.shell.engine.journeys.moving import eject
from accord.shell.engine.journeys.surprise import FLOOR
from accord.shell.engine.ports.running import GUARD
from accord.shell.store.database import SqlStore
from running import WALK, Running, a_house

# -- an end ------------------------------------------------------------------------------------------------------


def state(house: Running) -> str:
    with house.store.read() as unit:
        [row] = unit.live_scenarios()
    return row.state


def close(house: Running) -> None:
    with house.store.begin() as unit:
        drain(unit, "bienvenue", by="marie", now=house.now)


def test_who_is_in_a_drained_scenario_goes_on_and_it_ends_with_the_last(store: SqlStore) -> None:
    house = a_house(store, 6)
    house.activate(WALK)
    house.enter([1, 2])
    house.days(0.5)
    house.enter([3])
    close(house)
    house.enter([4, 5])
    house.days(1.6)
    assert (house.ends(), state(house)) == ({"finished": 2, "under way": 1}, "draining")
    house.days(1)
    assert (house.ends(), state(house)) == ({"finished": 3}, "ended")
    assert set(house.templates().values()) == {3}
    with house.store.read() as unit:
        told = [row.name for row in unit.events_of(0)]
    assert told == ["scenario.activated", "scenario.drained", "scenario.ended"]


def test_a_scenario_that_begins_anew_does_not_make_up_for_its_calendar(embedded: SqlStore) -> None:
    house = a_house(embedded, 3)
    monthly = WALK.replace("when: ticket.scanned", 'every: "mon 10:00"').replace(
        "leave: [{when: order.placed}]\n", ""
    )
    house.activate(monthly)
    house.days(8)
    assert house.templates()["merci"] == 3
    close(house)
    house.days(16)
    house.activate(monthly)
    house.turn()
    assert (house.templates()["merci"], house.under_way()) == (3, {})


def test_who_is_ejected_gets_nothing_more_and_queued_mail_is_cancelled(store: SqlStore) -> None:
    house = a_house(store, 8)
    house.activate(WALK)
    house.enter(range(1, 7))
    house.tell(Event(7, "ticket.scanned", house.now), Event(8, "ticket.scanned", house.now))
    house.think()
    assert house.states() == {"accepted": 6, "queued": 2}

    def out(contacts: list[int] | None) -> tuple[int, int]:
        done = eject(
            house.store, house.work().catalogue, "bienvenue", contacts=contacts, by="marie", now=house.now
        )
        return done.runs, done.mails

    assert out([1, 7]) == (2, 1)
    assert out([1, 7]) == (0, 0)
    house.days(1.1)
    assert house.templates() == {"merci": 7, "suite": 6}
    assert out(None) == (6, 0)
    house.days(3)
    assert house.templates() == {"merci": 7, "suite": 6}
    assert house.ends() == {"EJECTED": 8}
    assert house.states() == {"accepted": 13, "cancelled": 1}
    assert house.told("EJECTED") == 9


# -- the guard -----------------------------------------------------------------------------------------------------

ONE_MAIL = WALK.partition("  suite:")[0]


def forecast(house: Running, mails: int, days: int = 10) -> dict[date, int]:
    first = house.now.date()
    return {first + timedelta(days=ahead): mails if ahead == 0 else 0 for ahead in range(days)}


def brake(house: Running) -> str | None:
    with house.store.read() as unit:
        return next((each.by for each in unit.brakes()), None)


def tasks(house: Running) -> int:
    from sqlalchemy import text

    with house.store.engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM task WHERE done_at IS NULL")).scalar_one()


def test_a_scenario_that_surprises_holds_itself_before_the_mails_leave(store: SqlStore) -> None:
    house = a_house(store, 200)
    house.activate(ONE_MAIL, forecast(house, 60))
    house.enter(range(1, 91))
    assert (brake(house), house.templates()["merci"], tasks(house)) == (None, 90, 0)
    house.enter([91])
    assert (brake(house), house.templates()["merci"], tasks(house)) == (GUARD, 90, 1)
    with house.store.begin() as unit:
        [on] = unit.brakes()
        assert on.reason == "SURPRISE: 91 mails since it went live, where 60 were to be expected by today"
        braking.release(unit, "bienvenue", by="marie", now=house.now)
    house.enter(range(92, 137))
    assert (brake(house), house.templates()["merci"], tasks(house)) == (None, 136, 0)
    house.enter([137])
    assert (brake(house), house.templates()["merci"], tasks(house)) == (GUARD, 136, 1)


def test_a_few_mails_more_are_no_surprise(embedded: SqlStore) -> None:
    house = a_house(embedded, 60)
    house.activate(ONE_MAIL, forecast(house, 1))
    house.enter(range(1, FLOOR + 1))
    assert brake(house) is None
    house.enter([FLOOR + 1])
    assert brake(house) == GUARD


def test_nobody_is_held_to_a_forecast_that_nobody_saw_or_that_is_over(embedded: SqlStore) -> None:
    house = a_house(embedded, 120)
    house.activate(ONE_MAIL)
    house.enter(range(1, 60))
    assert brake(house) is None
    house.activate(ONE_MAIL, forecast(house, 1, days=3))
    house.now += timedelta(days=3)
    house.enter(range(60, 120))
    assert brake(house) is None


def test_two_daemons_see_together_what_neither_sees_alone(store: SqlStore) -> None:
    house = a_house(store, 60)
    house.activate(ONE_MAIL, forecast(house, 10))
    other = replace(house)
    house.enter(range(1, 21))
    other.enter(range(21, 36))
    assert (brake(house), Counter(house.templates())["merci"]) == (GUARD, 20)


@pytest.mark.parametrize("again", ["never", "each"])
def test_the_same_mail_is_not_sent_twice_whatever_its_step_or_scenario_is_called(
    embedded: SqlStore, again: str
) -> None:
    """Versions are pinned, templates are live: what counts is the text that was sent."""
    house = a_house(embedded, 2)
    entering = WALK.replace("when: ticket.scanned", f"when: ticket.scanned, again: {again}")
    house.activate(entering)
    house.enter([1])
    house.days(3)
    renamed_steps = entering.replace("  suite:", "  autrement:")
    house.activate(renamed_steps.replace("scenario: bienvenue", "scenario: accueil"))
    house.enter([1])
    house.days(3)
    repeated = 2 if again == "each" else 1
    assert house.sent() == {(1, f"b/{step}"): repeated for step in ("merci", "suite", "fin")}
    assert house.told("SAME_MAIL") == 3
