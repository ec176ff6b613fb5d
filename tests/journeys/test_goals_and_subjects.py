"""Goals, holdouts and subjects: decided alike by the engine and in imagined days, and counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accord.core.decide import is_held_out
from accord.core.model.event import Event
from accord.core.model.message import MessageState
from accord.core.model.posting import PostingState
from accord.core.model.trial import Trial, Tried
from accord.core.model.venue import FrequencyCap, Venue, Webhook
from accord.core.simulate import Happening, simulate
from accord.core.statistics import difference, newcombe
from accord.core.steps.subjects import Because, best
from accord.shell.engine.ports.measuring import Reached
from accord.shell.engine.ports.rows import ContactChange, NewContact
from accord.shell.store.database import SqlStore
from builders import a_catalogue, a_scenario, a_venue, acts, an_event
from engine_driver import Driver, told

START = datetime(2026, 10, 20, 8, 0, tzinfo=UTC)  # a Tuesday, five days before the clocks go back
BEFORE = START - timedelta(days=9)

LETTER = """
scenario: lettre
purpose: newsletter
why: {{consent: Parce que.}}
{more}
enter: {{{enter}}}
steps:
  mail:
    send: l/mail
    nature: editorial
{step}
"""

GOAL = "goal: {when: order.placed, if: it.amount_cents > 100, within: 3 days}"
SUBJECTS = "    subjects: {a: Un objet, b: {fr: Un autre, en: Another}}\n"
TEST = SUBJECTS + "    test: 30% for 1 day, then best by clicks\n"


def letter(enter: str = "when: contact.updated, again: each", more: str = "", step: str = "") -> str:
    return LETTER.format(enter=enter, more=more, step=step)


def open_venue(**more: Any) -> Venue:
    return a_venue(frequency={"prospecting": FrequencyCap(100, 28)}, **more)


def engine(store: SqlStore, *texts: str, people: int = 1, venue: Venue | None = None) -> Driver:
    venue = venue or open_venue()
    driver = Driver(store, a_catalogue(*(a_scenario(text, venue) for text in texts), venue=venue), START)
    with store.begin() as unit:
        new = [NewContact(f"p{n}@example.org", "fr", "Europe/Paris", BEFORE) for n in range(people)]
        ids = unit.add_contacts(new)
        unit.change_contacts([ContactChange(number, acted_at=BEFORE) for number in ids])
    driver.consent(*(act for number in ids for act in acts(contact_id=number, at=START - timedelta(hours=1))))
    return driver


def by_both(
    store: SqlStore, script: list[Happening], *texts: str, venue: Venue | None = None, days: int = 30
) -> list[str]:
    driver = engine(store, *texts, venue=venue)
    with store.read() as unit:
        situation, ledger = unit.situations([1])[1], unit.entries([1])[1]
    until = START + timedelta(days=days)
    imagined = told(simulate(situation, script, driver.catalogue, start=START, until=until, ledger=ledger))
    driver.walk(script, until)
    assert driver.faults == []
    assert told(driver.journal()) == imagined
    return imagined


def updated(day: float = 0.1) -> Happening:
    at = START + timedelta(days=day)
    return Happening(at, event=an_event("contact.updated", at=at, key=f"updated {day}"))


def ordered(day: float, cents: int = 2400) -> Happening:
    at = START + timedelta(days=day)
    data = {"order_id": f"O-{day}", "families": ("theatre",), "amount_cents": cents}
    return Happening(at, event=an_event("order.placed", at=at, key=f"O-{day}", data=data))


# -- goals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("orders", "reached"),
    [
        ([ordered(1)], 1),
        ([ordered(1), ordered(2)], 1),  # a run counts once
        ([ordered(3.2)], 0),  # too late
        ([ordered(0.05)], 0),  # before it began
        ([ordered(1, cents=50)], 0),  # not what the cue says
        ([ordered(1, cents=50), ordered(2)], 1),
    ],
)
def test_a_goal_counts_once_within_its_while_after_the_run_had_begun(
    store: SqlStore, orders: list[Happening], reached: int
) -> None:
    lines = by_both(store, [updated(), *orders], letter(more=GOAL))
    assert sum("scenario.reached" in line for line in lines) == reached


def test_a_goal_is_reached_by_the_event_that_ends_the_run(store: SqlStore) -> None:
    more = f"{GOAL}\nleave: [{{when: order.placed}}]"
    text = letter(more=more, step="  suite: {after: 5 days, send: l/suite, nature: editorial}")
    lines = by_both(store, [updated(), ordered(1)], text)
    assert [word for word in ("scenario.reached", "reason=CUE") if any(word in line for line in lines)] == [
        "scenario.reached",
        "reason=CUE",
    ]


def test_those_held_out_get_nothing_and_are_counted_beside_the_others(store: SqlStore) -> None:
    driver = engine(store, letter(more=f"{GOAL}\nholdout: 40%"), people=60)
    scenario = driver.catalogue.live["lettre"]
    held = {number for number in range(1, 61) if is_held_out(scenario, number)}
    assert 10 < len(held) < 50
    for number in range(1, 61):
        driver.tell(Event(number, "contact.updated", driver.now, key=f"u{number}", source="t"))
    driver.turn()
    driver.now += timedelta(days=1)
    buyers = {n for n in range(1, 61) if n % 3 == 0}
    for n in buyers:
        data = {"order_id": f"O{n}", "families": ("theatre",), "amount_cents": 900}
        driver.tell(Event(n, "order.placed", driver.now, data, "t", f"o{n}"))
    driver.turn()
    sent = {int(each.message_id) for each in driver.sink.taken}
    with store.read() as unit:
        written = {unit.message(number).contact_id for number in sent}  # type: ignore[union-attr]
        assert written == set(range(1, 61)) - held
        young = unit.measuring.goals("lettre", BEFORE, START - timedelta(days=1))
        later = unit.measuring.goals("lettre", BEFORE, driver.now)
    assert young[1] == Reached(0, 0, len(held), len(held & buyers))
    assert later == (
        Reached(60 - len(held), len(buyers - held), 0, 0),
        Reached(len(held), len(buyers & held), 0, 0),
    )


def test_too_few_people_are_no_evidence_of_anything() -> None:
    assert difference(5, 29, 1, 500) is None
    assert difference(12, 100, 4, 100) == newcombe(12, 100, 4, 100)


# -- subjects --------------------------------------------------------------------------------------------------


def test_without_a_test_the_subjects_are_split_by_a_hash(store: SqlStore) -> None:
    driver = engine(store, letter(step=SUBJECTS), people=60)
    for number in range(1, 61):
        driver.tell(Event(number, "contact.updated", driver.now, key=f"u{number}", source="t"))
    driver.turn()
    with store.read() as unit:
        tried = unit.measuring.tried("lettre", BEFORE)["mail"]
    assert tried["a"].delivered + tried["b"].delivered == 60
    assert min(tried["a"].delivered, tried["b"].delivered) > 15


@pytest.mark.parametrize("step", [SUBJECTS, TEST])
def test_both_choose_alike(store: SqlStore, step: str) -> None:
    lines = by_both(store, [updated(0.1), updated(5), updated(9)], letter(step=step))
    queued = [line for line in lines if "mail.queued" in line]
    assert len(queued) == 3 and all("subject=" in line for line in queued)


def test_the_rest_wait_and_get_the_subject_with_most_clicks(store: SqlStore) -> None:
    """Sixty in a hundred try them; everybody else waits a day over the change of clocks, and is not late."""
    step = SUBJECTS + "    test: 60% for 1 day, then best by clicks\n    if_late: skip after 2 hours\n"
    people = 140
    driver = engine(store, letter(step=step), people=people)
    driver.now = datetime(2026, 10, 24, 10, 0, tzinfo=UTC)
    for number in range(1, people + 1):
        driver.tell(Event(number, "contact.updated", driver.now, key=f"u{number}", source="t"))
    driver.turn()
    tested = by_subject(driver)
    assert min(len(its) for its in tested.values()) >= 30
    for number in tested["b"][:9]:
        click(driver, number, "human")
    for number in tested["a"][:9]:
        click(driver, number, "robot")
    driver.now += timedelta(hours=24)
    driver.turn()
    assert by_subject(driver) == tested  # on the wall clock a day has 25 hours now
    driver.now += timedelta(hours=1)
    driver.turn()
    for number in tested["a"]:
        click(driver, number, "human")  # after the end: it changes nothing any more
    driver.turn()
    after = by_subject(driver)
    assert after["a"] == tested["a"]
    assert len(after["a"]) + len(after["b"]) == people
    assert [row for row in driver.journal_of_all() if row.data.get("reason") == "LATE"] == []
    becauses = {row.data["subject_because"] for row in driver.journal_of_all() if row.name == "mail.queued"}
    assert becauses == {"tested", "best"}


def test_of_equals_the_first_named_and_too_few_is_said() -> None:
    def after(a: Tried, b: Tried) -> Trial:
        return Trial(START, {"a": a, "b": b})

    names = ["b", "a"]
    assert best(names, after(Tried(40, 4), Tried(40, 4))).because is Because.TIE
    assert best(names, after(Tried(40, 4), Tried(40, 4))).name == "b"
    assert best(names, after(Tried(40, 5), Tried(80, 8))).name == "a"
    assert best(names, after(Tried(40, 5), Tried(29, 8))).because is Because.TOO_FEW
    assert best(names, None).name == "b"


def test_each_mailing_of_a_calendar_has_a_test_of_its_own(store: SqlStore) -> None:
    driver = engine(store, letter(enter='every: "tue 12:00"', step=TEST), people=12)
    driver.walk([], START + timedelta(days=9), hourly=True)
    assert driver.faults == []
    queued = [row for row in driver.journal_of_all() if row.name == "mail.queued"]
    tested = {row.at.date() for row in queued if row.data["subject_because"] == "tested"}
    assert len(queued) == 24 and len(tested) == 2


def by_subject(driver: Driver) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {"a": [], "b": []}
    with driver.store.read() as unit:
        for message, _, _ in reversed(unit.ledger(limit=10_000)):
            assert message.state is MessageState.ACCEPTED
            found[str(message.subject)].append(message.id)
    return found


def click(driver: Driver, message_id: int, verdict: str) -> None:
    with driver.store.read() as unit:
        message = unit.message(message_id)
    assert message is not None
    data = {"message_id": str(message_id), "verdict": verdict, "target": "https://theatre.example.org/"}
    driver.tell(Event(message.contact_id, "mail.clicked", driver.now, data, "t", f"c{message_id}{verdict}"))


# -- calls -----------------------------------------------------------------------------------------------------

CALL = """
scenario: appel
purpose: newsletter
why: {consent: Parce que.}
enter: {when: contact.updated, again: each}
hours: mon-fri 09:00-19:00
steps:
  dire: {after: 1 day, call: crm, nature: editorial}
  mail: {send: l/mail, nature: editorial}
  encore: {after: 2 days, call: crm, nature: editorial}
"""


def test_calls_are_decided_alike(store: SqlStore) -> None:
    webhook = Webhook("crm", "https://crm.example.org/", ("contact.email",))
    venue = a_venue(webhooks={"crm": webhook}, frequency={"prospecting": FrequencyCap(1, 7)})
    lines = by_both(store, [updated(0.1), updated(1.0)], CALL, venue=venue)
    assert sum("call.queued" in line for line in lines) >= 3
    assert any("call.held" in line for line in lines)


def test_what_would_be_told_is_shown_in_imagined_days_alone(store: SqlStore) -> None:
    webhook = Webhook("crm", "https://crm.example.org/", ("contact.email",))
    driver = engine(store, CALL, venue=open_venue(webhooks={"crm": webhook}))
    with store.read() as unit:
        situation, ledger = unit.situations([1])[1], unit.entries([1])[1]
    until = START + timedelta(days=9)
    days = simulate(situation, [updated()], driver.catalogue, start=START, until=until, ledger=ledger)
    shown = [row.data["told"] for row in days if row.name == "call.queued"]
    assert shown == ['{"contact.email": "p0@example.org"}'] * 2
    driver.walk([updated()], until)
    with store.read() as unit:
        posted = unit.postings.listed(state=PostingState.POSTED, webhook=None, limit=9)
    assert len(posted) == 2
    assert all("told" not in row.data for row in driver.journal())
