"""The pacer: what is known of the domains that are written to, by all that this process has sent."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from accord.core.model.consent import Nature
from accord.core.model.message import Message, MessageState
from accord.core.model.time import local_day, start_of_day
from accord.core.pacing import Pace, Rates, a_pace, place, slowed, went_well
from accord.shell.engine.ports.mailing import Carrier, CarrierAround, Envelope, Receipt
from accord.shell.engine.ports.rows import Postponed
from accord.shell.engine.ports.store import Unit
from accord.shell.engine.sending.under_way import Ready

# How fast a domain was written to of late is counted over so many seconds.
WINDOW = 10.0

# A domain with fewer people than that may be one person's own: figures name it not.
A_CROWD = 20

# Under which name it stands in the database what is told.
PACE = "pace"

# What is told of, so that metrics stay small.
MOST_TOLD = 50


@dataclass(frozen=True, slots=True)
class Told:
    """One domain as figures tell of it: mails a second now and when it is well; `held` back since the start."""

    domain: str
    rate: float | None
    whole: float | None
    slowed: int
    held: int

    @property
    def is_slowed(self) -> bool:
        """Whether it goes slower now than when it is well."""
        return self.rate is not None and self.rate != self.whole


@dataclass(slots=True)
class Pacer:
    """One a process, asked by threads of both lanes. `clock` tells seconds that never go back.

    Prospecting mail asks it before it leaves; what became of any mail is told to it. What it knows is lost with
    the process, and learned again by a few answers.
    """

    rates: Rates
    clock: Callable[[], float]
    _paces: dict[str, Pace] = field(default_factory=dict)
    _recent: Counter[str] = field(default_factory=Counter)
    _before: Counter[str] = field(default_factory=Counter)
    _window_at: float = float("-inf")
    _slowed_at: float = float("-inf")
    _people: dict[str, set[int]] = field(default_factory=dict)
    _slowed: Counter[str] = field(default_factory=Counter)
    _held: Counter[str] = field(default_factory=Counter)
    _noted: Sequence[Told] = ()
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def has_a_say(self) -> bool:
        """Whether anything is limited at all: else nobody's domain need be looked up."""
        return bool(self._paces or self.rates.domains or self.rates.per_domain is not None)

    def sorted_out(
        self, unit: Unit, claimed: Sequence[Message], zone: ZoneInfo, *, now: datetime
    ) -> tuple[list[Message], list[Postponed]]:
        """Those that may leave now, and until when the others wait: nothing of it makes service mail wait.

        What waits keeps the instant that it was planned for, and is judged when it comes back.
        """
        service = [message for message in claimed if message.nature is Nature.SERVICE]
        others = [message for message in claimed if message.nature is not Nature.SERVICE]
        others, tomorrow = self._of_today(unit, others, zone, now)
        if not self.has_a_say:
            return service + others, tomorrow
        known = unit.contacts([message.contact_id for message in others])
        going, waiting = service, tomorrow
        for message in others:
            contact = known.get(message.contact_id)
            seconds = self.wait(contact.email) if contact is not None else 0.0
            if seconds:
                waiting.append(Postponed(message.id, now + timedelta(seconds=seconds)))
            else:
                going.append(message)
        return going, waiting

    def slowed_down(
        self, ready: Sequence[Ready], slower: frozenset[str], *, now: datetime
    ) -> tuple[list[Ready], list[Postponed]]:
        """Of written mails those that still may leave, and until when the others wait."""
        going, waiting = list[Ready](), list[Postponed]()
        for each in ready:
            recipient = each.letter.envelope.recipient
            paced = each.passed.message.nature is not Nature.SERVICE and domain_of(recipient) in slower
            seconds = self.wait(recipient) if paced else 0.0
            if seconds:
                waiting.append(Postponed(each.id, now + timedelta(seconds=seconds)))
            else:
                going.append(each)
        return going, waiting

    def _of_today(
        self, unit: Unit, messages: list[Message], zone: ZoneInfo, now: datetime
    ) -> tuple[list[Message], list[Postponed]]:
        """As many as the plan leaves for today; the others wait for tomorrow."""
        plan, today = self.rates.warm_up, local_day(now, zone)
        allowed = plan.allowed(today) if plan is not None else None
        if allowed is None or not messages:
            return messages, []
        left = max(0, allowed - unit.outflow.prospecting_since(start_of_day(today, zone)))
        until = start_of_day(today + timedelta(days=1), zone)
        return messages[:left], [Postponed(message.id, until) for message in messages[left:]]

    def slowed_since(self, instant: float) -> frozenset[str]:
        """Domains that have asked for less since an instant of this clock: what was let through before may wait."""
        if self._slowed_at < instant:
            return frozenset()
        with self._lock:
            return frozenset(domain for domain, pace in self._paces.items() if pace.slowed_after(instant))

    def wait(self, recipient: str) -> float:
        """A prospecting mail would leave: 0.0 where it may now, else after how many seconds to ask again."""
        with self._lock:
            domain = domain_of(recipient)
            known = self._paces.get(domain)
            most = self.rates.most(domain)
            if known is None and most is None:
                return 0.0
            pace, seconds = place(known or a_pace(most), self.clock())
            self._paces[domain] = pace
            self._held[domain] += seconds > 0
            people = self._people.setdefault(domain, set())
            if len(people) < A_CROWD:
                people.add(hash(recipient))
            return seconds

    def leaves(self, domain: str) -> float:
        """A mail leaves; returns the instant."""
        with self._lock:
            now = self.clock()
            if now - self._window_at >= WINDOW:
                lately = now - self._window_at < 2 * WINDOW
                self._before, self._recent = (self._recent if lately else Counter()), Counter()
                self._window_at = now
                self._forget_idle(now)
            self._recent[domain] += 1
            return now

    def _forget_idle(self, now: float) -> None:
        """A domain that is well, and was written to long ago, is as one of which nothing was heard."""
        for domain in [each for each, pace in self._paces.items() if pace.is_idle(now - WINDOW)]:
            del self._paces[domain]
            self._people.pop(domain, None)

    def heard(self, domain: str, left_at: float, receipt: Receipt) -> None:
        """What became of it."""
        with self._lock:
            now = self.clock()
            pace = self._paces.get(domain)
            if receipt.outcome is MessageState.ACCEPTED and pace is not None:
                better = went_well(pace, left_at=left_at, now=now)
                if better.rate is None:
                    del self._paces[domain]
                else:
                    self._paces[domain] = better
            elif receipt.slower:
                before = pace or a_pace(self.rates.most(domain))
                recent = max(self._recent[domain], self._before[domain]) / WINDOW
                slower = slowed(before, left_at=left_at, now=now, recent=recent)
                if slower is not before:
                    self._slowed[domain] += 1
                    self._slowed_at = now
                self._paces[domain] = slower

    def told(self) -> Sequence[Told]:
        """The domains that are held to a pace, and those that were slowed: the slowest first."""
        with self._lock:
            named = {
                domain
                for domain in (*self._paces, *self._slowed)
                if len(self._people.get(domain, ())) >= A_CROWD
            }
            told = [self._told(domain) for domain in named]
            return sorted(told, key=lambda each: (each.rate or float("inf"), each.domain))[:MOST_TOLD]

    def note(self, unit: Unit, *, now: datetime) -> None:
        """Write down what is told, for those who ask in another process, where it has changed since."""
        told = self.told()
        if told != self._noted:
            unit.note_progress(PACE, json.dumps([astuple(each) for each in told]), now)
            self._noted = told

    def _told(self, domain: str) -> Told:
        pace = self._paces.get(domain) or a_pace(self.rates.most(domain))
        whole = pace.goal if pace.is_slowed else pace.rate
        return Told(domain, pace.rate, whole, self._slowed[domain], self._held[domain])


def noted(unit: Unit) -> Sequence[Told]:
    """What the sender that sent last had noted."""
    return [Told(*each) for each in json.loads(unit.progress(PACE) or "[]")]


def domain_of(address: str) -> str:
    """The domain of an address, in small letters."""
    return address.rpartition("@")[2].lower()


class HeedingCarrier(CarrierAround):
    """A Carrier that tells a pacer what becomes of each mail."""

    def __init__(self, carrier: Carrier, pacer: Pacer) -> None:
        super().__init__(carrier)
        self._pacer = pacer

    async def carry(self, envelope: Envelope) -> Receipt:
        """Hand on one mail, and tell what became of it."""
        domain = domain_of(envelope.recipient)
        left_at = self._pacer.leaves(domain)
        receipt = await self._carrier.carry(envelope)
        self._pacer.heard(domain, left_at, receipt)
        return receipt
