"""What is said on an open SMTP session: commands, one or several at a time, and the replies in their order."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from typing import Final

from aiosmtplib import (
    SMTPException,
    SMTPReadTimeoutError,
    SMTPResponse,
    SMTPResponseException,
    SMTPServerDisconnected,
)

# Nothing that a command is made of may end it early.
_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")

# A reply line, and a whole reply of several, may not be longer: who sends more is no mail server.
_LONGEST_LINE, _LONGEST_REPLY = 8192, 32768

_MALFORMED: Final = -1

# How soon it is looked again whether what lies below TLS has been written, in seconds.
_LOOK_AGAIN: Final = 0.005


class Conversation(asyncio.Protocol):
    """Takes an open session over from the library that opened it.

    aiosmtplib reads one reply at a time, and loses a second one that comes with it; here several commands may be
    said at once (RFC 2920), and what is written is waited for without looking again and again.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held = bytearray()
        self._lines: list[bytes] = []
        self._replies: deque[SMTPResponse | SMTPException] = deque()
        self._expected = 0
        self._interrupted = False
        self._loss: SMTPServerDisconnected | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._written = asyncio.Event()
        self._written.set()
        transport.set_protocol(self)
        transport.set_write_buffer_limits(high=0)

    @property
    def open(self) -> bool:
        """Whether more can be said: the session stands, and nothing came that was not asked for."""
        return self._loss is None and not self._interrupted and not self._transport.is_closing()

    @property
    def expected(self) -> int:
        """How many replies are still to come."""
        return self._expected

    def say(self, *commands: bytes) -> None:
        """Write commands, in one piece; each is answered. Raises ValueError for one that holds a control character."""
        if any(map(_CONTROL.search, commands)):
            raise ValueError("a command holds a control character")
        self.write(b"\r\n".join(commands) + b"\r\n", answers=len(commands))

    def write(self, data: bytes, *, answers: int = 0) -> None:
        """Write what is answered so many times. Raises SMTPServerDisconnected."""
        if self._loss is not None or self._transport.is_closing():
            raise self._loss or SMTPServerDisconnected("Connection lost")
        self._expected += answers
        self._transport.write(data)

    async def reply(self, timeout: float) -> SMTPResponse:
        """The next reply. Raises SMTPException for one that is none, for a lost session, and after `timeout` seconds."""
        if not self._replies and self._loss is None:
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(timeout):
                    await self._waiting
            except TimeoutError as late:
                raise SMTPReadTimeoutError("Timed out waiting for server response") from late
            finally:
                self._waiting = None
        if not self._replies:
            raise self._loss or SMTPServerDisconnected("Connection lost")
        self._expected -= 1
        reply = self._replies.popleft()
        if isinstance(reply, SMTPException):
            raise reply
        return reply

    async def written(self, timeout: float) -> None:
        """Wait until all that was written has left this process, or the session is lost. Raises TimeoutError."""
        if not self._transport.get_write_buffer_size():
            return
        async with asyncio.timeout(timeout):
            while self._transport.get_write_buffer_size() and not self._transport.is_closing():
                await self._written.wait()
                if self._transport.get_write_buffer_size():
                    await asyncio.sleep(_LOOK_AGAIN)

    # -- what the loop tells -------------------------------------------------------------------------------

    def pause_writing(self) -> None:
        """Something waits to be written."""
        self._written.clear()

    def resume_writing(self) -> None:
        """Nothing waits any more."""
        self._written.set()

    def data_received(self, data: bytes) -> None:
        """Take replies apart; what nobody asked for ends the session, so that it is never taken for an answer."""
        if not self._expected:
            self._interrupted = True
            return
        self._held += data
        while (at := self._held.find(b"\n")) >= 0:
            line = bytes(self._held[:at]).rstrip(b"\r")
            del self._held[: at + 1]
            self._take(line)
        if len(self._held) > _LONGEST_LINE or sum(map(len, self._lines)) > _LONGEST_REPLY:
            self._held.clear()
            self._lines.clear()
            self._came(SMTPResponseException(_MALFORMED, "Response too long"))

    def _take(self, line: bytes) -> None:
        if not line[:3].isdigit():
            self._lines.clear()
            said = line.decode("utf-8", "ignore")
            self._came(SMTPResponseException(_MALFORMED, f"Malformed SMTP response line: {said}"))
            return
        self._lines.append(line[4:].strip(b" \t"))
        if line[3:4] != b"-":
            text = b"\n".join(self._lines).decode("utf-8", "surrogateescape")
            self._lines.clear()
            self._came(SMTPResponse(int(line[:3]), text))

    def _came(self, reply: SMTPResponse | SMTPException) -> None:
        if len(self._replies) >= self._expected:
            self._interrupted = True
            return
        self._replies.append(reply)
        self._wake()

    def eof_received(self) -> bool:
        """The other side has closed."""
        self._lost(SMTPServerDisconnected("Unexpected EOF received"))
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing comes any more."""
        loss = SMTPServerDisconnected("Connection lost")
        loss.__cause__ = exc
        self._lost(loss)

    def _lost(self, loss: SMTPServerDisconnected) -> None:
        self._loss = self._loss or loss
        self._written.set()
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
