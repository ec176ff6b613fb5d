"""SMTP against servers that behave and servers that do not: every ending is the right Receipt."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult

from accord.core.model.message import MessageState
from accord.shell.delivery.pool import Limits
from accord.shell.delivery.smtp import Server, with_crlf
from accord.shell.engine.ports import Unreachable
from shell.delivery.scripted import DROP, POLITE, STALL, Inbox, a_carrier, an_envelope, real, scripted

ACCEPTED, DEFERRED = MessageState.ACCEPTED, MessageState.DEFERRED
REJECTED, UNKNOWN = MessageState.REJECTED, MessageState.UNKNOWN
CERTIFICATE = Path(__file__).parent / "loopback.pem"

ENDINGS = [
    ({}, ACCEPTED),
    ({"DOT": "251 2.0.0 kept elsewhere"}, ACCEPTED),
    ({"MAIL": "421 4.3.2 closing"}, DEFERRED),
    ({"MAIL": "451 4.7.1 later"}, DEFERRED),
    ({"MAIL": "550 5.7.1 who are you"}, DEFERRED),
    ({"MAIL": "530 5.7.0 authenticate"}, DEFERRED),
    ({"MAIL": "552 5.3.4 too large"}, REJECTED),
    ({"RCPT": "450 4.2.1 greylisted"}, DEFERRED),
    ({"RCPT": "421 4.7.0 too many"}, DEFERRED),
    ({"RCPT": "452 4.2.2 full"}, DEFERRED),
    ({"RCPT": "550 5.1.1 nobody here"}, REJECTED),
    ({"RCPT": "553 5.1.3 bad name"}, REJECTED),
    ({"RCPT": "251 2.1.5 forwarded"}, ACCEPTED),
    ({"RCPT": "503 5.5.1 out of order"}, DEFERRED),
    ({"DATA": "451 4.3.0 not now"}, DEFERRED),
    ({"DATA": "554 5.7.1 no"}, REJECTED),
    ({"DATA": "250 odd"}, DEFERRED),
    ({"DOT": "421 4.3.2 closing"}, DEFERRED),
    ({"DOT": "452 4.3.1 no room"}, DEFERRED),
    ({"DOT": "552 5.3.4 too large"}, REJECTED),
    ({"DOT": "554 5.7.1 spam"}, REJECTED),
    ({"DOT": "354 what"}, UNKNOWN),
    ({"DOT": "garbage"}, UNKNOWN),
    ({"DOT": DROP}, UNKNOWN),
    ({"DOT": STALL}, UNKNOWN),
    ({"MAIL": DROP}, DEFERRED),
    ({"MAIL": STALL}, DEFERRED),
    ({"RCPT": DROP}, DEFERRED),
    ({"RCPT": STALL}, DEFERRED),
    ({"RCPT": "garbage"}, DEFERRED),
    ({"DATA": DROP}, DEFERRED),
    ({"DATA": STALL}, DEFERRED),
    ({"DATA": "garbage"}, DEFERRED),
]


@pytest.mark.parametrize(("answers", "ending"), ENDINGS, ids=lambda value: str(value)[:40])
def test_each_ending_is_its_receipt_and_the_next_mail_goes_through(
    answers: dict[str, object], ending: MessageState
) -> None:
    async def scene() -> None:
        once = {verb: [said, POLITE[verb]] for verb, said in answers.items()}
        async with scripted(**once) as server:
            carrier = a_carrier(server.port)
            assert await carrier.ready() == 1
            receipt = await carrier.carry(an_envelope(1))
            assert receipt.outcome is ending, receipt
            assert receipt.reply
            assert await carrier.ready() >= 1
            assert (await carrier.carry(an_envelope(2))).outcome is ACCEPTED
            assert b"Subject: 2" in server.mails[-1]
            await carrier.close()

    asyncio.run(scene())


def test_a_refused_recipient_leaves_the_connection_in_use() -> None:
    async def scene() -> None:
        async with scripted(RCPT=["550 5.1.1 nobody", "250 Ok"]) as server:
            carrier = a_carrier(server.port)
            await carrier.ready()
            refused = await carrier.carry(an_envelope(1))
            assert refused.reply == "550 5.1.1 nobody"
            await carrier.carry(an_envelope(2))
            await carrier.close()
            assert server.connections == 1
            assert "RSET" in server.lines

    asyncio.run(scene())


@pytest.mark.parametrize(
    "recipient",
    [
        "nobody",
        "@example.org",
        "ada@",
        "ada@example..org",
        ".ada@example.org",
        "ada lovelace@example.org",
        "ada@example.org>\r\nRCPT TO:<eve@example.org",
        "ada@example.org\n",
        "<ada@example.org>",
        "a" * 65 + "@example.org",
        "",
    ],
)
def test_a_misspelt_recipient_is_rejected_and_never_told_to_the_server(recipient: str) -> None:
    async def scene() -> None:
        async with scripted() as server:
            carrier = a_carrier(server.port)
            receipt = await carrier.carry(an_envelope(recipient=recipient))
            assert receipt.outcome is REJECTED
            assert not [line for line in server.lines if line.startswith(("MAIL", "RCPT"))]
            assert (await carrier.carry(an_envelope())).outcome is ACCEPTED
            await carrier.close()

    asyncio.run(scene())


def test_what_the_server_does_not_offer_is_rejected_here() -> None:
    async def scene() -> None:
        async with scripted(EHLO="250-loopback\r\n250 SIZE 100") as server:
            carrier = a_carrier(server.port)
            large = await carrier.carry(an_envelope(content=b"x" * 101))
            letters = await carrier.carry(an_envelope(recipient="zoé@example.org"))
            eight_bit = await carrier.carry(an_envelope(content="é".encode()))
            assert [each.outcome for each in (large, letters, eight_bit)] == [REJECTED] * 3
            assert "SMTPUTF8" in letters.reply
            assert "8BITMIME" in eight_bit.reply
            assert server.mails == []
            await carrier.close()

    asyncio.run(scene())


def test_extensions_are_asked_for_only_where_needed() -> None:
    async def scene() -> None:
        inbox = Inbox()
        async with real(inbox, enable_SMTPUTF8=True) as port:
            carrier = a_carrier(port)
            await carrier.carry(an_envelope(1))
            await carrier.carry(an_envelope(2, recipient="zoé@example.org"))
            await carrier.carry(an_envelope(3, recipient="ada@exämple.org", content="é\r\n".encode()))
            await carrier.close()
        assert [sorted(asked) for asked in inbox.options] == [
            ["SIZE=21"],
            ["SIZE=21", "SMTPUTF8"],
            ["BODY=8BITMIME", "SIZE=4"],
        ]
        assert [mail.rcpt_tos for mail in inbox.mails] == [
            ["ada@example.org"],
            ["zoé@example.org"],
            ["ada@xn--exmple-cua.org"],
        ]

    asyncio.run(scene())


def test_a_server_that_knows_only_helo_is_spoken_to() -> None:
    async def scene() -> None:
        async with scripted(EHLO="502 5.5.1 what") as server:
            carrier = a_carrier(server.port)
            assert (await carrier.carry(an_envelope())).outcome is ACCEPTED
            await carrier.close()
            assert "MAIL FROM:<bounce@example.org>" in server.lines

    asyncio.run(scene())


def test_dots_arrive_as_they_were_and_no_line_end_smuggles_a_mail() -> None:
    content = b".first\r\n..two\r\n.\r\nmiddle\n.\nMAIL FROM:<eve@example.org>\r.\rend"

    async def scene() -> None:
        inbox = Inbox()
        async with real(inbox) as port:
            carrier = a_carrier(port)
            assert (await carrier.carry(an_envelope(content=content))).outcome is ACCEPTED
            assert (await carrier.carry(an_envelope(content=b".\r\n"))).outcome is ACCEPTED
            await carrier.close()
        expected = b".first\r\n..two\r\n.\r\nmiddle\r\n.\r\nMAIL FROM:<eve@example.org>\r\n.\r\nend\r\n"
        assert [mail.content for mail in inbox.mails] == [expected, b".\r\n"]

    asyncio.run(scene())


def test_crlf_is_left_alone_and_anything_else_made_so() -> None:
    assert with_crlf(b"a\r\nb\r\n") == b"a\r\nb\r\n"
    assert with_crlf(b"a\r\nb") == b"a\r\nb\r\n"
    assert with_crlf(b"a\nb\rc\r\n\r") == b"a\r\nb\r\nc\r\n\r\n"


def test_a_mail_that_never_got_out_whole_is_deferred_not_unknown() -> None:
    """The server stops reading in the middle of a mail larger than all buffers."""

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(b"220 loopback\r\n")
        for reply in (b"250-loopback\r\n250 SIZE 0\r\n", b"250 Ok\r\n", b"250 Ok\r\n", b"354 go\r\n"):
            await reader.readuntil(b"\r\n")
            writer.write(reply)
        reader._transport.pause_reading()  # type: ignore[attr-defined]

    writers: list[asyncio.StreamWriter] = []

    async def scene() -> None:
        server = await asyncio.start_server(deaf, "127.0.0.1", 0)
        carrier = a_carrier(server.sockets[0].getsockname()[1])
        receipt = await carrier.carry(an_envelope(content=b"x" * 70 + b"\r\n" + b"y" * 30_000_000))
        assert receipt.outcome is DEFERRED
        assert "before the end" in receipt.reply
        await carrier.close()
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0.01)

    asyncio.run(scene())


# -- who can't be reached ----------------------------------------------------------------------------------


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


# -- the pool ----------------------------------------------------------------------------------------------


def test_two_thousand_mails_over_ten_connections_arrive_once_each() -> None:
    async def scene() -> None:
        inbox = Inbox()
        async with real(inbox) as port:
            carrier = a_carrier(port, limits=Limits(width=10, messages=150), verb_timeout=20, dot_timeout=20)
            sent, widths = 0, []
            while sent < 2000:
                window = await carrier.ready()
                widths.append(window)
                numbers = range(sent + 1, min(sent + window, 2000) + 1)
                receipts = await asyncio.gather(*(carrier.carry(an_envelope(n)) for n in numbers))
                assert {receipt.outcome for receipt in receipts} == {ACCEPTED}
                sent += len(receipts)
            await carrier.close()
        arrived = sorted(int(mail.content.split(b"\r\n")[0][9:]) for mail in inbox.mails)
        assert arrived == list(range(1, 2001))
        assert widths[:5] == [1, 2, 4, 8, 10]
        assert len(inbox.peers) >= 10

    asyncio.run(scene())


def test_more_mails_than_places_wait_for_one() -> None:
    async def scene() -> None:
        async with scripted() as server:
            carrier = a_carrier(server.port, limits=Limits(width=3))
            receipts = await asyncio.gather(*(carrier.carry(an_envelope(n)) for n in range(50)))
            assert {receipt.outcome for receipt in receipts} == {ACCEPTED}
            assert server.connections == 3
            await carrier.close()

    asyncio.run(scene())


def test_a_connection_is_closed_after_so_many_mails() -> None:
    async def scene() -> None:
        async with scripted() as server:
            carrier = a_carrier(server.port, limits=Limits(width=1, messages=2))
            for number in range(5):
                assert (await carrier.carry(an_envelope(number))).outcome is ACCEPTED
            await carrier.close()
            assert server.connections == 3
            assert server.lines.count("QUIT") == 3

    asyncio.run(scene())


def test_a_dead_idle_connection_is_found_before_a_mail_is_given_to_it() -> None:
    """It looks open from here: only the question finds out."""

    async def scene() -> None:
        async with scripted(NOOP=[STALL, "250 Ok"]) as server:
            carrier = a_carrier(server.port, limits=Limits(width=2, probe_after=0.02))
            assert await carrier.ready() == 1
            await asyncio.sleep(0.03)
            assert await carrier.ready() == 1
            assert server.connections == 2
            assert (await carrier.carry(an_envelope())).outcome is ACCEPTED
            await carrier.close()

    asyncio.run(scene())


def test_a_connection_that_the_server_closed_is_replaced() -> None:
    async def scene() -> None:
        async with scripted() as server:
            carrier = a_carrier(server.port)
            await carrier.ready()
            server.writers[0].close()
            await asyncio.sleep(0.02)
            assert await carrier.ready() == 1
            assert server.connections == 2
            assert (await carrier.carry(an_envelope())).outcome is ACCEPTED
            await carrier.close()

    asyncio.run(scene())


def test_an_idle_connection_is_closed_in_the_end() -> None:
    async def scene() -> None:
        async with scripted() as server:
            carrier = a_carrier(server.port, limits=Limits(width=2, close_after=0.02))
            await asyncio.gather(*(carrier.carry(an_envelope(n)) for n in range(2)))
            await asyncio.sleep(0.03)
            assert await carrier.ready() == 2
            assert server.lines.count("QUIT") == 2
            await asyncio.sleep(0.03)
            assert await carrier.ready() == 1, "a quiet house keeps one"
            await carrier.close()

    asyncio.run(scene())


def test_a_server_that_allows_fewer_connections_gets_fewer() -> None:
    async def scene() -> None:
        greetings = ["220 one", "220 two", "421 4.7.0 too many connections"]
        async with scripted(GREETING=greetings) as server:
            carrier = a_carrier(server.port, limits=Limits(width=8))
            for _ in range(3):
                ready = await carrier.ready()
                receipts = await asyncio.gather(*(carrier.carry(an_envelope(n)) for n in range(ready)))
                assert {receipt.outcome for receipt in receipts} == {ACCEPTED}
            assert ready == 2
            await carrier.close()

    asyncio.run(scene())


def test_a_cancelled_mail_gives_its_place_back() -> None:
    async def scene() -> None:
        async with scripted(DOT=[STALL, "250 Ok"]) as server:
            carrier = a_carrier(server.port, limits=Limits(width=1), dot_timeout=30)
            carrying = asyncio.create_task(carrier.carry(an_envelope(1)))
            await asyncio.sleep(0.1)
            carrying.cancel()
            with pytest.raises(asyncio.CancelledError):
                await carrying
            assert (await carrier.carry(an_envelope(2))).outcome is ACCEPTED
            await carrier.close()

    asyncio.run(scene())
