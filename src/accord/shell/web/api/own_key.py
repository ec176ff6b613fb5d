"""A system's own key: whether it opens, and what for."""

from __future__ import annotations

from accord.shell.web.api.operation import Answer, Call, Operation, Told
from accord.shell.web.api.schemas import MAYBE_INSTANT, NUMBER, TEXT, record, rows


def read(call: Call) -> Answer:
    """The key that the request came with, but for the key itself."""
    key = call.key
    return Answer({"name": key.name, "scopes": sorted(key.scopes), "rate": key.rate, "ends_at": key.ends_at})


OPERATIONS = (
    Operation(
        "readKey",
        "GET",
        "/api/v1/key",
        None,
        "See what your key may do",
        "Any good key may ask. `ends_at` is set on a key that was rotated: change to the new one before.",
        read,
        Told(
            record({"name": TEXT, "scopes": rows(TEXT), "rate": NUMBER, "ends_at": MAYBE_INSTANT}),
            {"name": "shop", "scopes": ["orders:write", "people:write"], "rate": 600, "ends_at": None},
        ),
    ),
)
