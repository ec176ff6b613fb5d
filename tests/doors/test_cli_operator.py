"""What operators do: look at queues, take a brake, help a stuck row, decide of one mail, copy and bring back."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email import message_from_string
from pathlib import Path

import pytest

from accord.core.model.coding import stored_instant
from accord.shell.engine.care.rights import erase_person
from accord.shell.engine.ports.daemons import DaemonRole, Presence
from accord.shell.wiring import open_house
from cli_driver import SMALL, Terminal, a_small_venue


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = a_small_venue(tmp_path / "venue", monkeypatch)
    terminal.write("people.csv", "email,city\nada@example.org,Lyon\nbob@example.org,Brest\n")
    terminal("contacts", "import", str(terminal.folder / "people.csv")).ok()
    return terminal


def signs_up(scenario: Terminal, *addresses: str) -> None:
    """They gave their consent, with its proof; the scenario is live."""
    scenario("activate", "merci", "--yes", "--by", "marie").ok()
    for address in addresses:
        scenario("consent", "record", address, "--form", "inscription", "--answer", "ticked").ok()


def objects(scenario: Terminal, address: str) -> None:
    scenario("consent", "record", address, "--refuse", "--channel", "letter").ok()


def erase(scenario: Terminal, number: int) -> None:
    house = open_house(scenario.folder / "config.toml")
    erase_person(house.store, house.catalogue, number, by="luc", now=house.clock())
    house.store.close()


def in_an_hour() -> str:
    return (datetime.now(UTC) + timedelta(hours=1)).isoformat()


def a_closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def database(scenario: Terminal, statement: str) -> list[tuple]:
    """One statement in the database itself, for what only a crash or a poisoned row brings about."""
    with closing(sqlite3.connect(scenario.folder / "accord.db")) as connection, connection:
        return connection.execute(statement).fetchall()


# -- queues and brakes ----------------------------------------------------------------------------------------


def test_status_of_an_idle_venue_says_what_to_do_next(scenario: Terminal) -> None:
    said = scenario("status").ok().out
    assert (
        said == "No scenario is live: scenario activate NAME\nThe lag is 0 seconds (alarm at 15 minutes).\n"
    )
    document = scenario("status", "--json").ok().json
    assert (document["late"], document["messages"], document["scenarios"]) == (False, {}, [])


def test_status_names_each_daemon_and_one_that_fell_silent_is_an_alarm(scenario: Terminal) -> None:
    now = datetime.now(UTC)
    with open_house(scenario.folder / "config.toml").store.begin() as unit:
        for name, role, ago in (("north:17", DaemonRole.ALL, 5), ("south:4", DaemonRole.SENDER, 3600)):
            since = now - timedelta(hours=2)
            seen = now - timedelta(seconds=ago)
            unit.daemons.beat(Presence(name, name.partition(":")[0], role, "0.1.0", since, seen))
    said = scenario("status")
    assert said.code == 1
    assert "ALARM: the daemon south:4 (sender) has said nothing for longer than a minute." in said.out
    assert "north:17" in said.out
    document = scenario("status", "--json").json
    told = [(each["name"], each["role"], each["silent"]) for each in document["daemons"]]
    assert told == [("north:17", "all", False), ("south:4", "sender", True)]


def test_on_sqlite_one_daemon_does_everything(scenario: Terminal) -> None:
    for role in ("sender", "web"):
        refused = scenario("daemon", "--role", role)
        assert (refused.code, "on SQLite one does everything" in refused.err) == (1, True)
    assert scenario("daemon", "--role", "engine", "--no-web").code == 2


def test_status_shows_domains_that_are_slowed(scenario: Terminal) -> None:
    scenario("status").ok()
    told = '[["slow.example.org", 0.25, 2.0, 3, 41], ["well.example.org", 5.0, 5.0, 0, 2]]'
    database(
        scenario, f"INSERT INTO progress (loop, mark, at) VALUES ('pace', '{told}', '2026-01-01T00:00:00')"
    )
    said = scenario("status").ok().out
    assert "slow.example.org" in said and "0.25" in said and "well.example.org" not in said
    [slow, well] = scenario("status", "--json").ok().json["domains"]
    assert slow == {
        "domain": "slow.example.org",
        "per_second": 0.25,
        "whole": 2.0,
        "slowed": True,
        "held_back": 41,
    }
    assert well["slowed"] is False


def test_status_tells_what_each_mail_server_did_and_how_far_a_warm_up_is(scenario: Terminal) -> None:
    today = datetime.now(UTC).date()
    plan = f"[smtp.warm_up]\nbegins = {today - timedelta(days=1)}\nper_day = [5, 7, 9]\n"
    scenario.write("config.toml", f"{SMALL}\n{plan}")
    scenario("status").ok()
    told = '{"smtp": [{"accepted": 3, "not_taken": 2}, "nobody answers"], "smtp.fallback": [{"accepted": 2}, null]}'
    database(
        scenario, f"INSERT INTO progress (loop, mark, at) VALUES ('relays', '{told}', '2026-01-01T00:00:00')"
    )
    said = scenario("status").ok().out
    assert "nobody answers" in said and "smtp.fallback" in said
    assert "WARM-UP: 0 prospecting mails have left today, " in said
    document = scenario("status", "--json").ok().json
    assert document["relays"][0] == {
        "relay": "smtp",
        "mails": {"accepted": 3, "not_taken": 2},
        "silent": "nobody answers",
    }
    assert document["warm_up"]["left"] == 0


def test_a_brake_holds_queued_mail_and_tells_whose_it_is(scenario: Terminal) -> None:
    signs_up(scenario, "ada@example.org")
    scenario("hold", "prospecting", "--reason", "wrong date", "--by", "marie").ok()
    again = scenario("hold", "prospecting", "--reason", "other", "--by", "luc")
    assert again.code == 1
    assert "is held already, by marie: " in again.err
    assert again.err.endswith(": wrong date\n")
    assert scenario("tick", "--until-idle", "--json").ok().json["sent"] == 0
    assert "HELD: prospecting, by marie since" in scenario("status").ok().out
    scenario("release", "prospecting", "--by", "luc").ok()
    assert scenario("release", "prospecting").err == "«prospecting» is not held; held are: nothing.\n"
    deeds = scenario("audit", "--json").ok().json
    assert [(each["by"], each["action"]) for each in deeds if each["action"] in ("hold", "release")] == [
        ("luc", "release"),
        ("marie", "hold"),
    ]


def test_only_what_is_there_can_be_held(scenario: Terminal) -> None:
    wrong = scenario("hold", "letre", "--reason", "x")
    assert (wrong.code, wrong.err) == (1, "«letre» can't be held; known are: all, prospecting.\n")


def test_status_ends_with_1_when_the_lag_is_past_the_alarm(scenario: Terminal) -> None:
    signs_up(scenario, "ada@example.org")
    database(scenario, "UPDATE event SET received_at = '2026-01-01T00:00:00.000000+00:00' WHERE answered = 0")
    late = scenario("status")
    assert late.code == 1
    assert "ALARM: the oldest of 1 events that are due waits for longer than 15 minutes.\n" in late.out


# -- stuck rows --------------------------------------------------------------------------------------------------


def test_what_is_stuck_is_listed_and_tried_again_by_hand(scenario: Terminal) -> None:
    signs_up(scenario, "ada@example.org", "bob@example.org")
    put_aside = stored_instant(datetime.now(UTC) + timedelta(hours=1))
    database(
        scenario,
        f"UPDATE event SET lease_until = '{put_aside}' WHERE answered = 0 AND contact_id = 1",
    )
    scenario("tick", "--until-idle").ok()
    database(scenario, "UPDATE message SET state = 'unknown', reply = 'the line broke' WHERE contact_id = 2")
    found = scenario("status", "--stuck", "--json").json["stuck"]
    event, mail = found
    assert (event["what"], event["contact"]) == ("consent.given", 1)
    assert (mail["what"], mail["why"], mail["tried_again_at"]) == ("merci/merci", "the line broke", None)
    assert event["id"] in scenario("status", "--stuck").out
    scenario("retry", event["id"], "--by", "luc").ok()
    assert (
        scenario("retry", event["id"]).err == f"{event['id']} is not stuck: see `scenario status --stuck`.\n"
    )
    assert scenario("tick", "--until-idle", "--json").ok().json["sent"] == 1


@pytest.mark.parametrize("row", ["17", "run-x", "dog-3"])
def test_a_row_is_named_as_status_names_it(scenario: Terminal, row: str) -> None:
    wrong = scenario("retry", row)
    assert wrong.code == 1
    assert wrong.err == f"«{row}» is no row: take its id from `scenario status --stuck`, such as run-17.\n"


# -- one mail ------------------------------------------------------------------------------------------------------


def test_a_mail_is_shown_whole_and_as_its_reader_gets_it(scenario: Terminal) -> None:
    signs_up(scenario, "ada@example.org")
    scenario("tick", "--until-idle").ok()
    [mail] = scenario("messages", "--json").ok().json
    told = scenario("messages", "show", str(mail["id"]), "--json").ok().json
    assert (told["to"], told["reason"], told["rule"], told["basis"]) == (
        "ada@example.org",
        "OPTIN_PROVEN",
        "R-04",
        "consent",
    )
    assert told["inputs"]["consent"] == "optin_proven"
    assert [row["event"] for row in told["journal"]] == ["mail.sent"]
    assert "What the gate read" in scenario("messages", "show", str(mail["id"])).ok().out
    kept = scenario("messages", "show", str(mail["id"]), "--eml").ok()
    assert message_from_string(kept.out)["Subject"] == "Merci"
    assert kept.err == ""


def test_a_mail_that_is_not_there(scenario: Terminal) -> None:
    for words in (("show", "7"), ("resend", "7"), ("settle", "7", "lost")):
        ran = scenario("messages", *words)
        assert (ran.code, ran.err) == (1, "There is no mail 7 in the ledger.\n")


def test_an_accepted_prospecting_mail_never_leaves_twice(scenario: Terminal) -> None:
    signs_up(scenario, "ada@example.org")
    scenario("tick", "--until-idle").ok()
    refused = scenario("messages", "resend", "1", "--by", "luc")
    assert refused.code == 1
    assert refused.err == ("Mail 1 was accepted by the server: a prospecting mail is never sent twice.\n")


def test_an_unknown_mail_is_settled_by_hand_or_sent_again_under_its_own_id(scenario: Terminal) -> None:
    signs_up(scenario, "ada@example.org", "bob@example.org")
    scenario("tick", "--until-idle").ok()
    first = scenario("messages", "show", "2", "--eml").ok().out
    database(scenario, "UPDATE message SET state = 'unknown'")
    assert len(scenario("messages", "--unknown", "--json").ok().json) == 2
    scenario("messages", "settle", "1", "accepted", "--by", "luc").ok()
    twice = scenario("messages", "settle", "1", "lost")
    assert twice.err == "Mail 1 is accepted: only unknown ones are settled by hand.\n"
    queued = scenario("messages", "resend", "2", "--by", "luc", "--json").ok().json
    assert queued == {"id": 2, "queued": True, "reason": "OPTIN_PROVEN", "rule": "R-04"}
    assert scenario("tick", "--until-idle", "--json").ok().json["sent"] == 1
    second = scenario("messages", "show", "2", "--eml").ok().out
    assert message_from_string(first)["Message-ID"] == message_from_string(second)["Message-ID"]


def test_a_lost_mail_may_be_sent_again_but_only_past_the_gate(scenario: Terminal) -> None:
    signs_up(scenario, "ada@example.org", "bob@example.org")
    scenario("tick", "--until-idle").ok()
    database(scenario, "UPDATE message SET state = 'unknown'")
    scenario("messages", "settle", "1", "lost", "--by", "luc").ok()
    scenario("messages", "settle", "2", "lost", "--by", "luc").ok()
    assert [each["reason"] for each in scenario("messages", "--failed", "--json").ok().json] == [
        "LOST",
        "LOST",
    ]
    objects(scenario, "bob@example.org")
    scenario("messages", "resend", "1", "--by", "luc").ok()
    objected = scenario("messages", "resend", "2", "--by", "luc")
    assert (objected.code, objected.err) == (1, "Mail 2 may not leave: OBJECTION R-10.\n")
    assert scenario("tick", "--until-idle", "--json").ok().json["sent"] == 1
    told = scenario("explain", "ada@example.org", "--json").ok().json
    assert [row["event"] for row in told if row.get("by_hand")] == ["mail.refused", "mail.queued"]


def test_a_silent_server_loses_nothing_though_the_run_has_ended_and_its_file_was_edited(
    scenario: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    signs_up(scenario, "ada@example.org")
    monkeypatch.setenv("ACCORD_DELIVERY__KIND", "smtp")
    monkeypatch.setenv("ACCORD_SMTP__SECURITY", "none")
    monkeypatch.setenv("ACCORD_SMTP__PORT", str(a_closed_port()))
    silent = scenario("tick", "--until-idle", "--json")
    assert (silent.code, silent.json["sent"]) == (1, 0)
    assert silent.err.startswith("Mail waits in the queue, nothing is lost: ")
    assert scenario("status", "--json").json["messages"] == {"queued": 1}
    text = (scenario.folder / "scenarios/merci.yaml").read_text(encoding="utf-8")
    scenario.write("scenarios/merci.yaml", text.replace("notre lettre.", "la lettre du théâtre."))
    scenario("activate", "merci", "--yes").ok()
    monkeypatch.setenv("ACCORD_DELIVERY__KIND", "folder")
    assert scenario("tick", "--until-idle", "--json", "--now", in_an_hour()).ok().json["sent"] == 1


# -- keys and copies ---------------------------------------------------------------------------------------------


def test_keys_are_told_by_their_prints_and_a_new_one_goes_first(scenario: Terminal) -> None:
    before = scenario("keys", "list", "--json").ok().json
    assert [(each["use"], each["at_work"]) for each in before] == [("objections", True), ("links", True)]
    secret = json.loads((scenario.folder / "accord.keys").read_text())["links"][0]
    scenario("keys", "rotate", "links", "--by", "luc").ok()
    after = scenario("keys", "list", "--json").ok().json
    assert [each["at_work"] for each in after if each["use"] == "links"] == [True, False]
    kept = json.loads((scenario.folder / "accord.keys").read_text())["links"]
    assert kept[1] == secret
    assert kept[0] != secret
    assert stat.S_IMODE((scenario.folder / "accord.keys").stat().st_mode) == 0o600
    assert secret not in "".join(ran.out + ran.err for ran in scenario.ran)
    scenario("keys", "rotate", "objections").ok()
    assert scenario("db", "check").ok().out.endswith("The keys are those that it was kept with.\n")


def test_another_venues_keys_are_refused_before_anything_is_written(
    scenario: Terminal, tmp_path: Path
) -> None:
    other = a_small_venue(tmp_path / "other", scenario.monkeypatch)
    (scenario.folder / "accord.keys").write_bytes((other.folder / "accord.keys").read_bytes())
    refused = scenario("tick")
    assert refused.code == 1
    assert refused.err.startswith("database: accord.keys lacks a key that it was kept with")
    checked = scenario("db", "check", "--json")
    assert (checked.code, checked.json["keys"]) == (1, False)


def test_a_copy_comes_back_held_and_remembers_who_objected_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = f'{SMALL}\n[database]\nobjections_log = "objections.log"\n'
    scenario = a_small_venue(tmp_path / "venue", monkeypatch, config)
    scenario.write("people.csv", "email\nada@example.org\nbob@example.org\neve@example.org\n")
    scenario("contacts", "import", str(scenario.folder / "people.csv")).ok()
    signs_up(scenario, "ada@example.org", "bob@example.org", "eve@example.org")
    copy = tmp_path / "copies" / "monday"
    manifest = scenario("db", "backup", str(copy), "--json").ok().json
    assert manifest["rows"]["contact"] == 3
    objects(scenario, "bob@example.org")
    erase(scenario, 3)
    taken = scenario("db", "restore", str(copy), "--by", "luc")
    assert taken.code == 1
    assert taken.err.endswith(
        "accord.db is there already: --force puts it aside and takes the copy instead.\n"
    )
    restored = scenario("db", "restore", str(copy), "--by", "luc", "--force").ok()
    assert "objections from the log" in restored.out
    [aside] = scenario.folder.glob("accord.db.before-*")
    assert str(aside) in restored.out
    [brake] = scenario("status", "--json").json["brakes"]
    assert (brake["name"], brake["by"]) == ("all", "luc")
    assert brake["reason"].startswith("restored from a copy of ")
    assert scenario("tick", "--until-idle", "--json").ok().json["sent"] == 0
    scenario("release", "all", "--by", "luc").ok()
    scenario("tick", "--until-idle", "--now", in_an_hour()).ok()
    [unsure] = scenario("messages", "--unknown", "--json").ok().json
    assert (unsure["to"], unsure["reason"]) == ("ada@example.org", "RESTORED"), "it may have left since"
    scenario("messages", "resend", str(unsure["id"]), "--by", "luc").ok()
    scenario("tick", "--until-idle", "--now", in_an_hour()).ok()
    assert [
        each["to"] for each in scenario("messages", "--json").ok().json if each["state"] == "accepted"
    ] == ["ada@example.org"]
    states = scenario("consent", "show", "bob@example.org", "--json").ok().json["states"]
    assert {each["state"] for each in states} == {"active_optout"}
    assert scenario("db", "check").ok()


def test_a_database_that_other_tools_brought_back_is_held_and_remembers_who_objected_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = f'{SMALL}\n[database]\nobjections_log = "objections.log"\n'
    scenario = a_small_venue(tmp_path / "venue", monkeypatch, config)
    scenario.write("people.csv", "email\nada@example.org\nbob@example.org\n")
    scenario("contacts", "import", str(scenario.folder / "people.csv")).ok()
    signs_up(scenario, "ada@example.org", "bob@example.org")
    scenario("db", "backup", str(tmp_path / "copy")).ok()
    objects(scenario, "bob@example.org")
    for beside in scenario.folder.glob("accord.db*"):
        beside.unlink()
    shutil.copyfile(tmp_path / "copy" / "accord.db", scenario.folder / "accord.db")
    said = scenario("db", "restored", "--by", "luc").ok().out
    assert said.startswith("1 objections from the log.\n1 mails may have left since")
    [brake] = scenario("status", "--json").json["brakes"]
    assert (brake["name"], brake["by"], brake["reason"]) == ("all", "luc", "restored by other means")
    states = scenario("consent", "show", "bob@example.org", "--json").ok().json["states"]
    assert {each["state"] for each in states} == {"active_optout"}


def test_a_copy_that_is_not_what_its_manifest_says_is_refused(scenario: Terminal, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    scenario("db", "backup", str(copy)).ok()
    assert (
        scenario("db", "backup", str(copy)).err
        == f"There is a copy in {copy} already: name another folder.\n"
    )
    with (copy / "accord.db").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"x")
    before = (scenario.folder / "accord.db").read_bytes()
    changed = scenario("db", "restore", str(copy), "--force")
    assert (changed.code, changed.err) == (
        1,
        f"{copy / 'accord.db'}: its digest is not that of the manifest: it was changed since.\n",
    )
    (copy / "manifest.json").unlink()
    without = scenario("db", "restore", str(copy), "--force")
    assert without.err == (
        f"{copy} has no manifest.json: it is not a finished copy of `scenario db backup`.\n"
    )
    assert (scenario.folder / "accord.db").read_bytes() == before
    assert list(scenario.folder.glob(".accord.db.restoring*")) == []
