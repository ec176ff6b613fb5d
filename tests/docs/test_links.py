"""Links lead somewhere, files that are named exist, and commands and options that are mentioned are known."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from accord.shell.cli import scenario
from accord.shell.cli.groups import PLACES, command_at

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")] if not path.name.startswith(".")
)
FOLDERS = ("src/", "tests/", "docs/", "tools/", "benchmarks/", "core/", "shell/", "scenarios/", "samples/")
# Named as what somebody will make, not as what there is.
NOT_YET = re.compile(r"NAME|NNNN|\*|…|\{")


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)


@cache
def anchors(document: Path) -> frozenset[str]:
    """The anchors of a page, as GitHub makes them of its headings."""
    found: dict[str, int] = {}
    names = []
    for title in re.findall(r"^#+ (.+)$", without_code(text_of(document)), re.MULTILINE):
        plain = re.sub(r"\[(.+?)\]\(.+?\)", r"\1", title).replace("`", "").strip().lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        again = found.get(slug, 0)
        found[slug] = again + 1
        names.append(f"{slug}-{again}" if again else slug)
    return frozenset(names)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(text_of(document))):
        if re.match(r"https?:|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        page = (document.parent / path).resolve() if path else document
        if not page.exists() or (anchor and anchor not in anchors(page)):
            lost.append(target)
    assert lost == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_are_named_exist(document: Path) -> None:
    lost = []
    for name in re.findall(r"`([\w./-]+/[\w./-]*)`", without_code(text_of(document))):
        if not name.startswith(FOLDERS) or NOT_YET.search(name):
            continue
        places = (ROOT / name, ROOT / "src" / "accord" / name)
        if not any(place.exists() for place in places):
            lost.append(name)
    allowed = document.name in ("guide.md", "cookbook.md", "language.md") or "adding" in document.parts
    assert [name for name in lost if not (allowed and name.startswith(("scenarios/", "core/", "src/")))] == []


def mentioned() -> Iterator[tuple[str, str]]:
    """(document, command) of everything that a page says one may type."""
    for document in DOCUMENTS:
        text = text_of(document)
        where = str(document.relative_to(ROOT))
        fenced = re.findall(r"^```(sh|console)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        for kind, block in fenced:
            for line in block.splitlines():
                if kind == "console" and not line.startswith("$ "):
                    continue
                for part in re.split(r"\s(?:&&|\|)\s", line.removeprefix("$ ")):
                    if re.match(r"(?:\S*/)?scenario ", part):
                        yield where, part[part.index("scenario ") :]
        for said in re.findall(r"`(scenario [^`]+)`", without_code(text)):
            yield where, said


@pytest.mark.parametrize(("where", "said"), sorted(set(mentioned())))
def test_a_command_that_is_mentioned_is_known(where: str, said: str) -> None:
    words = shlex.split(said.replace("…", ""), comments=True)[1:]
    command: click.Command = scenario
    known = {name: command_at(place) for name, place in PLACES.items()}
    while words:
        word = words.pop(0)
        if word.startswith("-"):
            name = word.partition("=")[0]
            options = {o: p for p in command.params if isinstance(p, click.Option) for o in p.opts}
            assert name in options or name in ("-h", "--help"), f"{where}: {said}"
            takes_a_value = name in options and not options[name].is_flag and not options[name].count
            if takes_a_value and "=" not in word:
                words = words[1:]
        elif command is scenario:
            assert word in known or word.isupper(), f"{where}: {said}"
            command = known.get(word, command)
        elif isinstance(command, click.Group) and word in command.commands:
            command = command.commands[word]
        elif isinstance(command, click.Group):
            assert word.isupper() or command.invoke_without_command, f"{where}: {said}"


def test_targets_of_make_that_are_mentioned_are_known() -> None:
    known = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    said = {name for document in DOCUMENTS for name in re.findall(r"`make ([a-z]+)`", text_of(document))}
    assert said - known == set()
