"""What the team does to scenarios that run: compare, make live, pause, resume, drain, eject, migrate, release."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli_driver import MERCI, SMALL, TEMPLATE, Terminal, a_copy, a_small_venue

SUITE = """scenario: merci
purpose: newsletter
why: Vous vous êtes inscrit à notre lettre.
enter:
  when: consent.given
steps:
  merci:
    send: merci
    nature: editorial
  suite:
    after: 3 days
    send: suite
    nature: editorial
"""


@pytest.fixture(scope="module")
def began(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A venue in which Ada stands at the second step of a scenario of two."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        terminal = a_small_venue(tmp_path_factory.mktemp("running") / "venue", monkeypatch)
        terminal.write("scenarios/merci.yaml", SUITE)
        terminal.write("templates/suite.html", TEMPLATE.replace("merci de", "voici la suite de"))
        people = terminal.write("people.csv", "email,city\nada@example.org,Lyon\nbob@example.org,Brest\n")
        terminal("contacts", "import", str(people)).ok()
        terminal("activate", "merci", "--yes", "--by", "marie").ok()
        sign_up(terminal, "ada@example.org")
    return terminal.folder


@pytest.fixture
def scenario(began: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return a_copy(began, tmp_path / "venue", monkeypatch)


def sign_up(scenario: Terminal, address: str) -> None:
    scenario("consent", "record", address, "--form", "inscription", "--answer", "ticked").ok()
    scenario("tick", "--until-idle").ok()


def refused(scenario: Terminal, *words: str) -> str:
    ran = scenario(*words)
    assert (ran.code, ran.out) == (1, "")
    return ran.err


def deeds(scenario: Terminal) -> list[tuple[str, str, str]]:
    told = scenario("audit", "--json").ok().json
    ours = ("activate", "pause", "resume", "drain", "eject", "migrate")
    return [(each["by"], each["action"], each["subject"]) for each in told if each["action"] in ours]


def test_diff_tells_what_a_file_changes_and_for_whom(scenario: Terminal) -> None:
    same = scenario("diff", "merci").ok().out
    assert same.startswith("scenarios/merci.yaml says what runs: version ")
    scenario.write("scenarios/merci.yaml", SUITE.replace("  suite:\n", "  apres:\n"))
    told = scenario("diff", "merci", "--json").ok().json
    assert [(each["step"], each["change"]) for each in told["steps"]] == [
        ("merci", "same"),
        ("apres", "new"),
        ("suite", "gone"),
    ]
    assert told["perhaps_renamed"] == [{"from": "suite", "to": "apres"}]
    [standing] = told["in_flight"]
    assert (standing["step"], standing["people"], standing["migrates"], standing["because"]) == (
        "suite",
        1,
        False,
        "the step is gone",
    )
    assert (told["would_move"], told["would_stay"]) == (0, 1)
    printed = scenario("diff", "merci").ok().out
    assert "suite is gone and apres is new, and both say the same" in printed
    assert "1 person is under way by other versions" in printed


def test_activate_shows_what_changes_and_keeps_the_forecast_that_was_accepted(scenario: Terminal) -> None:
    scenario.write("scenarios/merci.yaml", SUITE.replace("3 days", "5 days"))
    assert scenario("status", "--json").ok().json["scenarios"][0]["expected"] == 2
    told = scenario("activate", "merci", "--yes", "--json", "--by", "luc").ok().json
    [made] = told
    assert (made["by"], made["forecast"]["people"], made["forecast"]["days"]) == ("luc", 2, 90)
    assert (
        made["forecast"]["mails"] == 3
    )  # what Ada still gets by the version that she entered by, and Bob's two
    assert made["difference"]["would_move"] == 1
    [row] = scenario("status", "--json").ok().json["scenarios"]
    assert (row["mails"], row["paused"]) == (0, None)


def test_json_asks_nobody(scenario: Terminal) -> None:
    assert refused(scenario, "activate", "merci", "--json") == "--json asks nobody: say --yes as well.\n"


def test_migrate_moves_whom_diff_had_named_and_lists_the_others(scenario: Terminal) -> None:
    scenario.write("scenarios/merci.yaml", SUITE.replace("3 days", "5 days"))
    scenario("activate", "merci", "--yes").ok()
    status = scenario("status").ok().out
    assert "older, " in status
    moved = scenario("migrate", "merci", "--yes", "--json").ok().json
    assert (moved["moved"], moved["stays"]) == ({"suite": 1}, [])
    assert "older, " not in scenario("status").ok().out
    scenario.write("scenarios/merci.yaml", MERCI)
    scenario("activate", "merci", "--yes").ok()
    assert "Nobody can be asked without a terminal" in refused(scenario, "migrate", "merci")
    assert "the step is gone" in scenario("migrate", "merci", "--yes").ok().out


def test_what_is_paused_is_shown_by_status_and_explain_until_it_is_resumed(scenario: Terminal) -> None:
    scenario("pause", "merci", "--by", "marie").ok()
    assert refused(scenario, "pause", "merci") == "«merci» is paused already.\n"
    sign_up(scenario, "bob@example.org")
    status = scenario("status").ok().out
    assert "PAUSED: merci, by marie since " in status
    assert scenario("status", "--json").ok().json["scenarios"][0]["paused"]["by"] == "marie"
    assert scenario("status", "--json").ok().json["messages"] == {"accepted": 1}
    assert "paused" in scenario("explain", "ada@example.org").ok().out
    told = scenario("explain", "ada@example.org", "--json").ok().json
    assert ("scenario.paused", "marie") in [(row["event"], row.get("by")) for row in told]
    done = scenario("resume", "merci", "--late", "send", "--json", "--by", "luc").ok().json
    assert (done["runs"], done["skipped"], done["spread"]) == (2, 0, 1)
    assert refused(scenario, "resume", "merci", "--late", "send") == "«merci» is not paused.\n"
    scenario("tick", "--until-idle").ok()
    assert scenario("status", "--json").ok().json["messages"] == {"accepted": 2}
    assert deeds(scenario)[:2] == [("luc", "resume", "merci"), ("marie", "pause", "merci")]


def test_how_to_go_on_must_be_said(scenario: Terminal) -> None:
    scenario("pause", "merci").ok()
    ran = scenario("resume", "merci")
    assert (ran.code, "--late" in ran.err) == (2, True)


def test_drain_and_eject_bring_it_to_an_end(scenario: Terminal) -> None:
    assert scenario("drain", "merci", "--by", "luc").ok().out == (
        "Draining: merci. 1 person under way; it ends with the last of them.\n"
    )
    assert refused(scenario, "drain", "merci") == "«merci» lets nobody in already.\n"
    sign_up(scenario, "bob@example.org")
    assert scenario("status", "--json").ok().json["messages"] == {"accepted": 1}
    assert refused(scenario, "eject", "merci", "eve@example.org") == "eve@example.org is not a contact.\n"
    assert "Nobody can be asked without a terminal" in refused(scenario, "eject", "merci")
    done = scenario("eject", "merci", "ada@example.org", "--by", "luc", "--json").ok().json
    assert (done["runs"], done["mails"]) == (1, 0)
    scenario("tick").ok()
    assert scenario("status", "--json").ok().json["scenarios"][0]["state"] == "ended"
    assert "EJECTED by luc" in scenario("explain", "ada@example.org").ok().out
    assert "ada@example.org" not in scenario("audit").ok().out


def test_what_never_ran_is_named(scenario: Terminal) -> None:
    for words in (
        ("pause", "mercy"),
        ("resume", "mercy", "--late", "skip"),
        ("drain", "mercy"),
        ("eject", "mercy", "--yes"),
        ("migrate", "mercy", "--yes"),
    ):
        assert refused(scenario, *words) == "«mercy» was never activated; live are: merci.\n"


def test_a_venue_sets_how_much_is_a_surprise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_small_venue(tmp_path / "other", monkeypatch, f"{SMALL}\n[guard]\nsurprise = 0.5\n")
    assert "«guard.surprise»: «0.5» must be more than 1.0" in terminal("check").out
