"""Drives the real loops over a real store through imagined days, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accord.core.model.consent import ConsentEntry
from accord.core.model.content import Catalogue
from accord.core.model.decision import Situation
from accord.core.model.event import Event
from accord.core.model.message import Message, MessageState
from accord.core.model.scenario import OnSegment
from accord.core.simulate import Happening
from accord.shell.engine.catalogue import AtWork, OtherLaw
from accord.shell.engine.journeys.advance import advance
from accord.shell.engine.journeys.enter import enter
from accord.shell.engine.journeys.react import react
from accord.shell.engine.ports.mailing import Envelope, Letter, Receipt, Unreachable, Unwritable
from accord.shell.engine.ports.posting import Answer, Parcel
from accord.shell.engine.ports.rows import POLICY_REVISION
from accord.shell.engine.record import record_consents, record_events
from accord.shell.engine.sending.postman import Postman
from accord.shell.engine.sending.send import Sender
from accord.shell.engine.turn import post_until_idle, send_until_idle, think_until_idle
from accord.shell.store.database import SqlStore


@dataclass
class PlainWriter:
    """Writes the shortest mail there is; unwritable for those whom a test names."""

    unwritable: set[int] = field(default_factory=set)

    def write(self, message: Message, situation: Situation, *, now: datetime) -> Letter:
        if situation.contact.id in self.unwritable:
            raise Unwritable("this one can't be written")
        return Letter(
            Envelope(message.id, "a@example.org", situation.contact.email, b"hello"),
            b"{}",
            f"digest of {message.template}",
        )


@dataclass
class Sink:
    """A carrier that takes everything, or answers as it is told."""

    width: int = 3
    outcome: MessageState = MessageState.ACCEPTED
    silent: bool = False
    taken: list[Envelope] = field(default_factory=list)

    async def ready(self) -> int:
        if self.silent:
            raise Unreachable("nobody answers")
        return self.width

    def pause(self) -> float:
        return 0.0

    def cut(self) -> None:
        return None

    async def carry(self, envelope: Envelope) -> Receipt:
        self.taken.append(envelope)
        return Receipt(self.outcome, "250 taken" if self.outcome is MessageState.ACCEPTED else "told so")

    async def close(self) -> None:
        return None


@dataclass
class Receiver:
    """Another system: takes everything that is posted, or answers as it is told."""

    answers: list[Answer] = field(default_factory=list)
    taken: list[Parcel] = field(default_factory=list)
    asked: list[Parcel] = field(default_factory=list)

    async def post(self, parcel: Parcel) -> Answer:
        self.asked.append(parcel)
        answer = self.answers.pop(0) if self.answers else Answer(taken=True, words="HTTP 204")
        if answer.taken:
            self.taken.append(parcel)
        return answer

    async def close(self) -> None:
        return None


@dataclass
class Driver:
    """One venue at work over one store."""

    store: SqlStore
    catalogue: Catalogue
    now: datetime
    sink: Sink = field(default_factory=Sink)
    writer: PlainWriter = field(default_factory=PlainWriter)
    faults: list[tuple[str, int, Exception]] = field(default_factory=list)
    activated: dict[str, datetime] = field(default_factory=dict)
    receiver: Receiver = field(default_factory=Receiver)
    due: datetime | None = None

    def __post_init__(self) -> None:
        self.activated = dict.fromkeys(self.catalogue.live, self.now - timedelta(microseconds=1))

    def fault(self, loop: str, number: int, error: Exception) -> None:
        self.faults.append((loop, number, error))

    def work(self) -> AtWork:
        with self.store.read() as unit:
            return AtWork(self.catalogue, self.activated, law=unit.fact(POLICY_REVISION))

    def think(self) -> None:
        while True:
            try:
                think_until_idle(self.store, self.work(), now=self.now, on_fault=self.fault)
            except OtherLaw:
                continue
            return

    def sender(self) -> Sender:
        return Sender(self.store, self.work(), self.writer, self.sink, lambda: self.now, self.fault)

    def send(self) -> None:
        asyncio.run(send_until_idle(self.sender()))

    def post(self) -> None:
        asyncio.run(post_until_idle(self.postman()))

    def postman(self) -> Postman:
        keys = lambda name: [name.encode() * 8]  # noqa: E731
        return Postman(self.store, self.work(), self.receiver, keys, lambda: self.now, self.fault)

    def turn(self) -> None:
        self.think()
        self.send()
        self.post()

    def turn_quickly(self, work: AtWork) -> bool:
        """A turn without the day's judgement of the throttle, and without a sender where nothing is to be sent.

        Whether anything of anybody has changed.
        """
        changed = 0
        while True:
            answered = react(self.store, work, now=self.now, on_fault=self.fault)
            entered = 0
            if not answered:
                entered = enter(self.store, work, now=self.now, on_fault=self.fault)
            advanced = 0
            if not answered and not entered:
                advanced = advance(self.store, work, now=self.now, on_fault=self.fault)
            changed += answered + advanced
            if not (answered or entered or advanced):
                break
        self.due = self._next_due()
        if self.due is not None and self.due <= self.now:
            asyncio.run(self._deliver())
            self.due = self._next_due()
        return bool(changed)

    async def _deliver(self) -> None:
        await send_until_idle(self.sender())
        await post_until_idle(self.postman())

    def _next_due(self) -> datetime | None:
        with self.store.read() as unit:
            return unit.next_instant()

    def tell(self, *events: Event) -> None:
        record_events(self.store, self.catalogue, events, now=self.now)

    def consent(self, *entries: ConsentEntry) -> None:
        record_consents(self.store, self.catalogue, entries, now=self.now)

    def walk(self, script: Sequence[Happening], until: datetime, *, hourly: bool = False) -> None:
        """Go from instant to instant at which anything is to be done."""
        ahead = sorted(script, key=lambda each: each.at, reverse=True)
        self.turn()
        self.due = self._next_due()
        while (instant := self._next(ahead, [], hourly=hourly)) is not None and instant <= until:
            self._go_to(instant, ahead)
            self.turn()
            self.due = self._next_due()

    def walk_quickly(
        self, script: Sequence[Happening], until: datetime, calls: Sequence[datetime], *, hourly: bool = False
    ) -> None:
        """The same with quick turns: at the calendar's `calls`, and, where segments are looked for, at the full hours
        around whatever changes.
        """
        looks = any(isinstance(each.entry.trigger, OnSegment) for each in self.catalogue.live.values())
        ahead = sorted(script, key=lambda each: each.at, reverse=True)
        asking = sorted((each for each in calls if each > self.now), reverse=True)
        changed = looks  # nothing has been looked at yet
        work = self.work()
        self.turn_quickly(work)
        while (instant := self._next(ahead, asking, hourly=hourly or changed)) is not None:
            if instant > until:
                return
            hour = instant.replace(minute=0, second=0, microsecond=0)
            if looks and self.now < hour < instant:
                self._go_to(hour, ahead)  # segments are looked for before what happens within the hour
                self.turn_quickly(work)
            still = len(ahead)
            self._go_to(instant, ahead)
            while asking and asking[-1] <= self.now:
                asking.pop()
            changed = (self.turn_quickly(work) or len(ahead) < still) and looks

    def _next(self, ahead: list[Happening], asking: list[datetime], *, hourly: bool) -> datetime | None:
        wanted: list[datetime | None] = [self.due, asking[-1] if asking else None]
        wanted.append(ahead[-1].at if ahead else None)
        if hourly:
            wanted.append((self.now + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0))
        return min((max(each, self.now) for each in wanted if each is not None), default=None)

    def _go_to(self, instant: datetime, ahead: list[Happening]) -> None:
        self.now = instant
        while ahead and ahead[-1].at <= self.now:
            self.happen(ahead.pop())

    def happen(self, thing: Happening) -> None:
        if thing.lines:
            with self.store.begin() as unit:
                for contact_id in {1}:
                    unit.save_order_lines({contact_id: thing.lines})
        if thing.entries:
            self.consent(*thing.entries)
        if thing.event is not None:
            self.tell(thing.event)

    def journal_of_all(self) -> list[Event]:
        with self.store.read() as unit:
            ids = range(1, unit.keeping.headcount() + 1)
            return [row for number in ids for row in unit.events_of(number, limit=1000)]

    def journal(self, contact_id: int = 1) -> list[Event]:
        with self.store.read() as unit:
            return list(unit.events_of(contact_id, limit=100_000))


def told(journal: Iterable[Event]) -> list[str]:
    """The journal as lines that both the engine's and simulate's can be compared by."""
    lines = []
    for row in journal:
        if row.name in ("mail.sent", "call.posted", "contact.imported"):
            continue
        if not row.name.startswith(("mail.", "call.", "scenario.")):
            continue
        keys = ("scenario", "step", "template", "edition", "reason", "rule", "planned_at", "until", "against")
        keys += ("webhook", "subject", "subject_because", "by")
        rest = " ".join(f"{key}={row.data[key]}" for key in keys if row.data.get(key) is not None)
        lines.append(f"{row.at:%Y-%m-%d %H:%M:%S} {row.name} {rest}")
    return sorted(lines)
