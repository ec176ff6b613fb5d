"""A whole database brought into another, empty one, of whatever kind: streamed, in one transaction, compared row by row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any

import psycopg
from sqlalchemy import Connection, Table, Text, bindparam, func, insert, inspect, select, text, type_coerce
from sqlalchemy.exc import DBAPIError

from accord.shell.engine.ports.rows import Deed
from accord.shell.store.columns import Json
from accord.shell.store.copies import CopyFault
from accord.shell.store.daemons import DAEMON
from accord.shell.store.database import SqlStore
from accord.shell.store.dialect import is_sqlite
from accord.shell.store.tables import metadata
from accord.shell.store.unit import SqlUnit

PAGE = 1000

# The sums of digests are taken modulo this: whoever adds rows up need not put them in order first.
_MODULUS = 2**128


@dataclass(frozen=True, slots=True)
class Sum:
    """What a table comes to: so many rows, and the sum of their digests, in whatever order they are read."""

    rows: int
    digest: int


def tables() -> Sequence[Table]:
    """Everything that a venue is. Which daemons were at work is nothing of it."""
    return [table for table in metadata.sorted_tables if table is not DAEMON]


def transfer(source: SqlStore, target: SqlStore, *, by: str, now: datetime) -> dict[str, Sum]:
    """Copy everything, compare it, and hold the source; returns what each table came to.

    Nobody else writes to the source meanwhile; reading goes on. The target is filled in one transaction: it is whole
    in the end, or empty. Raises CopyFault, with all that speaks against it, or StoreError.
    """
    _refuse_unless_fit(source, target, now)
    if not target.is_current():
        target.upgrade()
    with _nobody_else_writes(source) as told:
        with target.begin() as unit:
            made = {table.name: _copied(table, told.connection, unit.connection) for table in tables()}
            _compare(told, unit, made)
            _set_sequences(unit.connection)
            unit.note_deed(Deed(now, by, "db copy", "database", {"from": _place(source)}))
        # Whoever still starts a daemon there sends nothing a second time.
        told.hold("all", f"copied to {_place(target)}, where it goes on", by, now)
    return made


def _place(store: SqlStore) -> str:
    """A database as people call it, without anybody's password."""
    if store.file is not None:
        return store.file.name
    return f"the database {store.engine.url.database} on {store.engine.url.host or 'this machine'}"


# -- what speaks against it ------------------------------------------------------------------------------------


def _refuse_unless_fit(source: SqlStore, target: SqlStore, now: datetime) -> None:
    against = [*_against_source(source, now), *_against_target(target)]
    if against:
        raise CopyFault("\n".join(against))


def _against_source(source: SqlStore, now: datetime) -> Iterator[str]:
    if not source.is_current():
        yield "The database is of another version than this program: run `scenario db upgrade` first."
        return
    if source.file is not None:
        return  # whether a daemon works on a file, its lock knows better
    with source.read() as unit:
        at_work = [each.name for each in unit.daemons.known() if not each.is_silent(now)]
    if at_work:
        yield f"A daemon works on the database: stop {', '.join(at_work)} first."


def _against_target(target: SqlStore) -> Iterator[str]:
    with target.read() as unit:
        names = set(inspect(unit.connection).get_table_names())
        ours = [table for table in tables() if table.name in names]
        full = [
            table.name
            for table in ours
            if unit.connection.execute(
                select(func.count()).select_from(select(table).limit(1).subquery())
            ).scalar()
        ]
    if full:
        yield f"The database to copy to is not empty: there are rows in {', '.join(sorted(full))}. Name an empty one."
    elif ours and not target.is_current():
        yield "The database to copy to has tables of another version. Name an empty one."


@contextmanager
def _nobody_else_writes(source: SqlStore) -> Iterator[SqlUnit]:
    """A transaction that keeps every other writer out. Raises AlreadyRunning or Busy."""
    source.be_the_only_daemon()
    with source.begin() as unit:
        if not is_sqlite(unit.connection):
            names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
            unit.connection.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
        yield unit


# -- the rows ----------------------------------------------------------------------------------------------------


def _copied(table: Table, source: Connection, target: Connection) -> Sum:
    rows = 0
    digest = 0

    def summed() -> Iterator[tuple[Any, ...]]:
        nonlocal rows, digest
        for row in _rows(table, source):
            rows, digest = rows + 1, (digest + _digest(row)) % _MODULUS
            yield row

    try:
        (_insert if is_sqlite(target) else _stream)(table, summed(), target)
    except (DBAPIError, psycopg.Error) as fault:
        # The driver's words quote the row.
        kind = type(fault.orig if isinstance(fault, DBAPIError) else fault).__name__
        raise CopyFault(
            f"{table.name}, about row {rows}: the other database does not take it ({kind})."
        ) from None
    return Sum(rows, digest)


def _rows(table: Table, connection: Connection) -> Iterator[tuple[Any, ...]]:
    """Each row of a table, JSON as the text that it is, a page in memory at a time."""
    columns = [type_coerce(column, Text()) if isinstance(column.type, Json) else column for column in table.c]
    wanted = select(*columns).execution_options(stream_results=True, yield_per=PAGE)
    return (tuple(row) for row in connection.execute(wanted))


def _insert(table: Table, rows: Iterator[tuple[Any, ...]], target: Connection) -> None:
    typed = {
        column.name: bindparam(column.name, type_=Text() if isinstance(column.type, Json) else column.type)
        for column in table.c
    }
    statement = insert(table).values(typed)
    names = list(typed)
    while page := list(islice(rows, PAGE)):
        target.execute(statement, [dict(zip(names, row, strict=True)) for row in page])


def _stream(table: Table, rows: Iterator[tuple[Any, ...]], target: Connection) -> None:
    """By COPY: four times as fast as rows that are inserted."""
    first = next(rows, None)
    if first is None:
        return
    names = ", ".join(f'"{column.name}"' for column in table.c)
    driver = target.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
        for row in chain([first], rows):
            copy.write_row(row)


def _digest(row: tuple[Any, ...]) -> int:
    return int.from_bytes(hashlib.sha256(repr(row).encode()).digest()[:16])


def _set_sequences(target: Connection) -> None:
    """The next row gets a number of its own. SQLite goes on from the highest by itself."""
    if is_sqlite(target):
        return
    for table in tables():
        if "id" in table.c and table.autoincrement_column is not None:
            highest = select(func.max(table.c.id)).scalar_subquery()
            sequence = func.pg_get_serial_sequence(f'"{table.name}"', "id")
            target.execute(select(func.setval(sequence, highest)))


# -- compared ------------------------------------------------------------------------------------------------------


def _compare(told: SqlUnit, unit: SqlUnit, made: dict[str, Sum]) -> None:
    """Read again what arrived: every row, and the chains of the consent ledger. Raises CopyFault."""
    wrong = []
    for table in tables():
        rows = digest = 0
        for row in _rows(table, unit.connection):
            rows, digest = rows + 1, (digest + _digest(row)) % _MODULUS
        if Sum(rows, digest) != made[table.name]:
            wrong.append(
                f"{table.name}: {rows} rows arrived that are not the {made[table.name].rows} that left."
            )
    if list(told.broken_chains()) != list(unit.broken_chains()):
        wrong.append("The chains of the consent ledger are not what they were.")
    if wrong:
        raise CopyFault("\n".join([*wrong, "Nothing was kept of it."]))
