"""Migrations, run from the package itself: no alembic.ini, no command of its own."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

HERE = Path(__file__).parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection) -> None:
    """Bring the tables to this version, inside the caller's transaction."""
    command.upgrade(_config(connection), "head")


def is_current(connection: Connection) -> bool:
    """Whether every migration of this version has been made."""
    made = set(MigrationContext.configure(connection).get_current_heads())
    return made == set(ScriptDirectory.from_config(_config()).get_heads())


def make_index(connection: Connection, table: str, name: str) -> None:
    """Make an index as it is declared, where the first migration, which makes all that is declared, has not."""
    from accord.shell.store.tables import metadata

    there = {index["name"] for index in inspect(connection).get_indexes(table)}
    [index] = [each for each in metadata.tables[table].indexes if each.name == name]
    if name not in there:
        index.create(connection)
