"""One script, walked in imagined days and by the engine: both must decide alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from accord.core.agenda import agenda, full_hour
from accord.core.model.content import Catalogue
from accord.core.model.expression import Value
from accord.core.model.time import start_of_day
from accord.core.model.venue import Venue
from accord.core.simulate import Happening, simulate
from accord.shell.engine.ports.rows import ContactChange, NewContact
from accord.shell.store.database import SqlStore
from builders import a_catalogue, a_scenario, a_venue, an_event
from engine_driver import Driver, told

START = datetime(2026, 10, 20, 6, 0, tzinfo=UTC)
UNTIL = START + timedelta(days=60)


def happening(day: float, **told_of) -> Happening:
    at = START + timedelta(days=day)
    for key in ("event", "entries", "lines"):
        if key == "event" and told_of.get(key) is not None:
            told_of[key] = told_of[key](at)
        elif key == "entries" and told_of.get(key):
            told_of[key] = tuple(told_of[key](at))
    return Happening(at, **told_of)


def order(day: float, number: str = "A-1", **fields) -> Happening:
    return happening(
        day,
        event=lambda at: an_event(
            "order.placed",
            at=at,
            key=f"placed {number}",
            data={
                "order_id": number,
                "families": ("theatre",),
                "amount_cents": 2400,
                "starts_at": at + timedelta(days=9),
                **fields,
            },
        ),
    )


def compare(
    store: SqlStore,
    script: Sequence[Happening],
    scenarios: Sequence[str],
    zone: str = "Europe/Paris",
    until: datetime = UNTIL,
    *,
    venue: Venue | None = None,
    known: Mapping[str, Value] | None = None,
    hourly: bool = False,
) -> list[str]:
    """What both tell of the script, as lines.

    `known`: the person's attributes at its start. `hourly`: the engine takes a turn at each full hour.
    """
    venue = venue or a_venue()
    catalogue = a_catalogue(*(a_scenario(text, venue) for text in scenarios), venue=venue)
    with store.begin() as unit:
        [number] = unit.add_contacts([NewContact("ada@example.org", "fr", zone, START - timedelta(days=9))])
        unit.change_contacts([ContactChange(number, acted_at=START - timedelta(days=9), attributes=known)])
        situation = unit.situations([number])[number]
    assert number == 1
    imagined = told(simulate(situation, script, catalogue, start=START, until=until))
    driver = Driver(store, catalogue, START)
    driver.walk_quickly(script, until, calls(catalogue, START, until), hourly=hourly)
    assert driver.faults == []
    assert told(driver.journal()) == imagined
    return imagined


def calls(
    catalogue: Catalogue, start: datetime, until: datetime, near: Callable[[datetime], bool] = lambda _: True
) -> list[datetime]:
    """The instants at which the calendar asks: schedules, the days that are `near` one of the person's own, and, for
    segments, each day's first hour. What changes in between, the driver looks at itself.
    """
    zone = catalogue.venue.entity.clock
    made = agenda(catalogue.live.values(), start=start, until=until, zone=zone)
    instants = [(call.occasion.at, call.occasion.who) for call in made.calls]
    found = {at for at, who in instants if who is None or near(at)}
    if made.segments:
        days = (start.date() + timedelta(ahead) for ahead in range((until - start).days + 3))
        found |= {full_hour(start_of_day(day, zone)) for day in days}
    return sorted(found)
