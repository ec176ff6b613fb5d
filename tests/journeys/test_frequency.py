"""Who gets written to how often, and who goes first: the same by the engine and in imagined days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accord.core.model.contact import Preferences
from accord.core.model.venue import FrequencyCap, Purpose, Venue
from accord.core.simulate import Happening, simulate
from accord.shell.engine.ports.rows import ContactChange, NewContact
from accord.shell.store.database import SqlStore
from builders import a_catalogue, a_scenario, a_venue, acts, an_event
from engine_driver import Driver, told

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)  # a Monday
WHY = "why: {consent: Parce que., customer: Parce que.}"


def letter(
    name: str, *, priority: int = 50, wait: str = "", more: str = "", nature: str = "editorial"
) -> str:
    """One mail to whoever updates their record, after a while."""
    after = f"after: {wait}, " if wait else ""
    return f"""
scenario: {name}
purpose: newsletter
{WHY}
priority: {priority}
enter: {{when: contact.updated, again: each}}
{more}
steps:
  mail: {{{after}send: {name}/mail, nature: {nature}}}
"""


CONFIRM = """
scenario: confirmation
purpose: service
enter: {when: order.placed, per: event.order_id}
steps:
  confirmation: {send: c/confirmation, nature: service, about: order}
"""


def capped(count: int, days: int, **more: FrequencyCap) -> Venue:
    return a_venue(frequency={"prospecting": FrequencyCap(count, days), **more})


def signed_up(at: datetime = START) -> Happening:
    return Happening(at, entries=tuple(acts(at=at)))


def updated(day: float) -> Happening:
    at = START + timedelta(days=day)
    return Happening(at, event=an_event("contact.updated", at=at, key=f"updated {day}"))


def ordered(day: float, number: str = "A-1") -> Happening:
    at = START + timedelta(days=day)
    data = {"order_id": number, "families": ("theatre",), "amount_cents": 2400}
    return Happening(at, event=an_event("order.placed", at=at, key=number, data=data))


def by_both(
    store: SqlStore,
    script: list[Happening],
    *scenarios: str,
    venue: Venue,
    zone: str = "Europe/Paris",
    wishes: Preferences | None = None,
    days: int = 40,
) -> list[str]:
    """The days as they were imagined, which are those that the engine made of them."""
    catalogue = a_catalogue(*(a_scenario(text, venue) for text in scenarios), venue=venue)
    before = START - timedelta(days=9)
    with store.begin() as unit:
        [number] = unit.add_contacts([NewContact("ada@example.org", "fr", zone, before)])
        unit.change_contacts([ContactChange(number, acted_at=before, preferences=wishes)])
        situation = unit.situations([number])[number]
    until = START + timedelta(days=days)
    imagined = told(simulate(situation, script, catalogue, start=START, until=until))
    driver = Driver(store, catalogue, START)
    driver.walk(script, until)
    assert driver.faults == []
    assert told(driver.journal()) == imagined
    return imagined


def of(lines: list[str], word: str) -> list[str]:
    return [line for line in lines if word in line]


def when(line: str) -> str:
    return line[:16]


# -- the person's own number -----------------------------------------------------------------------------------


def test_the_persons_own_number_skips_and_never_piles_up(store: SqlStore) -> None:
    script = [signed_up(), updated(1)]
    waits = ("", "2 days", "4 days", "30 days")
    letters = [letter(f"n{place}", wait=wait) for place, wait in enumerate(waits)]
    lines = by_both(
        store, script, *letters, venue=capped(9, 28), wishes=Preferences(newsletters_per_month=2), days=60
    )
    queued, refused = of(lines, "mail.queued"), of(lines, "mail.refused")
    assert [line.split("scenario=")[1][:2] for line in queued] == ["n0", "n1", "n3"]
    assert [when(line) for line in refused] == ["2026-11-07 09:00"]
    assert "reason=FREQUENCY_CAP rule=R-34 against=('n1/mail', 'n0/mail')" in refused[0]
    assert of(lines, "mail.held") == []


@pytest.mark.parametrize(("zone", "reaches"), [("Pacific/Auckland", 2), ("Europe/Paris", 1)])
def test_the_month_is_the_calendars_where_the_person_lives(store: SqlStore, zone: str, reaches: int) -> None:
    """At noon on the 30th in Greenwich, December has begun in Auckland, and not in Paris."""
    script = [signed_up(), updated(28.0), updated(28.125)]
    lines = by_both(
        store,
        script,
        letter("un", more="leave: [{when: ticket.scanned}]"),
        venue=capped(9, 28),
        zone=zone,
        wishes=Preferences(newsletters_per_month=1),
    )
    assert len(of(lines, "mail.queued")) == reaches
    assert len(of(lines, "FREQUENCY_CAP")) == 2 - reaches


def test_the_edition_to_fall_back_on_is_no_way_round_the_number(store: SqlStore) -> None:
    offer = f"""
scenario: offre
purpose: newsletter
{WHY}
enter: {{when: contact.updated}}
steps:
  mail:
    after: 1 day
    send: offre/promo
    nature: promotional
    promotes: [theatre]
    if_not_allowed: {{send: offre/magazine, nature: editorial}}
"""
    lines = by_both(
        store,
        [signed_up(), updated(1)],
        letter("un"),
        offer,
        venue=capped(9, 28),
        wishes=Preferences(newsletters_per_month=1),
    )
    refused = of(lines, "mail.refused")
    assert [line.split("template=")[1].split()[0] for line in refused] == ["offre/magazine", "offre/promo"]
    assert all("FREQUENCY_CAP" in line and "un/mail" in line for line in refused)
    assert len(of(lines, "mail.queued")) == 1


def test_a_number_of_none_stops_prospecting_and_no_service(store: SqlStore) -> None:
    lines = by_both(
        store,
        [signed_up(), updated(1), ordered(1)],
        letter("un"),
        CONFIRM,
        venue=capped(9, 28),
        wishes=Preferences(newsletters_per_month=0),
    )
    assert [line.split("template=")[1].split()[0] for line in of(lines, "mail.queued")] == ["c/confirmation"]


# -- the venue's caps ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["faible", "forte"])
def test_of_several_that_are_due_the_highest_priority_goes_first(store: SqlStore, first: str) -> None:
    """Whichever began first; and the one that lost says against whom."""
    texts = {"faible": letter("faible", priority=20), "forte": letter("forte", priority=80)}
    ordered_texts = [texts.pop(first), *texts.values()]
    lines = by_both(store, [signed_up(), updated(1)], *ordered_texts, venue=capped(1, 7))
    assert [(when(line), "forte" in line) for line in of(lines, "mail.queued")] == [
        ("2026-11-03 09:00", True),
        ("2026-11-10 09:00", False),
    ]
    [held] = of(lines, "mail.held")
    assert "scenario=faible" in held
    assert "reason=FREQUENCY_CAP rule=R-70 until=2026-11-10 09:00:00+00:00 against=('forte/mail',)" in held


def test_of_equals_the_one_that_began_first_goes_first(store: SqlStore) -> None:
    lines = by_both(store, [signed_up(), updated(1)], letter("b"), letter("a"), venue=capped(1, 7))
    assert ["scenario=b" in line for line in of(lines, "mail.queued")] == [True, False]


def test_one_that_waited_loses_again_to_a_higher_one_that_is_due_then(store: SqlStore) -> None:
    texts = (
        letter("faible", priority=20),
        letter("forte", priority=80),
        letter("plus_forte", priority=90, wait="7 days"),
    )
    lines = by_both(store, [signed_up(), updated(1)], *texts, venue=capped(1, 7))
    assert [line.split("scenario=")[1].split()[0] for line in of(lines, "mail.queued")] == [
        "forte",
        "plus_forte",
        "faible",
    ]
    held = of(lines, "mail.held")
    assert ["against=('forte/mail',)" in held[0], "against=('plus_forte/mail',)" in held[1]] == [True, True]


def test_a_purpose_has_a_cap_of_its_own_beside_the_one_over_all(store: SqlStore) -> None:
    venue = capped(3, 7, newsletter=FrequencyCap(1, 14))
    purposes = {**venue.purposes, "agenda": Purpose("agenda", ("editorial",), {"fr": "L’agenda"})}
    venue = a_venue(frequency=venue.frequency, purposes=purposes)
    agenda = letter("c").replace("purpose: newsletter", "purpose: agenda")
    agreed = Happening(START, entries=tuple(acts(at=START)) + tuple(acts(at=START, purpose="agenda")))
    lines = by_both(store, [agreed, updated(1)], letter("a"), letter("b"), agenda, venue=venue)
    assert [(when(line), line.split("scenario=")[1][0]) for line in of(lines, "mail.queued")] == [
        ("2026-11-03 09:00", "a"),
        ("2026-11-03 09:00", "c"),
        ("2026-11-17 09:00", "b"),
    ]


def test_what_waited_for_a_cap_is_not_late_for_it(store: SqlStore) -> None:
    lines = by_both(store, [signed_up(), updated(1), updated(1.5)], letter("a"), venue=capped(1, 28))
    assert of(lines, "LATE") == []
    assert [when(line) for line in of(lines, "mail.queued")] == ["2026-11-03 09:00", "2026-12-01 09:00"]


def test_a_cap_that_frees_at_night_lets_the_mail_go_in_the_morning(store: SqlStore) -> None:
    quiet = "hours: mon-fri 09:00-19:00"
    script = [signed_up(), updated(1.5)]
    lines = by_both(
        store, script, letter("nuit"), letter("jour", more=quiet, priority=20), venue=capped(1, 7)
    )
    queued = of(lines, "mail.queued")
    assert [(when(line), "jour" in line) for line in queued] == [
        ("2026-11-03 21:00", False),
        ("2026-11-11 08:00", True),  # nine o'clock in Paris
    ]


def test_service_is_neither_delayed_nor_counted(store: SqlStore) -> None:
    paused = Preferences(paused_until=START + timedelta(days=20))
    orders = [ordered(day, f"A-{day}") for day in (1, 2, 3)]
    lines = by_both(
        store,
        [signed_up(), updated(0.5), *orders, updated(20.5)],
        letter("a"),
        CONFIRM,
        venue=capped(1, 28),
        wishes=paused,
    )
    served = of(lines, "template=c/confirmation")
    assert [when(line) for line in of(served, "mail.queued")] == [
        "2026-11-03 09:00",
        "2026-11-04 09:00",
        "2026-11-05 09:00",
    ]
    assert [when(line) for line in of(lines, "template=a/mail") if "mail.queued" in line] == [
        "2026-11-22 09:00"
    ]
    assert "reason=PAUSED rule=R-34" in of(lines, "mail.held")[0]
