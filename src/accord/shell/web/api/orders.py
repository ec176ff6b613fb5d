"""Orders: one, or many as JSON lines; told again, an order stands as it was told last."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from accord.shell.engine.intake.lines import Line, take_order_lines
from accord.shell.engine.intake.people import Taken
from accord.shell.web.api.operation import Call, Operation, Told
from accord.shell.web.api.schemas import EMAIL, FLAG, TEXT, record, refers, rows, told
from accord.shell.web.api.taking import HISTORY, take_lines, take_one

PATH = "/api/v1/orders"


def take(call: Call, page: Sequence[Line], history: bool) -> Taken:
    """Take what is good of a page."""
    return take_order_lines(call.store, call.catalogue, page, now=call.now, history=history)


_MAYBE = {"type": ["string", "null"]}

ORDER = told(
    {
        "email": {**EMAIL, "description": "The buyer's."},
        "order_id": TEXT,
        "placed_at": {
            "type": "string",
            "description": "In ISO 8601; without an offset, on the venue's own clock.",
        },
        "paid_at": _MAYBE,
        "delivered_at": _MAYBE,
        "cancelled_at": _MAYBE,
        "entity": {
            **_MAYBE,
            "description": "Who sold it, where that is another legal person, of `[others]`.",
        },
        "title": _MAYBE,
        "starts_at": {**_MAYBE, "description": "When what was bought takes place."},
        "offline": {"type": ["boolean", "null"], "description": "Whether it was bought at a counter."},
        "lines": {
            **rows(
                told(
                    {
                        "family": _MAYBE,
                        "amount_cents": {"type": "integer"},
                        "currency": {"type": ["string", "null"], "pattern": "^[A-Z]{3}$"},
                    },
                    "amount_cents",
                )
            ),
            "minItems": 1,
        },
    },
    "email",
    "order_id",
    "placed_at",
    "lines",
)
BERENICE = {
    "email": "ada@example.org",
    "order_id": "O-1",
    "placed_at": "2026-11-20T12:00:00+01:00",
    "paid_at": "2026-11-20T12:01:00+01:00",
    "title": "Bérénice",
    "starts_at": "2026-12-12T20:00:00+01:00",
    "lines": [{"family": "theatre", "amount_cents": 4800, "currency": "EUR"}],
}

OPERATIONS = (
    Operation(
        "tellOrder",
        "POST",
        PATH,
        "orders:write",
        "Tell an order",
        "As it stands: with `paid_at` once it is paid, with `delivered_at` or `cancelled_at` later on. Each of these is an "
        "event as well, once. 201 where something is new, 200 where all was known.",
        partial(take_one, take=take),
        Told(record({"new": FLAG}), {"new": True}),
        Told(ORDER, BERENICE),
        status=201,
        query=(HISTORY,),
        problems=("invalid-fields",),
        writes=True,
    ),
    Operation(
        "tellOrders",
        "POST",
        f"{PATH}/bulk",
        "orders:write",
        "Tell many orders",
        "A line of JSON for each, as `scenario orders import` reads them: good lines are taken, five hundred a transaction; "
        "refused ones are listed with line, field and reason. The same body may be sent again after any fault.",
        partial(take_lines, take=take),
        Told(refers("Taken"), {"new": 1, "known": 0, "refused": []}),
        Told(ORDER, BERENICE),
        query=(HISTORY,),
        writes=True,
        bulk=True,
    ),
)
