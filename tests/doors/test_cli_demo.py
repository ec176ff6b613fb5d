"""The demo leaves a whole venue behind: its first days, played, and every command on what they left."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from accord.shell.cli.demo import _at_home, _settle_in
from accord.shell.cli.outcome import outcome, print_outcome
from accord.shell.cli.replay import quarter, replay
from accord.shell.cli.starter import starter
from cli_driver import Terminal, a_small_venue


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base, and the quarter's first six days, up to the first Monday's question."""
    out = tmp_path_factory.mktemp("demo") / "out"
    with starter() as root:
        house, clock = _settle_in(root, out)
        house.open_for_work("demo")
        house.read_files()
        begins, _ = quarter(house.venue.entity.clock)
        asyncio.run(replay(house, root / "samples", clock, begins + timedelta(days=5, hours=11)))
        house.store.close()
    return out


@pytest.fixture
def scenario(played: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal(played, monkeypatch)


def test_every_command_works_on_what_the_demo_leaves(scenario: Terminal) -> None:
    mails = scenario("messages", "--json").ok().json
    assert {mail["state"] for mail in mails} == {"accepted"}
    assert len(list((scenario.folder / "mailbox").glob("*.eml"))) == len(mails)
    asked = next(mail for mail in mails if mail["scenario"] == "preferences")
    told = scenario("explain", asked["to"], "preferences", "--json").ok().json
    assert [row["event"] for row in told if row["event"].startswith("mail.")] == ["mail.queued", "mail.sent"]
    assert asked["to"] in scenario("explain", asked["to"]).ok().out
    coming = (
        scenario("dry-run", "lettre", "--contact", asked["to"], "--from", "2026-07-07", "--json").ok().json
    )
    assert any(row["event"] == "mail.queued" for row in coming[0]["journal"])
    assert scenario("check").ok().out.endswith("0 errors, 0 warnings.\n")
    assert scenario("db", "check").ok()
    assert scenario("policy", "show").ok()
    assert scenario("status", "--json").json["messages"] == {"accepted": len(mails)}


def test_its_links_lead_to_this_machine(scenario: Terminal) -> None:
    [first, *_] = sorted((scenario.folder / "mailbox").glob("*.eml"))
    assert b"http://127.0.0.1:8025/" in first.read_bytes().replace(b"=\r\n", b"")
    assert 'base_url = "http://127.0.0.1:8025"' in (scenario.folder / "config.toml").read_text(
        encoding="utf-8"
    )


def test_links_follow_the_port_of_the_pages() -> None:
    config = '[smtp]\nport = 25\n[web]\nbase_url = "https://x.example.org"  # there\nport = 9000\n'
    assert _at_home(config) == config.replace("https://x.example.org", "http://127.0.0.1:9000")


def test_what_came_of_it_fits_a_terminal(
    played: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from accord.shell.wiring import open_house

    house = open_house(played / "config.toml")
    found = outcome(house)
    house.store.close()
    assert sum(row["mails"] for row in found["sent"]) == found["ledger"]["accepted"] == found["files"]
    assert {"ADDR_HARD_BOUNCED", "NOT_INFORMED"} <= {row["reason"] for row in found["not_sent"]}
    print_outcome(found)
    said = capsys.readouterr().out
    assert "The address does not exist any more." in said
    sent = said.partition("Held, refused")[0]
    assert max(map(len, sent.splitlines())) <= 100


def test_a_folder_that_is_somebodys_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = a_small_venue(tmp_path / "venue", monkeypatch)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("keep me")
    refused = scenario("demo", "--out", str(mine))
    assert refused.code == 1
    assert refused.err == f"{mine} is not empty and not an earlier demo's: name another folder with --out.\n"
    assert (mine / "letter.txt").read_text() == "keep me"
