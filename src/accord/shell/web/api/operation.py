"""What an operation is: declared once, for the door that lets it be done and the document that tells of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

from accord.core.model.content import Catalogue
from accord.core.model.venue import Venue
from accord.shell.engine.ports.access import AccessKey
from accord.shell.engine.ports.store import Store
from accord.shell.web.once import Answer as Answer
from accord.shell.wiring import House

Schema = Mapping[str, Any]

JSON, LINES = ("application/json",), ("application/x-ndjson", "application/jsonl", "application/ndjson")


@dataclass(frozen=True, slots=True)
class Call:
    """One request, let in: whose it is, and what it says. `lines` is the body of a bulk operation."""

    house: House
    store: Store
    key: AccessKey
    now: datetime
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    lines: IO[bytes] | None = None

    @property
    def by(self) -> str:
        """Who acts, for the journal."""
        return f"api {self.key.name}"

    @property
    def source(self) -> str:
        """Where what is told comes from: rotating a key changes nothing of it."""
        return f"api/{self.key.name}"

    @property
    def venue(self) -> Venue:
        """Whose house it is."""
        return self.house.venue

    @property
    def catalogue(self) -> Catalogue:
        """What the engine works by, without its templates."""
        return self.house.listening


@dataclass(frozen=True, slots=True)
class Query:
    """One parameter behind the question mark; `read` raises ValueError with what is wrong with it."""

    name: str
    means: str
    schema: Schema
    read: Callable[[str, Venue], Any]


@dataclass(frozen=True, slots=True)
class Told:
    """A body, coming or going: its schema, and an example that is one."""

    schema: Schema
    example: Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a system can ask for.

    `writes`: it changes something, in one transaction with its answer, and heeds an Idempotency-Key. `bulk`: its
    body is JSON lines, taken a page a transaction. `problems`: what can go wrong beside what always can.
    """

    name: str
    method: str
    path: str
    scope: str | None
    title: str
    means: str
    does: Callable[[Call], Answer]
    gives: Told
    takes: Told | None = None
    status: int = 200
    query: tuple[Query, ...] = ()
    problems: tuple[str, ...] = ()
    writes: bool = False
    bulk: bool = False

    @property
    def media(self) -> tuple[str, ...]:
        """The content types of its body; the first is the one to show."""
        return LINES if self.bulk else JSON
