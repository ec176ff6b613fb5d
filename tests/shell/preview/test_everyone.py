"""Everybody's days, forecast from the database: runs in flight, a second course beside the first, processes, no writing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from accord.core.foresight import forecast_of
from accord.core.model.consent import Act
from accord.core.model.contact import Preferences
from accord.core.model.content import Catalogue
from accord.core.model.forecast import SILENCE, Assumptions, Change, Forecast, NoteCount, changes
from accord.core.model.scenario import Scenario
from accord.core.model.trial import TrialKey, Tried
from accord.core.model.venue import Webhook
from accord.core.simulate import journal_of
from accord.shell.crowd import Source, walk_everybody
from accord.shell.engine.ports.rows import ContactChange, NewContact
from accord.shell.engine.ports.store import StoreError
from accord.shell.preview.everyone import frame, planned
from accord.shell.store.database import SqlStore, open_for_reading
from accord.shell.store.people import Law
from builders import a_catalogue, a_scenario, a_venue, acts, an_event
from engine_driver import Driver

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
WHY = "why: {consent: Parce que., customer: Parce que.}"

WELCOME = f"""
scenario: accueil
purpose: newsletter
{WHY}
enter: {{when: consent.given}}
steps:
  un: {{send: a/un, nature: editorial}}
  deux: {{after: 5 days, send: a/deux, nature: editorial}}
"""

LONGER = WELCOME + "  trois: {after: 5 days, send: a/trois, nature: editorial}\n"

LETTER = f"""
scenario: lettre
purpose: newsletter
{WHY}
enter: {{every: 1st tue 10:00}}
steps:
  edition: {{send: l/edition, nature: editorial}}
"""


def a_base(store: SqlStore) -> None:
    """Four people: three agreed, of whom one wants no letters besides; the fourth was never asked."""
    with store.begin() as unit:
        before = START - timedelta(days=9)
        new = [NewContact(f"p{n}@example.org", "fr", "Europe/Paris", before) for n in range(4)]
        assert list(unit.add_contacts(new)) == [1, 2, 3, 4]
        unit.change_contacts([ContactChange(2, preferences=Preferences(0))])
        unit.begin_ledgers({number: acts(Act.OPTIN_PROVEN, number, at=before) for number in (1, 2, 3)}, START)


def foretold(
    store: SqlStore,
    catalogue: Catalogue,
    scenario: Scenario,
    *,
    assumed: Assumptions = SILENCE,
    begins: datetime = START,
    days: int = 30,
    processes: int = 0,
) -> Sequence[Forecast]:
    source = Source(store.engine.url.render_as_string(hide_password=False), store.law)
    with store.read() as unit:
        plan = planned(unit, catalogue, scenario, assumed, START, begins, begins + timedelta(days=days))
        known = frame(unit, scenario.name, plan, assumed)
    tallies = walk_everybody(store, source, plan, lambda _: None, processes)
    return [forecast_of(tally, known) for tally in tallies]


def test_a_run_in_flight_goes_on_and_the_calendar_calls(store: SqlStore) -> None:
    a_base(store)
    live = a_catalogue(a_scenario(WELCOME), a_scenario(LETTER))
    driver = Driver(store, live, START)
    driver.tell(an_event("consent.given", at=START, data={"purpose": "newsletter"}))
    driver.turn()
    driver.now = START + timedelta(days=1)
    [told, _] = foretold(store, live, a_scenario(LETTER), days=20)
    assert told.people == 4
    assert (told.runs_of("accueil").in_flight, told.runs_of("accueil").finished) == (1, 1)
    assert told.mails_by(lambda row: (row.scenario, row.step)) == {
        ("accueil", "deux"): 1,
        ("lettre", "edition"): 2,
    }
    assert told.refusals_by_reason() == {("FREQUENCY_CAP", "R-34"): 1, ("NO_CONSENT", "R-05"): 1}
    assert told.busiest is not None
    assert (told.busiest.begins.isoformat(), told.busiest.mails) == ("2026-11-03T10:00:00+01:00", 2)


def test_what_would_change_is_told_in_the_same_terms(store: SqlStore) -> None:
    a_base(store)
    live = a_catalogue(a_scenario(WELCOME))
    both = a_catalogue(a_scenario(WELCOME), a_scenario(LONGER))
    catalogue = Catalogue(live.venue, live.live, live.versions, both.templates)
    proposed, running = foretold(store, catalogue, a_scenario(LONGER))
    assert (running.total(), proposed.total()) == (6, 9)
    assert [each for each in changes(running, proposed) if each.what == "mails of"] == [
        Change("mails of", "accueil/trois", 0, 3)
    ]
    assert changes(running, running) == ()


REVIEW = f"""
scenario: avis
purpose: newsletter
{WHY}
enter: {{when: EVENT, per: event.order_id}}
steps:
  avis: {{after: 2 days, send: r/avis, nature: review_request}}
"""


def test_the_event_that_lets_people_in_is_imagined_with_what_proves_it(store: SqlStore) -> None:
    """Somebody who had never agreed has by then; the letter, which the event is nothing to, sees them as they are."""
    a_base(store)
    live = a_catalogue(a_scenario(WELCOME), a_scenario(LETTER))
    [told, _] = foretold(store, live, a_scenario(WELCOME), days=7)
    assert told.mails_by(lambda row: (row.scenario, row.step, row.basis.value)) == {
        ("accueil", "un", "consent"): 3,
        ("accueil", "deux", "consent"): 3,
        ("lettre", "edition", "consent"): 2,
    }
    assert told.refusals_by_reason("lettre") == {("FREQUENCY_CAP", "R-34"): 1, ("NO_CONSENT", "R-05"): 1}


def test_who_takes_an_imagined_consent_back_has_none(store: SqlStore) -> None:
    a_base(store)
    leaving = Assumptions(0, 0, 100, 0, 0, answers_within_hours=1)
    [told, _] = foretold(store, a_catalogue(a_scenario(WELCOME)), a_scenario(WELCOME), assumed=leaving)
    assert told.mails_by(lambda row: row.step) == {"un": 3}
    assert sum(row.count for row in told.exits) == 3


@pytest.mark.parametrize("event", ["order.paid", "order.delivered"])
def test_an_imagined_order_makes_a_customer(store: SqlStore, event: str) -> None:
    """Of the one who was never offered to refuse no order makes somebody who may be written to."""
    a_base(store)
    review = a_scenario(REVIEW.replace("EVENT", event))
    [told, _] = foretold(store, a_catalogue(review), review)
    assert told.total("avis") == 3


def test_who_cannot_be_read_is_set_apart_and_named(store: SqlStore) -> None:
    a_base(store)
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE contact SET zone = 'Nowhere/At-all' WHERE id = 3"))
    [told, _] = foretold(store, a_catalogue(a_scenario(WELCOME)), a_scenario(WELCOME))
    assert (told.people, told.apart, told.total()) == (3, (3,), 4)


TESTED = f"""
scenario: essai
purpose: newsletter
{WHY}
enter: {{when: consent.given}}
steps:
  un:
    after: 4 days
    send: a/un
    nature: editorial
    subjects: {{a: Premier, b: Second}}
    test: 10% for 1 day, then best by clicks
"""


def test_a_test_that_is_over_is_known_in_a_forecast(store: SqlStore) -> None:
    a_base(store)
    tested = a_scenario(TESTED)
    key = TrialKey(tested.digest, "un")
    with store.begin() as unit:
        unit.measuring.begin([key], START - timedelta(days=9))
        unit.measuring.keep(key, {"a": Tried(50, 1), "b": Tried(50, 5)})
    with store.read() as unit:
        plan = planned(unit, a_catalogue(tested), tested, SILENCE, START, START, START + timedelta(days=9))
        [known, *_] = unit.foreseeing.known([1], ["essai"]).values()
    course = plan.courses[0]
    [sent] = [row for row in journal_of(course.world, known, course.script) if row.name == "mail.queued"]
    assert (sent.data["subject"], sent.data["subject_because"]) == ("b", "best")


def test_what_lies_before_the_first_day_is_walked_and_not_counted(store: SqlStore) -> None:
    a_base(store)
    letter = a_scenario(LETTER)
    [told, _] = foretold(store, a_catalogue(letter), letter, begins=START + timedelta(days=10), days=30)
    assert set(told.mails_a_day()) == {date(2026, 12, 1)}


def test_processes_count_what_one_would(store: SqlStore) -> None:
    a_base(store)
    live = a_catalogue(a_scenario(WELCOME), a_scenario(LETTER))
    assumed = Assumptions(50, 10, 10, 5, 5)
    alone = foretold(store, live, a_scenario(WELCOME), assumed=assumed, processes=1)
    assert foretold(store, live, a_scenario(WELCOME), assumed=assumed, processes=2) == alone
    assert sum(row.count for row in alone[0].answers) > 0


def test_a_call_is_counted_apart_from_mails(store: SqlStore) -> None:
    a_base(store)
    venue = a_venue(webhooks={"crm": Webhook("crm", "https://crm.example.org/")})
    calling = a_scenario(WELCOME + "  dire: {call: crm, nature: editorial}\n", venue)
    [told, _] = foretold(store, a_catalogue(calling, venue=venue), calling)
    assert [row for row in told.notes if row.code == "CALL"] == [
        NoteCount("accueil", "dire", "CALL", "crm", 3)
    ]


def test_another_seed_lets_others_answer_and_the_same_seed_the_same(store: SqlStore) -> None:
    a_base(store)
    live = a_catalogue(a_scenario(WELCOME), a_scenario(LETTER))
    half = Assumptions(50, 50, 0, 0, 0)
    by_seed = {
        seed: foretold(
            store, live, a_scenario(WELCOME), assumed=Assumptions(50, 50, 0, 0, 0, seed=seed), processes=1
        )[0].answers
        for seed in ("accord", "b", "c", "d")
    }
    assert (
        by_seed["accord"] == foretold(store, live, a_scenario(WELCOME), assumed=half, processes=1)[0].answers
    )
    assert len(set(by_seed.values())) > 1


def test_the_database_itself_refuses_a_write(store: SqlStore) -> None:
    reading = open_for_reading(
        store.engine.url.render_as_string(hide_password=False), Law(36, "Europe/Paris", a_venue().policy)
    )
    with pytest.raises((StoreError, DBAPIError)), reading.begin() as unit:
        unit.tell("a fact", "written", START)
    with store.read() as unit:
        assert unit.fact("a fact") is None
    reading.close()
