"""Systems around, as they ask a real house over HTTP: each with a key of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from fastapi import FastAPI

from accord.shell.cli.starter import PARTS, copy_parts, starter
from accord.shell.engine import access
from accord.shell.engine.access import SCOPES
from accord.shell.web.api.routes import api_room
from accord.shell.web.app import create_app
from accord.shell.web.hooks import hooks_room
from accord.shell.web.people import HousePeople
from accord.shell.wiring import House, new_keys, open_house, read_settings
from doors.houses import Venue, read_files
from doors.visitors import Visitor
from ready import embedded_at

LINES = "application/x-ndjson"


@dataclass
class Quiet(Venue):
    """A venue whose files are read only once something asks for them: compiling its templates takes a second.

    `database`: another one than the example's.
    """

    database: str | None = None

    def __post_init__(self) -> None:
        with starter() as example:
            copy_parts(example, self.root, PARTS)
        new_keys(self.root / "accord.keys")
        embedded_at(self.root / "accord.db")
        config = self.root / "config.toml"
        settings = read_settings(config)
        if self.database is not None:
            settings = replace(settings, database_url=self.database)
        self.house = open_house(config, clock=lambda: self.now, settings=settings)

    def stock(self, *scenarios: str) -> None:
        """Make these scenarios live; all others, and the templates that nobody needs then, are taken away."""
        for path in (self.root / "scenarios").glob("*.yaml"):
            if path.stem not in scenarios:
                path.unlink()
        sent = "".join(path.read_text(encoding="utf-8") for path in (self.root / "scenarios").glob("*.yaml"))
        for path in (self.root / "templates").iterdir():
            if path.is_dir() and path.name != "partials" and f" {path.name}/" not in sent:
                shutil.rmtree(path)
        read_files(self.house)
        self.activate(*scenarios)


def app_of(house: House) -> FastAPI:
    """All doors of a house, but for its forms."""
    return create_app(HousePeople(house), rooms=[api_room(house), hooks_room(house)])


def a_key(house: House, *scopes: str, name: str = "shop", rate: int = 60_000) -> str:
    """A key with these scopes, or with all of them."""
    made = access.add(
        house.store,
        name,
        scopes or tuple(SCOPES),
        rate=rate,
        by="test",
        now=house.clock(),
        dice=house.store.dice,
    )
    return made.token


@dataclass(frozen=True)
class System:
    """A system with a key; paths begin behind /api/v1."""

    app: FastAPI
    key: str | None
    headers: Mapping[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Ask; a body that is text or bytes goes as lines."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {**({"authorization": f"Bearer {self.key}"} if self.key else {}), **self.headers}
        content: Any = None
        if isinstance(body, str | bytes):
            content, sent["content-type"] = body, LINES
        elif body is not None:
            content, sent["content-type"] = json.dumps(body), "application/json"
        return Visitor(self.app).request(method, f"/api/v1{path}", content=content, headers={**sent, **said})

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return self.ask("POST", path, body, **headers)


def errors(answer: httpx.Response) -> dict[str, str]:
    """What is wrong, by the place at which it is."""
    told = answer.json()["errors"]
    return {each.get("pointer") or each["parameter"]: each["detail"] for each in told}


def problem(answer: httpx.Response) -> str:
    """Which kind of problem an answer is."""
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == answer.status_code
    return str(told["type"].partition("#problem-")[2])
