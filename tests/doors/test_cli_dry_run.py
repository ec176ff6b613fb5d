"""`scenario dry-run` over everybody and over one person: figures that add up, and a database that is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli_driver import Terminal, a_small_venue


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = a_small_venue(tmp_path / "venue", monkeypatch)
    terminal.write("people.csv", "email\n" + "".join(f"p{number}@example.org\n" for number in range(5)))
    terminal("contacts", "import", str(terminal.folder / "people.csv")).ok()
    for number in range(3):
        asked = ("--form", "inscription", "--answer", "ticked", "--at", "2026-11-01")
        terminal("consent", "record", f"p{number}@example.org", *asked).ok()
    return terminal


def bytes_of(terminal: Terminal) -> dict[str, bytes]:
    """The database and its log; an empty log is none. What readers share besides (-shm) is no data."""
    files = {path.name: path.read_bytes() for path in terminal.folder.glob("accord.db*")}
    return {name: content for name, content in files.items() if content and not name.endswith("-shm")}


def test_everybody_is_counted_by_basis_and_reason(scenario: Terminal) -> None:
    told = scenario("dry-run", "merci", "--everyone", "--from", "2026-11-20", "--json").ok().json
    assert (told["people"], told["mails"], told["apart"]) == (5, 5, [])
    assert told["by_basis"] == {"consent": 5}
    assert told["refused"] == []
    assert told["a_day"] == [{"day": "2026-11-20", "mails": 5}]
    assert told["runs"] == [
        {"scenario": "merci", "in_flight": 0, "entered": 5, "finished": 5, "left": 0, "under_way": 0}
    ]


def test_nothing_is_written(scenario: Terminal) -> None:
    before = bytes_of(scenario)
    scenario("dry-run", "merci", "--everyone").ok()
    scenario("dry-run", "merci", "--contact", "p1@example.org").ok()
    assert bytes_of(scenario) == before
