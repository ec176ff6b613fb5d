"""SMTP against servers that behave and servers that do not: every ending is the right Receipt."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from accord.core.model.message import MessageState
from accord.shell.delivery.smtp import with_crlf
from shell.delivery.scripted import DROP, POLITE, STALL, Inbox, a_carrier, an_envelope, real, scripted

ACCEPTED, DEFERRED = MessageState.ACCEPTED, MessageState.DEFERRED
REJECTED, UNKNOWN = MessageState.REJECTED, MessageState.UNKNOWN

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


PIPELINING = "250-loopback\r\n250-PIPELINING\r\n250 SIZE 1000000"


@pytest.mark.parametrize("hello", [POLITE["EHLO"], PIPELINING], ids=["one by one", "pipelining"])
@pytest.mark.parametrize(("answers", "ending"), ENDINGS, ids=lambda value: str(value)[:40])
def test_each_ending_is_its_receipt_and_the_next_mail_goes_through(
    answers: dict[str, object], ending: MessageState, hello: str
) -> None:
    async def scene() -> None:
        once = {verb: [said, POLITE[verb]] for verb, said in answers.items()}
        async with scripted(EHLO=hello, **once) as server:
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


def test_a_refused_sender_of_a_pipelined_mail_leaves_the_connection_in_step() -> None:
    async def scene() -> None:
        async with scripted(EHLO=PIPELINING, MAIL=["451 4.7.1 later", "250 Ok"]) as server:
            carrier = a_carrier(server.port)
            await carrier.ready()
            assert (await carrier.carry(an_envelope(1))).reply == "451 4.7.1 later"
            accepted = await carrier.carry(an_envelope(2))
            assert (accepted.outcome, accepted.reply) == (ACCEPTED, "250 2.0.0 queued")
            await carrier.close()
            assert server.connections == 1
            assert [line[:4] for line in server.lines[1:4]] == ["MAIL", "RCPT", "RSET"]

    asyncio.run(scene())


def test_what_nobody_asked_for_is_never_taken_for_an_answer() -> None:
    async def scene() -> None:
        async with scripted(DOT="250 2.0.0 queued\r\n250 2.0.0 and once more") as server:
            carrier = a_carrier(server.port)
            await carrier.ready()
            assert (await carrier.carry(an_envelope(1))).outcome is ACCEPTED
            await asyncio.sleep(0.05)
            assert (await carrier.carry(an_envelope(2))).outcome is ACCEPTED
            assert server.connections == 2
            await carrier.close()

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
            await carrier.carry(an_envelope(4, recipient="ada@Straße.example"))
            await carrier.close()
        assert [sorted(asked) for asked in inbox.options] == [
            ["SIZE=21"],
            ["SIZE=21", "SMTPUTF8"],
            ["BODY=8BITMIME", "SIZE=4"],
            ["SIZE=21"],
        ]
        assert [mail.rcpt_tos for mail in inbox.mails] == [
            ["ada@example.org"],
            ["zoé@example.org"],
            ["ada@xn--exmple-cua.org"],
            ["ada@xn--strae-oqa.example"],
        ]

    asyncio.run(scene())


def test_a_server_that_reports_is_told_the_mails_own_name() -> None:
    async def scene() -> None:
        async with scripted(EHLO="250-loopback\r\n250 DSN") as server:
            carrier = a_carrier(server.port)
            await carrier.carry(replace(an_envelope(1), envelope_id="1-abcdefgh"))
            await carrier.carry(an_envelope(2))
            await carrier.close()
        said = [line for line in server.lines if line.startswith("MAIL")]
        assert said[0].endswith(" RET=HDRS ENVID=1-abcdefgh")
        assert "ENVID" not in said[1]

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
