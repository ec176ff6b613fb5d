"""What the documents show is what is printed: each is played in a venue of its own, and compared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    if "```console" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_shows_what_is_printed(document: str) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "shown.py", ROOT / document],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"run `make docs`\n{done.stdout}{done.stderr}"
