"""Databases with their tables in them, ready to be copied: making tables anew takes longer than most tests do."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

import psycopg

from accord.shell.store.database import open_store

TEMPLATE = "accord_template"


def embedded_at(path: Path) -> str:
    """Put an SQLite file there that has its tables, and nobody in it; its address."""
    path.write_bytes(_embedded())
    return f"sqlite:///{path}"


@cache
def _embedded() -> bytes:
    with tempfile.TemporaryDirectory(prefix="accord-ready-") as folder:
        path = Path(folder) / "accord.db"
        _make_tables(f"sqlite:///{path}")
        return path.read_bytes()


def prepare(server: str) -> None:
    """Have a PostgreSQL of the tests' own ready: nothing of it outlives the machine, so it waits for no disk."""
    with psycopg.connect(server, autocommit=True) as connection:
        for promise in ("fsync", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {promise} = off")  # type: ignore[arg-type]
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(f'CREATE DATABASE "{TEMPLATE}"')  # type: ignore[arg-type]
    _make_tables(address_of(server, TEMPLATE))


def on_server(server: str, name: str) -> str:
    """Make a database that has its tables, and nobody in it; its address."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')  # type: ignore[arg-type]
    return address_of(server, name)


def address_of(server: str, name: str) -> str:
    """The address of one database of a server."""
    base, _, query = server.partition("?")
    return f"{base.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


def _make_tables(url: str) -> None:
    store = open_store(url, dice=os.urandom)
    store.upgrade()
    store.close()
