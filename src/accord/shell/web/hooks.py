"""/hooks/{name}: systems push what happened, providers what became of mails; signed each in its way, taken once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from accord.core.expressions.fields import FieldFault
from accord.core.webhooks import ID, Doubt, verify
from accord.shell.config_inbound import Hook
from accord.shell.engine.ports.store import Store
from accord.shell.inbound import PROVIDERS, READERS
from accord.shell.inbound.certificates import FetchedCertificates
from accord.shell.inbound.hook import Delivery
from accord.shell.inbound.provider import Call, Certificates
from accord.shell.inbound.telling import take_told
from accord.shell.wayback import desk_of
from accord.shell.web.bodies import check_media, object_in, whole_body
from accord.shell.web.once import Answer, Once, done_once
from accord.shell.web.problems import Problem, fields_problem, room_of
from accord.shell.wiring import House

# The senders that we know give up within days; for so long a webhook that comes again is known.
REMEMBERED = timedelta(days=7)

THREADS = 4

JSON = ("application/json",)


def hooks_room(house: House, certificates: Certificates | None = None) -> BaseRoute:
    """Everything under /hooks; what goes wrong is told as problems. `certificates`: where Amazon's come from."""
    door = HookDoor(house, certificates or FetchedCertificates())
    return room_of("/hooks", [Route("/{name}", door.take, methods=["POST"])], house.venue.base_url)


@dataclass(slots=True)
class HookDoor:
    """Lets webhooks in: who can't sign learns nothing, not even which names there are."""

    house: House
    certificates: Certificates = field(default_factory=FetchedCertificates)
    threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(THREADS))

    async def take(self, request: Request) -> Response:
        """Take one webhook, or say why not."""
        hook = self.house.settings.hooks.get(request.path_params["name"])
        body = await whole_body(request)
        try:
            raw = body.bytes()
        finally:
            body.close()
        now = self.house.clock()
        if hook is not None and hook.kind in PROVIDERS:
            work = partial(self._told, hook, dict(request.headers), raw, now)
            return await to_thread.run_sync(work, limiter=self.threads)
        doubt = verify(hook.secrets if hook is not None else (), request.headers, raw, now=now)
        if hook is None or doubt is not None:
            raise Problem(
                "unsigned",
                "It was signed more than five minutes away from now." if doubt is Doubt.TIME else None,
            )
        check_media(request, JSON)
        once = Once(f"hook/{hook.name}", request.headers[ID], body.digest, REMEMBERED)
        work = partial(self._work, hook, once, raw, now)
        return await to_thread.run_sync(work, limiter=self.threads)

    def _told(self, hook: Hook, headers: Mapping[str, str], raw: bytes, now: datetime) -> Response:
        """Take what a provider tells, each thing once however often it is told."""
        provider = PROVIDERS[hook.kind]
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError):
            body = None
        doubt = provider.doubt(hook, Call(headers, raw, body, now, self.certificates))
        if doubt is not None:
            raise Problem("unsigned")
        told = provider.told(body)
        with self.house.store.begin() as unit:
            new = sum(
                take_told(unit, desk_of(self.house, hook.name), hook.name, each, now=now) for each in told
            )
        return JSONResponse({"new": new})

    def _work(self, hook: Hook, once: Once, raw: bytes, now: datetime) -> Response:
        delivery = Delivery(once.key, object_in(raw), once.caller, hook.evidence)

        def does(store: Store) -> Answer:
            taken = READERS[hook.kind](store, self.house.listening, delivery, now)
            if taken.refusals:
                faults = [FieldFault(each.field, each.reason) for each in taken.refusals]
                raise fields_problem(faults, delivery.told)
            return Answer({"new": bool(taken.new)})

        given, _ = done_once(self.house.store, once, does, now=now)
        return Response(given.body, given.status, media_type="application/json")
