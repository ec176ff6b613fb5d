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

# A recipient called «rcpt450-7» is answered with 450 at RCPT, «dot554-7» with 554 after its mail. «drop» ends the
# conversation there, «garbage» is no answer at all, «stall» none for a minute; «bye» takes the mail, and hangs up. A mail that
# is not refused in so many words after its dot is kept.
_AWKWARD = re.compile(r"(rcpt|data|dot)(\d{3}|drop|garbage|stall|bye)-")


class Sink:
    """Keeps `folder`/arrived: one JSON line a mail, written before the mail is answered.

    `folder`/orders holds what it is to do: {"delay": seconds before each answer, "kill": a process's number,
    "at": MAIL, RCPT, DATA or ANSWERED, "after": how many of these it lets pass, "refuse": {"EHLO" or "MAIL": [code,
    for each of the next ones]}}.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._arrived = (folder / "arrived").open("ab", buffering=0)
        self._orders: dict[str, Any] = {}
        self._read_at = 0

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses) -> list[str]:  # noqa: N802
        session.host_name = hostname
        self._read_orders()
        refused = self._refused("EHLO")
        return [refused] if refused else responses

    async def handle_MAIL(self, _server, _session, envelope, address, options) -> str:  # noqa: N802
        await self._point("MAIL")
        if refused := self._refused("MAIL"):
            return refused
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(self, server, _session, envelope, address, _options) -> str:  # noqa: N802
        await self._point("RCPT")
        if how := self.awkward("rcpt", address):
            return await self.answer(how, server)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, _session, envelope) -> str:  # noqa: N802
        [recipient] = envelope.rcpt_tos
        how = self.awkward("dot", recipient)
        if how.isdecimal():
            return await self.answer(how, server)
        mail = {"to": recipient, "raw": envelope.original_content.decode("latin-1")}
        self._arrived.write(json.dumps(mail).encode() + b"\n")
        if how:
            return await self.answer(how, server)
        await self._point("DATA")
        asyncio.get_running_loop().call_later(0.001, self._kill_at, "ANSWERED")
        return "250 2.0.0 kept"

    def awkward(self, verb: str, recipient: str) -> str:
        """What is to happen with this recipient at this verb; nothing for most."""
        found = _AWKWARD.match(recipient)
        return found[2] if found is not None and found[1] == verb else ""

    async def answer(self, how: str, server: SMTP) -> str:
        """An awkward answer, or none at all."""
        if how == "drop":
            server.transport.abort()
        if how == "bye":
            asyncio.get_running_loop().call_later(0.001, server.transport.close)
            return "250 2.0.0 kept, and goodbye"
        if how == "stall":
            await asyncio.sleep(60)
        return f"{how} {how[0]}.3.0 not this one" if how.isdecimal() else "\x07 perhaps"

    def _refused(self, verb: str) -> str:
        codes = self._orders.get("refuse", {}).get(verb)
        return f"{(code := codes.pop(0))} {str(code)[0]}.3.0 not now" if codes else ""

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


class Server(SMTP):
    """Asks its handler before it lets a mail begin, too."""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """`DATA`, refused for some recipients."""
        how = self.event_handler.awkward("data", self.envelope.rcpt_tos[0]) if self.envelope.rcpt_tos else ""
        if how:
            await self.push(await self.event_handler.answer(how, self))
        else:
            await super().smtp_DATA(arg)


def serve(folder: str, port: int) -> None:
    """Serve on loopback until killed; `folder`/port holds the port once it listens."""
    asyncio.run(_serve(Path(folder), port))


async def _serve(folder: Path, port: int) -> None:
    sink = Sink(folder)
    server = await asyncio.get_running_loop().create_server(
        lambda: Server(sink, hostname="sink.example.org", enable_SMTPUTF8=True), "127.0.0.1", port
    )
    unfinished = folder / "port.new"
    unfinished.write_text(str(server.sockets[0].getsockname()[1]), encoding="utf-8")
    unfinished.rename(folder / "port")
    await server.serve_forever()
