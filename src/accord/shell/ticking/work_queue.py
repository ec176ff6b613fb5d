"""The ticker of many machines: procrastinate, PostgreSQL's own job queue, says which daemon does the next batch.

A job is «do one batch», never one contact: what is due stands in our own tables, and is claimed there, so a job that
runs twice finds nothing the second time. A tick puts a job into the queue unless one waits there already (its queueing
lock); whoever is free takes it, and puts in the next one while there is more to do.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import Status

from accord.shell.engine.ports.store import StoreError
from accord.shell.jobs import Job, Reach

# A worker that has not been heard of for so many seconds has died; one that lives says so three times as often.
SILENT_AFTER = 30.0
HEARTBEAT_EVERY = 10.0

# How often jobs of dead workers are looked for, in seconds; and for how long failed ones are kept for whoever asks.
TIDY_EVERY = 30.0
KEEP_HOURS = 72

# A lost connection is tried again after so many seconds.
REST = 1.0

# How far the wall clock may go astray from the monotonic one before ticks are reckoned anew.
JUMP = timedelta(seconds=2)

# A connection that is gone is noticed within a minute or so.
CONNECTION = {"connect_timeout": 5, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}


@dataclass(slots=True)
class Lane:
    """Jobs that one worker takes, as many at once as there are kinds: where its connection is lost, it is opened anew."""

    url: str
    jobs: Sequence[Job]
    app: App = field(init=False)
    _worker: asyncio.Task[None] | None = None
    _expect_more: set[str] = field(default_factory=set)

    async def work(self) -> None:
        """Take jobs until cancelled; what goes on then is finished first."""
        while True:
            self._worker = asyncio.create_task(self._work_while_connected())
            try:
                await asyncio.wait({self._worker})
            except asyncio.CancelledError:
                self.renew()
                await asyncio.wait({self._worker})
                raise
            if not self._worker.cancelled() and (lost := self._worker.exception()) is not None:
                self.jobs[0].complain(_in_our_words(lost))
            await asyncio.sleep(REST)

    def renew(self) -> None:
        """Finish what goes on, and begin anew: ticks are reckoned by the clock as it is then."""
        if self._worker is not None:
            self._worker.cancel()

    async def _work_while_connected(self) -> None:
        connector = PsycopgConnector(
            conninfo=self.url, min_size=1, max_size=2, timeout=5.0, kwargs=CONNECTION
        )
        self.app = App(connector=connector)
        for job in self.jobs:
            self._register(job)
        async with self.app.open_async():
            # No timeout for what goes on when it is to stop: a mail that is being handed over is waited for.
            await self.app.run_worker_async(
                name=self.jobs[0].name,
                queues=[job.name for job in self.jobs],
                concurrency=len(self.jobs),
                install_signal_handlers=False,
                delete_jobs="successful",
                update_heartbeat_interval=HEARTBEAT_EVERY,
                stalled_worker_timeout=SILENT_AFTER,
            )

    def _register(self, job: Job) -> None:
        async def batch(timestamp: int) -> None:  # noqa: ARG001 - a tick tells its instant
            await self._do(job)

        alone = job.name if job.reach is Reach.ALONE else None
        task = self.app.task(name=job.name, queue=job.name, queueing_lock=job.name, lock=alone)(batch)
        self.app.periodic(cron=cron(job.every))(task)

    async def _do(self, job: Job) -> None:
        """One batch. After one that found work the next is put in before it is begun: another daemon may be free."""
        expects_more = job.name in self._expect_more
        if expects_more:
            await self._put_in(job.name)
        if not await job.once():
            self._expect_more.discard(job.name)
        elif not expects_more:
            self._expect_more.add(job.name)
            for name in (job.name, *job.wakes):
                await self._put_in(name)

    async def _put_in(self, name: str) -> None:
        """Put the next batch of a job into the queue, unless one waits there already."""
        batch = self.app.configure_task(name, allow_unknown=True, queue=name, queueing_lock=name)
        with contextlib.suppress(AlreadyEnqueued):
            await batch.defer_async(timestamp=0)


async def tidy(app: App) -> int:
    """Put jobs of workers that have died back into the queue, drop old failures; returns how many were put back.

    Where the same job waits there already, the dead one's is over: both would look for the same work.
    """
    queue, put_back = app.job_manager, 0
    for job in await queue.get_stalled_jobs(seconds_since_heartbeat=SILENT_AFTER):
        try:
            await queue.retry_job(job)
            put_back += 1
        except UniqueViolation:
            await queue.finish_job(job, Status.FAILED, delete_job=True)
    await queue.delete_old_jobs(KEEP_HOURS, include_failed=True, include_cancelled=True, include_aborted=True)
    return put_back


@dataclass(slots=True)
class QueueTicker:
    """The port `Ticker` for a daemon among others on one PostgreSQL."""

    url: str
    jobs: Sequence[Job]
    _lanes: list[Lane] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)
    _seen: tuple[datetime, float] | None = None

    async def begin(self) -> None:
        """A worker for each kind of shared batch, one for all that one daemon does at a time; the process's own beside."""
        # Their news are of single jobs and connections; what goes wrong is told by the job, in our words.
        for name in ("procrastinate", "psycopg.pool"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        shared = self._of(Reach.SHARED)
        if shared:
            self._lanes = [*(Lane(self.url, [job]) for job in shared), self._last_lane()]
        self._tasks = [asyncio.create_task(lane.work()) for lane in self._lanes]
        self._tasks += [asyncio.create_task(self._again_and_again(job)) for job in self._of(Reach.EACH)]

    def _last_lane(self) -> Lane:
        async def tidied() -> bool:
            await tidy(lane.app)
            return False

        # It may run twice, and must not wait for a dead worker's lock: its own would be one.
        lane = Lane(self.url, [Job("queue", TIDY_EVERY, tidied), *self._of(Reach.ALONE)])
        return lane

    def _of(self, reach: Reach) -> list[Job]:
        return [job for job in self.jobs if job.reach is reach]

    async def _again_and_again(self, job: Job) -> None:
        while not self._ended.is_set():
            if not await job.once():
                await self._rest(job.every)

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), seconds)

    def heed(self, now: datetime) -> None:
        """Begin the lanes anew where the wall clock has jumped: by it procrastinate reckons what it has put in."""
        time = asyncio.get_running_loop().time()
        before, self._seen = self._seen, (now, time)
        if before is not None and abs(now - before[0] - timedelta(seconds=time - before[1])) > JUMP:
            for lane in self._lanes:
                lane.renew()

    async def end(self) -> None:
        """No more ticks; what goes on is waited for."""
        self._ended.set()
        for task in self._tasks[: len(self._lanes)]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def cron(every: float) -> str:
    """Every so many seconds as procrastinate is told it: once a second at most, whole minutes from one on."""
    seconds = max(1, round(every))
    return f"* * * * * */{seconds}" if seconds < 60 else f"*/{seconds // 60} * * * *"


def _in_our_words(lost: BaseException) -> Exception:
    """A database that is away is told as such, without the driver's words: they hold names of machines and users."""
    if isinstance(lost, ConnectorException | psycopg.Error) or not isinstance(lost, Exception):
        return StoreError("the job queue's connection was lost. It is tried again.")
    return lost
