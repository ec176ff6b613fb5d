"""Every key of the language lands in the model, as what it says."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest

from accord.core.language.parse import parse_scenario
from accord.core.language.tables import ENTER, SCENARIO, VERBS
from accord.core.language.times import hours_of, schedule_of, share_of
from accord.core.model.consent import Nature
from accord.core.model.expression import Constant, Name, Type
from accord.core.model.scenario import (
    Again,
    Branch,
    Call,
    Emit,
    LateChoice,
    Lateness,
    OnDate,
    OnEvent,
    OnSchedule,
    OnSegment,
    Refused,
    Scenario,
    Send,
    Set,
    Split,
    SubjectTest,
    WaitUntil,
)
from accord.core.model.time import Duration
from authors.cases import HERE, the_venue


def read(name: str) -> Scenario:
    path = HERE / "ok" / f"{name}.yaml"
    parsed = parse_scenario(path.read_text(encoding="utf-8"), path.name, the_venue())
    assert parsed.scenario is not None
    return parsed.scenario


def test_the_golden_files_use_every_key() -> None:
    written = "\n".join(path.read_text(encoding="utf-8") for path in Path(HERE / "ok").glob("*.yaml"))
    keys = {*SCENARIO.keys, *ENTER.keys, *(key for table in VERBS.values() for key in table.keys)}
    assert [key for key in sorted(keys) if f"{key}:" not in written] == []


def test_the_scenario_s_own_keys() -> None:
    made = read("toutes-les-cles")
    assert (made.name, made.purpose, made.priority, made.holdout) == (
        "toutes-les-cles",
        "newsletter",
        80,
        1000,
    )
    assert made.hours is not None
    assert (made.hours.days, made.hours.opens, made.hours.closes) == ({5}, time(10), time(12))
    assert made.why["consent"] == {
        "fr": "Vous êtes inscrit à la lettre : nous vous écrivons.",
        "en": "You signed up for the letter.",
    }
    assert made.why["b2b"] == {"fr": "Vous nous lisez au travail."}
    assert made.goal is not None
    assert (made.goal.cue.when, made.goal.within) == (("order.paid",), Duration(days=14))
    assert made.goal.cue.condition is not None
    assert [cue.when for cue in made.leave] == [("order.paid", "ticket.scanned"), (), ("contact.kept",)]
    assert [cue.condition is None for cue in made.leave] == [False, False, True]
    assert made.first == "partage"


def test_the_ways_in() -> None:
    entry = read("toutes-les-cles").entry
    assert isinstance(entry.trigger, OnSegment)
    assert entry.trigger.existing is False
    assert entry.condition is not None
    assert (entry.opens, entry.closes) == (date(2026, 9, 1), date(2026, 12, 31))
    assert entry.again == Again(after=Duration(days=90))
    by_event = read("par-famille").entry
    assert by_event.trigger == OnEvent(("order.placed", "order.paid"))
    assert by_event.per is not None
    assert by_event.per.type is Type.TEXTS
    by_calendar = read("mensuel").entry
    assert by_calendar.trigger == OnSchedule("last fri 18:00", "0 18 * * L5")
    assert by_calendar.again == Again(each=True)
    by_day = read("anniversaire").entry
    assert isinstance(by_day.trigger, OnDate)
    assert (by_day.trigger.rule.base.type, by_day.trigger.rule.shift) == (Type.DAY_OF_YEAR, Duration(days=-7))
    assert by_day.again == Again(each=True)


def test_the_verbs() -> None:
    steps = read("toutes-les-cles").steps
    verbs = {name: step.verb for name, step in steps.items()}
    assert verbs["partage"] == Split((("mail_a", 4950), ("mail_b", 5050)))
    sent = verbs["mail_a"]
    assert isinstance(sent, Send)
    assert (sent.template, sent.nature, sent.purpose) == ("lettre/magazine", Nature.EDITORIAL, "infos")
    assert (sent.promotes, sent.if_late) == (("danse",), Lateness(LateChoice.SEND))
    tested = verbs["mail_b"]
    assert isinstance(tested, Send)
    assert tested.subjects == {
        "court": {"fr": "Le mois en bref"},
        "long": {
            "fr": "Ce que le mois nous réserve, {{ contact.first_name }}",
            "en": "What the month holds",
        },
    }
    assert tested.test == SubjectTest(3000, Duration(days=1))
    assert (tested.if_not_allowed, tested.if_late.after) == (Refused.LEAVE, Duration(days=1))
    choice = verbs["suite"]
    assert isinstance(choice, Branch)
    assert ([arm.then for arm in choice.arms], choice.otherwise) == (["note"], "atelier")
    assert (steps["suite"].condition is not None, steps["suite"].then) == (True, "end")
    assert verbs["atelier"] == Call(
        "atelier", Nature.EDITORIAL, "newsletter", Lateness(LateChoice.SKIP, Duration(days=1))
    )
    assert steps["atelier"].after == Duration(months=1)
    assert verbs["fin"] == Emit("own.welcomed")


def test_what_is_written_down_has_the_attribute_s_type() -> None:
    verb = read("toutes-les-cles").steps["note"].verb
    assert isinstance(verb, Set)
    written = {name: value.tree for name, value in verb.assignments}
    assert written["visits"] == Constant(1, Type.INTEGER)
    assert written["city"] == Constant("Lyon", Type.TEXT)
    assert written["score"] == Constant(2, Type.NUMBER)
    assert written["welcomed_on"] == Name("today", Type.DATE)
    assert {name: value.type for name, value in verb.assignments}["member"] is Type.BOOLEAN


def test_mail_of_service_and_its_invitation() -> None:
    steps = read("confirmation").steps
    sent = steps["confirmation"].verb
    assert isinstance(sent, Send)
    assert (sent.about, sent.invite, sent.if_late) == ("order", "newsletter", Lateness(LateChoice.SEND))
    eve = steps["veille"]
    assert eve.date is not None
    assert (eve.date.base.tree, eve.date.shift, eve.at) == (
        Name("event.starts_at", Type.INSTANT),
        Duration(days=-2),
        time(10),
    )


def test_an_edition_to_fall_back_on() -> None:
    sent = read("panier").steps["rappel"].verb
    assert isinstance(sent, Send)
    edition = sent.if_not_allowed
    assert isinstance(edition, Send)
    assert (edition.template, edition.nature, edition.purpose) == (
        "lettre/magazine",
        Nature.EDITORIAL,
        "infos",
    )
    assert sent.if_late == Lateness(LateChoice.SKIP)


def test_waiting_for_an_event_or_a_cue() -> None:
    waits = read("bienvenue").steps["choix"].verb
    assert isinstance(waits, WaitUntil)
    assert (waits.cue.when, waits.at_most) == (("preferences.updated",), Duration(days=7))
    assert (waits.then, waits.otherwise) == ("offre", "rappel")
    cue = read("avis").steps["attente"].verb
    assert isinstance(cue, WaitUntil)
    assert cue.cue.condition is not None


@pytest.mark.parametrize(
    ("said", "cron"),
    [
        ("1st tue 10:00", "0 10 * * tue#1"),
        ("LAST Fri 18:05", "5 18 * * L5"),
        ("last sun 09:00", "0 9 * * L0"),
        ("tue 9:00", "0 9 * * tue"),
        ("daily 09:00", "0 9 * * *"),
        ("1st day 10:00", "0 10 1 * *"),
        ("31st day 10:00", "0 10 31 * *"),
        ("last day 10:00", "0 10 L * *"),
        ("0 10 * * 1-5", "0 10 * * 1-5"),
    ],
)
def test_schedules(said: str, cron: str) -> None:
    made = schedule_of(said)
    assert made is not None
    assert made.cron == cron


@pytest.mark.parametrize(
    "said",
    [
        "",
        "daily",
        "6th tue 10:00",
        "tue 25:00",
        "0 9 30 2 *",
        "r r * * *",
        "h h * * *",
        "32nd day 10:00",
        "* * * *",
        "0 9 * * mon#9",
        "@daily",
        "0 9 * * * *",
        "1st 1st 10:00",
    ],
)
def test_what_is_no_schedule(said: str) -> None:
    assert schedule_of(said) is None


def test_hours_over_the_weekend_and_shares() -> None:
    made = hours_of("sat-mon 09:00-19:00")
    assert made is not None
    assert made.days == {5, 6, 0}
    assert [share_of(text) for text in ("50%", "12.5 %", "100%", "100.01%", "²%", "nan%", "50", "1e2%")] == [
        5000,
        1250,
        10000,
        None,
        None,
        None,
        None,
        None,
    ]
