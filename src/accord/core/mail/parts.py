"""The files of a template: which language each is for, its front matter, its body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from accord.core.model.place import Diagnostic, Span

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
            part, wrong = read_part(file, text, language=match[1])
            found.append(part)
            faults += wrong
    return found, faults


def read_part(file: str, text: str, *, language: str | None = None) -> tuple[Part, list[Diagnostic]]:
    """One file cut into its front matter, if it has one, and its body."""
    is_text = file.endswith(".txt")
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    if not text.startswith("---\n"):
        return Part(file, language, is_text, {}, {}, text, 0), []
    # The closing fence may be the file's last line, and the front matter may be empty.
    block, fence, body = f"{text[3:]}\n".partition("\n---\n")
    if not fence:
        fault = _fault(file, 1, "front-matter-open", "The front matter has no closing `---` line.")
        return Part(file, language, is_text, {}, {}, "", 0), [fault]
    head, lines, faults = _front_matter(file, block.removeprefix("\n"))
    offset = f"{block}{fence}".count("\n")
    return Part(file, language, is_text, head, lines, body.removesuffix("\n"), offset), faults


def _front_matter(file: str, block: str) -> tuple[dict[str, str], dict[str, int], list[Diagnostic]]:
    """`key: the rest of the line, verbatim`, the line of each key, and what can't be read."""
    head: dict[str, str] = {}
    lines: dict[str, int] = {}
    faults: list[Diagnostic] = []
    for number, line in enumerate(block.split("\n"), start=2):
        key, colon, value = line.partition(":")
        key = key.strip()
        if not line.strip():
            continue
        if not colon or key not in _KNOWN_KEYS:
            known = ", ".join(_KNOWN_KEYS)
            message = f"«{key}» is no key here; known are {known}."
            faults.append(_fault(file, number, "front-matter-key", message))
        elif key in head:
            message = f"«{key}» is said twice, first on line {lines[key]}."
            faults.append(_fault(file, number, "front-matter-twice", message))
        else:
            head[key], lines[key] = value.strip(), number
    return head, lines, faults


def _fault(file: str, line: int, code: str, message: str) -> Diagnostic:
    return Diagnostic(Span(f"templates/{file}", line, 1), code, message)
