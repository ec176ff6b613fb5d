"""JSON lines: read a page at a time, however many there are; every bad line is told with what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any

from accord.shell.engine.intake.people import Refusal

# Lines that are read, looked up and written together: one transaction and a few queries for all of them.
PAGE = 1000

# A line that is longer tells no event and no order.
LONGEST_LINE = 1 << 20

Told = dict[str, Any]


def pages(
    lines: IO[bytes], refusals: list[Refusal], size: int = PAGE
) -> Iterator[tuple[list[tuple[int, Told]], int]]:
    """Pages of (line number, what it tells), each with the bytes read so far; bad lines go to `refusals`."""
    page: list[tuple[int, Told]] = []
    for number, raw in enumerate(_lines(lines), start=1):
        told, reason = read_object(raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw)
        if reason is not None:
            refusals.append(Refusal(number, "line", reason))
        if told is not None:
            page.append((number, told))
        if len(page) == size:
            yield page, lines.tell()
            page = []
    yield page, lines.tell()


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Lines without their ends; of one that is too long only so much that it is seen to be."""
    while raw := file.readline(LONGEST_LINE + 1):
        rest = raw
        while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
            rest = file.readline(LONGEST_LINE + 1)
        yield raw.rstrip(b"\r\n")


def read_object(raw: bytes) -> tuple[Told | None, str | None]:
    """What a line, or a whole body, tells, or why it tells nothing; an empty one is neither."""
    if len(raw) > LONGEST_LINE:
        return None, f"it is longer than {LONGEST_LINE} bytes"
    if not raw.strip():
        return None, None
    try:
        told = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return None, "it is not UTF-8"
    except json.JSONDecodeError as fault:
        line = f"line {fault.lineno}, " if fault.lineno > 1 else ""
        return None, f"it is not JSON: {fault.msg} at {line}column {fault.colno}"
    except (ValueError, RecursionError):
        return None, "it is not JSON that can be read"
    return (told, None) if isinstance(told, dict) else (None, "it is not a JSON object")
