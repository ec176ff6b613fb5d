"""The files of a template: which language each is for, its front matter, the pieces that it includes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from accord.core.model.place import Diagnostic, Span

_INCLUDE = re.compile(r"""\{%-?\s*include\s+["']([^"']+)["']\s*-?%\}""")
_KNOWN_KEYS = ("subject", "preheader", "from")


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a template: its head, its body, and on which line the body begins (0-based offset)."""

    file: str
    language: str | None
    is_text: bool
    head: Mapping[str, str]
    head_lines: Mapping[str, int]
    body: str
    offset: int


def parts_of(name: str, files: Mapping[str, str]) -> tuple[list[Part], list[Diagnostic]]:
    """The files `NAME.html`, `NAME.fr.html`, `NAME.txt` … of one template, read as far as their front matter.

    `files` maps paths, relative to the folder of templates, to their text.
    """
    shape = re.compile(re.escape(name) + r"(?:\.([a-z]{2}))?\.(html|txt)")
    found, faults = [], []
    for file, text in sorted(files.items()):
        match = shape.fullmatch(file)
        if match is not None:
            part, wrong = _part(file, match[1], match[2] == "txt", text)
            found.append(part)
            faults += wrong
    return found, faults


def _part(file: str, language: str | None, is_text: bool, text: str) -> tuple[Part, list[Diagnostic]]:
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    faults: list[Diagnostic] = []
    head: dict[str, str] = {}
    lines: dict[str, int] = {}
    offset = 0
    if text.startswith("---\n"):
        block, fence, body = text[4:].partition("\n---\n")
        if not fence:
            faults.append(_fault(file, 1, "front-matter-open", "The front matter has no closing `---` line."))
            return Part(file, language, is_text, {}, {}, "", 0), faults
        for number, line in enumerate(block.split("\n"), start=2):
            key, colon, value = line.partition(":")
            key = key.strip()
            if not line.strip():
                continue
            if not colon or key not in _KNOWN_KEYS:
                known = ", ".join(_KNOWN_KEYS)
                faults.append(
                    _fault(file, number, "front-matter-key", f"«{key}» is no key here; known are {known}.")
                )
                continue
            head[key], lines[key] = value.strip(), number
        offset = block.count("\n") + 3
        text = body
    return Part(file, language, is_text, head, lines, text, offset), faults


def _fault(file: str, line: int, code: str, message: str) -> Diagnostic:
    return Diagnostic(Span(f"templates/{file}", line, 1), code, message)


def flatten(part_file: str, body: str, files: Mapping[str, str], seen: tuple[str, ...] = ()) -> str:
    """The body with its includes written out. Raises IncludeFault for a missing file or a circle."""

    def written_out(match: re.Match[str]) -> str:
        wanted = match[1]
        if wanted in (*seen, part_file):
            raise IncludeFault(f"{wanted} includes itself")
        if wanted not in files:
            raise IncludeFault(f"there is no file {wanted} to include")
        return flatten(wanted, files[wanted], files, (*seen, part_file))

    return _INCLUDE.sub(written_out, body)


class IncludeFault(Exception):
    """An `include` that leads nowhere, or in a circle."""
