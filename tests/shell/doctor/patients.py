"""A venue that is in perfect health: what tests spoil, one thing at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from accord.core.mail.dkim import RSA
from accord.shell.cli.dkim import in_zone
from accord.shell.delivery.greeting import Greeting
from accord.shell.doctor.dns import Answers, Silent, read_answers
from accord.shell.doctor.findings import Finding, State
from accord.shell.doctor.patient import Patient
from accord.shell.settings import load_settings
from accord.shell.signing_keys import make_key
from accord.shell.wiring import new_keys, open_house
from cli_driver import SMALL

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

CONFIG = (
    SMALL.replace("allow_time_travel = true", "")
    + """
[delivery]
kind = "smtp"

[smtp]
host = "smtp.relay.example"

[dkim.keys]
r1 = "dkim-r1.pem"

[inbound.retours]
kind = "maildir"
folder = "retours"

[doctor]
sends_from = ["203.0.113.7"]
"""
)

RECORDS = """
theatre.example.org.        TXT "v=spf1 ip4:203.0.113.7 -all"
theatre.example.org.        MX  10 mx.theatre.example.org.
mx.theatre.example.org.     A   203.0.113.7
_dmarc.example.org.         TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"
7.113.0.203.in-addr.arpa.   PTR mx.theatre.example.org.
"""

GOOD_LINE = Greeting(
    offers=frozenset({"smtputf8", "8bitmime", "size"}),
    cipher="TLSv1.3",
    ends=datetime(2027, 6, 1, tzinfo=UTC),
)

Look = Callable[[Patient], Iterator[Finding]]


def a_patient(
    folder: Path,
    *,
    config: str = CONFIG,
    records: str = RECORDS,
    line: Greeting = GOOD_LINE,
    answer: int | str = 200,
    mailbox: str | None = None,
    key_record: Callable[[str], str] = lambda text: text,
) -> Patient:
    """A venue in a folder; `key_record` spoils the text of its key's DNS record."""
    if not (folder / "accord.keys").exists():
        new_keys(folder / "accord.keys")
        (folder / "dkim-r1.pem").write_bytes(_pem())
        (folder / "dkim-r1.pem").chmod(0o600)
    path = folder / "config.toml"
    path.write_text(config, encoding="utf-8")
    settings = load_settings(path, {})
    told = "".join(in_zone(key.name, key_record(key.record)) + "\n" for key in settings.dkim.keys)
    store = open_house(path, settings=settings).store
    return Patient(
        settings,
        store,
        NOW,
        answers(folder, records + told),
        lambda _: line,
        lambda _: answer,
        lambda _: mailbox,
    )


@cache
def _pem() -> bytes:
    """One key for all tests: making one takes longer than most of them."""
    with TemporaryDirectory() as folder:
        make_key(Path(folder) / "key.pem", RSA)
        return (Path(folder) / "key.pem").read_bytes()


def answers(folder: Path, records: str) -> Answers:
    """What a file of these records answers."""
    file = folder / "records.txt"
    file.write_text(records, encoding="utf-8")
    return read_answers(file)


def without_dns(patient: Patient) -> Patient:
    """The same where no resolver answers."""

    def silent(name: str, kind: str) -> list[str]:
        raise Silent(f"no answer for {kind} of {name} (LifetimeTimeout)")

    return replace(patient, ask=silent)


def states(found: Iterator[Finding], key: str) -> list[State]:
    """How the findings of one key are."""
    return [each.state for each in found if each.key == key]


def worst(look: Look, patient: Patient) -> Finding:
    """The finding that is worst, the first of them; never one that needs mending without a word on how."""
    found = list(look(patient))
    assert all(each.fix for each in found if each.state is State.MEND)
    order = [State.FINE, State.NOTE, State.UNSEEN, State.MEND]
    return max(found, key=lambda each: order.index(each.state))
