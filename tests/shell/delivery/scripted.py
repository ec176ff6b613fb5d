"""Mail servers on loopback, in the test's own loop: one that obeys a script, one that is real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from aiosmtpd import smtp as aiosmtpd

from accord.shell.delivery.pool import Limits
from accord.shell.delivery.smtp import Server, SmtpCarrier
from accord.shell.engine.ports.mailing import Envelope


class Silence(Enum):
    """What a server may do instead of answering."""

    DROP = "cut the connection"
    STALL = "say nothing more"


DROP, STALL = Silence.DROP, Silence.STALL

POLITE: dict[str, object] = {
    "GREETING": "220 loopback ESMTP",
    "EHLO": "250-loopback\r\n250 SIZE 1000000",
    "HELO": "250 loopback",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 go on",
    "DOT": "250 2.0.0 queued",
    "RSET": "250 2.0.0 Ok",
    "NOOP": "250 2.0.0 Ok",
    "QUIT": "221 2.0.0 bye",
}


@dataclass
class Scripted:
    """What a scripted server answers, by verb, and what it saw.

    An answer is a reply line, DROP (cut the connection), STALL (say nothing more), or a list of these, one
    a time, the last one for good.
    """

    answers: dict[str, object]
    port: int = 0
    connections: int = 0
    lines: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    def answer(self, verb: str) -> object:
        said = self.answers.get(verb, POLITE.get(verb, "500 5.5.1 what?"))
        if isinstance(said, list):
            return said.pop(0) if len(said) > 1 else said[0]
        return said

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        verb = "GREETING"
        while True:
            said = self.answer(verb)
            if said is DROP:
                writer.transport.abort()
                return
            if said is STALL:
                await reader.read()
                writer.close()
                return
            writer.write(str(said).encode() + b"\r\n")
            await writer.drain()
            if str(said).startswith(("421", "221")):
                writer.close()
                return
            if verb == "DATA" and str(said).startswith("354"):
                self.mails.append(await reader.readuntil(b"\r\n.\r\n"))
                verb = "DOT"
                continue
            line = (await reader.readuntil(b"\r\n")).decode()
            self.lines.append(line.strip())
            verb = line[:4].upper().strip()


@asynccontextmanager
async def scripted(**answers: object) -> AsyncIterator[Scripted]:
    """A server that follows the script, polite where it says nothing."""
    script = Scripted(answers)
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0, limit=2**22)
    script.port = server.sockets[0].getsockname()[1]
    try:
        yield script
    finally:
        server.close()
        for writer in script.writers:
            writer.transport.abort()
        await asyncio.sleep(0.01)


@dataclass
class Inbox:
    """The handler of a real server: keeps what arrives, with its envelope."""

    mails: list[Any] = field(default_factory=list)
    peers: set[Any] = field(default_factory=set)
    options: list[list[str]] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(envelope)
        self.peers.add(session.peer)
        self.options.append(list(envelope.mail_options))
        return "250 2.0.0 kept"


@asynccontextmanager
async def real(inbox: Inbox, *, ssl: Any = None, **options: Any) -> AsyncIterator[int]:
    """aiosmtpd on a free port; `ssl` makes it speak TLS from the first byte."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: aiosmtpd.SMTP(inbox, hostname="loopback", **options), "127.0.0.1", 0, ssl=ssl
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0.01)


def a_carrier(port: int, *, limits: Limits | None = None, **server: Any) -> SmtpCarrier:
    """A carrier to loopback that is impatient."""
    told = {"host": "127.0.0.1", "hello": "client.example.org", "verb_timeout": 0.3, "dot_timeout": 0.3}
    return SmtpCarrier(Server(port=port, **{**told, **server}), limits or Limits(width=2, first_pause=0.05))


def an_envelope(number: int = 1, recipient: str = "ada@example.org", content: bytes = b"") -> Envelope:
    """One small mail."""
    body = content or b"Subject: %d\r\n\r\nHello\r\n" % number
    return Envelope(number, "bounce@example.org", recipient, body)
