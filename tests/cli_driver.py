"""The command line as its users run it: one venue in a folder, the real entry point, what it printed and left with."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from accord.shell.cli import main

# A venue as small as one can be, so that a test that needs no templates compiles none.
SMALL = """
[entity]
name = "Petit Théâtre"
address = "1 rue du Test, 69000 Rivelune"
senders = { lettre = "Petit Théâtre <lettre@theatre.example.org>" }
hosts = ["theatre.example.org"]

[others."Café"]

[web]
base_url = "https://theatre.example.org"

[engine]
allow_time_travel = true

[purposes.newsletter]
kinds = ["editorial", "promotional"]
labels = { fr = "La lettre", en = "The letter" }
families = ["theatre"]

[families.theatre]

[attributes.city]
[attributes.visits]
type = "integer"
"""

MERCI = """scenario: merci
purpose: newsletter
why: Vous vous êtes inscrit à notre lettre.
enter:
  when: consent.given
steps:
  merci:
    send: merci
    nature: editorial
"""

FORM = """form: inscription
version: "1"
control: optin_box
prechecked: false
mandatory: false
asks: {newsletter: [editorial, promotional]}
refusal_offered: true
text:
  fr: Je souhaite recevoir la lettre.
  en: I would like to receive the letter.
notice:
  version: "1"
  fr: Le Petit Théâtre vous écrira à cette adresse. Vous pouvez arrêter à tout moment.
  en: The Petit Théâtre will write to you at this address. You can stop at any time.
"""

TEMPLATE = """---
subject: Merci
---
<p>Bonjour, merci de votre inscription à notre lettre.</p>
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed, and what it left with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    def ok(self) -> Ran:
        """The same, or the test's end with what went wrong."""
        assert self.code == 0, f"exit {self.code}\n{self.out}\n{self.err}"
        return self


@dataclass(slots=True)
class Terminal:
    """A shell in a venue's folder; `config` keeps commands from reading another one."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    ran: list[Ran] = field(default_factory=list)

    def __call__(self, *words: str, typed: str = "", fails: bool = False) -> Ran:
        """Run `scenario WORDS` through the real entry point; only what `fails` on purpose may tell of a bug."""
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
        self.monkeypatch.setattr("sys.argv", ["scenario", *words])
        self.monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main(["--config", str(self.folder / "config.toml"), *words])
            except SystemExit as left:
                code = int(left.code or 0)
        ran = Ran(code, _text(out), _text(err))
        assert fails or "Traceback" not in ran.err, ran.err
        self.ran.append(ran)
        return ran

    def write(self, name: str, text: str) -> Path:
        """A file in the venue's folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def lines(self, name: str, *told: Any) -> str:
        """A file of JSON lines; text is written as it stands."""
        rows = [each if isinstance(each, str) else json.dumps(each) for each in told]
        return str(self.write(name, "\n".join(rows) + "\n"))


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode("utf-8")


def a_small_venue(folder: Path, monkeypatch: pytest.MonkeyPatch, config: str = SMALL) -> Terminal:
    """A venue with one scenario and one template, and keys."""
    from accord.shell.wiring import new_keys

    terminal = Terminal(folder, monkeypatch)
    terminal.write("config.toml", config)
    terminal.write("scenarios/merci.yaml", MERCI)
    terminal.write("templates/merci.html", TEMPLATE)
    terminal.write("forms/inscription.yaml", FORM)
    new_keys(folder / "accord.keys")
    return terminal


def a_copy(of: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A venue like another one, database and all."""
    shutil.copytree(of, folder, dirs_exist_ok=True)
    return Terminal(folder, monkeypatch)
