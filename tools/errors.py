"""Writes the examples in docs/errors.md from the golden pairs in tests/authors/err: a file, and what check says of it.

python tools/errors.py            write the page anew
python tools/errors.py --check    exit code 1 where it is stale
"""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "errors.md"
PAIRS = ROOT / "tests" / "authors" / "err"
BEGIN, END = "<!-- errors: begin, written by tools/errors.py -->", "<!-- errors: end -->"

# Where a diagnostic is made: these calls bear its code, in one of the first places.
MAKERS = {"Diagnostic", "_Fault", "_fault", "_wrong", "_unknown", "error", "fault", "stop", "warn", "warning"}
# A line of an author's may be long; the page shows so much of it.
LONGEST = 200

CODE = re.compile(r"[a-z]+(?:-[a-z0-9]+)*")
TOLD = re.compile(r"^(\S+:\d+:\d+: .+ \[([a-z0-9-]+)\])$")


@dataclass(frozen=True, slots=True)
class Example:
    """One thing that is said: its code, the lines of it, the golden case that it is from, and what else is said there."""

    code: str
    lines: tuple[str, ...]
    case: Path
    beside: int


def all_examples() -> list[Example]:
    """Everything that the golden cases are told."""
    found = []
    for out in sorted(PAIRS.glob("*.out")):
        said = _cut(out.read_text(encoding="utf-8"))
        sources = [path for path in (out.with_suffix(".yaml"), out.with_suffix("")) if path.exists()]
        case = sources[0] if sources else out
        found += [Example(code, lines, case, len(said)) for code, lines in said]
    return found


def _cut(said: str) -> list[tuple[str, tuple[str, ...]]]:
    """(code, its lines) of each diagnostic: the sentence, then the author's line and the caret."""
    found: list[tuple[str, list[str]]] = []
    for line in said.splitlines():
        match = TOLD.match(line)
        if match is not None:
            found.append((match[2], [line]))
        elif found:
            found[-1][1].append(line)
    return [(code, tuple(lines)) for code, lines in found]


def codes_in_the_source() -> set[str]:
    """Every code that a diagnostic of the authors' files can bear, as the source has it."""
    found: set[str] = set()
    source = ROOT / "src" / "accord"
    rooms = [source / "core" / room for room in ("language", "expressions", "mail")]
    files = [path for room in rooms for path in room.rglob("*.py")]
    for path in [*files, source / "shell" / "library.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            said = [each.value for each in node.args[:3] if isinstance(each, ast.Constant)]
            if name in MAKERS:
                found |= {each for each in said if isinstance(each, str) and CODE.fullmatch(each)}
    return found


def examples() -> dict[str, Example]:
    """The best example of each code: from the case that is about least besides, the shortest."""
    best: dict[str, Example] = {}
    for each in all_examples():
        known = best.get(each.code)
        if known is None or _rank(each) < _rank(known):
            best[each.code] = each
    return best


def _rank(example: Example) -> tuple[bool, int, int]:
    named_after_it = example.case.stem == example.code
    return not named_after_it, example.beside, sum(map(len, example.lines))


def written() -> str:
    """The sections of the page, one a code."""
    parts = []
    for code, each in sorted(examples().items()):
        where = Path("..", each.case.relative_to(ROOT)).as_posix()
        lines = "\n".join(line[:LONGEST] for line in each.lines).rstrip()
        parts.append(f"### `{code}`\n\n```text\n{lines}\n```\n\n[{each.case.name}]({where})")
    return "\n\n".join(parts)


def placed(text: str) -> str:
    """The page with fresh examples between its markers."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{written()}\n\n{END}{tail}"


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        sys.exit(0 if placed(page) == page else 1)
    PAGE.write_text(placed(page), encoding="utf-8")
