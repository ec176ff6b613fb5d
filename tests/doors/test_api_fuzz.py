"""Schemathesis reads the OpenAPI document and tries it on a real server: no fault of ours, and nothing but what it says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS
from schemathesis.generation.modes import GenerationMode

from accord.shell.web.api.operation import LINES
from accord.shell.web.api.routes import OPERATIONS
from accord.shell.web.server import WebServer
from doors.systems import Quiet, a_key, app_of

# Half an hour of it by `make soak`; here so much that a slip is seen.
EXAMPLES = 2000 if os.environ.get("ACCORD_SOAK") else 7

SAID = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)


@schemathesis.serializer(*LINES)
def as_lines(_context: Any, value: Any) -> bytes:
    """What schemathesis thinks of as lines: any text will do."""
    return str(value).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A house with somebody in it, behind a real server; its address and a key."""
    venue = Quiet(tmp_path_factory.mktemp("house"))
    venue.stock("lettre", "confirmation")
    key = a_key(venue.house)
    with WebServer(app_of(venue.house), port=0) as server:
        base = f"http://127.0.0.1:{server.port}"
        for name in ("ada", "grace"):
            requests.post(
                f"{base}/api/v1/contacts",
                json={"email": f"{name}@example.org"},
                headers={"authorization": f"Bearer {key}"},
                timeout=20,
            ).raise_for_status()
        yield base, key
    venue.house.store.close()


@pytest.fixture(scope="module")
def schema(served: tuple[str, str]) -> schemathesis.BaseSchema:
    """The document, read once."""
    return schemathesis.openapi.from_url(f"{served[0]}/api/openapi.json")


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", [operation.name for operation in OPERATIONS])
def test_nothing_comes_but_what_the_document_says(
    served: tuple[str, str], schema: schemathesis.BaseSchema, name: str, mode: GenerationMode
) -> None:
    base, key = served
    operation = schema.find_operation_by_id(name)
    bulk = next(each.bulk for each in OPERATIONS if each.name == name)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def tried(case: Any) -> None:
        answer = case.call(base_url=base, headers={"Authorization": f"Bearer {key}"})
        # Any text at all can be lines: those that tell nothing are listed, and no reason to refuse the others. And what
        # has no form as a parameter, such as an empty list, was not even sent.
        arrived = parse_qs(urlsplit(answer.request.url or "").query, keep_blank_values=True)
        unfit = bulk or not set(case.query) <= set(arrived)
        names = [each for each in SAID if not (unfit and each == "negative_data_rejection")]
        case.validate_response(answer, checks=CHECKS.get_by_names(names))

    tried()
