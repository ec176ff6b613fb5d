"""What stands under /api: OPERATIONS is the list of all that systems can ask for; and the document that tells of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

import accord
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
from accord.shell.web.api.docs_page import docs_page
from accord.shell.web.api.document import document
from accord.shell.web.api.door import Door
from accord.shell.web.api.operation import Operation
from accord.shell.web.pages import Pages
from accord.shell.web.problems import room_of
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
    """Everything under /api."""
    return room_of("/api", [*_operations(Door(house)), *_documents(house)], house.venue.base_url)


def _operations(door: Door) -> list[Route]:
    """A route a path, which knows all its methods, so that `Allow` can name them."""
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path.removeprefix("/api"), {})[operation.method] = operation
    return [
        Route(path, partial(_one_of, door, methods), methods=list(methods))
        for path, methods in by_path.items()
    ]


async def _one_of(door: Door, methods: Mapping[str, Operation], request: Request) -> Response:
    method = "GET" if request.method == "HEAD" else request.method
    return await door.answer(request, methods[method])


def _documents(house: House) -> Sequence[Route]:
    made = document(OPERATIONS, house.venue.base_url, accord.__version__)
    page = docs_page(Pages(house.venue), OPERATIONS, made)

    def as_document(_: Request) -> Response:
        return JSONResponse(made)

    def as_page(_: Request) -> Response:
        return page

    return [Route("/openapi.json", as_document), Route("/docs", as_page)]
