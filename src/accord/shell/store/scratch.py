"""A scratch pad on disk: what a rehearsal would have written, by key; gone when it is closed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

from accord.core.model.coding import dumps, loads


class Scratch:
    """The port `Scratch`: SQLite's own temporary file, in memory as long as it is small."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._connection.execute("CREATE TABLE kept (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
        self._connection.execute("BEGIN")  # never committed: nobody reads it after us

    def recall(self, keys: Sequence[str]) -> Mapping[str, Any]:
        """What was remembered under these keys."""
        found = self._connection.execute(
            "SELECT key, value FROM kept WHERE key IN (SELECT value FROM json_each(?))",
            (json.dumps(list(keys)),),
        )
        return {key: loads(value) for key, value in found}

    def remember(self, values: Mapping[str, Any]) -> None:
        """Keep these, in place of what was there."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO kept VALUES (?, ?)",
            [(key, dumps(value)) for key, value in values.items()],
        )


@contextmanager
def open_scratch() -> Iterator[Scratch]:
    """An empty pad."""
    with closing(sqlite3.connect("", isolation_level=None)) as connection:
        yield Scratch(connection)
