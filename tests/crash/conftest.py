"""What the fault tests share: a mail server, and a venue whose mail goes there, on either database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from accord.shell.wiring import House
from crash.processes import Mailbox, Process, daemon, mail_server
from crash.venue import Shape, make_venue, open_venue

Daemons = Callable[..., Process]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Mailbox]:
    """A mail server of this test's own."""
    with mail_server(tmp_path / "sink") as mailbox:
        yield mailbox


@pytest.fixture
def open_at(tmp_path: Path, box: Mailbox) -> Iterator[Callable[..., House]]:
    """Makes a venue and opens it; its files are in `house.settings.root`."""
    with ExitStack() as opened:

        def make(database: str | None = None, **shape: Any) -> House:
            url = database or f"sqlite:///{tmp_path / 'venue' / 'accord.db'}"
            config = make_venue(tmp_path / "venue", Shape(url, box.port, **shape))
            house = open_venue(config)
            opened.callback(house.store.close)
            return house

        yield make


@pytest.fixture
def start() -> Iterator[Daemons]:
    """Starts daemons, and leaves none behind."""
    lives: list[Process] = []

    def begin(house: House, role: str = "engine", **environment: str) -> Process:
        lives.append(daemon(house.config, role, **environment))
        return lives[-1]

    yield begin
    for life in lives:
        if life.child.exitcode is None:
            life.kill()
