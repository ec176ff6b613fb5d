"""Migrations, run from the package itself: no alembic.ini, no command of its own.

Alembic is read where tables are made: every other command only asks whether they are those of this version.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, String, column, inspect, select, table

HERE = Path(__file__).parent / "migrations"


def upgrade(connection: Connection) -> None:
    """Bring the tables to this version, inside the caller's transaction."""
    if is_current(connection):
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@cache
def newest() -> str:
    """The revision of the last migration: files are called by their revision, which count up in one line."""
    return max(path.stem.partition("_")[0] for path in (HERE / "versions").glob("[0-9]*.py"))


def is_current(connection: Connection) -> bool:
    """Whether every migration of this version has been made."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    made = select(column("version_num", String)).select_from(table("alembic_version"))
    return list(connection.execute(made).scalars()) == [newest()]


def make_index(connection: Connection, table: str, name: str) -> None:
    """Make an index as it is declared, where the first migration, which makes all that is declared, has not."""
    from accord.shell.store.tables import metadata

    there = {index["name"] for index in inspect(connection).get_indexes(table)}
    [index] = [each for each in metadata.tables[table].indexes if each.name == name]
    if name not in there:
        index.create(connection)
