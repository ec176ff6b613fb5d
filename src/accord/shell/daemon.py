"""The daemon: its role's jobs and the pages, until told to stop; a restart loses nothing."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
import uvloop
from fastapi import FastAPI

from accord.shell.engine.ports.daemons import DaemonRole
from accord.shell.engine.ports.store import StoreError
from accord.shell.engine.turn import PATIENCE
from accord.shell.jobs import Job
from accord.shell.loops import Loops, tell_faults
from accord.shell.readiness import ALIVE, READY, STOPPING, notify
from accord.shell.settings import ConfigFault
from accord.shell.ticking.intervals import IntervalTicker
from accord.shell.ticking.ticker import Ticker
from accord.shell.web.api.routes import api_room
from accord.shell.web.app import create_app
from accord.shell.web.console.routes import console_routes
from accord.shell.web.hooks import hooks_room
from accord.shell.web.house_forms import HouseForms
from accord.shell.web.house_own import HouseOwn
from accord.shell.web.meters import HouseMeters
from accord.shell.web.people import HousePeople
from accord.shell.web.server import WebServer
from accord.shell.wiring import House, actor

# How often it is looked whether the clock was set back, in seconds.
WATCH_CLOCK_EVERY = 1.0


def run(house: House, role: DaemonRole = DaemonRole.ALL) -> None:
    """Run the daemon until SIGTERM or SIGINT. Raises AlreadyRunning, StoreError or OSError before it begins."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(Daemon(house, role).run())


# New things, and generations of them, after which the garbage collector looks for circles.
_LOOK_FOR_CIRCLES = (50_000, 20, 100)


@dataclass(slots=True)
class Daemon:
    """One process, always on. `stop()` finishes what is in hand; all durable state is in the tables."""

    house: House
    role: DaemonRole = DaemonRole.ALL
    loops: Loops = field(init=False)
    _web: WebServer | None = None

    def __post_init__(self) -> None:
        self.loops = Loops(self.house, self.role)

    async def run(self) -> None:
        """Work until told to stop."""
        self.house.store.be_the_only_daemon()
        self.house.refresh()
        settle_memory()
        self._web = web = pages_of(self.house, self._when_turned) if self._serves else None
        ticker = ticker_of(self.house, self.loops.jobs())
        self._listen_to_signals(Job("reload", 0.0, self._reload))
        await ticker.begin()
        log = structlog.get_logger("accord")
        live = sorted(self.house.catalogue.live)
        self._notify(READY)
        log.info("ready", role=self.role.value, web=web.port if web is not None else None, scenarios=live)
        try:
            await self._until_stopped(ticker)
            self._notify(STOPPING)
            log.info("stopping")
        finally:
            await self._finish(ticker)
        log.info("stopped")

    @property
    def _serves(self) -> bool:
        return self.role in (DaemonRole.ALL, DaemonRole.WEB)

    def _when_turned(self) -> Mapping[str, datetime]:
        return dict(self.loops.turned)

    def stop(self) -> None:
        """Take nothing new and finish what is in hand; told again, break off what takes long."""
        if self.loops.stopping.is_set():
            self.house.ways().cut()
        self.loops.stopping.set()
        self.house.under_way.stopping.set()

    async def _until_stopped(self, ticker: Ticker) -> None:
        stopping = self.loops.stopping
        while not stopping.is_set():
            ticker.heed(self.house.clock())
            self._notify(ALIVE)
            try:
                await asyncio.wait_for(stopping.wait(), WATCH_CLOCK_EVERY)
            except TimeoutError:
                continue

    def _notify(self, state: str) -> None:
        notify(self.house.supervisor, state)

    async def _finish(self, ticker: Ticker) -> None:
        """What is in hand is finished, what was handed over is settled, the pages answer until the end."""
        self.house.under_way.stopping.set()
        self.loops.stopping.set()
        await ticker.end()
        try:
            await self.house.postman().finish(PATIENCE)
            await self.house.sender().finish(PATIENCE)
            await asyncio.to_thread(self.loops.leave)
        except StoreError as fault:
            unwritten = sorted(self.house.under_way.in_hand)
            structlog.get_logger("accord").error("not settled", messages=unwritten, detail=str(fault))
        if self._web is not None:
            await asyncio.to_thread(self._web.stop)
        await self.house.close()

    async def _reload(self) -> bool:
        """Read config.toml and the files again; a configuration with a fault changes nothing."""
        try:
            fixed = await asyncio.to_thread(self.house.reload, actor())
        except ConfigFault as fault:
            tell_faults("configuration refused, the one before stays in force", fault.diagnostics)
            return False
        await self.house.close_former()
        if (
            self._web is not None
        ):  # colours, logo, labels and addresses are those of the configuration in force
            self._web.app = await asyncio.to_thread(application, self.house, self._when_turned)
        tell_faults("configuration read", self.house.checked.diagnostics)
        if fixed:
            structlog.get_logger("accord").warning("needs a restart", keys=fixed)
        return False

    def _listen_to_signals(self, reload: Job) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, lambda: asyncio.ensure_future(reload.begin()))


def settle_memory() -> None:
    """What was made to begin with stays: it is not looked through again and again for what could be thrown away.

    A batch makes tens of thousands of small things that refer to one another in no circle; with the interpreter's
    own thresholds a tenth of a daemon's time would go into looking for circles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_LOOK_FOR_CIRCLES)


def ticker_of(house: House, jobs: Sequence[Job]) -> Ticker:
    """Who asks for these jobs: on PostgreSQL the queue that all daemons share, else intervals of this process."""
    if house.store.server is None:
        return IntervalTicker(jobs, house.clock())
    # It takes a while to read, and one machine alone does not need it.
    from accord.shell.ticking.work_queue import QueueTicker

    return QueueTicker(house.store.server, jobs)


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
