"""config.toml as text: each value with its place, and the environment laid over it."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accord.core.model.place import Diagnostic, Span

PREFIX = "ACCORD_"

# What is printed in place of a secret.
MASK = "********"

_SECRET_WORDS = ("password", "secret", "token", "key")
_SECRET = re.compile(
    r"""((?:password|secret|token)\w*["']?\s*=\s*)("[^"\n]*"|'[^'\n]*'|[^\s#,}]+)""", re.IGNORECASE
)
_IN_ADDRESS = re.compile(r"(://[^/@:\s\"']*:)[^/@\s\"']+@")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key stands, and its value: columns count from 1."""

    line: int
    key: int
    key_length: int
    value: int
    value_length: int


@dataclass(slots=True)
class Source:
    """A read config: `data` merged from file and environment, `places` of keys, `origins` of values.

    `broken`: the file is no TOML, so that nothing can be said of what it holds.
    """

    file: str
    data: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    faults: list[Diagnostic] = field(default_factory=list)
    broken: bool = False

    def fault(
        self, path: str, code: str, message: str, hint: str | None = None, *, at_key: bool = False
    ) -> None:
        """Keep a fault at a value or a key, or at the nearest section above it."""
        parts = path.split(".")
        while parts and ".".join(parts) not in self.places:
            parts.pop()
        place = self.places.get(".".join(parts), Place(1, 1, 1, 1, 1))
        if at_key or ".".join(parts) != path:
            where = Span(self.file, place.line, place.key, place.key_length)
        else:
            where = Span(self.file, place.line, place.value, place.value_length)
        if self.origins.get(path, "").startswith(PREFIX):
            where = Span(self.origins[path], 1, 1)
        self.faults.append(Diagnostic(where, code, message, hint))


def read_source(text: str, file: str, environ: Mapping[str, str]) -> Source:
    """Read the TOML text, find the line of each key, and lay `ACCORD_SECTION__KEY` variables over it."""
    source = Source(file)
    try:
        source.data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        match = re.search(r"at line (\d+), column (\d+)", str(fault))
        line, column = (int(match[1]), int(match[2])) if match else (1, 1)
        words = str(fault).partition(" (at ")[0]
        source.broken = True
        source.faults.append(
            Diagnostic(Span(file, line, column), "toml", f"This can't be read as TOML: {words}.")
        )
    source.places = _places(text)
    source.origins = dict.fromkeys(source.places, file)
    for name, value in sorted(environ.items()):
        if name.startswith(PREFIX) and "__" in name:
            _lay(source, name, value)
    return source


def _places(text: str) -> dict[str, Place]:
    """Where each section and key stands, as `section.key`; the first where one repeats."""
    places: dict[str, Place] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line)
        if header and not re.match(r"\s*[\w\"'.-]+\s*=", line):
            section = ".".join(_keys(header[1]))
            begins, length = line.index("[") + 1, len(header[0].strip())
            places.setdefault(section, Place(number, begins, length, begins, length))
            continue
        assignment = re.match(
            r"\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"))*)\s*=", line
        )
        if assignment:
            path = ".".join([*([section] if section else []), *_keys(assignment[1])])
            places.setdefault(path, _assigned(number, line, assignment))
    return places


def _assigned(number: int, line: str, assignment: re.Match[str]) -> Place:
    """A key and its value on one line; of a value that goes on, what stands on the first."""
    rest = line[assignment.end() :]
    told = re.match(r"""\s*("[^"]*"|'[^']*'|\[.*\]|\{.*\}|[^#]*)""", rest)
    value = told[1].rstrip() if told is not None else ""
    begins = assignment.end() + (len(rest) - len(rest.lstrip())) + 1
    return Place(number, assignment.start(1) + 1, len(assignment[1]), begins, max(len(value), 1))


def _keys(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[\w-]+", dotted)]


def _lay(source: Source, name: str, value: str) -> None:
    parts = [part.lower() for part in name.removeprefix(PREFIX).split("__")]
    room: Any = source.data
    for part in parts[:-1]:
        room = room.setdefault(part, {})
        if not isinstance(room, dict):
            source.faults.append(
                Diagnostic(Span(name, 1, 1), "environment", f"{name} names no key of the configuration.")
            )
            return
    room[parts[-1]] = _typed(value)
    source.origins[".".join(parts)] = name


def _typed(value: str) -> Any:
    """A variable's value as TOML would read it; text where it would not."""
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return value


def nearest(word: str, known: Iterable[str]) -> str | None:
    """«Did you mean …?», where something known is near."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean {close[0]}?" if close else None


def is_secret(key: str) -> bool:
    """Whether what stands under a key is never shown; the name of a file that holds it may be."""
    return any(word in key for word in _SECRET_WORDS) and not key.endswith("file")


def masked(text: str) -> str:
    """A text of config.toml, or one value of it, as it may be printed: without its secrets."""
    return _IN_ADDRESS.sub(rf"\1{MASK}@", _SECRET.sub(rf"\1{MASK}", text))


def holds_password(address: str) -> bool:
    """Whether an address such as postgresql://name:password@host gives a password away."""
    return _IN_ADDRESS.search(address) is not None
