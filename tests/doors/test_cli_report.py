"""`scenario dry-run` shown as a page, in a browser, in one's own mailbox; and what it refuses to show."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path

import pytest

from cli_driver import Terminal, a_small_venue


@pytest.fixture
def venue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return a_small_venue(tmp_path / "venue", monkeypatch)


def test_a_page_is_written_and_nothing_else(venue: Terminal) -> None:
    folder = venue.folder / "previews"
    ran = venue("dry-run", "merci", "--report", str(folder)).ok()
    assert ran.out == f"Report: {folder / 'merci.html'}\n"
    assert [each.name for each in folder.iterdir()] == ["merci.html"]
    assert '<html lang="fr">' in (folder / "merci.html").read_text(encoding="utf-8"), (
        "the venue's own language"
    )
    assert not (venue.folder / "accord.db").exists()
    assert not (venue.folder / "mailbox").exists()


def test_in_the_language_that_is_asked_for_and_as_one_document(venue: Terminal) -> None:
    folder = venue.folder / "previews"
    told = venue("dry-run", "merci", "--report", str(folder), "--language", "en", "--json").ok().json
    assert told["report"] == str(folder / "merci.html")
    assert {each["who"] for each in told["people"]} >= {"opt-in", "said-no"}
    assert '<html lang="en">' in (folder / "merci.html").read_text(encoding="utf-8")


def test_everybody_is_in_the_page_and_nobody_by_name(venue: Terminal) -> None:
    people = venue.write("people.csv", "email\nada@example.org\nbob@example.org\n")
    venue("contacts", "import", str(people)).ok()
    folder = venue.folder / "previews"
    words = ("--everyone", "--against", "running", "--report", str(folder), "--language", "en")
    told = venue("dry-run", "merci", *words, "--json").ok().json
    assert (told["people"], told["report"]) == (2, str(folder / "merci.html"))
    page = (folder / "merci.html").read_text(encoding="utf-8")
    assert "The figures are of everybody: 2 people, each as known now." in page
    assert "ada@example.org" not in page
    assert "Against what runs now" in page


def test_a_browser_is_opened(venue: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {seen}\n', encoding="utf-8")
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    ran = venue("dry-run", "merci", "--open").ok()
    opened = seen.read_text(encoding="utf-8").strip()
    assert opened.startswith("file:///") and opened.endswith("/merci.html")
    assert opened.removeprefix("file://") in ran.out


def test_mails_go_to_me_alone(venue: Terminal) -> None:
    people = venue.write("people.csv", "email\nada@example.org\nbob@example.org\n")
    venue("contacts", "import", str(people)).ok()
    ran = venue("dry-run", "merci", "--mail-to", "marie@theatre.example.org", "--by", "marie").ok()
    assert ran.out == "1 preview mailed to marie@theatre.example.org.\n"
    (file,) = (venue.folder / "mailbox").glob("*.eml")
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert (mail["To"], mail["Cc"], mail["Bcc"]) == ("marie@theatre.example.org", None, None)
    assert mail["Subject"] == "[Aperçu] Merci"
    (deed,) = (each for each in venue("audit", "--json").ok().json if each["action"] == "mail previews")
    assert (deed["by"], deed["subject"]) == ("marie", "merci")
    assert "marie@theatre" not in str(deed), "addresses are no part of the audit"
    assert venue("messages", "--json").ok().json == [], "a preview is no message of the ledger"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--mail-to", "marie"), "«marie» is not an address."),
        (("--mail-to", "a@b.example\r\nBcc: c@d.example"), "is not an address."),
        (("--report", "config.toml/x"), "can't be written"),
    ],
)
def test_what_cannot_be_done_is_said(venue: Terminal, words: tuple[str, ...], said: str) -> None:
    ran = venue(
        "dry-run", "merci", *(str(venue.folder / each) if "config.toml" in each else each for each in words)
    )
    assert ran.code == 1
    assert said in ran.err
    assert not list(venue.folder.rglob("*.eml"))


@pytest.mark.parametrize(
    "words", [("--contact", "ada@example.org", "--report", "x"), ("--everyone", "--mail-to", "a@b.example")]
)
def test_what_contradicts_itself_is_not_understood(venue: Terminal, words: tuple[str, ...]) -> None:
    assert venue("dry-run", "merci", *words).code == 2
    assert not list(venue.folder.rglob("*.eml"))
    assert not (venue.folder / "x").exists()
