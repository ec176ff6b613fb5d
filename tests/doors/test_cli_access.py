"""`scenario access`: keys for the systems around, shown once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli_driver import Terminal, a_small_venue


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return a_small_venue(tmp_path, monkeypatch)


def test_a_key_is_shown_once_and_listed_without_itself(scenario: Terminal) -> None:
    assert "There are no keys" in scenario("access", "list").ok().out
    made = scenario(
        "access", "add", "shop", "--scope", "orders:write", "--scope", "people:read", "--by", "lea"
    ).ok()
    assert re.fullmatch(r"accord_[0-9a-f]{12}_[A-Za-z0-9_-]{43}\n", made.out), "the key alone, for `KEY=$(…)`"
    assert "this once" in made.err
    [listed] = scenario("access", "list", "--json").ok().json
    assert (listed["state"], listed["made_by"], listed["used_at"]) == ("good", "lea", None)
    assert listed["scopes"] == ["orders:write", "people:read"]
    secret = made.out.strip().rpartition(f"{listed['prefix']}_")[2]
    for ran in (scenario("access", "list"), scenario("audit", "--json")):
        assert secret not in ran.ok().out
    assert secret.encode() not in (scenario.folder / "accord.db").read_bytes()


def test_rotating_and_revoking(scenario: Terminal) -> None:
    first = scenario("access", "add", "shop", "--scope", "orders:write", "--rate", "30", "--json").ok().json
    second = scenario("access", "rotate", "shop", "--overlap", "2 hours", "--json").ok().json
    assert first["key"] != second["key"]
    assert (second["rate"], second["scopes"]) == (30, ["orders:write"])
    assert [each["state"] for each in scenario("access", "list", "--json").ok().json] == ["ending", "good"]
    assert "2 keys of shop" in scenario("access", "revoke", "shop").ok().out
    assert {each["state"] for each in scenario("access", "list", "--json").ok().json} == {"revoked"}
    done = [each["action"] for each in scenario("audit", "--json").ok().json]
    assert done[:3] == ["access revoke", "access rotate", "access add"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("add", "Shop", "--scope", "orders:write"), 1, "no name for a key"),
        (("add", "shop", "--scope", "everything"), 2, "people:erase"),
        (("add", "shop"), 2, "--scope"),
        (("add", "shop", "--scope", "orders:write", "--rate", "0"), 2, "--rate"),
        (("rotate", "shop"), 1, "no key shop"),
        (("rotate", "shop", "--overlap", "soon"), 1, "no length of time"),
        (("revoke", "shop"), 1, "no key shop"),
    ],
)
def test_what_can_not_be_is_told(scenario: Terminal, words: tuple[str, ...], code: int, says: str) -> None:
    ran = scenario("access", *words)
    assert (ran.code, says in ran.err) == (code, True), ran.err


def test_a_name_is_one_systems_at_a_time(scenario: Terminal) -> None:
    scenario("access", "add", "shop", "--scope", "orders:write").ok()
    ran = scenario("access", "add", "shop", "--scope", "orders:write")
    assert (ran.code, "rotate it" in ran.err) == (1, True)
