"""Schemas and examples that several resources share; names are those of the commands' `--json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accord.shell.web.api.operation import Schema

INSTANT: Schema = {"type": "string", "format": "date-time"}
MAYBE_INSTANT: Schema = {"type": ["string", "null"], "format": "date-time"}
DAY: Schema = {"type": "string", "format": "date"}
TEXT: Schema = {"type": "string"}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
NUMBER: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
EMAIL: Schema = {"type": "string", "format": "email", "maxLength": 254}
ANYTHING: Schema = {"type": "object", "additionalProperties": True}


def record(properties: Mapping[str, Schema], *required: str, closed: bool = False) -> dict[str, Any]:
    """The schema of an object; all of its properties are required where none is named."""
    return {
        "type": "object",
        "required": list(required or properties),
        "properties": dict(properties),
        **({"additionalProperties": False} if closed else {}),
    }


def told(properties: Mapping[str, Schema], *required: str) -> dict[str, Any]:
    """The schema of what a system tells: a property that nobody reads is refused."""
    made = record(properties, *required, closed=True)
    return made if required else {**made, "required": []}


def refers(name: str) -> Schema:
    """A schema of the document's own list."""
    return {"$ref": f"#/components/schemas/{name}"}


def rows(item: Schema) -> Schema:
    """The schema of a list."""
    return {"type": "array", "items": item}


STATE = record(
    {
        "purpose": TEXT,
        "kind": TEXT,
        "state": TEXT,
        "informed": {"type": ["boolean", "null"]},
        "since": MAYBE_INSTANT,
    }
)

TAKEN = record(
    {
        "new": NUMBER,
        "known": NUMBER,
        "refused": rows(record({"row": NUMBER, "field": TEXT, "reason": TEXT})),
        "refused_more": {
            "type": "integer",
            "description": "How many more refusals there are than are listed.",
        },
    },
    "new",
    "known",
    "refused",
)

COMPONENTS: Mapping[str, Schema] = {
    "State": STATE,
    "Taken": TAKEN,
    "Problem": record(
        {
            "type": {"type": "string", "format": "uri"},
            "title": TEXT,
            "status": NUMBER,
            "detail": TEXT,
            "errors": rows(record({"detail": TEXT, "pointer": TEXT, "parameter": TEXT}, "detail")),
        },
        "type",
        "title",
        "status",
    ),
}
