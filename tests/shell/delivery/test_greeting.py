"""A mail server greeted as for a mail: what is seen of it, whatever it does, and no mail handed over."""

from __future__ import annotations

import asyncio
import re
import ssl
from pathlib import Path
from typing import Any

import pytest

from accord.shell.delivery.greeting import Greeting, greet
from accord.shell.delivery.smtp import Server
from shell.delivery.scripted import DROP, STALL, Inbox, real, scripted

CERTIFICATE = Path(__file__).parent / "loopback.pem"


def a_server(port: int, **told: Any) -> Server:
    return Server(
        **{"host": "127.0.0.1", "port": port, "hello": "client.example.org", "verb_timeout": 2.0, **told}
    )


def test_a_line_in_clear_and_what_is_offered() -> None:
    async def scene() -> Greeting:
        async with scripted(EHLO="250-loopback\r\n250-SIZE 1000\r\n250 SMTPUTF8") as server:
            seen = await greet(a_server(server.port))
            assert server.lines == ["EHLO client.example.org", "QUIT"]
            return seen

    seen = asyncio.run(scene())
    assert (seen.fault, seen.cipher, seen.ends) == (None, None, None)
    assert {"size", "smtputf8"} <= seen.offers


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_how_safe_the_line_is_and_until_when(security: str) -> None:
    async def scene() -> Greeting:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        how: dict[str, Any] = {"ssl": context} if security == "tls" else {"tls_context": context}
        async with real(Inbox(), **how) as port:
            return await greet(a_server(port, security=security, ca_file=str(CERTIFICATE)))

    seen = asyncio.run(scene())
    assert seen.fault is None
    assert seen.cipher in ("TLSv1.2", "TLSv1.3")
    assert seen.ends is not None
    assert seen.ends.tzinfo is not None


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"GREETING": "554 5.7.1 blocked"}, "554|blocked"),
        ({"GREETING": DROP}, "."),
        ({"GREETING": STALL}, "Timed out"),
        ({"EHLO": DROP}, "."),
    ],
)
def test_whatever_it_does_instead_is_a_fault_in_one_line(answers: dict[str, object], says: str) -> None:
    async def scene() -> Greeting:
        async with scripted(**answers) as server:
            return await greet(a_server(server.port, verb_timeout=0.3))

    fault = asyncio.run(scene()).fault
    assert fault is not None
    assert "\n" not in fault
    assert re.search(says, fault)


def test_a_server_that_is_not_there() -> None:
    async def scene() -> Greeting:
        async with scripted() as server:
            port = server.port
        return await greet(a_server(port))

    assert asyncio.run(scene()).fault == "connection refused"


def test_a_certificate_that_nobody_vouches_for_and_a_server_without_starttls() -> None:
    async def scene() -> tuple[Greeting, Greeting]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        async with real(Inbox(), ssl=context) as port:
            stranger = await greet(a_server(port, security="tls"))
        async with scripted() as server:
            return stranger, await greet(a_server(server.port, security="starttls"))

    stranger, without = asyncio.run(scene())
    assert "certificate" in (stranger.fault or "").lower()
    assert "STARTTLS" in (without.fault or "")
