"""Opening a database: SQLite for one machine, PostgreSQL for many; transactions and migrations."""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from accord.core.model.venue import Policy
from accord.shell.engine.ports.store import Busy, StoreError
from accord.shell.keys import Keys
from accord.shell.store import migrate
from accord.shell.store.objections_log import ObjectionsLog
from accord.shell.store.people import Law
from accord.shell.store.postings import Outbox
from accord.shell.store.scratch import Scratch, open_scratch
from accord.shell.store.segments import day_in_zone
from accord.shell.store.unit import SqlUnit

# How long a writer waits for another one before it says so, in seconds.
PATIENCE_SECONDS = 5.0


class AlreadyRunning(StoreError):
    """Another daemon works on this SQLite file, and there can be one only. Stop it first, or move to
    PostgreSQL, where there may be any number.
    """


@dataclass(slots=True)
class SqlStore:
    """The port `Store`."""

    engine: Engine
    law: Law
    entity: str
    dice: Callable[[int], bytes]
    keys: Callable[[], Keys]
    log: ObjectionsLog | None = None
    outbox: Outbox = field(default_factory=Outbox)
    _lock: IO[str] | None = field(default=None, repr=False)

    @contextmanager
    def begin(self, *, lazy: bool = False) -> Iterator[SqlUnit]:
        """A writing transaction. Raises Busy when the database stays locked beyond its patience.

        It is on the disk when it is over, but for a `lazy` one, which is with the next that is not.
        """
        with _plain_words(self.file), self.engine.connect() as connection:
            connection = connection.execution_options(accord_lazy=lazy)
            with connection.begin():
                yield self._unit(connection)

    @contextmanager
    def read(self) -> Iterator[SqlUnit]:
        """A transaction that only reads: on SQLite it takes no lock that a writer would wait for."""
        with _plain_words(self.file), self.engine.connect() as connection:
            connection = connection.execution_options(accord_read_only=True)
            with connection.begin():
                yield self._unit(connection)

    def _unit(self, connection: Connection) -> SqlUnit:
        return SqlUnit(connection, self.law, self.entity, self.dice, self.keys, self.log, self.outbox)

    @contextmanager
    def scratch(self) -> Iterator[Scratch]:
        """A pad for what a rehearsal would write; nothing of it comes into the database."""
        with open_scratch() as pad:
            yield pad

    def upgrade(self) -> None:
        """Bring the tables to this version; quiet and harmless where they are."""
        with _plain_words(self.file), self.engine.begin() as connection:
            migrate.upgrade(connection)

    def is_current(self) -> bool:
        """Whether the tables are those of this version."""
        with _plain_words(self.file), self.engine.connect() as connection:
            return migrate.is_current(connection.execution_options(accord_read_only=True))

    @property
    def file(self) -> Path | None:
        """The SQLite file, or None on PostgreSQL and in memory."""
        name = self.engine.url.database
        embedded = self.engine.dialect.name == "sqlite" and name not in (None, "", ":memory:")
        return Path(str(name)) if embedded else None

    @property
    def server(self) -> str | None:
        """The address of the PostgreSQL database as libpq reads it, password and all; None on SQLite."""
        if self.engine.dialect.name == "sqlite":
            return None
        return self.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def be_the_only_daemon(self) -> None:
        """Take the lock of the SQLite file, until closed or dead. Raises AlreadyRunning.

        The system takes a lock back from a process that dies, so that a crash leaves nothing to clean up.
        """
        if self.file is None:
            return
        try:
            lock = Path(f"{self.file}.lock").open("a+")  # noqa: SIM115 - held until close()
        except OSError as fault:
            raise StoreError(f"{self.file} can't be opened: {fault.strerror}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as held:
            lock.close()
            raise AlreadyRunning(
                f"another daemon works on {self.file}: on SQLite there can be one only. "
                "Stop it first, or use PostgreSQL, where there may be any number."
            ) from held
        self._lock = lock

    def backup(self, target: Path) -> None:
        """A consistent copy of the SQLite file, made while others write."""
        if self.file is None:
            raise StoreError("PostgreSQL is backed up with its own tools (pg_dump)")
        source, copy = sqlite3.connect(self.file), sqlite3.connect(target)
        try:
            source.backup(copy)
        finally:
            source.close()
            copy.close()

    def close(self) -> None:
        """Close every connection, and give the lock back."""
        self.engine.dispose()
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def open_for_reading(url: str, law: Law) -> SqlStore:
    """Open a database by connections that can't write: the database itself refuses.

    A SQLite file is left as it is to the byte, its log too. Raises StoreError for another kind of database, and
    where it is first read for a file that is not there.
    """
    address = make_url(url)
    engine = _sqlite_reading(address) if _backend(address) == "sqlite" else _postgresql(address, reading=True)
    return SqlStore(engine, law, "self", _no_dice, _no_keys)


def open_store(
    url: str,
    *,
    dice: Callable[[int], bytes],
    keys: Callable[[], Keys] | None = None,
    objections_log: Path | None = None,
    entity: str = "self",
    months: int = 36,
    zone: str = "Europe/Paris",
    policy: Policy | None = None,
) -> SqlStore:
    """Open `sqlite:///FILE` or `postgresql://…`.

    `dice(n)` gives n random bytes for salts; `keys` reads the venue's keys when an address is to be sealed;
    `objections_log` is where objections are written before they are taken; `months` and `zone` are the
    three-year clock's. Raises StoreError for another kind of database.
    """
    address = make_url(url)
    engine = _sqlite(address) if _backend(address) == "sqlite" else _postgresql(address)
    log = ObjectionsLog(objections_log) if objections_log is not None else None
    return SqlStore(engine, Law(months, zone, policy or Policy()), entity, dice, keys or _no_keys, log)


def _backend(address: URL) -> str:
    name = address.get_backend_name()
    if name not in ("sqlite", "postgresql"):
        raise StoreError(f"{address.drivername} is not a database that Accord knows: sqlite or postgresql")
    return name


def _no_dice(_: int) -> bytes:
    raise StoreError("the database was opened for reading: there is nothing to salt")


def _no_keys() -> Keys:
    raise StoreError("the database was opened without the venue's keys: no address can be sealed")


def _postgresql(address: URL, *, reading: bool = False) -> Engine:
    """A server that is gone is noticed within a minute or so, however the connection to it was lost."""
    engine = create_engine(
        address.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        pool_size=10,
        hide_parameters=True,
        connect_args={
            "connect_timeout": int(PATIENCE_SECONDS),
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "options": f"-c lock_timeout={int(1000 * PATIENCE_SECONDS)}"
            + (" -c default_transaction_read_only=on" if reading else ""),
        },
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("accord_lazy"):
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")

    return engine


def _sqlite_reading(address: URL) -> Engine:
    """Opened as a file that is only read: no journal is switched, nothing is brought from the log into the file."""
    source = f"file:{quote(str(address.database))}?mode=ro"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(source, uri=True, timeout=PATIENCE_SECONDS, check_same_thread=False)
        connection.isolation_level = None
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA cache_size = -16384")
        connection.create_function("accord_day", 2, day_in_zone, deterministic=True)
        return connection

    engine = create_engine(address, hide_parameters=True, creator=connect)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _sqlite(address: URL) -> Engine:
    engine = create_engine(
        address, hide_parameters=True, connect_args={"timeout": PATIENCE_SECONDS, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver's own idea of transactions begins them too late; ours says BEGIN itself.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        # What was erased is overwritten in the file, by each connection that ever moves a row.
        connection.execute("PRAGMA secure_delete = ON")
        # A page that is written again and again goes from the log into the file once (the log: 64 MB at most).
        connection.execute("PRAGMA wal_autocheckpoint = 16000")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -65536")
        connection.create_function("accord_day", 2, day_in_zone, deterministic=True)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("accord_read_only"):
            connection.exec_driver_sql("BEGIN")
            return
        lazy = options.get("accord_lazy")
        connection.exec_driver_sql(f"PRAGMA synchronous = {'NORMAL' if lazy else 'FULL'}")
        # A writer that begins as a reader can fail halfway; it takes the write lock at once instead.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


# PostgreSQL's words for: a lock that was waited for too long, and one that can't be had for a deadlock.
_IN_THE_WAY = frozenset({"55P03", "40P01"})


@contextmanager
def _plain_words(file: Path | None) -> Iterator[None]:
    """Turn the driver's errors into the port's, without the SQL and its parameters: they hold addresses.

    `file`: the SQLite database, where it is one.
    """
    try:
        yield
    except (OperationalError, InterfaceError) as fault:
        words = (str(fault.orig).strip().splitlines() or ["no answer"])[0]
        state = getattr(fault.orig, "sqlstate", None)
        if "database is locked" in words or "database table is locked" in words or state in _IN_THE_WAY:
            raise Busy(
                f"it stayed locked by another program for {PATIENCE_SECONDS:g} seconds. Nothing was changed; try again."
            ) from None
        raise StoreError(f"{file}: {words}" if file is not None else words) from None
    except DBAPIError as fault:
        if type(fault.orig) is sqlite3.DatabaseError:
            raise StoreError(f"{file} is damaged, or no database: {fault.orig}. Bring a copy back.") from None
        if fault.connection_invalidated:
            raise StoreError("the connection was lost. Nothing was changed; try again.") from None
        raise
