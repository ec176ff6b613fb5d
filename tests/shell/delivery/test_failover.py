"""A second mail server takes what the first can't have, and nothing else; the first is left alone for a while."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.model.message import MessageState
from accord.shell.delivery.failover import FIRST_REST, LONGEST_REST, MOST_FAILURES, Breaker, FailoverCarrier
from accord.shell.delivery.pool import Limits
from accord.shell.engine.ports.mailing import Receipt, Unreachable
from accord.shell.engine.sending.relays import NOT_TAKEN, CountedCarrier, RelayBook
from shell.delivery.scripted import DROP, STALL, Inbox, Scripted, a_carrier, an_envelope, real, scripted

ACCEPTED, DEFERRED, UNKNOWN = MessageState.ACCEPTED, MessageState.DEFERRED, MessageState.UNKNOWN


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Two:
    """A scripted server, a real one behind it, and the book of what they did."""

    first: Scripted
    second: Inbox
    carrier: FailoverCarrier
    book: RelayBook
    clock: Clock

    async def send(self, *numbers: int) -> list[Receipt]:
        """One after the other, as a sender would."""
        receipts = []
        for number in numbers:
            assert await self.carrier.ready() > 0
            receipts.append(await self.carrier.carry(an_envelope(number)))
        return receipts

    @property
    def arrived(self) -> tuple[int, int]:
        return len(self.first.mails), len(self.second.mails)


def with_two(scene: Any, **answers: object) -> None:
    """Run a scene with both."""

    async def run() -> None:
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(scripted(**answers))
            second = Inbox()
            port = await stack.enter_async_context(real(second))
            book, clock = RelayBook(), Clock()
            ways = [
                CountedCarrier(a_carrier(each, limits=Limits(width=2, first_pause=0.0)), name, book)
                for name, each in (("smtp", first.port), ("smtp.fallback", port))
            ]
            two = Two(first, second, FailoverCarrier(*ways, clock), book, clock)
            await scene(two)
            await two.carrier.close()

    asyncio.run(run())


def test_while_the_first_takes_mail_the_second_gets_none() -> None:
    async def scene(two: Two) -> None:
        assert {receipt.outcome for receipt in await two.send(1, 2, 3)} == {ACCEPTED}
        assert two.arrived == (3, 0)
        assert two.book.outcomes == {"smtp": {"accepted": 3}, "smtp.fallback": {}}

    with_two(scene)


@pytest.mark.parametrize(
    "answers",
    [
        {"GREETING": "554 no"},
        {"GREETING": DROP},
        {"EHLO": "421 not now", "HELO": "421 not now"},
        {"MAIL": "421 4.3.2 closing"},
        {"MAIL": "451 4.3.0 try later"},
        {"MAIL": "550 5.7.1 sender rejected"},
        {"MAIL": DROP},
        {"RCPT": DROP},
        {"DATA": DROP},
    ],
    ids=str,
)
def test_what_the_first_can_not_have_the_second_takes(answers: dict[str, object]) -> None:
    async def scene(two: Two) -> None:
        assert [receipt.outcome for receipt in await two.send(1, 2)] == [ACCEPTED, ACCEPTED]
        assert two.arrived == (0, 2)

    with_two(scene, **answers)


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ({"DOT": DROP}, UNKNOWN),
        ({"DOT": STALL}, UNKNOWN),
        ({"DOT": "nonsense"}, UNKNOWN),
        ({"DOT": "451 4.3.0 later"}, DEFERRED),
        ({"DOT": "421 4.3.2 closing"}, DEFERRED),
        ({"RCPT": "450 4.2.1 later"}, DEFERRED),
        ({"RCPT": "421 4.7.0 less"}, DEFERRED),
        ({"RCPT": "550 5.1.1 unknown"}, MessageState.REJECTED),
    ],
    ids=str,
)
def test_what_the_first_may_have_or_refuses_for_the_mails_sake_no_other_is_given(
    answers: dict[str, object], outcome: MessageState
) -> None:
    async def scene(two: Two) -> None:
        [receipt] = await two.send(1)
        assert (receipt.outcome, receipt.not_taken) == (outcome, False)
        assert two.arrived[1] == 0
        assert two.book.outcomes["smtp"] == {outcome.value: 1}

    with_two(scene, **answers)


def test_the_first_is_left_alone_and_tried_again_after_its_rest() -> None:
    async def scene(two: Two) -> None:
        await two.send(*range(MOST_FAILURES))
        tried = two.first.connections
        await two.send(10, 11)
        assert two.first.connections == tried, "left alone"
        assert two.arrived == (0, MOST_FAILURES + 2)
        assert two.book.outcomes["smtp"] == {NOT_TAKEN: MOST_FAILURES}
        two.first.answers["MAIL"] = "250 Ok"
        two.clock.now += FIRST_REST
        await two.send(20, 21)
        assert two.arrived == (2, MOST_FAILURES + 2), "it is back"

    with_two(scene, MAIL="451 4.3.0 try later")


def test_a_silent_first_is_left_alone_at_once_and_both_silent_are_told_together() -> None:
    async def scene() -> None:
        async with real(inbox := Inbox()) as port:
            carrier, book = two_of(1, port), carriers
            assert await carrier.ready() == 1
            assert (await carrier.carry(an_envelope(1))).outcome is ACCEPTED and len(inbox.mails) == 1
            assert book.silent["smtp"] is not None and book.silent["smtp.fallback"] is None
            await carrier.close()
        neither = two_of(1, 2)
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1 .* 127\.0\.0\.1:2 "):
            await neither.ready()

    carriers = RelayBook()

    def two_of(*ports: int) -> FailoverCarrier:
        first, second = (
            CountedCarrier(a_carrier(port), name, carriers)
            for name, port in zip(("smtp", "smtp.fallback"), ports, strict=True)
        )
        return FailoverCarrier(first, second, Clock())

    asyncio.run(scene())


def test_fewer_connections_than_asked_for_are_no_silence() -> None:
    """The server gives one connection and refuses the next: the mail under way on it shows that it lives."""

    async def scene(two: Two) -> None:
        assert await two.carrier.ready() == 1
        under_way = asyncio.ensure_future(two.carrier.carry(an_envelope(1)))
        await asyncio.sleep(0.05)
        with pytest.raises(Unreachable):
            await two.carrier.ready()
        under_way.cancel()
        await asyncio.gather(under_way, return_exceptions=True)
        assert two.arrived[1] == 0

    with_two(scene, GREETING=["220 one", "421 no more"], DATA=STALL)


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["failed", "at once", "worked"]), st.floats(0, 1000)), max_size=60
    )
)
def test_a_breaker_rests_longer_each_time_and_never_too_long(steps: list[tuple[str, float]]) -> None:
    breaker, now, in_a_row = Breaker(), 0.0, 0
    for what, gap in steps:
        now += gap
        if what == "worked":
            breaker.worked()
            in_a_row = 0
            assert not breaker.is_open(now)
            continue
        in_a_row += 1
        breaker.failed(now, at_once=what == "at once")
        assert breaker.is_open(now) or in_a_row < MOST_FAILURES
        assert breaker.rests_until - now <= LONGEST_REST
