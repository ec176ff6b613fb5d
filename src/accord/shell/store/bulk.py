"""Many rows at once: bound column by column, which takes half the time of a mapping for each row."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table, bindparam, insert


def insert_rows(
    connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[Sequence[Any]]
) -> None:
    """INSERT `rows`, each with its values in the order of the columns `names`."""
    if not rows:
        return
    dialect = connection.dialect
    statement, order = _statement(dialect, table, names)
    bound = {
        name: values if (bind := _bind(dialect, table, name)) is None else map(bind, values)
        for name, values in zip(names, zip(*rows, strict=True), strict=True)
    }
    if order is None:
        connection.exec_driver_sql(
            statement, [dict(zip(names, row, strict=True)) for row in zip(*bound.values(), strict=True)]
        )
    else:
        connection.exec_driver_sql(statement, list(zip(*(bound[name] for name in order), strict=True)))


@lru_cache(maxsize=64)
def _statement(dialect: Dialect, table: Table, names: tuple[str, ...]) -> tuple[str, tuple[str, ...] | None]:
    """The statement as the driver takes it, and the order of its values where it takes them by position."""
    compiled = insert(table).values({name: bindparam(name) for name in names}).compile(dialect=dialect)
    return str(compiled), tuple(compiled.positiontup or ()) or None


@lru_cache(maxsize=256)
def _bind(dialect: Dialect, table: Table, name: str) -> Any:
    """How a value of this column is handed to the driver; None where it is handed over as it is."""
    return table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
