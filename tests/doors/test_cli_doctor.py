"""`scenario doctor` as operators and their monitoring run it: short when all is well, its exit code, and one document."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli_driver import SMALL, Terminal, a_small_venue

SENDS = """
[delivery]
kind = "smtp"

[smtp]
port = 9
security = "none"
"""
RECORDS = """
theatre.example.org. TXT "v=spf1 ip4:203.0.113.7 -all"
theatre.example.org. MX 10 mx.theatre.example.org.
mx.theatre.example.org. A 203.0.113.7
_dmarc.example.org. TXT "v=DMARC1; p=none"
"""


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return a_small_venue(tmp_path / "venue", monkeypatch)


def test_a_new_venue_is_well_in_few_lines_and_nothing_is_written(scenario: Terminal) -> None:
    before = sorted(path.name for path in scenario.folder.iterdir())
    ran = scenario("doctor").ok()
    assert ran.out == (
        "configuration  3 of 4 well\n"
        "  ? Mail goes to the folder mailbox, not to people; the outside was not looked at.\n"
        '    → To send: kind = "smtp" in config.toml, under [delivery]. To look now: scenario doctor dns relay page\n'
        "database  1 of 1 well\n"
        "page  1 of 1 well\n"
        "\n"
        "Nothing has to be mended. 1 not seen from here.\n"
    )
    assert sorted(path.name for path in scenario.folder.iterdir()) == before
    assert len(scenario("doctor", "--all").ok().out.splitlines()) > len(ran.out.splitlines())


def test_what_has_to_be_mended_ends_with_one_and_says_what_to_type(scenario: Terminal) -> None:
    (scenario.folder / "accord.keys").chmod(0o644)
    ran = scenario("doctor", "configuration")
    assert ran.code == 1
    assert f"    → chmod 600 {scenario.folder / 'accord.keys'}\n" in ran.out
    assert ran.out.endswith("1 thing to mend. 1 not seen from here.\n")


def test_dns_comes_from_a_file_and_each_record_that_is_wanted_is_spelt_out(scenario: Terminal) -> None:
    file = str(scenario.write("records.txt", RECORDS))
    ran = scenario("doctor", "dns", "--dns", file).ok()
    assert "p=none: others may still write in your name" in ran.out
    scenario.write("records.txt", "")
    ran = scenario("doctor", "dns", "--dns", file)
    assert ran.code == 1
    assert 'Publish: theatre.example.org. 3600 IN TXT "v=spf1 include:' in ran.out
    bad = str(scenario.write("bad.txt", "a.example. IN A 300.1.1.1\n"))
    ran = scenario("doctor", "dns", "--dns", bad)
    assert (ran.code, ran.out) == (1, "")
    assert "no DNS record near line" in ran.err


def test_one_document_with_findings_and_the_demands_of_mailboxes(scenario: Terminal) -> None:
    # Nothing of a test leaves the house: the page is one for trying out.
    scenario.write(
        "config.toml", (SMALL + SENDS).replace("https://theatre.example.org", "http://127.0.0.1:9")
    )
    file = str(scenario.write("records.txt", RECORDS))
    ran = scenario("doctor", "--dns", file, "--json")
    assert ran.code == 1
    told = ran.json
    assert told["fine"] is False
    assert {each["group"] for each in told["findings"]} == {
        "configuration", "database", "relay", "dns", "page", "returns",
    }  # fmt: skip
    [spf] = [each for each in told["findings"] if each["key"] == "spf"]
    assert spf == {
        "group": "dns",
        "key": "spf",
        "state": "fine",
        "says": "theatre.example.org has an SPF record",
        "fix": None,
    }
    assert all(each["fix"] for each in told["findings"] if each["state"] == "mend")
    demands = {(each["mailbox"], each["demand"]): each["state"] for each in told["rules"]}
    assert {mailbox for mailbox, _ in demands} == {"Google", "Yahoo", "Microsoft", "Orange", "La Poste"}
    assert demands["Microsoft", "SPF passes"] == "met"
    assert demands["Google", "TLS"] == "not seen"


def test_a_configuration_with_faults_is_the_first_finding(scenario: Terminal) -> None:
    scenario.write("config.toml", SMALL.replace("[entity]", "[entity]\nnam = 1"))
    ran = scenario("doctor", "--json")
    assert ran.code == 1
    [finding] = ran.json["findings"]
    assert "config.toml:3:1: «entity.nam» is not a key" in finding["says"]


def test_a_backup_is_remembered(scenario: Terminal) -> None:
    people = scenario.write("people.csv", "email\nada@example.org\n")
    scenario("contacts", "import", str(people)).ok()
    ran = scenario("doctor", "database")
    assert ran.code == 1
    assert "There never was a backup." in ran.out
    folder = str(scenario.folder / "copy")
    scenario("db", "backup", folder, "--by", "marie").ok()
    assert "Nothing has to be mended." in scenario("doctor", "database").ok().out
    [deed] = [each for each in scenario("audit", "--json").ok().json if each["action"] == "db backup"]
    assert (deed["by"], deed["subject"]) == ("marie", folder)
