"""Orders in the database: who has which, and their lines as they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import Connection, Select, Table, delete, select

from accord.core.model.order import OrderLine
from accord.shell.engine.ports.store import Duplicate
from accord.shell.store import tables
from accord.shell.store.bulk import insert_absent, insert_rows
from accord.shell.store.dialect import among, among_the, rows_among
from accord.shell.store.people import bump

ORDER = cast("Table", tables.OrderRow.__table__)  # type: ignore[attr-defined]
LINE = cast("Table", tables.OrderLineRow.__table__)  # type: ignore[attr-defined]
ARCHIVE = cast("Table", tables.OrderArchiveRow.__table__)  # type: ignore[attr-defined]

# Whose an archived order is: no contact has this number.
NOBODY = 0


def owners(connection: Connection, externals: Sequence[str]) -> dict[tuple[str, str], int]:
    """Which contact has each of these orders, by entity and number; those that are unknown are left out.

    An archived order is NOBODY's: told again it comes back to no contact (R-46).
    """
    numbers = sorted(set(externals))
    wanted = select(ORDER.c.entity, ORDER.c.external_id, ORDER.c.contact_id).where(
        among(connection, ORDER.c.external_id, numbers)
    )
    found = {(row.entity, row.external_id): row.contact_id for row in connection.execute(wanted)}
    return {**dict.fromkeys(_archived(connection, numbers), NOBODY), **found}


def _archived(connection: Connection, externals: Sequence[str]) -> set[tuple[str, str]]:
    wanted = select(ARCHIVE.c.entity, ARCHIVE.c.external_id).where(
        among(connection, ARCHIVE.c.external_id, externals)
    )
    return {(row.entity, row.external_id) for row in connection.execute(wanted)}


def save_lines(connection: Connection, told: Mapping[int, Sequence[OrderLine]]) -> None:
    """Insert, or replace the lines of the orders named, by contact; what the gate reads has changed.

    What is archived stays there. Raises Duplicate for an order that another contact has.
    """
    told = _not_archived(connection, told)
    heads = {(line.entity, line.order_id): (who, line) for who, lines in told.items() for line in lines}
    if not heads:
        return
    rows = [
        {"contact_id": who, "entity": entity, "external_id": external, "placed_at": line.placed_at}
        for (entity, external), (who, line) in heads.items()
    ]
    insert_absent(connection, ORDER, rows)
    found = select(ORDER).where(among(connection, ORDER.c.external_id, sorted({key[1] for key in heads})))
    numbers = {(row.entity, row.external_id): (row.id, row.contact_id) for row in connection.execute(found)}
    foreign = [key for key, (who, _) in heads.items() if numbers[key][1] != who]
    if foreign:
        raise Duplicate(f"order {foreign[0][1]} belongs to another contact")
    ids = [numbers[key][0] for key in heads]
    connection.execute(delete(LINE).where(among(connection, LINE.c.order_id, ids)))
    lines = [
        _line_row(line, who, numbers[line.entity, line.order_id][0])
        for who, its in told.items()
        for line in its
    ]
    insert_rows(connection, LINE, lines)
    bump(connection, list(told))


def _not_archived(
    connection: Connection, told: Mapping[int, Sequence[OrderLine]]
) -> Mapping[int, Sequence[OrderLine]]:
    externals = sorted({line.order_id for lines in told.values() for line in lines})
    archived = _archived(connection, externals) if externals else set()
    if not archived:
        return told
    return {
        who: [line for line in lines if (line.entity, line.order_id) not in archived]
        for who, lines in told.items()
    }


def _line_row(line: OrderLine, contact_id: int, order_number: int) -> dict[str, Any]:
    return {
        "order_id": order_number,
        "contact_id": contact_id,
        "entity": line.entity,
        "external_id": line.order_id,
        "family": line.family,
        "amount_cents": line.amount_cents,
        "currency": line.currency,
        "placed_at": line.placed_at,
        "paid_at": line.paid_at,
        "delivered_at": line.delivered_at,
        "cancelled_at": line.cancelled_at,
    }


def lines_of(connection: Connection, ids: Sequence[int]) -> dict[int, list[OrderLine]]:
    """The order lines of these persons, oldest first."""
    found: dict[int, list[OrderLine]] = {}
    for row in rows_among(connection, _lines, ids):
        line = OrderLine(
            order_id=row.external_id,
            entity=row.entity,
            family=row.family,
            amount_cents=row.amount_cents,
            currency=row.currency,
            placed_at=row.placed_at,
            paid_at=row.paid_at,
            delivered_at=row.delivered_at,
            cancelled_at=row.cancelled_at,
        )
        found.setdefault(row.contact_id, []).append(line)
    return found


@cache
def _lines(*, sqlite: bool) -> Select[Any]:
    theirs = among_the("ids", LINE.c.contact_id, sqlite=sqlite)
    return select(LINE).where(theirs).order_by(LINE.c.placed_at, LINE.c.id)
