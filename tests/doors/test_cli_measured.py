"""`stats` tells of goals, holdouts and subjects; dry-run says beforehand what will be measured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from accord.shell.engine.ports.rows import NewRun
from accord.shell.wiring import open_house
from cli_driver import Terminal, a_small_venue

SCENARIO = """scenario: essai
purpose: newsletter
why: Vous vous êtes inscrit à notre lettre.
enter: {when: consent.given}
goal: {when: order.placed, within: 3 days}
holdout: 20%
steps:
  merci:
    send: merci
    nature: editorial
    subjects: {court: Merci, long: Merci de votre inscription}
    test: 30% for 1 day, then best by clicks
"""
NOW = datetime.now(UTC)


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = a_small_venue(tmp_path, monkeypatch)
    terminal.write("scenarios/essai.yaml", SCENARIO)
    terminal("activate", "essai", "--yes").ok()
    return terminal


def put(scenario: Terminal, took_part: tuple[int, int], held_out: tuple[int, int]) -> None:
    """Runs of a week ago, (how many, with the goal) on either side; and one that is not over."""
    house = open_house(scenario.folder / "config.toml")
    digest, at = "d", NOW - timedelta(days=7)
    with house.store.begin() as unit:
        runs = [
            NewRun("essai", digest, number, f"{side}{number}", at, "merci", at, held_out=side == "h")
            for side, (count, _) in (("t", took_part), ("h", held_out))
            for number in range(1, count + 1)
        ]
        begun = unit.add_runs([*runs, NewRun("essai", digest, 1, "young", NOW, "merci", NOW)])
        treated = [run.id for run in begun if not run.held_out]
        others = [run.id for run in begun if run.held_out]
        unit.measuring.reached(dict.fromkeys([*treated[: took_part[1]], *others[: held_out[1]]], at))
    house.store.close()


def test_the_goal_is_compared_with_those_held_out(scenario: Terminal) -> None:
    put(scenario, (200, 60), (50, 5))
    [essai] = scenario("stats", "essai", "--json").json["scenarios"]
    goal = essai["goal"]
    assert goal["took_part"] == {
        "entered": 200,
        "reached": 60,
        "rate": 0.3,
        "not_over": 1,
        "reached_already": 0,
    }
    assert goal["held_out"]["rate"] == 0.1
    low, high = goal["difference"]
    assert 0 < low < 0.2 < high
    said = scenario("stats", "essai").ok().out
    assert "60 of 200 (30.0%), 1 not over yet" in said
    assert "held out: 5 of 50 (10.0%); " in said and "more reach it with the scenario" in said


@pytest.mark.parametrize(
    ("held_out", "said"),
    [((10, 1), "not enough data: each side needs 30"), ((50, 15), "not enough data to tell a difference")],
)
def test_where_data_are_too_few_it_is_said(scenario: Terminal, held_out: tuple[int, int], said: str) -> None:
    put(scenario, (200, 60), held_out)
    assert said in scenario("stats", "essai").ok().out


def test_a_dry_run_says_what_will_be_measured(scenario: Terminal) -> None:
    said = scenario("dry-run", "essai").ok().out
    assert "merci: the subjects court, long, tried on 30 % for 1 day" in said
    assert "Goal: order.placed within 3 days" in said
    assert "Held out: 20 % of those who enter" in said
