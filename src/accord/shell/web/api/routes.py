"""What stands under /api: OPERATIONS is the list of all that systems can ask for; and the document that tells of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

import accord
from accord.shell.engine.ports.store import Busy, StoreError
from accord.shell.web.api import (
    consents,
    contacts,
    events,
    explanations,
    messages,
    orders,
    own_key,
    scenarios,
)
from accord.shell.web.api.document import document, problems_of
from accord.shell.web.api.door import Door
from accord.shell.web.api.operation import Operation
from accord.shell.web.api.problems import PROBLEMS, Problem
from accord.shell.web.guard import largest_body
from accord.shell.web.pages import Pages
from accord.shell.wiring import House

LOG = logging.getLogger(__name__)

OPERATIONS: tuple[Operation, ...] = (
    *contacts.OPERATIONS,
    *consents.OPERATIONS,
    *explanations.OPERATIONS,
    *events.OPERATIONS,
    *orders.OPERATIONS,
    *scenarios.OPERATIONS,
    *messages.OPERATIONS,
    *own_key.OPERATIONS,
)


def api_room(house: House) -> BaseRoute:
    """Everything under /api, as a room of its own: what goes wrong in it is told as problems, never as pages."""
    routes = [*_operations(Door(house)), *_documents(house)]
    handlers = {
        Problem: partial(_told, house),
        HTTPException: partial(_refused, house),
        StoreError: partial(_busy, house),
        Exception: partial(_broken, house),
    }
    room = Starlette(routes=routes, exception_handlers=handlers)
    room.router.redirect_slashes = False
    return Mount("/api", app=room)


def _operations(door: Door) -> list[Route]:
    """A route a path, which knows all its methods, so that `Allow` can name them."""
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path.removeprefix("/api"), {})[operation.method] = operation
    return [
        Route(path, partial(_one_of, door, methods), methods=list(methods)) for path, methods in by_path.items()
    ]


async def _one_of(door: Door, methods: Mapping[str, Operation], request: Request) -> Response:
    method = "GET" if request.method == "HEAD" else request.method
    return await door.answer(request, methods[method])


def _documents(house: House) -> Sequence[Route]:
    made = document(OPERATIONS, house.venue.base_url, accord.__version__)

    def as_document(_: Request) -> Response:
        return JSONResponse(made)

    def as_page(_: Request) -> Response:
        kinds = {operation.name: problems_of(operation) for operation in OPERATIONS}
        pages = Pages(house.venue)
        return pages.page("api", "en", document=made, operations=OPERATIONS, problems=PROBLEMS, kinds=kinds)

    return [Route("/openapi.json", as_document), Route("/docs", as_page)]


# -- what goes wrong ---------------------------------------------------------------------------------------


def _told(house: House, _: Request, fault: Exception) -> Response:
    assert isinstance(fault, Problem)
    return fault.response(house.venue.base_url)


_BY_STATUS = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}


def _refused(house: House, request: Request, fault: Exception) -> Response:
    """What the router or the guard refuses."""
    assert isinstance(fault, HTTPException)
    slug = _BY_STATUS.get(fault.status_code, "unreadable-body")
    more = {"limit": largest_body(request.url.path)} if slug == "too-large" else {}
    return Problem(slug, more=more, headers=fault.headers or {}).response(house.venue.base_url)


def _busy(house: House, request: Request, fault: Exception) -> Response:
    level = logging.WARNING if isinstance(fault, Busy) else logging.ERROR
    LOG.log(level, "the database could not answer %s under /api: %s", request.method, fault)
    return Problem("busy", headers={"retry-after": "5"}).response(house.venue.base_url)


def _broken(house: House, _: Request, _fault: Exception) -> Response:
    # Starlette raises it again after this answer, so that the server logs the traceback.
    return Problem("fault").response(house.venue.base_url)
