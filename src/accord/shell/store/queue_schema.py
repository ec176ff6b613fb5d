"""procrastinate's own tables: its schema, and then its migrations, as they come with the library."""

from __future__ import annotations

from importlib import resources

from sqlalchemy import Connection, text

from accord.shell.engine.ports.store import StoreError

# Its tables say of themselves which of its migrations they have: it keeps no account of that itself.
_MADE = text("SELECT obj_description(to_regclass('procrastinate_jobs'), 'pg_class')")


def bring_up(connection: Connection) -> None:
    """Make the tables of the job queue, or bring them to the version of the library that is installed.

    On PostgreSQL, inside the caller's transaction; harmless where they are. Raises StoreError where they are not ours.
    """
    from procrastinate.schema import SchemaManager

    folder = resources.files("procrastinate.sql") / "migrations"
    scripts = sorted(each.name for each in folder.iterdir() if each.name[0].isdigit())
    there = connection.execute(text("SELECT to_regclass('procrastinate_jobs')")).scalar_one() is not None
    made = connection.execute(_MADE).scalar_one() if there else None
    if there and made is None:
        raise StoreError(
            "there is somebody else's procrastinate in this database: give Accord one of its own"
        )
    if not there:
        _run(connection, SchemaManager.get_schema())
    for name in scripts if there else ():
        if name > str(made):
            _run(connection, (folder / name).read_text(encoding="utf-8"))
    _run(connection, f"COMMENT ON TABLE procrastinate_jobs IS '{scripts[-1]}'")


def _run(connection: Connection, script: str) -> None:
    """Many statements as they stand: no parameter is in them, and a % is one."""
    cursor = connection.connection.cursor()
    cursor.execute(script)
    cursor.close()
