"""How SQLite goes about what is asked of it: the steps of each statement's plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import event

from accord.shell.store.database import SqlStore

READING = ("SELECT", "WITH", "UPDATE", "DELETE")


def steps(store: SqlStore, do: Callable[[], object]) -> list[str]:
    """The steps of the plans of all statements that this asks the database."""
    asked: list[tuple] = []

    def note(_connection, _cursor, statement, parameters, _context, _many) -> None:
        asked.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    do()
    event.remove(store.engine, "before_cursor_execute", note)
    return list(_explained(store, asked))


def _explained(store: SqlStore, asked: list[tuple]) -> Iterator[str]:
    with store.engine.connect() as connection:
        for statement, parameters in asked:
            if statement.startswith(READING):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                yield from (row[3] for row in rows)
