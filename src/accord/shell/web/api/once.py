"""A deed and its answer in one transaction, and once only where the request has a key of its own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta

from accord.shell.documents import as_json
from accord.shell.engine.ports.access import Given, Promise
from accord.shell.web.api.operation import Answer, Call, Operation, Within
from accord.shell.web.api.problems import Problem

# For so long the same key gets the same answer; the sweep takes it away after.
KEPT_FOR = timedelta(days=1)

# Whoever works on a request for longer has died: the same may be asked again.
LEASE, BULK_LEASE = timedelta(minutes=1), timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Once:
    """A request's own key, and all that it asks for."""

    key: str
    asked: str

    @property
    def digest(self) -> str:
        """What tells this request from another one with the same key."""
        return hashlib.sha256(f"{self.key}\n{self.asked}".encode()).hexdigest()


def done_once(operation: Operation, call: Call, once: Once | None) -> tuple[Given, bool]:
    """Carry out an operation; its answer, and whether that was given before. Raises Problem.

    The promise to answer is written down first, so that the same request is seen to be under way. Deed and answer
    are one transaction then; only bulk takes a page a transaction, and its answer comes with the end. What is
    refused is not kept: nothing was done, and the key may be used for the mended request.
    """
    if not operation.writes:
        return _given(operation.does(call)), False
    if once is None:
        if operation.bulk:
            return _given(operation.does(call)), False
        with call.store.begin() as unit:
            return _given(operation.does(replace(call, store=Within(unit)))), False
    standing = _promised(operation, call, once)
    if standing is not None:
        return standing, True
    try:
        return _kept(operation, call, once), False
    except BaseException:
        with call.store.begin() as unit:
            unit.access.break_promise(call.source, once.key)
        raise


def _promised(operation: Operation, call: Call, once: Once) -> Given | None:
    """Promise an answer; the one that was given already, where the same was asked before. Raises Problem."""
    lease = call.now + (BULK_LEASE if operation.bulk else LEASE)
    wanted = Promise(call.source, once.key, once.digest, lease, call.now + KEPT_FOR)
    with call.store.begin() as unit:
        standing = unit.access.promise(wanted, call.now)
    if standing is None:
        return None
    if standing.digest != once.digest:
        raise Problem("other-request")
    if standing.answer is None:
        raise Problem("in-progress", headers={"retry-after": "1"})
    return standing.answer


def _kept(operation: Operation, call: Call, once: Once) -> Given:
    if operation.bulk:
        given = _given(operation.does(call))
        with call.store.begin() as unit:
            unit.access.keep_answer(call.source, once.key, given)
        return given
    with call.store.begin() as unit:
        given = _given(operation.does(replace(call, store=Within(unit))))
        unit.access.keep_answer(call.source, once.key, given)
        return given


def _given(answer: Answer) -> Given:
    return Given(answer.status, as_json(answer.document), answer.place)
