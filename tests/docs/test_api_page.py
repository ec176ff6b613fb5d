"""The page on the API: each of its requests is sent to a real house, and answered as the page says."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from accord.shell.engine.access import SCOPES
from doors.systems import Quiet, a_key, app_of
from doors.visitors import Visitor

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
API = "https://theatre.example.org/api/v1"


def requests() -> Iterator[tuple[list[str], Any]]:
    """Each curl of the page, with the answer that stands behind it, if one does."""
    for shell, answer in re.findall(
        r"^```sh\n(.*?)^```\n(?:\n```json\n(.*?)^```)?", PAGE, re.MULTILINE | re.DOTALL
    ):
        words = shlex.split(shell.replace("\\\n", " ").replace("\ncurl", "\n;curl"), comments=True)
        commands = [each.split("\0") for each in "\0".join(words).split("\0;curl\0")]
        for number, command in enumerate(commands):
            if number or command[0] == "curl":
                yield command[number == 0 :], json.loads(answer) if answer else None


def sent(visitor: Visitor, words: list[str], key: str) -> httpx.Response:
    """A curl's words as a request."""
    method, url, headers, body = None, "", {}, None
    rest = iter(words)
    for word in rest:
        if word == "-X":
            method = next(rest)
        elif word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value.replace("$KEY", key)
        elif word in ("-d", "--data-binary"):
            body = next(rest)
        else:
            url = word.replace("$API", API)
    return visitor.request(method or ("POST" if body else "GET"), url, content=body, headers=headers)


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Quiet]:
    made = Quiet(tmp_path, datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    made.stock("lettre")
    yield made
    made.house.store.close()


def test_each_request_is_answered_as_the_page_says(venue: Quiet) -> None:
    visitor, key = Visitor(app_of(venue.house)), a_key(venue.house, rate=600)
    seen = 0
    for words, answer in requests():
        said = sent(visitor, words, key)
        if answer is None:
            assert said.status_code == 200, words
        else:
            assert said.json() == answer, words
        seen += 1
    assert seen >= 14


def test_the_page_makes_a_key_with_every_scope() -> None:
    assert set(re.findall(r"--scope ([a-z:]+)", PAGE)) == set(SCOPES)
