"""Kept connections that the server ends, and conversations that we break off: each mail is still accounted for."""

from __future__ import annotations

import asyncio
import time

import pytest

from accord.core.model.message import MessageState
from accord.shell.delivery.pool import Limits
from shell.delivery.scripted import DROP, POLITE, STALL, a_carrier, an_envelope, scripted

ACCEPTED, DEFERRED, UNKNOWN = MessageState.ACCEPTED, MessageState.DEFERRED, MessageState.UNKNOWN


@pytest.mark.parametrize("farewell", ["421 4.7.0 too many mails", DROP])
def test_a_mail_for_which_a_kept_connection_is_over_goes_by_a_fresh_one(farewell: object) -> None:
    async def scene() -> None:
        async with scripted(MAIL=[POLITE["MAIL"], farewell, POLITE["MAIL"]]) as server:
            carrier = a_carrier(server.port)
            outcomes = [(await carrier.carry(an_envelope(n))).outcome for n in (1, 2, 3)]
            assert outcomes == [ACCEPTED] * 3
            assert server.connections == 2
            assert [b"Subject: %d" % n in mail for n, mail in enumerate(server.mails, 1)] == [True] * 3
            await carrier.close()

    asyncio.run(scene())


def test_a_server_that_ends_every_conversation_defers_and_is_not_asked_for_ever() -> None:
    async def scene() -> None:
        async with scripted(MAIL=[POLITE["MAIL"], "421 4.7.0 no"]) as server:
            carrier = a_carrier(server.port)
            assert (await carrier.carry(an_envelope(1))).outcome is ACCEPTED
            assert (await carrier.carry(an_envelope(2))).outcome is DEFERRED
            assert server.connections == 2
            await carrier.close()

    asyncio.run(scene())


def test_connections_that_closed_while_idle_are_noticed_before_they_are_offered() -> None:
    async def scene() -> None:
        async with scripted() as server:
            carrier = a_carrier(server.port)
            assert (await carrier.carry(an_envelope(1))).outcome is ACCEPTED
            for writer in server.writers:
                writer.transport.abort()
            await asyncio.sleep(0.05)
            assert await carrier.ready() >= 1
            assert (await carrier.carry(an_envelope(2))).outcome is ACCEPTED
            await carrier.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("stalling", "outcome"),
    [("GREETING", DEFERRED), ("MAIL", DEFERRED), ("RCPT", DEFERRED), ("DATA", DEFERRED), ("DOT", UNKNOWN)],
)
def test_what_is_broken_off_ends_as_what_is_known_of_it(stalling: str, outcome: MessageState) -> None:
    async def scene() -> None:
        async with scripted(**{stalling: STALL}) as server:
            carrier = a_carrier(server.port, verb_timeout=60, dot_timeout=60)
            carrying = asyncio.ensure_future(carrier.carry(an_envelope()))
            await asyncio.sleep(0.15)
            assert not carrying.done()
            begun = time.monotonic()
            carrier.cut()
            receipt = await carrying
            assert time.monotonic() - begun < 1
            assert receipt.outcome is outcome, receipt
            await carrier.close()

    asyncio.run(scene())


def test_a_connection_that_comes_back_after_closing_is_not_kept() -> None:
    async def scene() -> None:
        async with scripted() as server:
            carrier = a_carrier(server.port, limits=Limits(width=1))
            carrying = asyncio.ensure_future(carrier.carry(an_envelope()))
            await asyncio.sleep(0)
            await carrier.close()
            assert (await carrying).outcome is ACCEPTED
            await asyncio.sleep(0.05)
            assert server.lines[-1] == "QUIT"

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("reply", "refused"),
    [
        ("550 5.1.1 no such user", "5.1.1"),
        ("550 5.1.10 no such user", "5.1.10"),
        ("550 no such user", None),
        ("550 5.1.1x odd", None),
    ],
)
def test_the_status_of_a_refused_recipient_is_told(reply: str, refused: str | None) -> None:
    async def scene() -> None:
        async with scripted(RCPT=reply) as server:
            carrier = a_carrier(server.port)
            assert (await carrier.carry(an_envelope())).refused == refused
            await carrier.close()

    asyncio.run(scene())


def test_a_status_said_of_anything_but_the_recipient_tells_nothing_of_the_address() -> None:
    async def scene() -> None:
        async with scripted(DOT="550 5.1.1 said of the whole mail") as server:
            carrier = a_carrier(server.port)
            assert (await carrier.carry(an_envelope())).refused is None
            await carrier.close()

    asyncio.run(scene())
