"""What goes wrong, as RFC 9457 says it: PROBLEMS is the list of all kinds; every fault of a request at once."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount

from accord.core.expressions.fields import FieldFault
from accord.shell.documents import as_json
from accord.shell.engine.ports.store import Busy, StoreError
from accord.shell.web.guard import largest_body

LOG = logging.getLogger(__name__)

MEDIA = "application/problem+json"

# So many faults are told at once: a body of nothing but faults is not answered with a longer one.
MOST_ERRORS = 200


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its status and title, and what whoever meets it does."""

    status: int
    title: str
    means: str


PROBLEMS: Mapping[str, Kind] = {
    "unauthorized": Kind(
        401,
        "No key that opens anything",
        "Send `Authorization: Bearer KEY` with a key that is good. The answer is the same for a key that is missing, "
        "unknown, ended or revoked.",
    ),
    "unsigned": Kind(
        401,
        "No signature that is ours",
        "Sign the body as Standard Webhooks says, with a secret of this hook, and a clock that is right. The answer is the "
        "same for a hook that there is none of.",
    ),
    "forbidden": Kind(
        403, "This key may not do that", "Ask for a key with the scope that the problem names in `scope`."
    ),
    "not-found": Kind(
        404, "There is no such thing", "Nobody and nothing is at this address, or not any more."
    ),
    "method-not-allowed": Kind(405, "No such method here", "`Allow` names those that there are."),
    "too-slow": Kind(
        408, "The body came too slowly", "Send it again, in smaller parts where the line is slow."
    ),
    "conflict": Kind(409, "It stands against what is there", "The detail says what; nothing was done."),
    "in-progress": Kind(
        409,
        "The same request is being worked on",
        "A request with this Idempotency-Key came before and has no answer yet. Wait, and send it again.",
    ),
    "too-large": Kind(
        413, "The body is too large", "`limit` says how many bytes may come. Send bulk in parts."
    ),
    "unsupported-media-type": Kind(
        415,
        "Not a content type that is read here",
        "Say in `Content-Type` what the operation asks for; no encoding.",
    ),
    "unreadable-body": Kind(400, "The body can't be read", "It is no JSON object in UTF-8."),
    "invalid-parameters": Kind(
        400, "Parameters can't be taken", "`errors` names each with what is wrong with it; nothing was done."
    ),
    "invalid-fields": Kind(
        422,
        "Fields can't be taken",
        "`errors` names each, as a JSON pointer into the body, with what is wrong with it; nothing was done.",
    ),
    "other-request": Kind(
        422,
        "This Idempotency-Key was used for something else",
        "A key stands for one request, body and all. Take a new one for a new request.",
    ),
    "too-many-requests": Kind(
        429, "Too many requests", "Wait for as many seconds as `Retry-After` says. A key's rate is its own."
    ),
    "fault": Kind(
        500, "A fault of ours", "Nothing more is told. It is in the log; tell the operator when it was."
    ),
    "busy": Kind(
        503,
        "The database does not answer just now",
        "Nothing was done. Send the same again after `Retry-After` seconds, best with an Idempotency-Key.",
    ),
}


@dataclass(slots=True, eq=False)
class Problem(Exception):
    """A request that is not carried out. `more` are members of the answer beside those of the RFC."""

    slug: str
    detail: str | None = None
    errors: Sequence[Mapping[str, str]] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self, base_url: str) -> Response:
        """The problem as an answer."""
        kind = PROBLEMS[self.slug]
        told: dict[str, Any] = {
            "type": f"{base_url}/api/docs#problem-{self.slug}",
            "title": kind.title,
            "status": kind.status,
        }
        told |= {"detail": self.detail} if self.detail else {}
        told |= {"errors": list(self.errors[:MOST_ERRORS])} if self.errors else {}
        return Response(as_json({**told, **self.more}), kind.status, dict(self.headers), MEDIA)


def fields_problem(faults: Iterable[FieldFault], body: Mapping[str, Any]) -> Problem:
    """Every fault of a body, each at its place."""
    errors = [{"pointer": pointer(fault.field, body), "detail": fault.reason} for fault in faults]
    return Problem("invalid-fields", errors=errors)


_LINE = re.compile(r"lines\[(\d+)\]\.?")


def pointer(name: str, body: Mapping[str, Any]) -> str:
    """A field as faults call it, as a JSON pointer in a URI fragment (RFC 6901, 6): lines count from 0 there.

    A field of an event is told inside of `data`.
    """
    line = _LINE.match(name)
    parts = [name] if name else []
    if line is not None:
        rest = name[line.end() :]
        parts = ["lines", str(int(line[1]) - 1), *([rest] if rest else [])]
    elif name.startswith("attributes."):
        parts = ["attributes", name.removeprefix("attributes.")]
    elif name not in body and isinstance(body.get("data"), Mapping) and name in body["data"]:
        parts = ["data", name]
    return "#" + "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


# -- a room whose answers are problems -----------------------------------------------------------------------


def room_of(path: str, routes: Sequence[BaseRoute], base_url: str) -> BaseRoute:
    """Routes under a path, as a room of its own: what goes wrong in it is told as problems, never as pages."""
    handlers = {
        Problem: partial(_told, base_url),
        HTTPException: partial(_refused, base_url),
        StoreError: partial(_busy, base_url),
        Exception: partial(_broken, base_url),
    }
    room = Starlette(routes=routes, exception_handlers=handlers)
    room.router.redirect_slashes = False
    mount = Mount(path, app=room)
    # Starlette's own pattern ends at a line's end, and leaves paths with one in them to the pages.
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return mount


def _told(base_url: str, _: Request, fault: Exception) -> Response:
    return fault.response(base_url) if isinstance(fault, Problem) else _broken(base_url, _, fault)


_BY_STATUS = {404: "not-found", 405: "method-not-allowed", 408: "too-slow", 413: "too-large"}


def _refused(base_url: str, request: Request, fault: Exception) -> Response:
    """What the router or the guard refuses."""
    status = fault.status_code if isinstance(fault, HTTPException) else 500
    headers = fault.headers if isinstance(fault, HTTPException) else None
    slug = _BY_STATUS.get(status, "unreadable-body")
    more = {"limit": largest_body(request.url.path)} if slug == "too-large" else {}
    return Problem(slug, more=more, headers=headers or {}).response(base_url)


def _busy(base_url: str, request: Request, fault: Exception) -> Response:
    level = logging.WARNING if isinstance(fault, Busy) else logging.ERROR
    LOG.log(level, "the database could not answer a %s of a system: %s", request.method, fault)
    return Problem("busy", headers={"retry-after": "5"}).response(base_url)


def _broken(base_url: str, _: Request, _fault: Exception) -> Response:
    # Starlette raises it again after this answer, so that the server logs the traceback.
    return Problem("fault").response(base_url)
