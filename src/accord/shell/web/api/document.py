"""The OpenAPI 3.1 document, made of the operations: what is described is what is served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from accord.shell.engine.access import SCOPES
from accord.shell.web.api.contacts import CONTACT
from accord.shell.web.api.operation import LINES, Operation, Query
from accord.shell.web.api.schemas import COMPONENTS, refers
from accord.shell.web.problems import MEDIA, PROBLEMS

# What can go wrong with any request, with one that has a body, and with one that changes something.
ALWAYS = ("unauthorized", "forbidden", "invalid-parameters", "too-many-requests", "fault", "busy")
WITH_A_BODY = ("unreadable-body", "unsupported-media-type", "too-large", "too-slow")
ONCE_ONLY = ("in-progress", "other-request")

ABOUT = (
    "For the systems around: a shop, a ticket office, a CRM. Keys are made by `scenario access add`, and sent as "
    "`Authorization: Bearer KEY`. JSON names are those of the commands' `--json`. Lists come in pages: `next` is the "
    "cursor of the next one. What changes something heeds an `Idempotency-Key`: the same key and request get the same "
    "answer for a day. What goes wrong is told as RFC 9457 says it, every fault of a request at once."
)


def document(operations: Sequence[Operation], base_url: str, version: str) -> dict[str, Any]:
    """The whole document, for a venue at `base_url`."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Accord", "version": version, "description": ABOUT},
        "servers": [{"url": base_url}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": {**COMPONENTS, "Contact": CONTACT},
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Scopes: "
                    + "; ".join(f"`{name}`, to {does}" for name, does in SCOPES.items())
                    + ".",
                }
            },
        },
    }


def problems_of(operation: Operation) -> tuple[str, ...]:
    """Every kind of problem that an operation can answer with."""
    found = (*operation.problems, *ALWAYS)
    found += WITH_A_BODY if operation.takes is not None else ()
    found += ONCE_ONLY if operation.writes else ()
    return tuple(dict.fromkeys(found))


def _operation(operation: Operation) -> dict[str, Any]:
    parameters = [_in_path(name) for name in names_in(operation.path)]
    parameters += [_in_query(each) for each in operation.query]
    parameters += [_ONCE] if operation.writes else []
    made: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.title,
        "description": operation.means,
        "tags": [operation.path.split("/")[3]],
        "parameters": parameters,
        "responses": _responses(operation),
    }
    if operation.scope is not None:
        made["x-scope"] = operation.scope
    if operation.takes is not None:
        made["requestBody"] = {"required": True, "content": _content(operation)}
    return made


def _content(operation: Operation) -> dict[str, Any]:
    """The body: a schema; of JSON lines OpenAPI 3.1 can say only what one of them is."""
    takes = operation.takes
    if takes is None:
        return {}
    if operation.bulk:
        text = {"type": "string", "description": "Lines of JSON, each as the operation for one takes it."}
        return {media: {"schema": text, "x-line": takes.schema} for media in LINES}
    return {operation.media[0]: {"schema": takes.schema, "example": takes.example}}


def _responses(operation: Operation) -> dict[str, Any]:
    good = {"application/json": {"schema": operation.gives.schema, "example": operation.gives.example}}
    found: dict[str, Any] = {
        str(operation.status): {"description": HTTPStatus(operation.status).phrase, "content": good}
    }
    if operation.status == HTTPStatus.CREATED:
        found["200"] = {"description": "Known already", "content": good}
    by_status: dict[int, list[str]] = {}
    for slug in problems_of(operation):
        by_status.setdefault(PROBLEMS[slug].status, []).append(slug)
    for status, slugs in sorted(by_status.items()):
        found[str(status)] = {
            "description": "; ".join(f"{PROBLEMS[slug].title} ({slug})" for slug in slugs),
            "content": {MEDIA: {"schema": refers("Problem")}},
        }
    return found


def names_in(path: str) -> list[str]:
    """The names between braces of a path."""
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _in_path(name: str) -> dict[str, Any]:
    number = {"type": "integer", "minimum": 1}
    schema: Mapping[str, Any] = number if name == "id" else {"type": "string", "minLength": 1}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": schema,
        "example": 12 if name == "id" else "lettre",
    }


def _in_query(query: Query) -> dict[str, Any]:
    return {
        "name": query.name,
        "in": "query",
        "required": False,
        "description": query.means,
        "schema": query.schema,
    }


_ONCE: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A text of your own for this request, such as a UUID: sent again with it, nothing is done twice.",
    "schema": {"type": "string", "pattern": "^[!#-~]{1,255}$"},
}
