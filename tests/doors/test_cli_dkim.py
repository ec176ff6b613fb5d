"""Signing as an operator sets it up: a key, its record, and mails that verify, whichever stream they are of."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import dkim
import pytest

from accord.core.mail.dkim import signatures
from cli_driver import SMALL, Terminal, a_small_venue

CONFIRMATION = """scenario: confirmation
purpose: service
enter:
  when: order.placed
  per: event.order_id
steps:
  confirmation:
    send: confirmation
    nature: service
    about: order
"""
CONFIRMED = """---
subject: Votre commande {{ event.order_id }}
---
<p>Bonjour, votre commande {{ event.order_id }} est confirmée.</p>
"""
SIGNS = """
[dkim.keys]
r2026 = "dkim-r2026.pem"
e2026 = "dkim-e2026.pem"
"""


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return a_small_venue(tmp_path / "venue", monkeypatch)


def records(scenario: Terminal) -> dict[bytes, bytes]:
    shown = scenario("dkim", "show", "--json").ok().json
    return {f"{each['name']}.".encode(): each["record"].encode() for each in shown}


def test_both_streams_leave_with_signatures_that_verify(scenario: Terminal) -> None:
    scenario.write("scenarios/confirmation.yaml", CONFIRMATION)
    scenario.write("templates/confirmation.html", CONFIRMED)
    scenario("dkim", "new", "r2026", "--by", "marie").ok()
    scenario("dkim", "new", "e2026", "--kind", "ed25519", "--by", "marie").ok()
    scenario.write("config.toml", SMALL + SIGNS)
    people = scenario.write("people.csv", "email\nada@example.org\n")
    scenario("contacts", "import", str(people)).ok()
    scenario("activate", "merci", "--yes").ok()
    scenario("activate", "confirmation", "--yes").ok()
    scenario("consent", "record", "ada@example.org", "--form", "inscription", "--answer", "ticked").ok()
    scenario("event", "ada@example.org", "order.placed", "--data", '{"order_id": "DR-1"}').ok()
    scenario("tick", "--until-idle").ok()
    known = records(scenario)
    mails = [path.read_bytes() for path in sorted((scenario.folder / "mailbox").glob("*.eml"))]
    assert sorted(b"\r\nList-Unsubscribe:" in mail for mail in mails) == [False, True]
    for mail in mails:
        checked = dkim.DKIM(mail)
        assert [checked.verify(idx=n, dnsfunc=lambda name, timeout=5: known.get(name)) for n in (0, 1)] == [
            True,
            True,
        ]
        assert {each.tags["d"] for each in signatures(mail)} == {"theatre.example.org"}
        feedback = re.search(rb"\r\nFeedback-ID: (.+)\r\n", mail)
        assert feedback is not None
        assert feedback[1] in (
            b"merci:newsletter:editorial:theatre-example",
            b"confirmation:service:service:theatre-example",
        )
    for each in scenario("messages", "--json").ok().json:
        [file] = (scenario.folder / "mailbox").glob(f"{each['id']:012d}-*.eml")
        number, left = str(each["id"]), file.read_bytes().decode()
        assert scenario("messages", "show", number, "--eml").ok().out == left
        headers = [name for name, _ in scenario("messages", "show", number, "--json").ok().json["headers"]]
        assert headers[:3] == ["DKIM-Signature", "DKIM-Signature", "From"]
        # A key that is gone signs no more; the mail under it is still the same.
        scenario.write("config.toml", SMALL + SIGNS.replace('r2026 = "dkim-r2026.pem"', ""))
        again = scenario("messages", "show", number, "--eml").ok().out
        assert left.endswith(again)
        assert again.count("DKIM-Signature") == 1
        scenario.write("config.toml", SMALL + SIGNS)
    assert [each["action"] for each in scenario("audit", "--json").ok().json].count("dkim new") == 2


def test_a_key_is_its_owners_alone_and_stays_out_of_git(scenario: Terminal) -> None:
    scenario.write(".gitignore", "accord.keys")
    out = scenario("dkim", "new", "r2026").ok().out
    file = scenario.folder / "dkim-r2026.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (scenario.folder / ".gitignore").read_text() == "accord.keys\ndkim-*.pem\n"
    scenario("dkim", "new", "r2027").ok()
    assert (scenario.folder / ".gitignore").read_text() == "accord.keys\ndkim-*.pem\n"
    assert 'r2026._domainkey.theatre.example.org. 3600 IN TXT (\n    "v=DKIM1; k=rsa; p=' in out
    assert '[dkim.keys]\nr2026 = "dkim-r2026.pem"' in out
    assert "PRIVATE" not in out
    again = scenario("dkim", "new", "r2026")
    assert (again.code, again.err) == (
        1,
        "dkim-r2026.pem is there already: a new key needs another selector.\n",
    )
    assert "is no selector" in scenario("dkim", "new", "../r").err


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ('[dkim.keys]\nr2026 = "gone.pem"', "gone.pem is missing"),
        (
            '[dkim.keys]\nr2026 = "open.pem"',
            "open.pem is open to others, who could sign as you: run `chmod 600",
        ),
        ('[dkim.keys]\nr2026 = "odd.pem"', "holds no private key that can be read without a password"),
        ('[dkim.keys]\nr2026 = "curve.pem"', "DKIM knows RSA (2048 bits) and Ed25519 only"),
        ('[dkim.keys]\nR_1 = "odd.pem"', "«R_1» is no selector"),
        ('[dkim]\ndomain = "a..b"', "«a..b» is no domain"),
    ],
)
def test_a_key_that_cant_sign_is_told_at_its_line(scenario: Terminal, config: str, told: str) -> None:
    scenario.write("open.pem", "x").chmod(0o644)
    scenario.write("odd.pem", "x").chmod(0o600)
    scenario.write("curve.pem", _curve()).chmod(0o600)
    scenario.write("config.toml", f"{SMALL}\n{config}\n")
    ran = scenario("dkim", "show")
    assert ran.code == 1
    assert told in ran.err
    assert re.match(r"config\.toml:\d+:\d+: ", ran.err)


def _curve() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        .decode()
    )


def test_without_keys_nothing_is_signed(scenario: Terminal) -> None:
    assert scenario("dkim", "show").ok().out.startswith("Nothing is signed here")
    assert scenario("dkim", "show", "--json").ok().json == []
