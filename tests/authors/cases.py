"""The golden files: a venue, scenarios that pass it in silence, and scenarios with what the check prints of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from accord.core.language.report import as_text
from accord.core.language.source import MOST_BYTES
from accord.core.model.place import Diagnostic
from accord.core.model.venue import Venue
from accord.shell.engine.catalogue import Shelf, check_all, stock
from accord.shell.library import Library, read_library
from accord.shell.settings import load_settings
from accord.shell.wordings import wordings

HERE = Path(__file__).parent
VENUE = HERE / "venue"

# What would be tedious to keep as a file.
MADE = {
    "file-too-large": "# " + "x" * MOST_BYTES,
    "too-many-steps": "scenario: too-many-steps\npurpose: newsletter\nwhy: Parce que.\n"
    "enter: {when: consent.given}\nsteps:\n"
    + "".join(f"  s{n}: {{send: lettre/magazine, nature: editorial}}\n" for n in range(201)),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One golden case: the files that it puts beside the venue's own, by their names, and what is expected."""

    name: str
    files: Mapping[str, str]
    expected: Path | None = None

    def diagnostics(self) -> list[Diagnostic]:
        """What the check says of the case's own files."""
        library = _with(base_library(), self.files)
        venue = the_venue()
        shelf = base_shelf()
        if any(file.startswith("templates/") for file in self.files):
            words = wordings(venue.entity.languages)
            shelf = stock(library.template_names(), library.templates, venue, words, shelf)
        checked = check_all(library.scenarios, shelf, venue, library.forms)
        return [each for each in checked.diagnostics if each.span.file in self.files]

    def printed(self) -> str:
        """As `scenario check` prints it."""
        return as_text(self.diagnostics(), self.files)


@cache
def the_venue() -> Venue:
    """Whose files these are."""
    return load_settings(VENUE / "config.toml", {}).venue


@cache
def base_library() -> Library:
    """The venue's own files, all of them right."""
    return read_library(VENUE)


@cache
def base_shelf() -> Shelf:
    """The venue's own templates, compiled once."""
    library, venue = base_library(), the_venue()
    return stock(library.template_names(), library.templates, venue, wordings(venue.entity.languages))


def _with(library: Library, files: Mapping[str, str]) -> Library:
    rooms = {"scenarios/": {}, "templates/": {}, "forms/": {}}
    for file, text in files.items():
        room = next(room for room in rooms if file.startswith(room))
        rooms[room][file.removeprefix("templates/")] = text
    return replace(
        library,
        scenarios={**library.scenarios, **rooms["scenarios/"]},
        templates={**library.templates, **rooms["templates/"]},
        forms={**library.forms, **rooms["forms/"]},
    )


def ok_cases() -> list[Case]:
    """Scenarios that are right."""
    paths = sorted((HERE / "ok").glob("*.yaml"))
    return [Case(path.stem, {f"scenarios/{path.name}": path.read_text(encoding="utf-8")}) for path in paths]


def err_cases() -> list[Case]:
    """Scenarios, or folders of files, that are not; beside each what is printed of it."""
    found = []
    for path in sorted((HERE / "err").iterdir()):
        if path.is_dir():
            inside = sorted(each for each in path.rglob("*") if each.is_file())
            files = {each.relative_to(path).as_posix(): each.read_text(encoding="utf-8") for each in inside}
        elif path.suffix == ".yaml":
            files = {f"scenarios/{path.name}": path.read_text(encoding="utf-8")}
        else:
            continue
        found.append(Case(path.stem, files, path.with_suffix(".out")))
    for name, text in MADE.items():
        found.append(Case(name, {f"scenarios/{name}.yaml": text}, HERE / "err" / f"{name}.out"))
    return found


def write() -> None:
    """Write what is printed now beside every case: to be read before it is kept."""
    for case in err_cases():
        if case.expected is not None:
            case.expected.write_text(case.printed(), encoding="utf-8")


if __name__ == "__main__":
    write()
