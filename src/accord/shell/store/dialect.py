"""The few places where SQLite and PostgreSQL differ: lists as one parameter, claims, JSON, upserts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Table,
    Text,
    Update,
    bindparam,
    case,
    cast,
    column,
    func,
    select,
)
from sqlalchemy import any_ as sql_any
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.sql import Select


def is_sqlite(connection: Connection) -> bool:
    """Whether this is the embedded database."""
    return connection.dialect.name == "sqlite"


def among_the(name: str, subject: Any, *, sqlite: bool) -> ColumnElement[bool]:
    """`subject IN` a list of numbers that is handed over as the parameter `name`, made by `listed`.

    For statements that are built once and used for ever.
    """
    if sqlite:
        each = func.json_each(bindparam(name, type_=Text())).table_valued("value")
        found: ColumnElement[bool] = subject.in_(select(each.c.value))
        return found
    equal: ColumnElement[bool] = subject == sql_any(bindparam(name, type_=ARRAY(BigInteger())))
    return equal


def listed(connection: Connection, values: Sequence[int]) -> str | list[int]:
    """A list of numbers as the parameter of `among_the`."""
    return json.dumps(list(values)) if is_sqlite(connection) else list(values)


def rows_among(
    connection: Connection, wanted: Callable[..., Select[Any]], ids: Sequence[int]
) -> Sequence[Any]:
    """The rows of a statement that `wanted(sqlite=…)` builds once for ever, for those that are `among_the` ids."""
    given = {"ids": listed(connection, ids)}
    return connection.execute(wanted(sqlite=is_sqlite(connection)), given).all()


def among(connection: Connection, subject: Any, values: Sequence[int] | Sequence[str]) -> ColumnElement[bool]:
    """`subject IN values` with the whole list as one parameter: one statement, whatever the batch's size."""
    listed = list(values)
    if is_sqlite(connection):
        each = func.json_each(bindparam(None, json.dumps(listed))).table_valued("value")
        found: ColumnElement[bool] = subject.in_(select(each.c.value))
        return found
    kind = BigInteger() if isinstance(subject.type, Integer) else Text()
    equal: ColumnElement[bool] = subject == sql_any(cast(bindparam(None, listed), ARRAY(kind)))
    return equal


def numbers(connection: Connection, values: Sequence[int]) -> Any:
    """Numbers as a table (number), handed over as one parameter."""
    if is_sqlite(connection):
        each = func.json_each(bindparam(None, json.dumps(list(values)))).table_valued("value")
        return select(each.c.value.label("number")).subquery()
    listed = cast(bindparam(None, list(values)), ARRAY(BigInteger))
    return func.unnest(listed).table_valued(column("number", BigInteger)).render_derived()


def pairs(connection: Connection, values: Sequence[tuple[int, int]]) -> Any:
    """Pairs of numbers as a table (a, b), handed over as one parameter."""
    if is_sqlite(connection):
        each = func.json_each(bindparam(None, json.dumps(list(values)))).table_valued("value")
        first, second = func.json_extract(each.c.value, "$[0]"), func.json_extract(each.c.value, "$[1]")
        return select(first.label("a"), second.label("b")).subquery()
    firsts = cast(bindparam(None, [pair[0] for pair in values]), ARRAY(BigInteger))
    seconds = cast(bindparam(None, [pair[1] for pair in values]), ARRAY(BigInteger))
    return (
        func.unnest(firsts, seconds)
        .table_valued(column("a", BigInteger), column("b", BigInteger))
        .render_derived()
    )


def claiming(chosen: Select[Any], of: FromClause) -> Select[Any]:
    """The rows to claim: on PostgreSQL locked, leaving out what another daemon holds already.

    SQLite has one writer, and is told nothing of it.
    """
    return chosen.with_for_update(skip_locked=True, of=of)


def claimed(change: Update, key: Column[Any], chosen: Select[Any], *, sqlite: bool) -> Update:
    """`change` for the chosen rows only. On PostgreSQL through a CTE that is evaluated once: a plain subquery
    may be run again, and then lock more than its limit.
    """
    if sqlite:
        return change.where(key.in_(chosen))
    once = chosen.cte("chosen").prefix_with("MATERIALIZED", dialect="postgresql")
    return change.where(key == once.c[0])


def field_of(connection: Connection, document: Any, name: str) -> ColumnElement[Any]:
    """A field of a JSON document, as text; NULL where there is none."""
    if is_sqlite(connection):
        return cast(func.json_extract(document, f'$."{name}"'), Text)
    found: ColumnElement[Any] = func.jsonb_extract_path_text(cast(document, JSONB), name)
    return found


def number_of(connection: Connection, document: Any, name: str) -> ColumnElement[Any]:
    """A field of a JSON document as a whole number; NULL for anything else, since documents come from outside."""
    said = field_of(connection, document, name)
    number = cast(said, BigInteger)
    if is_sqlite(connection):
        return case((cast(number, Text) == said, number))  # it reads «4 or so» as 4
    return case((said.regexp_match("^[0-9]{1,18}$"), number))


def insert_new(connection: Connection, table: Table) -> Any:
    """An INSERT of one row that is left out where its unique key exists already."""
    return leaving_out_known(table, sqlite=is_sqlite(connection))


def leaving_out_known(table: Table, *, sqlite: bool) -> Any:
    """The same for statements that are built once."""
    make = sqlite_insert if sqlite else postgresql_insert
    return make(table).on_conflict_do_nothing()


def upsert(connection: Connection, table: Table, keys: Sequence[str], changed: Sequence[str]) -> Any:
    """An INSERT that overwrites `changed` where a row with the same `keys` exists."""
    make = sqlite_insert if is_sqlite(connection) else postgresql_insert
    statement = make(table)
    return statement.on_conflict_do_update(
        index_elements=list(keys), set_={name: statement.excluded[name] for name in changed}
    )


def upsert_latest(connection: Connection, table: Table, keys: Sequence[str], instant: str) -> Any:
    """An INSERT that, where a row with the same `keys` exists, leaves it the later of both instants."""
    make = sqlite_insert if is_sqlite(connection) else postgresql_insert
    statement = make(table)
    later = func.max if is_sqlite(connection) else func.greatest
    return statement.on_conflict_do_update(
        index_elements=list(keys), set_={instant: later(table.c[instant], statement.excluded[instant])}
    )
