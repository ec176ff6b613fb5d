"""The corpus: messages as servers, providers and people write them, each with what it must come to.

Each file of `corpus/` has frames, which are whole messages with places in them, and cases, which fill the places with
what one server says in one situation. `expected` is KIND/REASON, as judged for a mail of ours to ada@example.org.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from accord.core.mail.returns import Returns, key_of

HERE = Path(__file__).parent / "corpus"
ADDRESS = "ada@example.org"
RETURNS = Returns((b"a key for tests",), "retours+*@theatre.example.org")
MARK = RETURNS.mark(42)

_OURS = {
    "address": ADDRESS,
    "original": "{address}",
    "verp": RETURNS.sender(MARK) or "",
    "mark": str(MARK),
    "key": key_of(MARK, 1795424400),
    "said": "",
}


@dataclass(frozen=True)
class Case:
    name: str
    raw: bytes
    kind: str
    reason: str


def cases() -> list[Case]:
    found = []
    for path in sorted(HERE.glob("*.yaml")):
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
        for case in told["cases"]:
            slots = {**_OURS, **told.get("given", {}), **case}
            kind, _, reason = case["expected"].partition("/")
            raw = filled(told["frames"][slots["frame"]], slots)
            found.append(Case(f"{path.stem}/{case['name']}", raw.encode(), kind, reason))
    return found


def filled(frame: str, slots: dict[str, str]) -> str:
    """The message; places may hold places, and lines that go on are folded as the line that they are in."""
    text = frame
    for _ in range(3):
        for name, value in slots.items():
            text = text.replace("{" + name + "}", str(value))
    return text.rstrip("\n") + "\n"
