"""Whatever is wrong ends in a sentence, with the right exit code, and nothing is lost."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import click
import pytest

from accord.shell.cli import scenario as root
from accord.shell.wiring import open_house
from cli_driver import MERCI, Terminal, a_small_venue


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = a_small_venue(tmp_path / "venue", monkeypatch)
    terminal.write("people.csv", "email\nada@example.org\n")
    terminal("contacts", "import", str(terminal.folder / "people.csv")).ok()
    return terminal


# -- what is not there -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("dry-run", "mercy"),
            "There is no scenario «mercy» in scenarios/; there are: merci. Did you mean merci?\n",
        ),
        (
            ("activate", "mercy"),
            "There is no scenario «mercy» in scenarios/; there are: merci. Did you mean merci?\n",
        ),
        (("explain", "eve@example.org"), "eve@example.org is not a contact.\n"),
        (("explain", "ada@example.org", "mercy"), "There is no scenario «mercy»; there are: none.\n"),
        (("dry-run", "merci", "--contact", "eve@example.org"), "eve@example.org is not a contact.\n"),
        (("dry-run", "merci", "--from", "soon"), "«soon» is no instant; write 2026-09-01T10:00+02:00.\n"),
        (("config", "smpt"), "There is no key «smpt». Did you mean smtp?\n"),
        (("messages", "--since", "soon"), "«soon» is no instant; write 2026-09-01T10:00+02:00.\n"),
        (("policy", "test", "nowhere.yaml"), "nowhere.yaml can't be read: No such file or directory.\n"),
        (("tick", "--now", "soon"), "«soon» is no instant; write 2026-09-01T10:00+02:00.\n"),
    ],
)
def test_what_is_not_there_is_named(scenario: Terminal, words: tuple[str, ...], told: str) -> None:
    ran = scenario(*words)
    assert (ran.code, ran.out, ran.err) == (1, "", told)


def test_an_unknown_persona_is_told_the_others(scenario: Terminal) -> None:
    told = scenario("dry-run", "merci", "--persona", "opt-inn")
    assert told.code == 1
    assert told.err.startswith("There is no persona «opt-inn»; there are: opt-in, passive-prospect,")
    assert told.err.endswith("Did you mean opt-in?\n")


@pytest.mark.parametrize(
    "words",
    [("nothing",), ("messages", "--limit", "0"), ("events", "import", "nowhere.jsonl"), ("hold", "all")],
)
def test_a_command_that_is_not_understood_leaves_with_2(scenario: Terminal, words: tuple[str, ...]) -> None:
    ran = scenario(*words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Usage: scenario")


def test_time_travel_needs_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = a_small_venue(tmp_path, monkeypatch)
    monkeypatch.setenv("ACCORD_ENGINE__ALLOW_TIME_TRAVEL", "false")
    told = scenario("tick", "--now", "2026-01-01")
    assert (told.code, told.err) == (1, "--now needs [engine] allow_time_travel = true in config.toml.\n")


# -- files that are wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("activate", "merci", "--yes"), ("dry-run", "merci")])
def test_a_broken_file_is_told_where_it_breaks(scenario: Terminal, words: tuple[str, ...]) -> None:
    scenario.write("scenarios/merci.yaml", MERCI.replace("nature: editorial", "natur: [editorial"))
    ran = scenario(*words)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("scenarios/merci.yaml:")
    assert ran.err.rstrip().splitlines()[0].endswith("]")
    assert scenario("status", "--json").ok().json["scenarios"] == []


def test_every_fault_of_a_file_is_told_at_once_before_it_goes_live(scenario: Terminal) -> None:
    wrong = MERCI.replace("consent.given", "consent.givn").replace("send: merci", "send: mercy")
    scenario.write("scenarios/merci.yaml", wrong)
    ran = scenario("activate", "merci", "--yes")
    assert ran.code == 1
    assert [line.rpartition("[")[2] for line in ran.err.splitlines() if line.endswith("]")] == [
        "unknown-event]",
        "unknown-template]",
    ]


def test_nobody_can_be_asked_without_a_terminal(scenario: Terminal) -> None:
    ran = scenario("activate", "merci", typed="y\n")
    assert ran.code == 1
    assert ran.err == "merci was not made live. Nobody can be asked without a terminal: say --yes.\n"


# -- keys and databases -------------------------------------------------------------------------------------------


def test_missing_and_damaged_keys_are_told_before_anything_is_written(scenario: Terminal) -> None:
    keys = scenario.folder / "accord.keys"
    kept = keys.read_bytes()
    keys.unlink()
    missing = scenario("tick")
    assert missing.code == 1
    assert missing.err == (
        f"{keys} is missing: without its keys no link can be signed and the objection list can't be read. "
        "Restore it from your backup; for a new venue, run `scenario init`.\n"
    )
    keys.write_text('{"objections": ["00"], "links": []}')
    for words in (("tick",), ("keys", "list"), ("keys", "rotate", "links")):
        damaged = scenario(*words)
        assert (damaged.code, damaged.err) == (1, f"{keys} is damaged: restore it from your backup.\n")
    keys.write_bytes(kept)
    assert scenario("tick").ok()


def test_a_locked_database_is_waited_for_and_then_told(scenario: Terminal) -> None:
    with closing(sqlite3.connect(scenario.folder / "accord.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ran = scenario("event", "ada@example.org", "ticket.scanned", "--id", "1")
        assert ran.code == 1
        assert ran.err.startswith("database: it stayed locked by another program for 5 seconds.")
        assert scenario("status").ok()
        assert scenario("explain", "ada@example.org").ok()
        other.execute("ROLLBACK")
    assert scenario("event", "ada@example.org", "ticket.scanned", "--id", "1", "--json").ok().json == {
        "new": True
    }


def test_a_file_that_is_no_database_is_told(scenario: Terminal) -> None:
    file = scenario.folder / "accord.db"
    file.write_bytes(b"nothing of the kind" * 200)
    for beside in scenario.folder.glob("accord.db-*"):
        beside.unlink()
    for words in (("status",), ("tick",)):
        ran = scenario(*words)
        assert ran.code == 1
        assert ran.err == (
            f"database: {file} is damaged, or no database: file is not a database. Bring a copy back.\n"
        )


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sqlite:////nowhere/accord.db", "database: /nowhere/accord.db: unable to open database file\n"),
        ("postgresql://u:hunter2@127.0.0.1:1/x", "database: connection failed: connection to server at"),
    ],
)
def test_a_database_that_can_not_be_reached(
    scenario: Terminal, monkeypatch: pytest.MonkeyPatch, url: str, told: str
) -> None:
    monkeypatch.setenv("ACCORD_DATABASE__URL", url)
    ran = scenario("status")
    assert ran.code == 1
    assert ran.err.startswith(told)
    assert "hunter2" not in ran.err


def test_a_second_daemon_is_refused(scenario: Terminal) -> None:
    house = open_house(scenario.folder / "config.toml")
    house.store.be_the_only_daemon()
    ran = scenario("daemon")
    house.store.close()
    assert ran.code == 1
    assert ran.err.startswith(f"database: another daemon works on {scenario.folder / 'accord.db'}: on SQLite")


def test_a_port_that_is_taken_is_told(scenario: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("ACCORD_WEB__PORT", str(port))
        ran = scenario("daemon")
    assert ran.code == 1
    assert f"The pages can't be served at 127.0.0.1:{port}: Address already in use.\n" in ran.err
    assert scenario("status").ok()


# -- how it leaves -----------------------------------------------------------------------------------------------


def a_process(scenario: Terminal, *words: str, **environ: str) -> subprocess.Popen[bytes]:
    run = "import sys; from accord.shell.cli import main; sys.argv[0] = 'scenario'; main()"
    config = str(scenario.folder / "config.toml")
    return subprocess.Popen(
        [sys.executable, "-c", run, "--config", config, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environ},
    )


def test_a_reader_that_goes_away_and_a_terminal_of_few_letters(scenario: Terminal) -> None:
    leaving = a_process(scenario, "words")
    assert leaving.stdout is not None
    leaving.stdout.close()
    ascii_only = a_process(scenario, "policy", "table", PYTHONIOENCODING="ascii")
    told, wrong = ascii_only.communicate(timeout=60)
    assert (ascii_only.returncode, wrong) == (0, b"")
    assert told.isascii()
    assert leaving.wait(timeout=60) in (0, 1)
    assert leaving.stderr is not None
    assert b"Traceback" not in leaving.stderr.read()
    leaving.stderr.close()


@pytest.mark.parametrize(
    ("raised", "code"),
    [(KeyboardInterrupt(), 130), (click.Abort(), 130), (RuntimeError("ada@example.org, again"), 3)],
)
def test_how_a_command_can_end(scenario: Terminal, raised: BaseException, code: int) -> None:
    @click.command("topple")
    def topple() -> None:
        raise raised

    root.add_command(topple)
    try:
        ran = scenario("topple", fails=True)
    finally:
        root.commands.pop("topple")
    assert (ran.code, ran.out) == (code, "")
    if code == 3:
        assert ran.err.startswith("This is a bug in Accord. Nothing half-done was kept.")
        assert "RuntimeError: <address>, again" in ran.err
        assert "ada@example.org" not in ran.err
    else:
        assert ran.err.strip() == ""
