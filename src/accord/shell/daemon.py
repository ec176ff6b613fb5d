"""The daemon: a handful of interval jobs and the pages, until told to stop; a restart loses nothing."""

from __future__ import annotations

import asyncio
import logging
import signal
from dataclasses import dataclass, field

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from accord.core.model.place import Severity
from accord.shell.engine.collect import go_on_revoking
from accord.shell.engine.ports import Busy, StoreError
from accord.shell.engine.retain import nightly
from accord.shell.engine.sweep import recover
from accord.shell.engine.turn import think
from accord.shell.engine.watch import watch
from accord.shell.web.app import create_app
from accord.shell.web.house_forms import HouseForms
from accord.shell.web.people import HousePeople
from accord.shell.web.server import WebServer
from accord.shell.wiring import House, report_fault

THINK_EVERY, SEND_EVERY, RECOVER_EVERY, REFRESH_EVERY, WATCH_EVERY = 0.5, 0.5, 30.0, 2.0, 60.0
SWEEP_EVERY = 60.0  # asked so often; it does its work once a night


@dataclass(slots=True)
class Daemon:
    """One process, always on. `stop()` finishes what is in hand; all durable state is in the tables."""

    house: House
    serve: bool = True
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _in_hand: set[asyncio.Task[None]] = field(default_factory=set)
    _quiet: bool = False

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT. Raises AlreadyRunning, ConfigFault or OSError before it begins."""
        self.house.store.be_the_only_daemon()
        self.house.store.upgrade()
        self.house.refresh()
        web = self._web()
        scheduler = self._scheduler()
        self._listen_to_signals()
        scheduler.start()
        log = structlog.get_logger("accord")
        log.info(
            "ready", web=web.port if web is not None else None, scenarios=sorted(self.house.catalogue.live)
        )
        try:
            await self._stopping.wait()
            log.info("stopping")
        finally:
            scheduler.shutdown(wait=False)
            if self._in_hand:
                await asyncio.gather(*self._in_hand)
            if web is not None:
                web.stop()
            await self.house.close()
        log.info("stopped")

    def stop(self) -> None:
        """Take nothing new, finish what is in hand."""
        self._stopping.set()

    def _web(self) -> WebServer | None:
        if not self.serve:
            return None
        settings = self.house.settings
        app = create_app(HousePeople(self.house), HouseForms(self.house))
        web = WebServer(
            app, host=settings.web_host, port=settings.web_port, trusted_proxies=settings.trusted_proxies
        )
        web.start()
        return web

    def _scheduler(self) -> AsyncIOScheduler:
        """Interval jobs alone: what is due stands in the tables, never in a job."""
        # An overrunning turn is skipped, which is right; the library warns each time.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        scheduler = AsyncIOScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 30},
        )
        jobs = (
            (self._think, THINK_EVERY),
            (self._send, SEND_EVERY),
            (self._recover, RECOVER_EVERY),
            (self._refresh, REFRESH_EVERY),
            (self._watch, WATCH_EVERY),
            (self._sweep, SWEEP_EVERY),
        )
        for job, seconds in jobs:
            scheduler.add_job(self._kept_in_hand, "interval", seconds=seconds, args=[job])
        return scheduler

    async def _kept_in_hand(self, job) -> None:  # type: ignore[no-untyped-def]
        """Run one job as something that stopping waits for; its faults are logged, the next turn comes."""
        if self._stopping.is_set():
            return
        task = asyncio.ensure_future(job())
        self._in_hand.add(task)
        try:
            await task
        except Busy as fault:
            structlog.get_logger("accord").warning("database busy", detail=str(fault))
        except StoreError as fault:
            structlog.get_logger("accord").error("database", detail=str(fault))
        finally:
            self._in_hand.discard(task)

    # -- the jobs -----------------------------------------------------------------------------------------

    async def _think(self) -> None:
        while not self._stopping.is_set():
            turned = await asyncio.to_thread(self._one_turn)
            if turned:
                continue
            return

    def _one_turn(self) -> bool:
        work = self.house.at_work()
        now = self.house.clock()
        turned = think(self.house.store, work.catalogue, work.activated, now=now, on_fault=report_fault)
        return not turned.idle

    async def _send(self) -> None:
        sender = self.house.sender()
        while not self._stopping.is_set():
            tally = await sender.send_batch()
            if tally.unreachable is not None and not self._quiet:
                structlog.get_logger("accord").warning("mail server unreachable", detail=tally.unreachable)
            self._quiet = tally.unreachable is not None
            if not tally.claimed:
                return

    async def _recover(self) -> None:
        await asyncio.to_thread(
            recover,
            self.house.store,
            self.house.catalogue,
            now=self.house.clock(),
            in_hand=self.house.under_way.in_hand,
        )
        await asyncio.to_thread(
            go_on_revoking,
            self.house.store,
            self.house.catalogue,
            now=self.house.clock(),
        )

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

    async def _refresh(self) -> None:
        """See edited files and activations; a template with a fault keeps its last good version."""
        before = self.house.checked
        await asyncio.to_thread(self.house.refresh)
        if self.house.checked is not before:
            errors = [each for each in self.house.checked.diagnostics if each.severity is Severity.ERROR]
            structlog.get_logger("accord").info("files read", errors=len(errors))

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, lambda: asyncio.ensure_future(self._refresh()))


def log_to_standard_error(*, verbose: bool) -> None:
    """Structured lines, with ids and never with addresses."""
    level = logging.DEBUG if verbose else logging.INFO
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(),
    )
