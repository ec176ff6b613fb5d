"""A mail server that takes everything: it counts, and writes down when each mail came and to whom.

`python benchmarks/own_sink.py PORT FILE`: lines of `seconds recipient` go to FILE, by the clock that all processes of
a machine share; the count goes to its output as postfix's smtp-sink writes it. Where smtp-sink is missing it stands in.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TextIO, cast

import uvloop

HELLO = b"250-sink.example.org\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 0\r\n"
END = b"\r\n.\r\n"


class Session(asyncio.Protocol):
    """One connection: verbs by line, then a mail up to its last dot."""

    count = 0

    def __init__(self, arrivals: TextIO) -> None:
        self._arrivals = arrivals
        self._held = bytearray()
        self._in_mail = False
        self._recipient = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(b"220 sink.example.org ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Take what came, as far as it is whole."""
        self._held += data
        while self._mail() if self._in_mail else self._verb():
            pass

    def _mail(self) -> bool:
        at = self._held.find(END)
        if at < 0:
            return False
        del self._held[: at + len(END)]
        self._in_mail = False
        Session.count += 1
        self._arrivals.write(f"{time.monotonic():.6f} {self._recipient}\n")
        self._transport.write(b"250 2.0.0 Ok\r\n")
        return True

    def _verb(self) -> bool:
        at = self._held.find(b"\r\n")
        if at < 0:
            return False
        line = bytes(self._held[:at])
        del self._held[: at + 2]
        verb = line[:4].upper()
        if verb == b"RCPT":
            self._recipient = line.partition(b"<")[2].partition(b">")[0].decode("utf-8", "replace")
        if verb == b"DATA":
            self._in_mail = True
        if verb == b"QUIT":
            self._transport.write(b"221 2.0.0 Bye\r\n")
            self._transport.close()
            return False
        answers = {b"EHLO": HELLO, b"HELO": HELLO[-12:], b"DATA": b"354 go on\r\n"}
        self._transport.write(answers.get(verb, b"250 2.0.0 Ok\r\n"))
        return True


async def serve(port: int, file: Path) -> None:
    """Listen until the process is told to stop."""
    with file.open("w", encoding="utf-8") as arrivals:
        await asyncio.get_running_loop().create_server(lambda: Session(arrivals), "127.0.0.1", port)
        while True:
            await asyncio.sleep(0.05)
            arrivals.flush()
            print(f"mesg={Session.count}", flush=True)


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
