"""/hooks/{name}: other systems push what happened, signed after Standard Webhooks; each webhook is taken once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from accord.core.expressions.fields import FieldFault
from accord.core.webhooks import ID, Doubt, verify
from accord.shell.config_inbound import Hook
from accord.shell.engine.ports.store import Store
from accord.shell.inbound import READERS
from accord.shell.inbound.hook import Delivery
from accord.shell.web.bodies import check_media, object_in, whole_body
from accord.shell.web.once import Answer, Once, done_once
from accord.shell.web.problems import Problem, fields_problem, room_of
from accord.shell.wiring import House

# The senders that we know give up within days; for so long a webhook that comes again is known.
REMEMBERED = timedelta(days=7)

THREADS = 4

JSON = ("application/json",)


def hooks_room(house: House) -> BaseRoute:
    """Everything under /hooks; what goes wrong is told as problems."""
    door = HookDoor(house)
    return room_of("/hooks", [Route("/{name}", door.take, methods=["POST"])], house.venue.base_url)


@dataclass(slots=True)
class HookDoor:
    """Lets webhooks in: who can't sign learns nothing, not even which names there are."""

    house: House
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
