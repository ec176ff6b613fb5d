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
CODE = re.compile(r"[a-z]+(?:-[a-z0-9]+)*")
TOLD = re.compile(r" \[([a-z0-9-]+)\]$", re.MULTILINE)
LANGUAGES = {".yaml": "yaml", ".html": "html", ".txt": "text", ".toml": "toml"}


@dataclass(frozen=True, slots=True)
class Pair:
    """An author's file with a fault in it, and exactly what is said of it."""

    name: str
    source: Path
    said: str

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes that are said, each once."""
        return tuple(dict.fromkeys(TOLD.findall(self.said)))


def pairs() -> list[Pair]:
    """Every pair: a `.out` file and the file of the same name beside it."""
    found = []
    for out in sorted(PAIRS.rglob("*.out")):
        sources = [path for path in out.parent.glob(f"{out.stem}.*") if path.suffix in LANGUAGES]
        found += [Pair(out.stem, path, out.read_text(encoding="utf-8")) for path in sources[:1]]
    return found


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


def examples() -> dict[str, Pair]:
    """The best pair for each code: the one that says least besides, then the shortest."""
    best: dict[str, Pair] = {}
    for pair in pairs():
        for code in pair.codes:
            known = best.get(code)
            if known is None or _rank(pair) < _rank(known):
                best[code] = pair
    return best


def _rank(pair: Pair) -> tuple[int, int]:
    return len(pair.codes), len(pair.source.read_text(encoding="utf-8"))


def written() -> str:
    """The sections of the page, one a code."""
    parts = []
    for code, pair in sorted(examples().items()):
        source = pair.source.read_text(encoding="utf-8").rstrip("\n")
        fence = "````" if "```" in source + pair.said else "```"
        parts.append(f"### `{code}`")
        parts.append(f"{fence}{LANGUAGES[pair.source.suffix]}\n{source}\n{fence}")
        parts.append(f"{fence}text\n{pair.said.rstrip()}\n{fence}")
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
