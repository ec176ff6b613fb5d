"""Writes the map in ARCHITECTURE.md from the first docstring line of every module."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- map: begin, written by tools/map.py -->", "<!-- map: end -->"


def drawn() -> str:
    """The map: every folder and file of the package with its purpose."""
    lines = ["```text"]
    package = ROOT / "src" / "accord"
    for path in sorted(
        package.rglob("*.py"),
        key=lambda each: (each.parent.as_posix(), each.name != "__init__.py", each.name),
    ):
        parts = path.relative_to(package).parts
        purpose = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n")[0]
        is_folder = path.name == "__init__.py"
        name = f"{parts[-2]}/" if is_folder and len(parts) > 1 else "accord/" if is_folder else parts[-1]
        depth = len(parts) - (1 if is_folder else 0)
        lines.append(f"{'  ' * depth}{name:<{max(34 - 2 * depth, 1)}} {purpose}".rstrip())
    return "\n".join([*lines, "```"])


def placed(text: str) -> str:
    """The document with a fresh map between its markers."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{drawn()}\n{END}{tail}"


if __name__ == "__main__":
    document = ROOT / "ARCHITECTURE.md"
    text = document.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        sys.exit(0 if placed(text) == text else 1)
    document.write_text(placed(text), encoding="utf-8")
