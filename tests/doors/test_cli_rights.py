"""What people ask for and what time asks for, at the command line: show, update, merge, export, erase, retention, sweep."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from accord.core.model.time import add_months
from cli_driver import SMALL, Terminal, a_small_venue

TODAY = datetime.now(UTC).date()
BOUGHT, GIVEN = TODAY - timedelta(days=20), TODAY - timedelta(days=50)
PEOPLE = f"""email,city,collected_at,last_action_at,from_third_party
ada@example.org,Lyon,{TODAY - timedelta(days=300)},,
ada.l@example.org,,{TODAY - timedelta(days=280)},,
bob@example.org,Brest,2018-01-10,2019-01-10,
third@example.org,,{GIVEN},,yes
"""


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = a_small_venue(
        tmp_path / "venue", monkeypatch, f'{SMALL}\n[database]\nobjections_log = "objections.log"\n'
    )
    terminal("contacts", "import", str(terminal.write("people.csv", PEOPLE))).ok()
    order = {
        "email": "ada@example.org",
        "order_id": "O-1",
        "placed_at": f"{BOUGHT}T10:00:00+01:00",
        "paid_at": f"{BOUGHT}T10:00:00+01:00",
        "lines": [{"family": "theatre", "amount_cents": 2400}],
    }
    terminal("orders", "import", terminal.lines("orders.jsonl", order)).ok()
    return terminal


def test_update_puts_right_and_says_every_fault_at_once(scenario: Terminal) -> None:
    bad = scenario(
        "contacts", "update", "ada@example.org", "--set", "shoe=42", "--set", "visits=x", "--zone", "Mars"
    )
    assert bad.code == 1
    assert bad.err.splitlines()[0].startswith("--set shoe=42: write ATTRIBUTE=VALUE; attributes are city")
    assert bad.err.splitlines()[1].startswith("--set visits: ")
    assert bad.err.splitlines()[2] == "--zone: «Mars» is none that we know."
    assert scenario("contacts", "update", "ada@example.org").code == 1
    scenario(
        "contacts", "update", "ada@example.org", "--set", "visits=3", "--set", "city=", "--language", "en"
    ).ok()
    shown = scenario("contacts", "show", "ADA@example.org", "--json").ok().json
    assert (shown["attributes"], shown["language"]) == ({"city": None, "visits": 3}, "en")


def test_a_new_address_is_held_against_the_objection_list(scenario: Terminal) -> None:
    scenario("consent", "record", "ada.l@example.org", "--refuse", "--channel", "letter").ok()
    taken = scenario("contacts", "update", "ada@example.org", "--email", "ada.l@example.org")
    assert taken.code == 1
    assert "scenario contacts merge ada@example.org ada.l@example.org" in taken.err
    scenario("contacts", "erase", "ada.l@example.org", "--by", "lea").ok()
    moved = scenario("contacts", "update", "ada@example.org", "--email", "ada.l@example.org").ok()
    assert "The new address is on the objection list: no more mail of all prospecting." in moved.out
    states = scenario("contacts", "show", "ada.l@example.org", "--json").ok().json["consents"]
    assert {state["state"] for state in states} == {"active_optout"}
    assert scenario("contacts", "update", "ada.l@example.org", "--email", "nonsense").code == 1


def test_merge_then_export_then_erase(scenario: Terminal) -> None:
    done = scenario("contacts", "merge", "ada@example.org", "ada.l@example.org", "--by", "lea", "--json").ok()
    assert (done.json["ended"], done.json["carried_on"]) == (0, 0)
    shown = scenario("contacts", "show", "ada.l@example.org", "--json").ok().json
    assert (shown["id"], shown["also"]) == (done.json["kept"], ["ada.l@example.org"])
    assert scenario("contacts", "merge", "ada@example.org", "ada.l@example.org").code == 1
    target = scenario.folder / "ada.zip"
    scenario("contacts", "export", "ada.l@example.org", str(target), "--by", "lea").ok()
    assert json.loads(zipfile.ZipFile(target).read("personal-data.json"))["orders"][0]["order_id"] == "O-1"
    assert scenario("contacts", "export", "ada@example.org", str(target)).code == 1
    erased = scenario("contacts", "erase", "ada@example.org", "--by", "lea").ok()
    assert "1 orders archived" in erased.out
    left = scenario("contacts", "show", "ada@example.org").ok().out
    assert "ada@example.org is not a contact. What the law makes us keep:" in left
    assert f"order O-1 in the archive, until {add_months(BOUGHT, 120)}" in left
    assert "(as a keyed digest)" in left
    assert scenario("contacts", "erase", "ada@example.org").code == 1
    nobody = scenario("contacts", "show", "nobody@example.org")
    assert (nobody.code, nobody.err) == (1, "nobody@example.org is not a contact.\n")
    assert [deed["action"] for deed in scenario("audit", "--json").ok().json][:3] == [
        "contacts erase",
        "contacts export",
        "contacts merge",
    ]
    assert scenario("db", "check").ok()
    back = scenario("contacts", "import", str(scenario.folder / "people.csv"), "--json").ok().json
    assert (back["new"], back["objecting"]) == (2, 2)


def test_the_log_is_written_before_the_command_ends(scenario: Terminal) -> None:
    scenario("contacts", "erase", "ada@example.org", "--by", "lea").ok()
    [line] = [json.loads(each) for each in (scenario.folder / "objections.log").read_text().splitlines()]
    assert (line["purpose"], line["entity"], line["erasure"]) == ("*", "self", True)
    assert len(line["seal"]) == 64


def test_retention_looks_ahead_and_the_sweep_erases_once(scenario: Terminal) -> None:
    ahead = scenario("retention", "--horizon", "3", "--json").ok().json
    assert (ahead["people"], ahead["past"], ahead["third_parties"], len(ahead["months"])) == (4, 1, 1, 3)
    assert ahead["inform_by"] == str(add_months(GIVEN, 1))
    said = scenario("retention").ok().out
    assert "Past the cut-off: 1; the next sweep erases them" in said
    assert f"inform them by {add_months(GIVEN, 1)} (art. 14). That day is past." in said
    dry = scenario("sweep", "--dry-run", "--json").ok().json
    assert (dry["dry_run"], dry["erased"]) == (True, 1)
    assert "Nothing was written." in scenario("sweep", "--dry-run").ok().out
    assert scenario("sweep", "--history").ok().out == "There was no sweep yet.\n"
    assert scenario("sweep", "--by", "lea", "--json").ok().json["erased"] == 1
    assert scenario("contacts", "show", "bob@example.org").code == 1
    assert scenario("sweep", "--by", "lea", "--json").ok().json["erased"] == 0
    told = scenario("sweep", "--history", "--json").ok().json
    assert [(each["by"], each["erased"]) for each in told] == [("lea", 0), ("lea", 1)]
    assert "erased" in scenario("sweep", "--history").ok().out


def test_tick_sweeps_at_night_and_once(scenario: Terminal) -> None:

    def ticks(hour: int) -> dict:
        instant = datetime.combine(TODAY, time(hour, 30), ZoneInfo("Europe/Paris"))
        return scenario("tick", "--now", instant.isoformat(), "--json").ok().json

    assert ticks(2)["swept"] is None
    assert ticks(3)["swept"]["erased"] == 1
    assert ticks(4)["swept"] is None


def test_other_keys_are_refused_by_whatever_looks_at_the_list(scenario: Terminal, tmp_path: Path) -> None:
    other = a_small_venue(tmp_path / "other", scenario.monkeypatch)
    (scenario.folder / "accord.keys").write_bytes((other.folder / "accord.keys").read_bytes())
    for command in (
        ("daemon", "--no-web"),
        ("contacts", "import", str(scenario.folder / "people.csv")),
        ("sweep",),
        ("contacts", "erase", "ada@example.org"),
    ):
        refused = scenario(*command)
        assert refused.code == 1
        assert "accord.keys lacks a key" in refused.err
