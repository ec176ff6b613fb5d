"""The throttle on the command line: what is shown, what may be pinned, how far mails came."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from accord.core.standing import Standing
from accord.core.throttle import at_share
from accord.shell.cli.stats import bar
from accord.shell.engine.ports.figures import Judgement
from accord.shell.engine.ports.rows import NewContact, NewRun
from accord.shell.engine.target.watch import watch
from accord.shell.wiring import House, open_house
from cli_driver import Terminal, a_small_venue
from planted import a_click, a_mail, put, told


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = a_small_venue(tmp_path / "venue", monkeypatch)
    terminal("db", "upgrade").ok()
    return terminal


@pytest.fixture
def house(scenario: Terminal) -> House:
    return open_house(scenario.folder / "config.toml")


def allow(house: House, share: int) -> None:
    now = house.clock()
    standing = Standing(at_share(share), (now - timedelta(days=40)).date())
    with house.store.begin() as unit:
        unit.figures.keep(Judgement(now - timedelta(days=40), "raise", standing, "planted", "statistics"))


def judged(house: House, weeks: int = 1) -> datetime:
    """Four persons and one campaign, judged every day for some weeks."""
    start = house.clock() - timedelta(days=7 * weeks + 1)
    with house.store.begin() as unit:
        people = [NewContact(f"p{n}@example.org", "fr", "Europe/Paris", start) for n in range(4)]
        ids = unit.add_contacts(people)
    soft = {"basis": "soft_optin"}
    mails = [a_mail(n, who, start, **(soft if n < 3 else {})) for n, who in enumerate(ids, 1)]
    put(house.store, mails, [a_click(ids[0], 1, start + timedelta(hours=1))])
    for day in range(7 * weeks + 2):
        watch(house.store, house.venue, now=start + timedelta(days=day))
    return start


def test_before_the_first_judgement_it_says_so(scenario: Terminal) -> None:
    assert "Nothing has been judged yet" in scenario("throttle", "show").ok().out
    assert scenario("throttle", "show", "--json").json["state"] == "EDITORIAL_ONLY"
    assert scenario("throttle", "history", "--json").json == []


def test_a_tick_judges_the_day(scenario: Terminal) -> None:
    scenario("tick").ok()
    scenario("tick").ok()
    [row] = scenario("throttle", "history", "--json").json
    assert (row["move"], row["state"]) == ("start", "EDITORIAL_ONLY")


def test_it_shows_the_figures_what_is_missing_and_the_next_possible_date(
    scenario: Terminal, house: House
) -> None:
    judged(house)
    said = scenario("throttle", "show").ok().out
    assert "1 of 2: 50.00% (9.45% to 90.55%)" in said
    assert "stands against a raise: n = 2 < 1000" in said
    assert "Next possible raise: " in said
    assert "No complaint of 0 persons who would be heard is not enough data: from 3838 on" in said
    assert "the fast fall" in said
    assert "complaints_reported_by names no provider" in said
    assert "No mail of the last weeks reached both" not in said
    shown = scenario("throttle", "show", "--json").json
    groups = {group["name"]: group for group in shown["groups"]}
    assert groups["opt-out customers (O)"]["clicked"]["count"] == 1
    assert shown["judged"]["weekly"] is True
    assert datetime.fromisoformat(shown["next_raise"]).weekday() == 0


def test_it_says_so_where_there_is_nothing_to_compare(scenario: Terminal, house: House) -> None:
    start = house.clock() - timedelta(days=9)
    for day in range(9):
        watch(house.store, house.venue, now=start + timedelta(days=day))
    said = scenario("throttle", "show").ok().out
    assert "No mail of the last weeks reached both O and R" in said
    assert "nobody" in said


def test_history_tells_weeks_and_changes_or_every_day(scenario: Terminal, house: House) -> None:
    judged(house, weeks=2)
    weekly = scenario("throttle", "history", "--json").json
    every = scenario("throttle", "history", "--every", "--json").json
    assert [row["move"] for row in weekly] == ["hold", "hold", "start"]
    assert len(every) == 16
    assert len(scenario("throttle", "history", "--limit", "1", "--json").json) == 1


def test_a_share_that_the_cap_leaves_no_room_for_is_told(scenario: Terminal, house: House) -> None:
    allow(house, 10)
    said = scenario("throttle", "show").ok().out
    assert "A promotion passes for a person who got 9 other mails" in said
    assert "The cap of 4 per 28 days leaves no room for 10 mails" in said


def test_a_cap_that_leaves_room_is_no_matter(scenario: Terminal, house: House) -> None:
    allow(house, 25)
    said = scenario("throttle", "show").ok().out
    assert "3 other mails" in said
    assert "no room" not in said


def test_pinning_lowers_and_unpinning_raises_nothing(scenario: Terminal, house: House) -> None:
    allow(house, 25)
    pinned = scenario("throttle", "pin", "0.10", "--reason", "voyons d’abord", "--by", "marie").ok().out
    assert pinned == "Pinned at 0.10. It stands at PROMO(0.10).\n"
    assert "by marie" in scenario("throttle", "show").ok().out
    assert "voyons d’abord" in scenario("throttle", "show").ok().out
    assert scenario("throttle", "unpin", "--reason", "vu").ok().out == "Unpinned. It stands at PROMO(0.10).\n"
    assert scenario("throttle", "unpin", "--reason", "vu").code == 1


def test_a_pin_above_what_the_statistics_allow_allows_nothing(scenario: Terminal, house: House) -> None:
    said = scenario("throttle", "pin", "0.25", "--reason", "on y croit").ok().out
    assert "It stands at EDITORIAL_ONLY" in said
    with house.store.read() as unit:
        assert unit.throttle() == at_share(0)


@pytest.mark.parametrize("wanted", ["0.50", "0.11", "PROMO", "-1", "nan"])
def test_only_steps_of_the_ladder_can_be_pinned(scenario: Terminal, wanted: str) -> None:
    assert scenario("throttle", "pin", "--reason", "x", "--", wanted).code == 2


def test_a_pin_needs_a_reason(scenario: Terminal) -> None:
    assert scenario("throttle", "pin", "editorial").code == 2


# -- stats ---------------------------------------------------------------------------------------------------


def a_run(scenario: str, contact: int, at: datetime) -> NewRun:
    return NewRun(scenario, "d", contact, f"{contact}", at, "mail", at)


def test_the_funnel_of_a_scenario_step_by_step(scenario: Terminal, house: House) -> None:
    at = house.clock() - timedelta(days=3)
    mails = [
        a_mail(1, 1, at),
        a_mail(2, 2, at),
        a_mail(3, 3, at, state="bounced"),
        a_mail(4, 4, at, state="unknown"),
        a_mail(5, 1, at + timedelta(hours=5), step="suite"),
        a_mail(6, 2, at + timedelta(hours=5), step="suite", edition="fallback", template="lettre/magazine"),
        a_mail(7, 5, at, scenario="autre"),
        a_mail(8, 6, house.clock() - timedelta(days=300)),
    ]
    later = at + timedelta(hours=6)
    events = [
        a_click(1, 1, later),
        a_click(1, 1, later + timedelta(hours=1)),
        a_click(2, 2, later, "robot"),
        told(2, "consent.objected", later, purpose="*", kind="*"),
        told(5, "mail.complained", later, message_id="7"),
        told(
            9, "mail.refused", at, scenario="lettre", step="mail", template="lettre/mail", reason="NO_CONSENT"
        ),
        told(9, "mail.refused", at, scenario="lettre", step="fin", template="t", reason="SEGMENT_SHARE_CAP"),
    ]
    put(house.store, mails, events)
    with house.store.begin() as unit:
        unit.add_runs([a_run("lettre", n, at) for n in (1, 2, 3)])
    [lettre] = scenario("stats", "lettre", "--json").json["scenarios"]
    assert lettre["people"] == {"entered": 3, "under way": 3, "finished": 0}
    steps = {(step["step"], step["edition"]): step for step in lettre["steps"]}
    assert {key: (step["sent"], step["delivered"], step["clicked"]) for key, step in steps.items()} == {
        ("mail", "main"): (4, 2, 1),
        ("suite", "main"): (1, 1, 0),
        ("suite", "fallback"): (1, 1, 0),
        ("fin", "main"): (0, 0, 0),
    }
    assert steps["suite", "fallback"]["left"] == 1, "what was sent last before somebody left"
    assert (steps["mail", "main"]["bounced"], steps["mail", "main"]["unknown"]) == (1, 1)
    assert steps["mail", "main"]["not_sent"] == {"NO_CONSENT": 1}
    everything = scenario("stats", "--json").json["scenarios"]
    assert [each["scenario"] for each in everything] == ["autre", "lettre"]
    assert everything[0]["steps"][0]["complained"] == 1
    said = scenario("stats", "lettre").ok().out
    assert "3 entered, 3 under way" in said
    assert "█" * 24 in said
    assert "or lettre/magazine" in said


def test_a_scenario_that_never_was_is_no_scenario(scenario: Terminal) -> None:
    ran = scenario("stats", "lettr")
    assert ran.code == 1
    assert "«lettr» was never activated" in ran.err


@pytest.mark.parametrize(("count", "most", "drawn"), [(0, 10, ""), (10, 10, "█" * 24), (5, 10, "█" * 12)])
def test_bars(count: int, most: int, drawn: str) -> None:
    assert bar(count, most) == drawn
    assert bar(1, 1000) == ""
    assert bar(1, 100) == "▎"
    assert bar(0, 0) == ""
