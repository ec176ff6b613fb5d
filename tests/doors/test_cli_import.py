"""`contacts import` as its user meets it: what is printed, what is written, how it ends."""

from __future__ import annotations

import codecs
import csv
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accord.shell.store.database import open_store
from cli_driver import SMALL, Terminal, a_small_venue

FORM = """form: box
version: "1"
control: optin_box
asks: {newsletter: [editorial, promotional]}
text: {fr: La lettre ?, en: The letter?}
notice: {version: "2026-01", fr: Notice., en: Notice.}
"""


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = a_small_venue(tmp_path / "venue", monkeypatch, SMALL)
    terminal.write("forms/box.yaml", FORM)
    return terminal


def state(scenario: Terminal, email: str) -> str:
    shown = scenario("contacts", "show", email, "--json").ok().json
    return shown["consents"][0]["state"]


def test_a_base_comes_in_and_every_refusal_is_told(scenario: Terminal) -> None:
    content = "Courriel;Langue;city;Notes\nada@example.org;fr;Lyon;x\nbob@example.org;tlh;;y\nnobody;;;\n"
    file = scenario.write("base.csv", content.encode("cp1252").decode("cp1252"))
    done = scenario(
        *("contacts", "import", str(file), "--map", "Courriel=email", "--map", "Langue=language"),
        *("--map", "Notes=-"),
    )
    assert done.code == 1
    lines = done.out.splitlines()
    assert lines[0].startswith("base.csv: 3 rows, UTF-8, separator: semicolon, SHA-256 ")
    assert lines[1] == "1 new contacts, 0 known already, 0 on the objection list."
    assert "Columns left out: Notes." in lines
    assert any("«tlh» is none of fr, en" in line and "language" in line for line in lines)
    assert any("«nobody» is no address" in line for line in lines)
    assert state(scenario, "ada@example.org") == "never_asked"


def test_the_document_for_programs_tells_everything(scenario: Terminal) -> None:
    content = codecs.BOM_UTF16_LE + "email\tunsubscribed\nada@example.org\tyes\nnobody\t\n".encode(
        "utf-16-le"
    )
    file = scenario.write("base.csv", "")
    file.write_bytes(content)
    told = scenario("contacts", "import", str(file), "--json").json
    assert (told["file"]["encoding"], told["file"]["separator"]) == ("UTF-16", "tab")
    assert (told["rows"], told["new"], told["objections"], told["refused_rows"]) == (2, 1, 1, 1)
    assert told["refused"] == [
        {
            "row": 3,
            "line": 3,
            "field": "email",
            "reason": "«nobody» is no address: An email address must have an @-sign",
        }
    ]
    again = scenario("contacts", "import", str(file), "--json").json
    assert (again["new"], again["known"], again["objections"]) == (0, 1, 0)


def test_a_rehearsal_says_what_would_come_and_stores_nothing(scenario: Terminal) -> None:
    content = (
        "email,consent_answer,consent_at\nada@example.org,ticked,2025-01-01\nada@example.org,no,\nnobody,,\n"
    )
    command = ("contacts", "import", str(scenario.write("base.csv", content)), "--form", "box@1", "--json")
    rehearsed = scenario(*command, "--dry-run").json
    assert scenario("contacts", "show", "ada@example.org").code == 1
    assert scenario("forms", "list", "--json").json == []
    real = scenario(*command).json
    assert rehearsed == {**real, "dry_run": True}
    assert (real["new"], real["known"], real["proven"], real["objections"]) == (1, 1, 1, 1)
    assert state(scenario, "ada@example.org") == "active_optout"
    assert [each["name"] for each in scenario("forms", "list", "--json").json] == ["box"]


def test_the_form_option_proves_nothing_by_itself(scenario: Terminal) -> None:
    content = "email,consent_answer,consent_at\nada@example.org,ticked,2025-01-01\nbob@example.org,ticked,\n"
    scenario("contacts", "import", str(scenario.write("base.csv", content)), "--form", "box").ok()
    assert state(scenario, "ada@example.org") == "optin_proven"
    assert state(scenario, "bob@example.org") == "optin_unproven"


def test_who_imported_what_is_in_the_journal(scenario: Terminal) -> None:
    file = scenario.write("base.csv", "email\nada@example.org\n")
    scenario("contacts", "import", str(file), "--by", "lea").ok()
    [deed] = scenario("audit", "--json").ok().json
    assert (deed["by"], deed["action"], deed["subject"]) == ("lea", "contacts import", "base.csv")


def test_all_refusals_go_to_a_file_and_the_screen_shows_the_first(scenario: Terminal) -> None:
    file = scenario.write("base.csv", "email\n" + "nobody\n" * 50)
    target = file.parent / "refused.csv"
    done = scenario("contacts", "import", str(file), "--refusals", str(target))
    assert "… and 30 more; --refusals FILE.csv writes them all." in done.out
    with target.open(encoding="utf-8", newline="") as out:
        rows = list(csv.DictReader(out))
    assert [row["row"] for row in rows] == [str(number) for number in range(2, 52)]
    assert set(rows[0]) == {"row", "line", "field", "reason"}
    same = scenario("contacts", "import", str(file), "--refusals", str(file))
    assert (same.code, "name another one" in same.err) == (1, True)
    assert file.read_text(encoding="utf-8").startswith("email\n")


def test_a_preset_says_what_the_export_leaves_out(scenario: Terminal) -> None:
    file = scenario.write("contacts.csv", "id,firstname,email,points\n7,Ada,ada@example.org,12\n")
    done = scenario("contacts", "import", str(file), "--preset", "mautic").ok()
    assert "Note: This file does not say who unsubscribed in Mautic" in done.out
    assert "Columns left out: firstname, points." in done.out
    stop = scenario.write("stop.csv", "email\nada@example.org\n")
    scenario("contacts", "import", str(stop), "--unsubscribed").ok()
    assert state(scenario, "ada@example.org") == "active_optout"


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (b"", [], "is empty"),
        (b"email\n", [], "has a header and no rows"),
        (b"email,email\na@example.org,b\n", [], "Several columns are called «email»: 1, 2"),
        (b"email,gossip\na@example.org,b\n", [], "Nobody declared: gossip"),
        (b"name\nAda\n", [], "There is no column «email»"),
        (b"PK\x03\x04", [], "Excel workbook"),
        (b"email\na@example.org\n", ["--encoding", "klingon"], "There is no encoding «klingon»"),
        (b"email\na@example.org\n", ["--form", "gossip"], "there is no form «gossip»; there are: box@1"),
        (b"email\na@example.org\n", ["--purpose", "gossip"], "there is no purpose «gossip»"),
        (b"email\na@example.org\n", ["--map", "x=email"], "which the file does not have"),
        (b"email\na@example.org\n", ["--refusals", "nowhere/at/all.csv"], "can't be written"),
    ],
)
def test_what_can_not_be_read_ends_with_a_sentence(
    scenario: Terminal, content: bytes, options: list[str], said: str
) -> None:
    file = scenario.write("base.csv", "")
    file.write_bytes(content)
    done = scenario("contacts", "import", str(file), *options)
    assert done.code == 1
    assert said in done.err
    assert "Traceback" not in done.err


def test_what_is_no_mapping_is_a_matter_of_usage(scenario: Terminal) -> None:
    file = scenario.write("base.csv", "email\nada@example.org\n")
    assert scenario("contacts", "import", str(file), "--map", "Courriel").code == 2


def test_words_from_a_file_are_harmless_on_a_terminal(scenario: Terminal) -> None:
    file = scenario.write("base.csv", "email,language\nada@example.org,\x1b[2Jboo\n")
    done = scenario("contacts", "import", str(file))
    assert "\x1b" not in done.out
    assert "«�[2Jboo» is none of fr, en" in done.out


def test_other_writers_get_in_between_the_pages(scenario: Terminal) -> None:
    """A daemon's own short writes go on while a big file comes in."""
    rows = "".join(f"p{number}@example.org,Lyon\n" for number in range(12_000))
    file = scenario.write("base.csv", "email,city\n" + rows)
    scenario("status")
    store = open_store(f"sqlite:///{file.parent / 'accord.db'}", dice=bytes)
    waits: list[float] = []
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            before = time.monotonic()
            with store.begin() as unit:
                unit.tell_anew("test", str(len(waits)), datetime.now(UTC))
            waits.append(time.monotonic() - before)
            time.sleep(0.02)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        told = scenario("contacts", "import", str(file), "--json").ok().json
    finally:
        done.set()
        writer.join()
        store.close()
    assert told["new"] == 12_000
    assert len(waits) >= 3
    assert max(waits) < 3
