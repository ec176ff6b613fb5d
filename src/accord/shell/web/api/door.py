"""The door of the API: who is there, may they, is it too often, what do they say; then the deed, once."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response

from accord.shell.engine.access import note_use, recognised
from accord.shell.engine.ports.access import AccessKey
from accord.shell.engine.ports.store import Store, StoreError
from accord.shell.web.api.operation import Answer, Call, Operation
from accord.shell.web.api.rates import Rates
from accord.shell.web.bodies import Body, json_body, object_in
from accord.shell.web.once import Once, done, done_in_pages, done_once
from accord.shell.web.problems import Problem
from accord.shell.wiring import House

LOG = logging.getLogger(__name__)

# Threads that requests of systems may take, and of these the long ones: people's own pages have others.
THREADS, BULK_THREADS = 8, 2

# draft-ietf-httpapi-idempotency-key-header: a structured string; without its quotes it is taken as well.
_ONCE = re.compile(r'"([\x20-\x21\x23-\x5b\x5d-\x7e]{1,255})"|([!-!#-~]{1,255})')

Done = TypeVar("Done")


@dataclass(slots=True)
class Door:
    """Lets systems in. Checks cost more and more: a key is asked for before a body is read."""

    house: House
    rates: Rates = field(default_factory=Rates)
    threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(THREADS))
    bulk_threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(BULK_THREADS))

    async def answer(self, request: Request, operation: Operation) -> Response:
        """Carry an operation out, or say why not. Raises Problem."""
        now = self.house.clock()
        key = await self._key(request, now)
        if operation.scope is not None and operation.scope not in key.scopes:
            raise Problem(
                "forbidden", f"It takes the scope {operation.scope}.", more={"scope": operation.scope}
            )
        call = Call(self.house, self.house.store, key, now, dict(request.path_params))
        call = replace(call, query=_query(request, operation, self.house))
        once = _once(request, operation)
        body = await json_body(request, operation.media) if operation.takes is not None else None
        try:
            work = partial(self._work, request, operation, call, once, body)
            given = await self._in_thread(work, bulk=operation.bulk)
        finally:
            if body is not None:
                body.close()
        return given

    async def _key(self, request: Request, now: datetime) -> AccessKey:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        key = await self._in_thread(
            partial(self._recognise, token.strip() if kind.lower() == "bearer" else "", now)
        )
        if key is None:
            raise Problem("unauthorized", headers={"www-authenticate": 'Bearer realm="accord"'})
        wait = self.rates.wait(key, now)
        if wait:
            raise Problem(
                "too-many-requests",
                f"This key may make {key.rate} requests a minute.",
                headers={"retry-after": str(wait)},
            )
        return key

    def _recognise(self, token: str, now: datetime) -> AccessKey | None:
        with self.house.store.read() as unit:
            key = recognised(unit, token, now)
        if key is not None:
            try:
                note_use(self.house.store, key, now)
            except StoreError as fault:  # the next request of the hour will be noted
                LOG.warning("that key %s is in use was not written down: %s", key.prefix, fault)
        return key

    def _work(
        self, request: Request, operation: Operation, call: Call, once: str | None, body: Body | None
    ) -> Response:
        if body is not None:
            told = {"lines": body.file} if operation.bulk else {"body": object_in(body.bytes())}
            call = replace(call, **told)

        def does(store: Store) -> Answer:
            return operation.does(replace(call, store=store))

        again = False
        if once is not None:
            in_one = done_in_pages if operation.bulk else done_once
            asked = Once(call.source, once, _digest(request, once, body))
            given, again = in_one(call.store, asked, does, now=call.now)
        elif operation.writes and not operation.bulk:
            given = done(call.store, does)
        else:
            given = does(call.store).given()
        headers = {"location": given.place} if given.place else {}
        headers |= {"idempotency-replayed": "true"} if again else {}
        return Response(given.body, given.status, headers, "application/json")

    async def _in_thread(self, work: Callable[[], Done], *, bulk: bool = False) -> Done:
        return await to_thread.run_sync(work, limiter=self.bulk_threads if bulk else self.threads)


def _query(request: Request, operation: Operation, house: House) -> dict[str, Any]:
    """The parameters behind the question mark, read; every fault of them at once."""
    known = {each.name: each for each in operation.query}
    found: dict[str, Any] = {}
    errors = []
    for name, text in request.query_params.multi_items():
        try:
            if name not in known:
                raise ValueError("there is no such parameter here")
            if name in found:
                raise ValueError("it is said twice")
            found[name] = known[name].read(text, house.venue)
        except ValueError as fault:
            errors.append({"parameter": name, "detail": str(fault)})
    if errors:
        raise Problem("invalid-parameters", errors=errors)
    return found


def _once(request: Request, operation: Operation) -> str | None:
    told = request.headers.get("idempotency-key")
    if told is None or not operation.writes:
        return None
    match = _ONCE.fullmatch(told.strip())
    if match is None:
        error = {"parameter": "Idempotency-Key", "detail": "it is no text of 1 to 255 plain characters"}
        raise Problem("invalid-parameters", errors=[error])
    return match[1] or match[2]


def _digest(request: Request, once: str, body: Body | None) -> str:
    """What tells this request from another one with the same key."""
    asked = f"{once}\n{request.method} {request.url.path}?{request.url.query}\n{body.digest if body else ''}"
    return hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()
