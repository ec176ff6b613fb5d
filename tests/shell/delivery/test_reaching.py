"""Getting in: servers that turn us away or are not there, TLS, names and passwords."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult

from accord.core.model.message import MessageState
from accord.shell.delivery.smtp import Server
from accord.shell.engine.ports.mailing import Unreachable
from shell.delivery.scripted import DROP, STALL, Inbox, a_carrier, an_envelope, real, scripted

ACCEPTED, DEFERRED = MessageState.ACCEPTED, MessageState.DEFERRED
CERTIFICATE = Path(__file__).parent / "loopback.pem"


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"GREETING": "421 4.3.2 go away"}, "421 4.3.2 go away"),
        ({"GREETING": "554 5.7.1 blocked"}, "554 5.7.1 blocked"),
        ({"GREETING": DROP}, "can't be used"),
        ({"GREETING": STALL}, "Timed out"),
        ({"GREETING": "garbage"}, "Malformed"),
        ({"EHLO": DROP}, "can't be used"),
        ({"EHLO": STALL}, "Timed out"),
        ({"EHLO": "550 no", "HELO": "550 no"}, "550 no"),
    ],
    ids=str,
)
def test_a_server_that_does_not_let_us_in_is_unreachable(answers: dict[str, object], says: str) -> None:
    async def scene() -> None:
        async with scripted(**answers) as server:
            carrier = a_carrier(server.port)
            with pytest.raises(Unreachable, match=r"^The mail server 127\.0\.0\.1:\d+ ") as silence:
                await carrier.ready()
            assert says in str(silence.value)
            assert (await carrier.carry(an_envelope())).outcome is DEFERRED

    asyncio.run(scene())


def test_a_closed_port_is_unreachable_and_left_alone_for_a_while() -> None:
    async def scene() -> None:
        async with scripted() as server:
            port = server.port
        carrier = a_carrier(port)
        with pytest.raises(Unreachable, match="can't be used"):
            await carrier.ready()
        again = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", port)
        with pytest.raises(Unreachable, match="can't be used"):
            await carrier.ready()
        again.close()
        await asyncio.sleep(0.1)
        async with real(Inbox()) as other:
            assert await a_carrier(other).ready() == 1

    asyncio.run(scene())


def test_the_same_carrier_reaches_the_server_again_once_it_is_back() -> None:
    async def scene() -> None:
        async with scripted(GREETING=["421 not now", "220 welcome"]) as server:
            carrier = a_carrier(server.port)
            with pytest.raises(Unreachable):
                await carrier.ready()
            with pytest.raises(Unreachable):
                await carrier.ready()
            assert server.connections == 1, "while the pause lasts nobody knocks"
            await asyncio.sleep(0.06)
            assert await carrier.ready() == 1
            await carrier.close()

    asyncio.run(scene())


# -- TLS and names -----------------------------------------------------------------------------------------


def _server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def _knows_ada(_server: object, _session: object, _envelope: object, _how: str, data: object) -> AuthResult:
    return AuthResult(success=getattr(data, "password", b"") == b"right", handled=False)


def test_starttls_and_a_name_and_password() -> None:
    async def scene() -> None:
        inbox = Inbox()
        async with real(
            inbox,
            tls_context=_server_tls(),
            require_starttls=True,
            auth_required=True,
            authenticator=_knows_ada,
        ) as port:
            secure = {"security": "starttls", "ca_file": str(CERTIFICATE), "verb_timeout": 3.0}
            right = a_carrier(port, username="ada", password="right", **secure)
            assert (await right.carry(an_envelope())).outcome is ACCEPTED
            await right.close()
            wrong = a_carrier(port, username="ada", password="wrong", **secure)
            with pytest.raises(Unreachable, match="refuses our name or password: 535"):
                await wrong.ready()
            with pytest.raises(Unreachable, match="refuses our name"):
                await wrong.ready()
            bare = a_carrier(port)
            assert (await bare.carry(an_envelope())).outcome is DEFERRED
            await bare.close()
        assert len(inbox.mails) == 1

    asyncio.run(scene())


def test_tls_from_the_first_byte_and_a_certificate_nobody_vouches_for() -> None:
    async def scene() -> None:
        inbox = Inbox()
        async with real(inbox, ssl=_server_tls()) as port:
            trusted = a_carrier(port, security="tls", ca_file=str(CERTIFICATE), verb_timeout=3.0)
            assert (await trusted.carry(an_envelope())).outcome is ACCEPTED
            await trusted.close()
            stranger = a_carrier(port, security="tls", verb_timeout=3.0)
            with pytest.raises(Unreachable, match=r"(?i)certificate"):
                await stranger.ready()
        assert len(inbox.mails) == 1

    asyncio.run(scene())


def test_a_server_without_starttls_gets_nothing_in_clear() -> None:
    async def scene() -> None:
        async with scripted() as server:
            carrier = a_carrier(server.port, security="starttls")
            with pytest.raises(Unreachable, match="STARTTLS"):
                await carrier.ready()
            assert not server.mails

    asyncio.run(scene())


def test_a_password_never_crosses_the_network_in_clear() -> None:
    with pytest.raises(ValueError, match="in clear"):
        Server(host="mail.example.org", username="ada", password="right")
    with pytest.raises(ValueError, match="starttls"):
        Server(security="maybe")
    assert "right" not in repr(Server(username="ada", password="right"))
