"""Texts made wrong on purpose: what slips in when people edit, what hostile hands would write; by a fixed seed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

TOKENS = (
    *(
        ": ",
        ":",
        "- ",
        " #",
        "# ",
        '"',
        "'",
        "“",
        "”",
        "«",
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "[",
        "]",
        "{",
        "}",
    ),
    *(
        "&a",
        "*a",
        "!!str",
        "!x",
        "|",
        ">",
        "|-",
        ">9",
        "<<: ",
        "---\n",
        "...\n",
        "%YAML 1.2\n",
        "? ",
        "@",
        "`",
        "%",
    ),
    *(
        "\t",
        "\u00a0",
        "\u202f",
        "\u2028",
        "\x85",
        "\x00",
        "\x1b[31m",
        "\ufeff",
        "\ud7ff",
        "🎭",
        "é",
        "\r",
        "\r\n",
    ),
    *(
        "(" * 40,
        ")" * 40,
        "[" * 40,
        "not " * 40,
        "-" * 40,
        "9" * 40,
        "1e999",
        "nan",
        "~",
        "null",
        "true",
        "no",
        "on",
    ),
    *(
        "end",
        "then",
        "otherwise",
        "service",
        "editorial",
        "each",
        "never",
        "after 3 days",
        "9999 years",
        "0 days",
    ),
    *(
        "10:00",
        "25:99",
        "2026-02-30",
        "50%",
        "100%",
        "-1",
        "0x10",
        "event.order_id",
        "it.",
        "this",
        "contact.",
    ),
    *(
        "consent(",
        'consent("newsletter")',
        'sent("x/y")',
        " == ",
        " in ",
        " is none",
        " and ",
        " or ",
        " | upper",
    ),
    *(
        "when: ",
        "if: ",
        "send: ",
        "purpose: ",
        "nature: ",
        "enter:\n",
        "steps:\n",
        "  ",
        "\n",
        "\n\n",
        "    x: 1\n",
    ),
    *(
        "https://[",
        "//evil.example",
        "javascript:",
        "<style>",
        "</style>",
        "<!--",
        "-->",
        "<a href=",
        "12 €",
        "-20 %",
    ),
)

Mutation = Callable[[random.Random, str, Sequence[str]], str]


def _cut(dice: random.Random, text: str, _: Sequence[str]) -> str:
    start, end = sorted(dice.choices(range(len(text) + 1), k=2))
    return text[:start] + text[min(end, start + 30) :]


def _put_in(dice: random.Random, text: str, _: Sequence[str]) -> str:
    at = dice.randrange(len(text) + 1)
    return text[:at] + dice.choice(TOKENS) + text[at:]


def _repeat_a_line(dice: random.Random, text: str, _: Sequence[str]) -> str:
    lines = text.split("\n")
    at = dice.randrange(len(lines))
    return "\n".join([*lines[:at], *[lines[at]] * dice.randint(2, 4), *lines[at + 1 :]])


def _move_a_line(dice: random.Random, text: str, _: Sequence[str]) -> str:
    lines = text.split("\n")
    line = lines.pop(dice.randrange(len(lines)))
    lines.insert(dice.randrange(len(lines) + 1), line)
    return "\n".join(lines)


def _indent_otherwise(dice: random.Random, text: str, _: Sequence[str]) -> str:
    lines = text.split("\n")
    at = dice.randrange(len(lines))
    lines[at] = dice.choice(["", " ", "   ", "\t", "\u00a0", "          "]) + lines[at].lstrip()
    return "\n".join(lines)


def _another_word(dice: random.Random, text: str, others: Sequence[str]) -> str:
    """A word of this text instead of another: what is right in one place, in a wrong one."""
    words = list(re.finditer(r"[\w./-]+", text))
    if not words:
        return text
    gone = dice.choice(words)
    donor = re.findall(r"[\w./-]+", dice.choice(others)) or ["x"]
    return text[: gone.start()] + dice.choice(donor) + text[gone.end() :]


def _splice(dice: random.Random, text: str, others: Sequence[str]) -> str:
    other = dice.choice(others)
    return text[: dice.randrange(len(text) + 1)] + other[dice.randrange(len(other) + 1) :]


def _misspell(dice: random.Random, text: str, _: Sequence[str]) -> str:
    at = dice.randrange(max(len(text) - 1, 1))
    return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]


MUTATIONS: tuple[Mutation, ...] = (
    _cut,
    _put_in,
    _put_in,
    _repeat_a_line,
    _move_a_line,
    _indent_otherwise,
    _another_word,
    _another_word,
    _splice,
    _misspell,
)


def mutated(dice: random.Random, texts: Sequence[str]) -> str:
    """One of the texts with one to four things changed."""
    text = dice.choice(texts)
    for _ in range(dice.choice([1, 1, 2, 4])):
        text = dice.choice(MUTATIONS)(dice, text, texts)
    return text


def soup(dice: random.Random, words: Sequence[str], longest: int = 14) -> str:
    """Words one after the other: mostly nonsense, and now and then a sentence."""
    between = dice.choice(["", " ", " "])
    return between.join(dice.choice(words) for _ in range(dice.randint(1, longest)))
