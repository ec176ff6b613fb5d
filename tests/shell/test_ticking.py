"""Both tickers: whose turn it is, what goes on until it is done, what dead workers leave, clocks that jump."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg
import pytest
from procrastinate import App, PsycopgConnector
from sqlalchemy import text

from accord.shell.engine.ports.store import StoreError
from accord.shell.jobs import Job, Reach
from accord.shell.store import queue_schema
from accord.shell.store.database import open_store
from accord.shell.ticking.intervals import IntervalTicker
from accord.shell.ticking.ticker import Ticker
from accord.shell.ticking.work_queue import QueueTicker, cron, tidy
from builders import NOW
from conftest import KEYS


@dataclass
class Work:
    """So many batches that wait, and who did how many of them; `at_once` is how many were ever done side by side."""

    batches: int = 0
    done: Counter[str] = field(default_factory=Counter)
    doing: int = 0
    at_once: int = 0

    def by(self, name: str) -> Callable[[], Awaitable[bool]]:
        async def batch() -> bool:
            if not self.batches:
                return False
            self.batches -= 1
            self.doing += 1
            self.at_once = max(self.at_once, self.doing)
            await asyncio.sleep(0.02)
            self.doing -= 1
            self.done[name] += 1
            return True

        return batch


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not done():
            await asyncio.sleep(0.01)


@pytest.fixture
def server(postgres_url: str) -> Iterator[str]:
    """A database with all tables, procrastinate's among them."""
    store = open_store(postgres_url, dice=bytes, keys=lambda: KEYS)
    yield postgres_url
    store.close()


def all_ended(*tickers: Ticker) -> Awaitable[object]:
    return asyncio.gather(*(ticker.end() for ticker in tickers))


def test_a_job_goes_on_at_once_while_there_is_more(server: str) -> None:
    async def go() -> None:
        work = Work(30)
        ticker = QueueTicker(server, [Job("send", 1.0, work.by("one"))])
        await ticker.begin()
        await until(lambda: work.done["one"] == 30)
        await ticker.end()
        assert work.at_once == 1, "one at a time in a process"

    asyncio.run(go())


def test_those_who_share_a_queue_share_the_work_and_one_joins_and_one_leaves(server: str) -> None:
    async def go() -> None:
        work = Work(150)
        one, two, three = (QueueTicker(server, [Job("send", 1.0, work.by(name))]) for name in "ABC")
        await one.begin()
        await two.begin()
        await until(lambda: sum(work.done.values()) > 30)
        await three.begin()
        await until(lambda: work.done["C"] > 5)
        await one.end()
        left_with = work.done["A"]
        await until(lambda: sum(work.done.values()) == 150)
        await all_ended(two, three)
        assert work.at_once > 1
        assert min(work.done.values()) > 5, "each had its part"
        assert work.done["A"] == left_with

    asyncio.run(go())


def test_what_is_for_one_daemon_alone_is_never_done_by_two(server: str) -> None:
    async def go() -> None:
        work = Work(1000)

        def slow(name: str) -> Callable[[], Awaitable[bool]]:
            batch = work.by(name)

            async def turn() -> bool:
                await batch()
                await asyncio.sleep(0.3)
                return False

            return turn

        tickers = [
            QueueTicker(
                server, [Job("sweep", 1.0, slow(name), Reach.ALONE), Job("send", 9.0, Work().by(name))]
            )
            for name in "AB"
        ]
        for ticker in tickers:
            await ticker.begin()
        await until(lambda: sum(work.done.values()) >= 3)
        await all_ended(*tickers)
        assert work.at_once == 1

    asyncio.run(go())


def test_each_does_for_itself_what_is_about_itself_and_its_end_waits_for_it(server: str) -> None:
    async def go() -> None:
        beats = Counter[str]()

        def beat(name: str) -> Callable[[], Awaitable[bool]]:
            async def turn() -> bool:
                await asyncio.sleep(0.01)
                beats[name] += 1
                return False

            return turn

        tickers: list[Ticker] = [
            QueueTicker(server, [Job("beat", 0.01, beat("A"), Reach.EACH)]),
            QueueTicker(server, [Job("beat", 0.01, beat("B"), Reach.EACH)]),
        ]
        for ticker in tickers:
            await ticker.begin()
        await until(lambda: min(beats["A"], beats["B"]) > 2)
        await all_ended(*tickers)
        before = Counter(beats)
        await asyncio.sleep(0.05)
        assert beats == before

    asyncio.run(go())


def test_a_turn_that_fails_is_told_and_the_next_comes(server: str) -> None:
    async def go() -> None:
        turns = 0

        async def turn() -> bool:
            nonlocal turns
            turns += 1
            raise StoreError("away")

        ticker = QueueTicker(server, [Job("send", 1.0, turn)])
        await ticker.begin()
        await until(lambda: turns == 2)
        await ticker.end()

    asyncio.run(go())
    with psycopg.connect(server) as connection:
        assert connection.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'"
        ).fetchall() == [(0,)]


def test_lost_connections_and_clocks_that_are_set_back_make_nobody_silent(server: str) -> None:
    async def go() -> None:
        work = Work(1)
        ticker = QueueTicker(server, [Job("send", 1.0, work.by("A"))])
        await ticker.begin()
        await until(lambda: work.done["A"] == 1)
        await asyncio.to_thread(throw_out, server)
        work.batches = 1
        await until(lambda: work.done["A"] == 2)
        ticker.heed(NOW)
        ticker.heed(NOW - timedelta(hours=1))
        work.batches = 1
        await until(lambda: work.done["A"] == 3)
        await ticker.end()

    asyncio.run(go())


def throw_out(server: str) -> None:
    """End every connection to the database but this one."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_jobs_of_a_dead_worker_are_put_back_unless_their_like_waits(server: str) -> None:
    row = "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, status) VALUES (%s, %s, %s, %s)"
    with psycopg.connect(server) as connection:
        for name, status in (("sweep", "doing"), ("send", "doing"), ("send", "todo")):
            connection.execute(row, (name, name, name, status))

    async def go() -> int:
        app = App(connector=PsycopgConnector(conninfo=server))
        async with app.open_async():
            return await tidy(app)

    assert asyncio.run(go()) == 1
    with psycopg.connect(server) as connection:
        left = connection.execute(
            "SELECT task_name, status::text FROM procrastinate_jobs ORDER BY 1"
        ).fetchall()
    assert left == [("send", "todo"), ("sweep", "todo")]


def test_procrastinates_tables_are_made_once_and_never_over_somebody_elses(server: str) -> None:
    store = open_store(server, dice=bytes, keys=lambda: KEYS)
    with store.engine.begin() as connection:
        queue_schema.bring_up(connection)
        connection.execute(text("COMMENT ON TABLE procrastinate_jobs IS NULL"))
        with pytest.raises(StoreError, match="somebody else's procrastinate"):
            queue_schema.bring_up(connection)
    store.close()


def test_intervals_are_told_as_procrastinate_reads_them() -> None:
    assert [cron(every) for every in (0.5, 2.0, 30.0, 60.0, 300.0)] == [
        "* * * * * */1",
        "* * * * * */2",
        "* * * * * */30",
        "*/1 * * * *",
        "*/5 * * * *",
    ]


def test_on_one_machine_a_job_goes_on_while_there_is_more_and_its_end_is_waited_for() -> None:
    async def go() -> None:
        work = Work(5)
        ticker = IntervalTicker([Job("send", 30.0, work.by("one"))], NOW)
        await ticker.begin()
        await until(lambda: work.done["one"] == 2)
        await ticker.end()
        assert work.done["one"] == 5

    asyncio.run(go())
