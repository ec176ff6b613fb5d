"""A real mail server in a process of its own: writes down what arrives, and kills whom it is told to, where."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

# A recipient called «rcpt450-7» is answered with 450 at RCPT, «dot554-7» with 554 after its mail.
_AWKWARD = re.compile(r"(rcpt|dot)(\d{3})-")


class Sink:
    """Keeps `folder`/arrived: one JSON line a mail, written before the mail is answered.

    `folder`/orders holds what it is to do: {"delay": seconds before each answer, "kill": a process's number,
    "at": MAIL, RCPT, DATA or ANSWERED, "after": how many of these it lets pass}.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._arrived = (folder / "arrived").open("ab", buffering=0)
        self._orders: dict[str, Any] = {}
        self._read_at = 0

    async def handle_MAIL(self, _server, _session, envelope, address, options) -> str:  # noqa: N802
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        await self._point("MAIL")
        return "250 2.1.0 Ok"

    async def handle_RCPT(self, _server, _session, envelope, address, _options) -> str:  # noqa: N802
        await self._point("RCPT")
        awkward = _AWKWARD.match(address)
        if awkward is not None and awkward[1] == "rcpt":
            return f"{awkward[2]} {awkward[2][0]}.1.1 not this one"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802
        [recipient] = envelope.rcpt_tos
        awkward = _AWKWARD.match(recipient)
        if awkward is not None:
            return f"{awkward[2]} {awkward[2][0]}.3.0 not this mail"
        mail = {"to": recipient, "raw": envelope.original_content.decode("latin-1")}
        self._arrived.write(json.dumps(mail).encode() + b"\n")
        await self._point("DATA")
        asyncio.get_running_loop().call_later(0.001, self._kill_at, "ANSWERED")
        return "250 2.0.0 kept"

    async def _point(self, name: str) -> None:
        self._read_orders()
        self._kill_at(name)
        if delay := self._orders.get("delay"):
            await asyncio.sleep(delay)

    def _read_orders(self) -> None:
        file = self._folder / "orders"
        if file.exists() and (changed := file.stat().st_mtime_ns) != self._read_at:
            self._orders, self._read_at = json.loads(file.read_text(encoding="utf-8")), changed

    def _kill_at(self, point: str) -> None:
        if self._orders.get("at") != point or "kill" not in self._orders:
            return
        self._orders["after"] -= 1
        if self._orders["after"] < 0:
            os.kill(self._orders.pop("kill"), signal.SIGKILL)


def serve(folder: str, port: int) -> None:
    """Serve on loopback until killed; `folder`/port holds the port once it listens."""
    asyncio.run(_serve(Path(folder), port))


async def _serve(folder: Path, port: int) -> None:
    sink = Sink(folder)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(sink, hostname="sink.example.org", enable_SMTPUTF8=True), "127.0.0.1", port
    )
    unfinished = folder / "port.new"
    unfinished.write_text(str(server.sockets[0].getsockname()[1]), encoding="utf-8")
    unfinished.rename(folder / "port")
    await server.serve_forever()
