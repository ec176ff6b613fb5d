"""Many rows by one statement: how a batch is written, handed over column by column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import repeat
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Insert,
    Select,
    Table,
    UpdateBase,
    bindparam,
    column,
    func,
    insert,
    literal_column,
    select,
)
from sqlalchemy.types import TypeEngine

from accord.shell.store.columns import ListOf
from accord.shell.store.dialect import is_sqlite, leaving_out_known

Row = Mapping[str, Any]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """INSERT `rows`, which all have the same columns."""
    if rows:
        change_each(connection, _inserting(table, tuple(rows[0]), sqlite=is_sqlite(connection)), rows)


def insert_absent(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """INSERT those of `rows` whose unique key does not exist yet; all have the same columns."""
    if rows:
        change_each(connection, _inserting_absent(table, tuple(rows[0]), sqlite=is_sqlite(connection)), rows)


def numbered(connection: Connection, table: Table, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """`rows`, each with an id that no row of the table has or will be given by others, in ascending order.

    Asking for them after the writing would take as long as the writing.
    """
    return [
        {"id": number, **row} for number, row in zip(_draw(connection, table, len(rows)), rows, strict=True)
    ]


def _draw(connection: Connection, table: Table, count: int) -> list[int]:
    if is_sqlite(connection):
        # There is one writer, and it is this transaction.
        last = connection.execute(_highest(table)).scalar_one()
        return list(range(last + 1, last + 1 + count))
    return sorted(connection.execute(_drawing(table), {"count": count}).scalars())


@cache
def _highest(table: Table) -> Select[Any]:
    return select(func.coalesce(func.max(table.c.id), literal_column("0")))


@cache
def _drawing(table: Table) -> Select[Any]:
    counter = func.nextval(func.pg_get_serial_sequence(table.name, "id"))
    return select(counter).select_from(func.generate_series(literal_column("1"), bindparam("count")))


@cache
def _inserting(table: Table, names: tuple[str, ...], *, sqlite: bool) -> Insert:
    return _of_each(insert(table), names, sqlite=sqlite)


@cache
def _inserting_absent(table: Table, names: tuple[str, ...], *, sqlite: bool) -> Insert:
    return _of_each(leaving_out_known(table, sqlite=sqlite), names, sqlite=sqlite)


def _of_each(statement: Insert, names: tuple[str, ...], *, sqlite: bool) -> Insert:
    given = each_given({name: statement.table.c[name].type for name in names}, sqlite=sqlite)
    return statement.values(given) if sqlite else statement.from_select(names, select(*given.values()))


def each_given(columns: Mapping[str, TypeEngine[Any]], *, sqlite: bool) -> Mapping[str, ColumnElement[Any]]:
    """What a change of many rows is given for each of them, by name, for statements that are built once.

    Such a statement is carried out by `change_each`: on PostgreSQL once, over lists (a statement a row would cost
    it as much as all the rows do); SQLite, which is in the house, is told row by row.
    """
    if sqlite:
        return {name: bindparam(name, type_=kind) for name, kind in columns.items()}
    lists = [bindparam(name, type_=ListOf(kind)) for name, kind in columns.items()]
    rows = func.unnest(*lists).table_valued(*(column(name, kind) for name, kind in columns.items()))
    return dict(rows.render_derived(name="given").c)


def change_each(connection: Connection, change: UpdateBase, rows: Sequence[Row]) -> None:
    """Carry out a change that was made with `each_given` for these rows, which all have the same names."""
    if not rows:
        return
    given = {name: [row[name] for row in rows] for name in rows[0]}
    if not is_sqlite(connection):
        connection.execute(change, given)
        return
    statement, values = _prepared(connection.dialect, change)
    columns = (value.of(given, len(rows)) for value in values)
    connection.exec_driver_sql(statement, list(zip(*columns, strict=True)))


@dataclass(frozen=True, slots=True)
class _Value:
    """What each row of a change has in one place: what is given by this name, or else the same for all rows.

    `bind` makes of it what the driver takes.
    """

    name: str
    same: Any
    bind: Callable[[Any], Any] | None

    def of(self, given: Mapping[str, Sequence[Any]], count: int) -> Iterable[Any]:
        """This value of each of `count` rows, as the driver takes it."""
        values = given[self.name] if self.name in given else repeat(self.same, count)
        return values if self.bind is None else map(self.bind, values)


@lru_cache(maxsize=64)
def _prepared(dialect: Dialect, change: UpdateBase) -> tuple[str, tuple[_Value, ...]]:
    """A change as SQLite's driver takes it, with the values of a row in their order."""
    compiled = change.compile(dialect=dialect)
    # What a table says of columns that no row names.
    same = {
        **compiled.params,
        **{each.key: getattr(each.default, "arg", None) for each in compiled.insert_prefetch},
    }
    places = compiled.positiontup or ()
    binds = (compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in places)
    return str(compiled), tuple(
        _Value(name, same[name], bind) for name, bind in zip(places, binds, strict=True)
    )
