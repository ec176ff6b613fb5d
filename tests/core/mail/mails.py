"""Mails of a venue that is only here: templates as text, compiled, and rendered for somebody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from accord.core.mail.compile import Compiled, compile_template
from accord.core.mail.letter import Letter, Rendered
from accord.core.mail.render import render
from accord.core.model.place import Diagnostic, Severity
from accord.core.model.venue import Venue
from accord.shell.wordings import wordings
from builders import a_venue

WORDS = wordings(("fr", "en"))
VENUE = replace(a_venue(), partners={"librairie": ("librairie.example.net",)})
HEAD = "---\nsubject: Bonjour\n---\n"

NAMES: Mapping[str, Any] = {
    "contact": {"first_name": "Élodie", "email": "elodie@example.org", "city": None},
    "event": {
        "order_id": "DR-1",
        "title": "Danser le fleuve",
        "starts_at": datetime(2026, 12, 4, 19, 30, tzinfo=UTC),
        "amount_cents": 4800,
        "families": ["theatre", "danse"],
    },
    "orders": {"count": 4, "last": {"at": None, "family": None}},
    "preferences": {"newsletters_per_month": None},
    "entity": {"name": "Théâtre d’essai", "address": "1 rue du Test"},
    "links": {"preferences": "https://theatre.example.org/p/token"},
    "today": datetime(2026, 11, 23, tzinfo=UTC).date(),
    "this": None,
}


def a_letter(**overrides: Any) -> Letter:
    """A prospecting mail in French, whose links are left as they are."""
    made = Letter(
        language="fr",
        zone="Europe/Paris",
        wording=WORDS["fr"],
        entity="Théâtre d’essai",
        address="1 rue du Test, 69000 Rivelune",
        why="Vous êtes inscrit à notre lettre.",
        preferences="https://theatre.example.org/p/token",
        click=lambda target: target,
        lead=lambda *pieces: "".join(map(str, pieces)),
        unsubscribe="https://theatre.example.org/u/token",
    )
    return replace(made, **overrides)


def a_service_letter(**overrides: Any) -> Letter:
    """A service mail in French."""
    return a_letter(unsubscribe=None, why="C’est votre commande.", **overrides)


def compile_files(
    files: Mapping[str, str], venue: Venue = VENUE, name: str = "a/b"
) -> tuple[Compiled | None, list[Diagnostic]]:
    """The template `a/b` of these files."""
    return compile_template(name, files, venue, WORDS)


def compiled(body: str = "<p>Bonjour</p>", *, head: str = HEAD, **files: str) -> Compiled:
    """A template with this body; other files by path, `_` for `/` and `__` for `.`."""
    others = {path.replace("__", ".").replace("_", "/"): text for path, text in files.items()}
    made, faults = compile_files({"a/b.html": head + body, **others})
    assert made is not None, faults
    return made


def rendered(
    body: str = "<p>Bonjour</p>", letter: Letter | None = None, names: Mapping[str, Any] = NAMES, **given: str
) -> Rendered:
    """That template's mail for Élodie, or for whom `letter` and `names` say."""
    return render(compiled(body, **given), names, letter or a_letter())


def told(faults: list[Diagnostic], severity: Severity | None = None) -> list[tuple[str, int, str]]:
    """(file, line, code) of each fault."""
    return [
        (fault.span.file.removeprefix("templates/"), fault.span.line, fault.code)
        for fault in faults
        if severity is None or fault.severity is severity
    ]


def faults_of(body: str, **files: str) -> list[tuple[str, int, str]]:
    """What is wrong with a template of this body."""
    others = {path.replace("__", ".").replace("_", "/"): text for path, text in files.items()}
    return told(compile_files({"a/b.html": HEAD + body, **others})[1])
