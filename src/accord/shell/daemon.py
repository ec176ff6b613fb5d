"""The daemon: a handful of interval jobs and the pages, until told to stop; a restart loses nothing."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
import uvloop
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from fastapi import FastAPI

from accord.core.model.place import Diagnostic, Severity
from accord.shell.engine.care.collect import go_on_revoking
from accord.shell.engine.care.retain import nightly
from accord.shell.engine.care.roll_up import roll_up
from accord.shell.engine.catalogue import Stale
from accord.shell.engine.ports.store import StoreError
from accord.shell.engine.sending.sweep import recover
from accord.shell.engine.target.watch import watch
from accord.shell.engine.turn import PATIENCE, think
from accord.shell.jobs import Job
from accord.shell.readiness import ALIVE, READY, STOPPING, notify
from accord.shell.settings import ConfigFault
from accord.shell.web.api.routes import api_room
from accord.shell.web.app import create_app
from accord.shell.web.console.routes import console_routes
from accord.shell.web.hooks import hooks_room
from accord.shell.web.house_forms import HouseForms
from accord.shell.web.house_own import HouseOwn
from accord.shell.web.meters import HouseMeters
from accord.shell.web.people import HousePeople
from accord.shell.web.server import WebServer
from accord.shell.wiring import House, actor, report_fault

THINK_EVERY, SEND_EVERY, RECOVER_EVERY, REFRESH_EVERY, WATCH_EVERY = 0.5, 0.5, 30.0, 2.0, 60.0
POST_EVERY = 0.5
SWEEP_EVERY = 60.0  # asked so often; it does its work once a night
ROLL_UP_EVERY = 60.0

# Counting takes at most one part in so many of the daemon's time.
COUNTING_RESTS = 20

# How often it is looked whether the clock was set back, in seconds.
WATCH_CLOCK_EVERY = 1.0


def run(house: House, *, serve: bool = True) -> None:
    """Run the daemon until SIGTERM or SIGINT. Raises AlreadyRunning, StoreError or OSError before it begins."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(Daemon(house, serve).run())


@dataclass(slots=True)
class Daemon:
    """One process, always on. `stop()` finishes what is in hand; all durable state is in the tables."""

    house: House
    serve: bool = True
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _unreachable: str | None = None
    _counts_again: float = float("-inf")
    _turned: dict[str, datetime] = field(default_factory=dict)

    async def run(self) -> None:
        """Work until told to stop."""
        self.house.store.be_the_only_daemon()
        self.house.refresh()
        web = self._web()
        jobs = self._jobs()
        scheduler = _scheduler(jobs, self.house.clock())
        self._listen_to_signals(Job("reload", 0.0, self._reload))
        scheduler.start()
        log = structlog.get_logger("accord")
        live = sorted(self.house.catalogue.live)
        self._notify(READY)
        log.info("ready", web=web.port if web is not None else None, scenarios=live)
        try:
            await self._until_stopped(scheduler)
            self._notify(STOPPING)
            log.info("stopping")
        finally:
            await self._finish(scheduler, jobs, web)
        log.info("stopped")

    def stop(self) -> None:
        """Take nothing new and finish what is in hand; told again, break off what takes long."""
        if self._stopping.is_set():
            self.house.carrier().cut()
        self._stopping.set()
        self.house.under_way.stopping.set()

    async def _until_stopped(self, scheduler: AsyncIOScheduler) -> None:
        while not self._stopping.is_set():
            heed_the_clock(scheduler, self.house.clock())
            self._notify(ALIVE)
            try:
                await asyncio.wait_for(self._stopping.wait(), WATCH_CLOCK_EVERY)
            except TimeoutError:
                continue

    def _notify(self, state: str) -> None:
        notify(self.house.supervisor, state)

    async def _finish(self, scheduler: AsyncIOScheduler, jobs: list[Job], web: WebServer | None) -> None:
        """What is in hand is finished, what was handed over is settled, the pages answer until the end."""
        self.stop_sending()
        scheduler.shutdown(wait=False)
        for job in jobs:
            await job.ended()
        try:
            await self.house.postman().finish(PATIENCE)
            await self.house.sender().finish(PATIENCE)
        except StoreError as fault:
            unwritten = sorted(self.house.under_way.in_hand)
            structlog.get_logger("accord").error("not settled", messages=unwritten, detail=str(fault))
        if web is not None:
            await asyncio.to_thread(web.stop)
        await self.house.close()

    def stop_sending(self) -> None:
        """From now on the sender takes nothing new."""
        self.house.under_way.stopping.set()

    def _web(self) -> WebServer | None:
        return pages_of(self.house, lambda: dict(self._turned)) if self.serve else None

    # -- the jobs -----------------------------------------------------------------------------------------

    def _jobs(self) -> list[Job]:
        turns = (
            ("think", THINK_EVERY, self._think),
            ("send", SEND_EVERY, self._send),
            ("post", POST_EVERY, self._post),
            ("recover", RECOVER_EVERY, self._recover),
            ("refresh", REFRESH_EVERY, self._refresh),
            ("watch", WATCH_EVERY, self._watch),
            ("sweep", SWEEP_EVERY, self._sweep),
            ("roll_up", ROLL_UP_EVERY, self._roll_up),
        )
        return [Job(name, every, self._noted(name, turn)) for name, every, turn in turns]

    def _noted(self, name: str, turn: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """The same turn; when it ends well, that is noted, for the metrics."""

        async def noted() -> None:
            await turn()
            self._turned[name] = self.house.clock()

        return noted

    async def _think(self) -> None:
        while not self._stopping.is_set() and await self._by_what_stands(self._one_turn):
            self._turned["think"] = self.house.clock()

    async def _one_turn(self) -> bool:
        """Whether there was something to do."""
        work, now = self.house.at_work(), self.house.clock()
        turned = await asyncio.to_thread(think, self.house.store, work, now=now, on_fault=report_fault)
        return not turned.idle

    async def _send(self) -> None:
        while not self._stopping.is_set() and await self._by_what_stands(self._one_batch):
            self._turned["send"] = self.house.clock()

    async def _one_batch(self) -> bool:
        """Whether there was something to send."""
        tally = await self.house.sender().send_batch()
        if tally.unreachable is not None and self._unreachable is None:
            structlog.get_logger("accord").warning("mail server unreachable", detail=tally.unreachable)
        if tally.unreachable is None and self._unreachable is not None:
            structlog.get_logger("accord").info("mail server answers")
        self._unreachable = tally.unreachable
        return tally.claimed > 0

    async def _post(self) -> None:
        while not self._stopping.is_set() and await self._by_what_stands(self._one_round):
            continue

    async def _one_round(self) -> bool:
        """Whether there was something to tell another system."""
        return await self.house.postman().turn() > 0

    async def _by_what_stands(self, work: Callable[[], Awaitable[bool]]) -> bool:
        """Do it; where something was activated, or turned, since it was read: read it again, and come back."""
        try:
            return await work()
        except Stale:
            await asyncio.to_thread(self.house.catch_up)
        return True

    async def _recover(self) -> None:
        catalogue, now = self.house.catalogue, self.house.clock()
        in_hand = self.house.under_way.in_hand
        await asyncio.to_thread(recover, self.house.store, catalogue, now=now, in_hand=in_hand)
        await asyncio.to_thread(go_on_revoking, self.house.store, catalogue, now=now)

    async def _watch(self) -> None:
        """Judge the day, once: what the figures of the opt-out customers allow."""
        await asyncio.to_thread(watch, self.house.store, self.house.venue, now=self.house.clock())

    async def _sweep(self) -> None:
        """Once a night: what has come to its end goes."""
        done = await asyncio.to_thread(
            nightly,
            self.house.store,
            self.house.catalogue,
            now=self.house.clock(),
            stopped=self._stopping.is_set,
        )
        if done is not None:
            structlog.get_logger("accord").info("swept", **done.told())

    async def _roll_up(self) -> None:
        """Count anew what pages and metrics tell of; where that takes long, more seldom."""
        time = asyncio.get_running_loop().time
        begun = time()
        if begun >= self._counts_again:
            await asyncio.to_thread(roll_up, self.house.store, self.house.venue, now=self.house.clock())
            self._counts_again = begun + COUNTING_RESTS * (time() - begun)

    async def _refresh(self) -> None:
        """See edited files and activations; a template with a fault keeps its last good version."""
        before = self.house.checked
        await asyncio.to_thread(self.house.refresh)
        if self.house.checked is not before:
            _tell_faults("files read", self.house.checked.diagnostics)

    async def _reload(self) -> None:
        """Read config.toml and the files again; a configuration with a fault changes nothing."""
        try:
            fixed = await asyncio.to_thread(self.house.reload, actor())
        except ConfigFault as fault:
            _tell_faults("configuration refused, the one before stays in force", fault.diagnostics)
            return
        await self.house.close_former()
        _tell_faults("configuration read", self.house.checked.diagnostics)
        if fixed:
            structlog.get_logger("accord").warning("needs a restart", keys=fixed)

    def _listen_to_signals(self, reload: Job) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, lambda: asyncio.ensure_future(reload.begin()))


# -- the ticker ------------------------------------------------------------------------------------------------


def _scheduler(jobs: list[Job], now: datetime) -> AsyncIOScheduler:
    """Interval jobs alone, beginning at once: what is due stands in the tables, never in a job."""
    # A tick that was missed is no news.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    scheduler = AsyncIOScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 30}
    )
    for job in jobs:
        scheduler.add_job(job.begin, "interval", seconds=job.every, id=job.name, next_run_time=now)
    return scheduler


def heed_the_clock(scheduler: AsyncIOScheduler, now: datetime) -> None:
    """Bring back ticks that lie farther ahead than their interval: the clock was set back meanwhile.

    The ticker goes by the wall clock, and would be silent until that has caught up.
    """
    for job in scheduler.get_jobs():
        if job.next_run_time - now > job.trigger.interval + timedelta(seconds=1):
            job.modify(next_run_time=now)


# -- the log ---------------------------------------------------------------------------------------------------


def _tell_faults(what: str, diagnostics: list[Diagnostic] | tuple[Diagnostic, ...]) -> None:
    errors = [each for each in diagnostics if each.severity is Severity.ERROR]
    log = structlog.get_logger("accord")
    (log.error if errors else log.info)(what, errors=len(errors))
    for each in errors:
        log.error("fault", at=f"{each.span.file}:{each.span.line}:{each.span.column}", says=each.message)


def application(house: House, turned: Callable[[], Mapping[str, datetime]] = dict) -> FastAPI:
    """All that is served over HTTP: pages for recipients, doors for systems, the console for the team.

    `turned`: when each loop of this process last had a turn.
    """
    rooms = [api_room(house), hooks_room(house)]
    app = create_app(
        HousePeople(house), HouseForms(house), HouseMeters(house, turned), rooms, HouseOwn(house)
    )
    console_routes(app, house)
    return app


def pages_of(house: House, turned: Callable[[], Mapping[str, datetime]] = dict) -> WebServer:
    """The house's pages, served in a thread of their own. Raises OSError where the port is taken."""
    settings = house.settings
    web = WebServer(
        application(house, turned),
        host=settings.web_host,
        port=settings.web_port,
        trusted_proxies=settings.trusted_proxies,
    )
    web.start()
    return web
