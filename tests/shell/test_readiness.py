"""What systemd hears of the daemon."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from accord.shell.daemon import Daemon
from accord.shell.engine.ports.daemons import DaemonRole
from accord.shell.readiness import READY, notify
from doors.systems import Quiet


def listener(address: str) -> socket.socket:
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(address)
    heard.settimeout(60)
    return heard


@pytest.fixture
def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Whoever started the daemon, and listens."""
    address = str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    with closing(listener(address)) as heard:
        yield heard


def test_the_daemon_says_that_it_is_ready_that_it_lives_and_that_it_stops(
    tmp_path: Path, supervisor: socket.socket
) -> None:
    root = tmp_path / "venue"
    root.mkdir()
    house = Quiet(root).house
    house.open_for_work("test")
    daemon = Daemon(house, DaemonRole.ENGINE)

    async def a_short_life() -> None:
        running = asyncio.ensure_future(daemon.run())
        said = [await asyncio.to_thread(supervisor.recv, 100) for _ in range(2)]
        daemon.stop()
        await running
        assert said == [b"READY=1", b"WATCHDOG=1"]

    asyncio.run(a_short_life())
    assert b"STOPPING=1" in supervisor.recv(100)


def test_an_abstract_socket_is_reached_too() -> None:
    name = f"accord-test-{os.getpid()}"
    with closing(listener(f"\0{name}")) as heard:
        notify(f"@{name}", READY)
        assert heard.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", [None, "", "/nowhere/at/all"])
def test_without_a_supervisor_nothing_is_said(address: str | None) -> None:
    notify(address, READY)


def test_the_unit_waits_for_what_the_daemon_says() -> None:
    deploy = Path(__file__).parents[2] / "docs" / "deploy"
    one, any_role = (
        (deploy / name).read_text(encoding="utf-8") for name in ("accord.service", "accord@.service")
    )
    assert {"Type=notify", "NotifyAccess=main"} <= set(one.splitlines())
    same = any_role.replace(" (%i)", "").replace(" --role %i", "").splitlines()
    assert [line for line in same if line[:1] != "#"] == [
        line for line in one.splitlines() if line[:1] != "#"
    ]
