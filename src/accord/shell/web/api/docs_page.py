"""/api/docs: the document as a page of our own, without scripts, and without asking anybody else for anything."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape
from starlette.responses import Response

from accord.shell.engine.access import SCOPES
from accord.shell.web.api.document import problems_of
from accord.shell.web.api.operation import Operation
from accord.shell.web.pages import STATIC, Pages
from accord.shell.web.problems import PROBLEMS

_CODE = re.compile("`([^`]+)`")


def docs_page(pages: Pages, operations: Sequence[Operation], document: Mapping[str, Any]) -> Response:
    """The page."""
    style = (STATIC / "api.css").read_bytes()
    return pages.page(
        "api",
        "en",
        document=document,
        operations=operations,
        problems=PROBLEMS,
        kinds={operation.name: problems_of(operation) for operation in operations},
        scopes=SCOPES,
        sheet=f"/static/api.css?v={hashlib.sha256(style).hexdigest()[:12]}",
        prose=_prose,
        example=_example,
        kind_of=_kind_of,
    )


def _prose(text: str) -> Markup:
    """A sentence; what stands between backticks is code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just here


def _example(value: Any, one_line: bool) -> str:
    return json.dumps(value, ensure_ascii=False, indent=None if one_line else 2)


def _kind_of(schema: Mapping[str, Any]) -> str:
    """What may stand there, in a word or two."""
    if "enum" in schema:
        return ", ".join(str(each) for each in schema["enum"] if each is not None)
    kinds = schema.get("type", "")
    named = [kinds] if isinstance(kinds, str) else [each for each in kinds if each != "null"]
    return str(schema.get("format") or " or ".join(named))
