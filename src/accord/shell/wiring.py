"""Builds the house: the only file that knows every room, and the only one with clock and dice."""

from __future__ import annotations

import os
import pwd
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import structlog

from accord.core.foresight import forecast_of
from accord.core.language.wordings import parse_wording
from accord.core.mail.links import Links
from accord.core.mail.returns import Returns
from accord.core.model.content import Catalogue
from accord.core.model.forecast import Forecast
from accord.core.model.message import Lane
from accord.core.model.scenario import Scenario
from accord.core.model.venue import Venue
from accord.core.model.wording import Wording
from accord.shell.crowd import Source, walk_everybody
from accord.shell.delivery.webhook import HttpPoster
from accord.shell.engine.catalogue import AtWork, Checked, Shelf, Stale, at_work, check_all, stock
from accord.shell.engine.opening import LawsDiffer, follow_the_law, open_books
from accord.shell.engine.ports.mailing import Carrier
from accord.shell.engine.ports.posting import Poster
from accord.shell.engine.sending.lanes import Lanes, Traffic, Ways, lanes_of
from accord.shell.engine.sending.letters import LetterWriter
from accord.shell.engine.sending.pacer import Pacer
from accord.shell.engine.sending.postman import Postman, Round
from accord.shell.engine.sending.relays import RelayBook
from accord.shell.engine.sending.reprint import Press
from accord.shell.engine.sending.send import Sender
from accord.shell.engine.sending.under_way import UnderWay
from accord.shell.engine.team import SALT
from accord.shell.engine.turn import Turned, post_until_idle, send_until_idle, think_until_idle
from accord.shell.keys import Keys, KeyUse, add_key, make_keys, read_keys
from accord.shell.library import Library, read_library, stamp
from accord.shell.preview.everyone import frame, planned
from accord.shell.settings import Settings, load_settings
from accord.shell.store.after_restore import replay_objections
from accord.shell.store.database import SqlStore, open_for_reading, open_store
from accord.shell.store.people import Law
from accord.shell.store.postings import outbox_of
from accord.shell.way_out import ways_out
from accord.shell.wordings import LANGUAGES, CatalogueWording, wordings

Clock = Callable[[], datetime]

# Settings that a process is built on: others need a restart.
FIXED = ("database_url", "keys_file", "objections_log", "web_host", "web_port", "trusted_proxies")


def system_clock() -> datetime:
    """The instant, aware and in UTC."""
    return datetime.now(UTC)


def read_settings(path: Path) -> Settings:
    """The configuration in force. Raises ConfigFault."""
    return load_settings(path, os.environ)


def new_keys(path: Path) -> Keys:
    """Make a venue's keys. Raises FileExistsError."""
    return make_keys(path, secrets.token_bytes)


def fresh_token() -> str:
    """A cookie that nobody can guess: 256 bits."""
    return secrets.token_urlsafe(32)


def fresh_salt() -> bytes:
    """A salt for one password."""
    return secrets.token_bytes(SALT)


def actor() -> str:
    """Who acts, where a command does not say `--by`: the system's user."""
    try:
        return os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"


@dataclass(slots=True)
class House:
    """A venue at work. Cheap parts are made at once, the rest when it is first asked for."""

    settings: Settings
    store: SqlStore
    clock: Clock = system_clock
    config: Path = Path("config.toml")
    library: Library = field(default_factory=Library)
    shelf: Shelf = field(default_factory=Shelf)
    checked: Checked = field(default_factory=lambda: Checked({}, ()))
    _wordings: Mapping[str, Wording] | None = None
    work: AtWork | None = None
    law: str | None = None
    under_way: Traffic = field(default_factory=Traffic)
    round: Round = field(default_factory=Round)
    poster: Poster = field(default_factory=HttpPoster)
    _stamp: tuple[tuple[str, int, int], ...] | None = None
    pacer: Pacer = field(init=False)
    relays: RelayBook = field(default_factory=RelayBook)
    _ways: Ways | None = None
    _former: list[Ways] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pacer = Pacer(self.settings.smtp.rates, time.monotonic)

    @property
    def keys(self) -> Keys:
        """The venue's keys, read when first asked for. Raises KeysFault."""
        return self.store.keys()

    @property
    def supervisor(self) -> str | None:
        """Where systemd hears of the daemon, if it started it."""
        return os.environ.get("NOTIFY_SOCKET")

    @property
    def venue(self) -> Venue:
        """Whose house it is."""
        return self.settings.venue

    @property
    def links(self) -> Links:
        """Signs and reads links."""
        return Links(self.venue.base_url, self.keys.links)

    @property
    def recipients(self) -> list[str]:
        """Who receives personal data besides the venue, as people are told it (art. 15)."""
        relays = [each.recipient or each.host for each in self.settings.smtp.relays]
        webhooks = [each.recipient for each in self.venue.webhooks.values() if each.recipient]
        return [*dict.fromkeys(relays), *webhooks]

    @property
    def words(self) -> Mapping[str, CatalogueWording]:
        """The languages that the venue writes in."""
        return wordings(self.venue.entity.languages)

    @property
    def catalogue(self) -> Catalogue:
        """What the engine works by; read again with `refresh`."""
        return self.at_work().catalogue

    def at_work(self) -> AtWork:
        """The catalogue, and since when each scenario is live."""
        if self.work is None:
            self.refresh()
        if self.work is None:
            raise RuntimeError("refresh() reads what the engine works by")
        return self.work

    @property
    def listening(self) -> Catalogue:
        """What is at work without its templates: enough for what comes in, and none has to be compiled."""
        if self.work is not None:
            return self.work.catalogue
        with self.store.read() as unit:
            return at_work(unit, self.venue, Shelf()).catalogue

    def open_for_work(self, by: str) -> None:
        """Tables of this version, the keys that they were kept with, and on record what of the law has changed.

        Raises KeysFault or StoreError.
        """
        if not self.store.is_current():
            self.store.upgrade()
        open_books(self.store, self.venue, prints=self.keys.prints(), by=by, now=self.clock())
        self.law = follow_the_law(self.store, self.venue)

    def rotate_keys(self, use: KeyUse, by: str) -> Keys:
        """Put a new key before the old ones, and let the database know of it. Raises KeysFault."""
        made = add_key(self.settings.keys_file, use, secrets.token_bytes)
        self.store.keys = lambda: made
        self.open_for_work(by)
        return made

    def replay_objections(self, by: str) -> tuple[int, int]:
        """Let a restored database know who objected, or was erased, since its copy was made.

        Returns how many people that were, and how many lines of the objections log nobody can read.
        """
        log = self.settings.objections_log
        if log is None or not log.exists():
            return 0, 0
        done = replay_objections(self.store, log, now=self.clock(), by=by)
        return done.objecting + done.erased, len(done.damaged)

    def read_files(self) -> bool:
        """Read the authors' files again if any has changed; whether one had."""
        seen = stamp(self.settings.root)
        if seen == self._stamp:
            return False
        self.library = read_library(self.settings.root)
        self.shelf = stock(
            self.library.template_names(), self.library.templates, self.venue, self.words, self.shelf
        )
        checked = check_all(self.library.scenarios, self.shelf, self.venue, self.library.forms)
        self.checked = replace(checked, diagnostics=(*self.library.diagnostics, *checked.diagnostics))
        self._stamp, self._wordings = seen, None
        return True

    @property
    def wordings(self) -> Mapping[str, Wording]:
        """The forms and oral scripts that stand in the files, by file; those with a fault are left out."""
        if self._wordings is None:
            self.read_files()
            parsed = {
                file: parse_wording(text, file, self.venue) for file, text in self.library.forms.items()
            }
            self._wordings = {file: each.wording for file, each in parsed.items() if each.wording is not None}
        return self._wordings

    def reload(self, by: str) -> list[str]:
        """Work by config.toml and the files as they are now; returns what only a restart can change.

        Raises ConfigFault, and then nothing has changed.
        """
        fixed = self._adopt(read_settings(self.config))
        self.open_for_work(by)
        self.refresh()
        return fixed

    def catch_up(self) -> None:
        """What stands in the database is not what this house works by any more: read it again.

        Where a switch of the law was turned, go by it, if config.toml says the same by now. Raises ConfigFault
        or LawsDiffer.
        """
        try:
            self.law = follow_the_law(self.store, self.venue)
        except LawsDiffer:
            settings = read_settings(self.config)
            self.law = follow_the_law(self.store, settings.venue)
            self._adopt(settings)
        self.refresh()

    def _adopt(self, settings: Settings) -> list[str]:
        """Take settings over, but for those that a process is built on; what was made by the old ones goes."""
        fixed = [name for name in FIXED if getattr(settings, name) != getattr(self.settings, name)]
        before = self.settings
        self.settings = replace(settings, **{name: getattr(before, name) for name in FIXED})
        self.store.law, self.store.outbox = law_of(self.venue), outbox_of(self.venue)
        self.work, self.shelf, self._stamp = None, Shelf(), None
        if before.way_out != settings.way_out:
            self.pacer, self.relays = Pacer(settings.smtp.rates, time.monotonic), RelayBook()
            if self._ways is not None:
                self._former.append(self._ways)
                self._ways = None
        return fixed

    def refresh(self) -> None:
        """Read files that changed, and the live scenarios, again."""
        self.read_files()
        with self.store.read() as unit:
            work = at_work(unit, self.venue, self.shelf, self.work)
        self.work = replace(work, law=self.law)

    def forecast(
        self,
        scenario: Scenario,
        *,
        begins: datetime,
        until: datetime,
        running: bool = False,
        progress: Callable[[int], None] = lambda _: None,
    ) -> list[Forecast]:
        """What a scenario would do to everybody from `begins` to `until`, were it live as it stands in its file.

        With `running` a second forecast: of what runs now, over the same days. Nothing is written; `progress`
        is told of how many people more are done.
        """
        now = self.clock()
        source = Source(self.settings.database_url, law_of(self.venue))
        with self.store.read() as unit:
            plan = planned(unit, self.catalogue, scenario, self.settings.assumptions, now, begins, until)
            known = frame(unit, scenario.name, plan, self.settings.assumptions)
        plan = plan if running else plan.proposed_alone
        return [forecast_of(tally, known) for tally in walk_everybody(self.store, source, plan, progress)]

    def writer(self) -> LetterWriter:
        """Writes mails by the catalogue as it stands."""
        marks = tuple(key.mark for key in self.settings.dkim.signers)
        ways = (self.settings.click_tracking == "individual", self.returns, self.settings.provider, marks)
        return LetterWriter(self.catalogue, self.shelf.compiled, self.words, self.links, *ways)

    @property
    def returns(self) -> Returns:
        """Marks mails, so that what comes back for them is known again."""
        return Returns(self.keys.links, self.settings.return_path)

    @property
    def press(self) -> Press:
        """Makes mails again as they left."""
        return Press(self.links, wordings(LANGUAGES), self.settings.dkim.signers)

    def ways(self) -> Ways:
        """The ways out, opened once."""
        if self._ways is None:
            self._ways = ways_out(self.settings, self.pacer, self.relays, time.monotonic)
        return self._ways

    def sender(self) -> Sender | Lanes:
        """The way out of the house, each lane for itself."""
        work, writer = self.at_work(), self.writer()

        def on(carrier: Carrier, under_way: UnderWay, lanes: Sequence[Lane]) -> Sender:
            rest = (self.clock, report_fault, under_way, self.pacer, lanes)
            return Sender(self.store, work, writer, carrier, *rest)

        return lanes_of(self.ways(), self.under_way, on)

    def postman(self) -> Postman:
        """The way out of what other systems are told."""
        return Postman(
            self.store,
            self.at_work(),
            self.poster,
            self.keys.webhook_keys,
            self.clock,
            report_fault,
            self.round,
        )

    def think(self, now: datetime) -> Turned:
        """Answer events, let the calendar in, take due steps, until nothing is due at `now`."""
        while True:
            try:
                return think_until_idle(self.store, self.at_work(), now=now, on_fault=report_fault)
            except Stale:
                self.catch_up()

    async def turn(self, now: datetime) -> Turned:
        """One whole turn, in a loop of its own: think, send what is queued, and tell other systems."""
        self.under_way.enter_loop()
        thought = self.think(now)
        while True:
            try:
                thought += await send_until_idle(self.sender())
                return thought + await post_until_idle(self.postman())
            except Stale:
                self.catch_up()

    async def close_former(self) -> None:
        """Close the ways out that are not in use any more."""
        former, self._former = self._former, []
        for ways in former:
            await ways.close()

    async def close(self) -> None:
        """Close connections."""
        await self.close_former()
        await self.poster.close()
        if self._ways is not None:
            await self._ways.close()
        self.store.close()


def report_fault(loop: str, number: int, fault: Exception) -> None:
    """A fault of one contact's: the row is leased for an hour, and the log says which one, not whose."""
    log = structlog.get_logger("accord")
    log.error("fault", loop=loop, row=number, kind=type(fault).__name__, exc_info=fault)


def law_of(venue: Venue) -> Law:
    """What of a venue's law the store derives rows by."""
    return Law(venue.retention.months, venue.entity.zone, venue.policy)


def open_house(path: Path, *, clock: Clock | None = None, settings: Settings | None = None) -> House:
    """The house behind a config.toml. Raises ConfigFault or StoreError."""
    settings = settings or read_settings(path)
    venue = settings.venue
    store = open_store(
        settings.database_url,
        dice=secrets.token_bytes,
        keys=cache(lambda: read_keys(settings.keys_file)),
        objections_log=settings.objections_log,
        months=venue.retention.months,
        zone=venue.entity.zone,
        policy=venue.policy,
    )
    store.outbox = outbox_of(venue)
    return House(settings, store, clock or system_clock, path)


def open_house_to_look(path: Path, *, settings: Settings) -> House:
    """The house behind a config.toml with a database that can only be read. Raises StoreError."""
    return House(settings, open_for_reading(settings.database_url, law_of(settings.venue)), config=path)
