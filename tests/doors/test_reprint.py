"""A mail made again from the ledger: the very bytes that left, whatever has changed since, until it is erased."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
import zipfile
import zlib
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accord.core.model.time import Duration, later
from accord.shell.config_smtp import Smtp
from accord.shell.engine.care.retain import sweep
from accord.shell.engine.care.rights import erase_person, rectify
from accord.shell.keys import KeyUse
from accord.shell.wiring import House, open_house
from cli_driver import SMALL, Terminal, a_small_venue
from shell.delivery.scripted import Inbox, real

NOW = datetime.now(UTC)
CONFIG = SMALL.replace(
    "[attributes.city]",
    """[events."own.visited"]
tags = "list of text"
seats = "integer"
price = "integer"
rate = "number"
starts_at = "instant"
on = "date"
url = "text"

[attributes.first_name]
[attributes.city]""",
)
MERCI = """scenario: merci
purpose: newsletter
why: {consent: {fr: Parce que oui., en: Because you said so.}, customer: Parce que client.}
enter: {when: own.visited}
steps:
  merci:
    send: merci
    nature: editorial
    subjects: {un: "Pour {{ contact.first_name }}, {{ entity.address }}", deux: "Et {{ contact.first_name }}, {{ entity.address }}"}
"""
TEMPLATE = """---
subject: Merci
preheader: "{{ contact.city }} {{ event.starts_at | day }}"
---
<p>Bonjour {{ contact.first_name }}, {{ today | day }}, {{ event.starts_at | hour }} {{ event.starts_at }}
{{ event.on | day }} {{ event.on.year }} {{ event.seats + 1 }} {{ event.rate }}
{{ event.tags | join(", ") }} {{ event.tags }} {{ contact.visits is none }} {{ contact.zone }}
{{ contact.expires_on | day }} {{ orders.count }} {{ preferences.newsletters_per_month }} {{ entity.name }}</p>
<p><a href="https://theatre.example.org/a?b=1&amp;c=é">Lire</a> <a href="{{ event.url }}">Lien</a></p>
"""
VISIT = {
    "tags": ["a", "é", "<b>"],
    "seats": 2,
    "price": 1250,
    "rate": 0.1,
    "starts_at": "2026-11-25T20:30:00.25+01:00",
    "on": "2026-12-24",
    "url": "https://theatre.example.org/{}?x=1&y=2",
}


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = a_small_venue(tmp_path / "venue", monkeypatch, CONFIG)
    terminal.write("scenarios/merci.yaml", MERCI)
    terminal.write("templates/merci.html", TEMPLATE)
    people = "email,city,first_name,language\nada@example.org,Lyon,Zoë,fr\nbob@example.org,,Bob,en\n"
    terminal("contacts", "import", str(terminal.write("people.csv", people))).ok()
    for address in ("ada@example.org", "bob@example.org"):
        terminal("consent", "record", address, "--form", "inscription", "--answer", "ticked").ok()
    terminal("activate", "merci", "--yes", "--by", "marie").ok()
    for address in ("ada@example.org", "bob@example.org"):
        terminal("event", address, "own.visited", "--data", json.dumps(VISIT)).ok()
    return terminal


def at_the_sink(scenario: Terminal) -> dict[int, bytes]:
    """One turn against a real mail server; the bytes that arrived there, by the mail's number."""
    house = open_house(scenario.folder / "config.toml")
    inbox = Inbox()

    async def turn() -> None:
        async with real(inbox) as port:
            main = replace(house.settings.smtp.main, port=port, security="none")
            house.settings = replace(house.settings, delivery="smtp", smtp=Smtp(main))
            await house.turn(house.clock())
            await house.close()

    asyncio.run(turn())
    arrived = {mail.rcpt_tos[0]: mail.original_content for mail in inbox.mails}
    return {number: arrived[address] for number, address in enumerate(sorted(arrived), start=1)}


def again(scenario: Terminal, number: int) -> bytes:
    return scenario("messages", "show", str(number), "--eml").ok().out.encode()


@pytest.fixture
def house(scenario: Terminal) -> House:
    return open_house(scenario.folder / "config.toml")


def everything_changes(scenario: Terminal, house: House) -> None:
    """The reader is put right, template, scenario and sender are edited, the keys are rotated."""
    fields = {"first_name": "Zora", "city": "Brest", "language": "en", "zone": "Asia/Tokyo"}
    rectify(house.store, house.catalogue, 1, fields, by="luc", now=house.clock())
    scenario.write("templates/merci.html", TEMPLATE.replace("Bonjour", "Bonsoir"))
    scenario.write("scenarios/merci.yaml", MERCI.replace("Pour", "À"))
    scenario("activate", "merci", "--yes", "--by", "marie").ok()
    changed = CONFIG.replace("Petit Théâtre <lettre", "Grand Théâtre <lettre").replace("1 rue", "2 rue")
    scenario.write("config.toml", changed.replace("La lettre", "Le courrier"))
    scenario("keys", "rotate", "links", "--by", "luc").ok()


def test_a_mail_equals_its_bytes_at_the_sink_whatever_has_changed(scenario: Terminal, house: House) -> None:
    left = at_the_sink(scenario)
    assert len(left) == 2 and "Zoë".encode() not in left[1] and b"Zo=C3=AB" in left[1]
    assert {number: again(scenario, number) for number in left} == left
    everything_changes(scenario, house)
    assert {number: again(scenario, number) for number in left} == left
    with zipfile.ZipFile(io.BytesIO(a_pack(scenario))) as pack:
        [row] = map(json.loads, pack.read("mails.jsonl").splitlines())
        assert pack.read(row["file"]) == left[1]
    house.store.close()


def a_pack(scenario: Terminal) -> bytes:
    told = scenario("consent", "prove", "ada@example.org", "--out", str(scenario.folder), "--json").ok().json
    return Path(told["files"][1]).read_bytes()


def test_what_is_erased_is_not_made_again_and_says_so(scenario: Terminal, house: House) -> None:
    left = at_the_sink(scenario)
    erase_person(house.store, house.catalogue, 1, by="luc", now=house.clock())
    gone = scenario("messages", "show", "1", "--eml")
    assert (gone.code, gone.out) == (1, "")
    assert gone.err == "Mail 1 can't be made again: what it was written from is erased.\n"
    assert again(scenario, 2) == left[2], "nobody else's is touched"
    house.store.close()


def test_it_says_which_key_is_missing_and_never_shows_other_bytes(scenario: Terminal, house: House) -> None:
    at_the_sink(scenario)
    house.rotate_keys(KeyUse.LINKS, "luc")
    used = house.keys.listed()[KeyUse.LINKS][1]
    keys = json.loads((scenario.folder / "accord.keys").read_text())
    (scenario.folder / "accord.keys").write_text(json.dumps({**keys, "links": keys["links"][:1]}))
    lost = scenario("messages", "show", "1", "--eml")
    assert (lost.code, lost.out) == (1, "") and f"the key {used} " in lost.err
    (scenario.folder / "accord.keys").write_text(json.dumps(keys))
    with closing(sqlite3.connect(scenario.folder / "accord.db")) as connection, connection:
        [(sheets,)] = connection.execute("SELECT sheets FROM template_version")
        other = zlib.compress(zlib.decompress(sheets).replace(b"Bonjour", b"Bonsoir"))
        connection.execute("UPDATE template_version SET sheets = ?", (other,))
    otherwise = scenario("messages", "show", "1", "--eml")
    assert (otherwise.code, otherwise.out) == (1, "") and "writes it otherwise" in otherwise.err
    house.store.close()


def test_one_that_has_not_left_is_shown_as_it_would_be_written(scenario: Terminal, house: House) -> None:
    main = replace(house.settings.smtp.main, port=1, security="none")
    house.settings = replace(house.settings, delivery="smtp", smtp=Smtp(main))
    asyncio.run(house.turn(house.clock()))
    house.store.close()
    shown = scenario("messages", "show", "1", "--eml").ok()
    assert "Message-ID" in shown.out
    assert shown.err == "It has not left: this is how it would be written now.\n"


def test_templates_are_kept_as_long_as_a_mail_was_made_from_them(scenario: Terminal, house: House) -> None:
    def templates() -> int:
        with house.store.read() as unit:
            return unit.templates.count_unused(datetime(9999, 1, 1, tzinfo=UTC))

    left = at_the_sink(scenario)
    assert templates() == 1
    almost = later(NOW, Duration(months=36, days=-1), house.venue.entity.clock)
    assert sweep(house.store, house.listening, now=almost, by="luc", most=0, dry=True).templates == 0
    sweep(house.store, house.listening, now=almost, by="luc", most=0)
    assert again(scenario, 1) == left[1]
    over = later(NOW, Duration(months=36, days=3), house.venue.entity.clock)
    assert sweep(house.store, house.listening, now=over, by="luc", most=0).templates == 1
    assert templates() == 0
    house.store.close()
