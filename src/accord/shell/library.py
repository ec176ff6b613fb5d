"""The authors' folder, read as text: scenarios, templates and forms, with what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from accord.core.language.source import MOST_BYTES
from accord.core.model.place import Diagnostic, Span


@dataclass(frozen=True, slots=True)
class Library:
    """Texts by path. Scenarios and forms are named from the venue's folder, templates from `templates/`."""

    scenarios: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)
    forms: Mapping[str, str] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()

    def sources(self) -> dict[str, str]:
        """Every text by the path that diagnostics name it by."""
        templates = {f"templates/{file}": text for file, text in self.templates.items()}
        return {**self.scenarios, **templates, **self.forms}

    def template_names(self) -> list[str]:
        """The names of all templates: files without language and ending, layout and partials left out."""
        names = set()
        for file in self.templates:
            if file == "layout.html" or file.startswith("partials/") or not file.endswith(".html"):
                continue
            stem = file.removesuffix(".html")
            base, dot, language = stem.rpartition(".")
            names.add(base if dot and len(language) == 2 else stem)
        return sorted(names)


def read_library(root: Path) -> Library:
    """Read everything that authors wrote below the venue's folder. Hidden files are left alone."""
    scenarios, faults = read_texts(_files(root, "scenarios", "*.yaml", "*.yml"))
    forms, more = read_texts(_files(root, "forms", "*.yaml", "*.yml"))
    templates, most = read_texts(_files(root, "templates", "**/*.html", "**/*.txt"))
    named = {file.removeprefix("templates/"): text for file, text in templates.items()}
    return Library(scenarios, named, forms, (*faults, *more, *most))


def _files(root: Path, folder: str, *patterns: str) -> dict[str, Path]:
    """The files of a folder by their names from the venue's, in order."""
    paths = sorted({path for pattern in patterns for path in (root / folder).glob(pattern)})
    return {
        path.relative_to(root).as_posix(): path
        for path in paths
        if not path.name.startswith(".") and path.is_file()
    }


def read_texts(files: Mapping[str, Path]) -> tuple[dict[str, str], list[Diagnostic]]:
    """The texts of files by name, and what of them can't be read."""
    found: dict[str, str] = {}
    faults: list[Diagnostic] = []
    for name, path in files.items():
        try:
            if path.stat().st_size > MOST_BYTES:
                faults.append(
                    Diagnostic(Span(name, 1, 1), "file-too-large", "A file may have 1 MiB at most.")
                )
                continue
            found[name] = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as fault:
            before = path.read_bytes()[: fault.start]
            line = before.count(b"\n") + 1
            message = "The file is not UTF-8: save it with that encoding."
            faults.append(Diagnostic(Span(name, line, 1), "not-utf-8", message))
        except OSError as fault:
            faults.append(Diagnostic(Span(name, 1, 1), "unreadable", f"It can't be read: {fault.strerror}."))
    return found, faults


def stamp(root: Path) -> tuple[tuple[str, int, int], ...]:
    """What tells whether any of the authors' files has changed: path, size and time of each."""
    found = []
    for folder in ("scenarios", "templates", "forms"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file():
                about = path.stat()
                found.append((path.as_posix(), about.st_size, about.st_mtime_ns))
    return tuple(found)
