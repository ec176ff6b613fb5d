"""Real processes: the daemon and other commands, and the mail server that they talk to."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_string, policy
from email.message import EmailMessage
from email.parser import HeaderParser
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import pytest

from crash import sink

MODULES = (
    "accord.shell.cli.running",
    "accord.shell.daemon",
    "alembic.command",
    "crash.sink",
    "psycopg",
    "premailer",
)

PATIENCE = 120.0


def until(done, what: str, patience: float = PATIENCE) -> None:  # type: ignore[no-untyped-def]
    """Wait until `done()`; fails when it takes too long."""
    ends = time.monotonic() + patience
    while not done():
        assert time.monotonic() < ends, f"waited in vain: {what}"
        time.sleep(0.03)


@cache
def forks() -> ForkServerContext:
    """Forks from a process that has read all modules: a life begins in a blink, and ends like any other."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(MODULES))
    with pytest.MonkeyPatch.context() as environment:
        # It reads its modules before it is told where ours are.
        environment.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
        forkserver.ensure_running()
    return context


def free_port() -> int:
    """A port of loopback that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- commands ------------------------------------------------------------------------------------------------


def _command(arguments: Sequence[str], log: str, environment: Mapping[str, str]) -> None:
    """Runs in the process: `scenario` with these arguments, its output in a file."""
    os.environ.update(environment)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    from accord.shell.cli import main

    main(list(arguments))


@dataclass
class Process:
    """`scenario` in a process of its own, and what it says."""

    arguments: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    child: ForkServerProcess = field(init=False)

    def __post_init__(self) -> None:
        self.child = forks().Process(target=_command, args=(self.arguments, str(self.log), self.environment))
        self.child.start()

    @property
    def pid(self) -> int:
        assert self.child.pid is not None
        return self.child.pid

    @property
    def said(self) -> str:
        """Everything that it has written so far."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """kill -9, and wait for the end."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.ended()

    def ended(self, patience: float = PATIENCE) -> int:
        """Wait for its end; the exit code."""
        self.child.join(patience)
        assert self.child.exitcode is not None, f"it goes on: {self.said[-2000:]}"
        return self.child.exitcode


_lives = 0


def scenario(config: Path, *arguments: str, **environment: str) -> Process:
    """Start a command on the venue of this config.toml."""
    global _lives
    _lives += 1
    log = config.parent / f"{arguments[0]}-{_lives}.log"
    return Process(("--config", str(config), *arguments), log, environment)


def daemon(config: Path, role: str = "engine", **environment: str) -> Process:
    """Start a daemon, and wait until it is ready."""
    life = scenario(config, "daemon", "--role", role, **environment)
    until(lambda: "event='ready'" in life.said or life.child.exitcode is not None, f"ready: {life.said}")
    assert "event='ready'" in life.said, life.said
    return life


def drain(config: Path, patience: float = 120.0) -> None:
    """Twelve hours later, when every lease is over: all that is due is done, in a process that nobody kills."""
    later = (datetime.now(UTC) + timedelta(hours=12)).isoformat()
    turned = scenario(config, "tick", "--until-idle", "--now", later)
    assert turned.ended(patience) == 0, turned.said


# -- the mail server ------------------------------------------------------------------------------------------


@dataclass
class Mailbox:
    """The mail server and what has arrived at it."""

    folder: Path
    port: int
    child: ForkServerProcess

    def order(self, **orders: object) -> None:
        """Tell the server what to do from now on."""
        unfinished = self.folder / "orders.new"
        unfinished.write_text(json.dumps(orders), encoding="utf-8")
        unfinished.rename(self.folder / "orders")

    def texts(self) -> list[str]:
        """Every mail that has arrived, as it came."""
        whole = (self.folder / "arrived").read_bytes().rpartition(b"\n")[0]
        return [json.loads(line)["raw"] for line in whole.splitlines()]

    def mails(self) -> list[EmailMessage]:
        """Every mail that has arrived, parsed."""
        return [_parsed(text) for text in self.texts()]

    def count(self) -> int:
        """How many have arrived."""
        return (self.folder / "arrived").read_bytes().count(b"\n")

    def by_message_id(self) -> Counter[str]:
        """How often each has arrived."""
        return Counter(_header(text, "Message-ID") for text in self.texts())

    def by_recipient(self) -> Counter[str]:
        """How many each person has got."""
        return Counter(_header(text, "To") for text in self.texts())

    def shut(self) -> None:
        """The server is gone, and its port with it."""
        self.child.kill()
        self.child.join()

    def open_again(self) -> None:
        """It is back on the same port."""
        (self.folder / "port").unlink()
        self.child = _serve(self.folder, self.port)


def _header(text: str, name: str) -> str:
    return str(HeaderParser().parsestr(text, headersonly=True)[name])


def _parsed(raw: str) -> EmailMessage:
    mail = message_from_string(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def _serve(folder: Path, port: int = 0) -> ForkServerProcess:
    child = forks().Process(target=sink.serve, args=(str(folder), port))
    child.start()
    until(lambda: (folder / "port").exists(), "the mail server")
    return child


@contextlib.contextmanager
def mail_server(folder: Path) -> Iterator[Mailbox]:
    """A mail server on loopback."""
    folder.mkdir(parents=True, exist_ok=True)
    child = _serve(folder)
    mailbox = Mailbox(folder, int((folder / "port").read_text(encoding="utf-8")), child)
    try:
        yield mailbox
    finally:
        mailbox.shut()
