"""Each key of the language that says when and who: the engine does what was imagined, at these very instants."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accord.core.model.contact import Contact
from accord.core.model.venue import FrequencyCap, Venue
from accord.core.simulate import Happening, simulate
from accord.shell.engine.ports.rows import ContactChange, NewContact
from accord.shell.store.database import SqlStore
from builders import a_catalogue, a_scenario, a_venue, acts, an_event
from engine_driver import Driver, told

HEAD = """
scenario: {name}
purpose: newsletter
why: {{consent: Parce que.}}
"""


def by_both(
    store: SqlStore,
    script: list[Happening],
    *texts: str,
    start: datetime,
    days: int,
    zone: str = "Europe/Paris",
    venue: Venue | None = None,
    hourly: bool = False,
    **attributes: Any,
) -> list[str]:
    """The days as they were imagined, which are those that the engine made of them."""
    venue = venue or a_venue(frequency={"prospecting": FrequencyCap(100, 28)})
    catalogue = a_catalogue(*(a_scenario(text, venue) for text in texts), venue=venue)
    before = start - timedelta(days=9)
    with store.begin() as unit:
        new = NewContact("ada@example.org", "fr", zone, before, attributes=attributes)
        [number] = unit.add_contacts([new])
        unit.change_contacts([ContactChange(number, acted_at=before)])
    driver = Driver(store, catalogue, start)
    driver.consent(*acts(at=start - timedelta(hours=1)))
    with store.read() as unit:
        situation, ledger = unit.situations([number])[number], unit.entries([number])[number]
    assert isinstance(situation.contact, Contact)
    until = start + timedelta(days=days)
    imagined = told(simulate(situation, script, catalogue, start=start, until=until, ledger=ledger))
    driver.walk(script, until, hourly=hourly)
    assert driver.faults == []
    assert told(driver.journal()) == imagined
    return imagined


def letter(name: str = "lettre", enter: str = "when: ticket.scanned, again: each", steps: str = "") -> str:
    return HEAD.format(name=name) + f"enter: {{{enter}}}\nsteps:\n{steps or MAIL}"


MAIL = "  mail: {send: l/mail, nature: editorial}\n"


def scanned(at: datetime) -> Happening:
    return Happening(at, event=an_event("ticket.scanned", at=at, key=at.isoformat()))


def changed(at: datetime, **fields: Any) -> Happening:
    return Happening(at, event=an_event("contact.updated", at=at, key=at.isoformat(), data=fields))


def queued(lines: list[str]) -> list[str]:
    return [line[:16] for line in lines if "mail.queued" in line]


def reasons(lines: list[str]) -> list[str]:
    return [line.split("reason=")[1].split()[0] for line in lines if "mail.refused" in line]


# -- from, until -----------------------------------------------------------------------------------------------


def test_from_and_until_are_days_of_the_venue_and_inclusive(store: SqlStore) -> None:
    start = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
    enter = "when: ticket.scanned, again: each, from: 2026-06-03, until: 2026-06-04"
    late = [
        datetime(2026, 6, day, 21, 59, tzinfo=UTC) for day in (2, 3, 4)
    ]  # a minute before midnight in Paris
    early = [at + timedelta(minutes=2) for at in late]
    # The same mail is not sent again within a scenario's run alone, so each run is one of its own.
    lines = by_both(store, [scanned(at) for at in (*late, *early)], letter(enter=enter), start=start, days=6)
    assert queued(lines) == ["2026-06-02 22:01", "2026-06-03 21:59", "2026-06-03 22:01", "2026-06-04 21:59"]


# -- date ------------------------------------------------------------------------------------------------------

EVE = '  mail: {date: contact.joined - 2 days, at: "10:00", send: l/mail, nature: editorial}\n'


def test_a_date_is_read_again_when_it_changes(store: SqlStore) -> None:
    start = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
    script = [
        scanned(start + timedelta(hours=1)),
        changed(start + timedelta(days=1), joined=date(2026, 6, 20)),
        changed(start + timedelta(days=2), joined=date(2026, 6, 15)),
    ]
    lines = by_both(store, script, letter(steps=EVE), start=start, days=30, joined=date(2026, 6, 10))
    assert queued(lines) == ["2026-06-13 08:00"]


def test_a_date_is_never_served_after_the_unshifted_day(store: SqlStore) -> None:
    start = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
    script = [
        scanned(start + timedelta(hours=1)),
        changed(start + timedelta(days=3), joined=date(2026, 5, 20)),
    ]
    lines = by_both(store, script, letter(steps=EVE), start=start, days=30, joined=date(2026, 6, 10))
    assert (queued(lines), reasons(lines)) == ([], ["DATE_PASSED"])


def test_a_shifted_day_that_has_passed_is_served_until_the_day_itself(store: SqlStore) -> None:
    start = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
    steps = "  mail: {date: contact.joined - 30 days, send: l/mail, nature: editorial}\n"
    lines = by_both(
        store,
        [scanned(start + timedelta(hours=1))],
        letter(steps=steps),
        start=start,
        days=30,
        joined=date(2026, 6, 10),
    )
    assert queued(lines) == ["2026-06-01 09:00"]


def test_who_has_no_date_is_passed_by(store: SqlStore) -> None:
    start = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
    steps = EVE + "  suite: {send: l/suite, nature: editorial}\n"
    lines = by_both(store, [scanned(start + timedelta(hours=1))], letter(steps=steps), start=start, days=30)
    assert (queued(lines), reasons(lines)) == (["2026-06-01 09:00"], ["DATE_MISSING"])


def test_a_date_lets_people_in_on_their_own_day(store: SqlStore) -> None:
    """Also a day that is no day every year."""
    start = datetime(2027, 2, 25, 20, 0, tzinfo=UTC)
    text = letter(
        enter="date: contact.birthday - 3 days",
        steps='  mail: {at: "11:30", send: l/mail, nature: editorial}\n',
    )
    lines = by_both(store, [], text, start=start, days=2, hourly=True, birthday=date(2000, 3, 1))
    assert queued(lines) == ["2027-02-26 10:30"]


# -- months, and the clocks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "after", "due"),
    [
        (datetime(2027, 1, 31, 9, 0, tzinfo=UTC), "1 month", "2027-02-28 09:00"),
        (datetime(2028, 1, 31, 9, 0, tzinfo=UTC), "1 month", "2028-02-29 09:00"),
        (datetime(2027, 3, 27, 8, 0, tzinfo=UTC), "1 day", "2027-03-28 07:00"),  # forward: a day of 23 hours
        (datetime(2027, 3, 27, 8, 0, tzinfo=UTC), "24 hours", "2027-03-28 08:00"),
        (datetime(2026, 10, 24, 8, 0, tzinfo=UTC), "1 day", "2026-10-25 09:00"),  # back: a day of 25 hours
        (datetime(2026, 10, 24, 8, 0, tzinfo=UTC), "1 month", "2026-11-24 09:00"),
        (datetime(2027, 3, 27, 1, 30, tzinfo=UTC), "1 day", "2027-03-28 01:30"),  # 2:30 is skipped: 3:30
    ],
)
def test_months_and_days_are_the_calendars_and_hours_are_hours(
    store: SqlStore, start: datetime, after: str, due: str
) -> None:
    steps = f"  mail: {{after: {after}, send: l/mail, nature: editorial}}\n"
    begin = start - timedelta(hours=1)
    lines = by_both(store, [scanned(start)], letter(steps=steps), start=begin, days=40)
    assert queued(lines) == [due]


@pytest.mark.parametrize(
    ("zone", "due"),
    [
        ("Europe/Paris", "2027-03-28 08:00"),  # summer time since that night
        ("America/New_York", "2027-03-28 14:00"),
        ("America/Phoenix", "2027-03-28 17:00"),  # never
        ("Australia/Lord_Howe", "2027-03-27 23:00"),  # theirs ends a week later, by half an hour
        ("Pacific/Chatham", "2027-03-27 20:15"),
    ],
)
def test_an_hour_is_that_of_the_persons_own_clock(store: SqlStore, zone: str, due: str) -> None:
    start = datetime(2027, 3, 27, 18, 0, tzinfo=UTC)
    steps = '  mail: {after: 2 hours, at: "10:00", send: l/mail, nature: editorial}\n'
    lines = by_both(store, [scanned(start)], letter(steps=steps), start=start, days=3, zone=zone)
    assert queued(lines) == [due]


# -- split, the same mail --------------------------------------------------------------------------------------


def test_the_same_person_always_takes_the_same_way(store: SqlStore) -> None:
    start = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
    steps = (
        "  moitie: {split: {a: 50%, b: 50%}}\n"
        "  a: {send: l/a, nature: editorial, then: end}\n"
        "  b: {send: l/b, nature: editorial, then: end}\n"
    )
    script = [scanned(start + timedelta(days=day)) for day in range(1, 6)]
    lines = by_both(store, script, letter(steps=steps), start=start, days=9)
    ways = {line.split("template=")[1].split()[0] for line in lines if "mail.queued" in line}
    assert (len(queued(lines)), len(ways)) == (5, 1)


def test_a_mail_is_not_sent_twice_whatever_the_scenario_is_called(store: SqlStore) -> None:
    start = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
    one = letter("un", enter="when: ticket.scanned")
    other = letter("deux", enter="when: contact.updated")
    script = [scanned(start + timedelta(days=1)), changed(start + timedelta(days=2))]
    lines = by_both(store, script, one, other, start=start, days=9)
    assert (len(queued(lines)), reasons(lines)) == (1, ["SAME_MAIL"])


def test_the_same_mail_may_come_again_after_what_again_says(store: SqlStore) -> None:
    start = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
    text = letter(enter="when: ticket.scanned, again: after 10 days")
    script = [scanned(start + timedelta(days=day)) for day in (1, 5, 11.5, 12)]
    lines = by_both(store, script, text, start=start, days=20)
    assert queued(lines) == ["2026-06-02 08:00", "2026-06-12 20:00"]
