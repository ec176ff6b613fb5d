"""One script, walked in imagined days and by the engine: both must decide alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

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
    hourly: bool = False,
) -> list[str]:
    """What both tell of the script, as lines; `hourly`: the calendar asks at each full hour."""
    venue = venue or a_venue()
    catalogue = a_catalogue(*(a_scenario(text, venue) for text in scenarios), venue=venue)
    with store.begin() as unit:
        [number] = unit.add_contacts([NewContact("ada@example.org", "fr", zone, START - timedelta(days=9))])
        unit.change_contacts([ContactChange(number, acted_at=START - timedelta(days=9))])
        situation = unit.situations([number])[number]
    assert number == 1
    imagined = told(simulate(situation, script, catalogue, start=START, until=until))
    driver = Driver(store, catalogue, START)
    driver.walk(script, until, hourly=hourly)
    assert driver.faults == []
    assert told(driver.journal()) == imagined
    return imagined
