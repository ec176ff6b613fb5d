"""Pages of long lists: a cursor names the last row that was seen, so that newcomers shift nothing."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from accord.core.model.venue import Venue
from accord.shell.web.api.operation import Query, Schema

DEFAULT, MOST = 100, 500
_NUMBER = re.compile(r"[0-9]{1,15}")

Row = TypeVar("Row")


def _limit(text: str, _: Venue) -> int:
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= MOST:
        raise ValueError(f"it is no whole number from 1 to {MOST}")
    return int(text)


def paged(what: str) -> tuple[Query, Query]:
    """The two parameters of every list."""

    def cursor(text: str, _venue: Venue) -> int:
        try:
            of, number = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").split(":")
        except (binascii.Error, ValueError):
            of, number = "", ""
        if of != what or not _NUMBER.fullmatch(number):
            raise ValueError("it is no cursor of this list; take `next` of the page before")
        return int(number)

    return (
        Query(
            "limit",
            f"How many at most, {MOST} or fewer.",
            {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT},
            _limit,
        ),
        Query(
            "cursor",
            "`next` of the page before; without it, the first page.",
            {"type": "string", "maxLength": 64},
            cursor,
        ),
    )


def page(
    what: str, rows: Sequence[Row], limit: int, number: Callable[[Row], int], shown: Callable[[Row], Any]
) -> dict[str, Any]:
    """A page of `rows`, of which there is one more than `limit` where another page comes."""
    kept = rows[:limit]
    more = len(rows) > limit
    mark = (
        base64.urlsafe_b64encode(f"{what}:{number(kept[-1])}".encode()).decode().rstrip("=") if more else None
    )
    return {"items": [shown(row) for row in kept], "next": mark}


def page_of(item: Schema) -> Schema:
    """The schema of a page."""
    return {
        "type": "object",
        "required": ["items", "next"],
        "properties": {
            "items": {"type": "array", "items": item},
            "next": {
                "type": ["string", "null"],
                "description": "The cursor of the next page; null on the last one.",
            },
        },
    }
