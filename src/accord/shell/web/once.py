"""A deed and its answer in one transaction, and once only where the request has a key of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accord.shell.documents import as_json
from accord.shell.engine.ports.access import Given, Promise
from accord.shell.engine.ports.store import Scratch, Store, Unit
from accord.shell.web.problems import Problem

# For so long the same key gets the same answer; the sweep takes it away after.
KEPT_FOR = timedelta(days=1)

# Whoever works on a request for longer has died: the same may be asked again.
LEASE, LONG_LEASE = timedelta(minutes=1), timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a deed comes to. `place` is where the thing that was made can be read."""

    document: Any
    status: int = 200
    place: str | None = None

    def given(self) -> Given:
        """The same as it is kept and sent."""
        return Given(self.status, as_json(self.document), self.place)


@dataclass(frozen=True, slots=True)
class Once:
    """A request that has a key of its own: whose it is, and a digest of all that it asks for."""

    caller: str
    key: str
    digest: str
    kept_for: timedelta = KEPT_FOR


@dataclass(frozen=True, slots=True)
class Within:
    """A store whose every transaction is the one that is open already: so a deed and its answer are one."""

    unit: Unit

    @contextmanager
    def begin(self, *, lazy: bool = False) -> Iterator[Unit]:
        yield self.unit

    @contextmanager
    def read(self) -> Iterator[Unit]:
        yield self.unit

    def scratch(self) -> AbstractContextManager[Scratch]:
        raise NotImplementedError("nothing is rehearsed inside of a transaction")

    def upgrade(self) -> None:
        raise NotImplementedError("tables are not changed inside of a transaction")

    def close(self) -> None:
        """Whoever opened the transaction closes it."""


Does = Callable[[Store], Answer]


def done(store: Store, does: Does) -> Given:
    """Carry out a deed in one transaction."""
    with store.begin() as unit:
        return does(Within(unit)).given()


def done_once(store: Store, once: Once, does: Does, *, now: datetime) -> tuple[Given, bool]:
    """Carry out a deed in one transaction with its answer; the answer, and whether it was given before.

    The promise to answer is written down first, so that the same request is seen to be under way. What is refused is
    not kept: nothing was done, and the key may be used for the mended request. Raises Problem.
    """

    def kept() -> Given:
        with store.begin() as unit:
            given = does(Within(unit)).given()
            unit.access.keep_answer(once.caller, once.key, given)
            return given

    return _promised(store, once, kept, LEASE, now)


def done_in_pages(store: Store, once: Once, does: Does, *, now: datetime) -> tuple[Given, bool]:
    """The same for a deed that takes a transaction a page: its answer comes with the end. Raises Problem."""

    def kept() -> Given:
        given = does(store).given()
        with store.begin() as unit:
            unit.access.keep_answer(once.caller, once.key, given)
        return given

    return _promised(store, once, kept, LONG_LEASE, now)


def _promised(
    store: Store, once: Once, kept: Callable[[], Given], lease: timedelta, now: datetime
) -> tuple[Given, bool]:
    with (
        store.read() as unit
    ):  # which waits for nobody: the deed itself may hold the lock of SQLite's one writer
        standing = unit.access.promised(once.caller, once.key, now)
    if standing is None:
        wanted = Promise(once.caller, once.key, once.digest, now + lease, now + once.kept_for)
        with store.begin() as unit:
            standing = unit.access.promise(wanted, now)
    if standing is None:
        try:
            return kept(), False
        except BaseException:
            with store.begin() as unit:
                unit.access.break_promise(once.caller, once.key)
            raise
    if standing.digest != once.digest:
        raise Problem("other-request")
    if standing.answer is None:
        raise Problem("in-progress", headers={"retry-after": "1"})
    return standing.answer, True
