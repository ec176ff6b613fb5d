"""Kept connections: as many as there is demand for, none that is dead, worn or idle for long."""

from __future__ import annotations

import asyncio

import pytest

from accord.core.model.message import MessageState
from accord.shell.delivery.pool import Limits
from shell.delivery.scripted import STALL, Inbox, a_carrier, an_envelope, real, scripted

ACCEPTED = MessageState.ACCEPTED


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
