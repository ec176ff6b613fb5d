"""How the house is: what waits and since when, what does not get on by itself; and what of it is an alarm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accord.core.consent.holds import PROSPECTING
from accord.core.model.reputation import Reading
from accord.core.model.time import Duration
from accord.shell.engine.care.reputation import read_last
from accord.shell.engine.ports.daemons import Presence
from accord.shell.engine.ports.rows import Brake, Stuck, StuckKind
from accord.shell.engine.ports.running import GUARD
from accord.shell.engine.ports.store import Unit
from accord.shell.engine.ports.wayback import RETURNED, MailboxState


@dataclass(frozen=True, slots=True)
class Vitals:
    """Seen at one instant. `waiting`: of events, runs and messages, how many and since when the oldest.

    `stuck`: rows that do not get on by themselves, mails of unknown fate among them. `postings`: of each webhook,
    how many are on their way and how many failed for good. `daemons`: those that have not ended as they should.
    `returned`: how much of prospecting mail came back, as read last.
    `mailboxes`: how far each was read, or since when it can't be. `tasks`: of what came back, so many want a person.
    """

    now: datetime
    waiting: Mapping[str, tuple[int, datetime | None]]
    stuck: Sequence[Stuck] = ()
    brakes: Sequence[Brake] = ()
    postings: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    daemons: Sequence[Presence] = ()
    returned: Sequence[Reading] = ()
    mailboxes: Sequence[MailboxState] = ()
    tasks: int = 0

    @property
    def lag(self) -> timedelta:
        """For how long the oldest of all has waited."""
        return max(map(self.age, self.waiting), default=timedelta())

    def age(self, queue: str) -> timedelta:
        """For how long the oldest of a queue has waited."""
        since = self.waiting[queue][1]
        return max(timedelta(), self.now - since) if since is not None else timedelta()

    @property
    def unknown(self) -> int:
        """Mails of which nobody knows whether they arrived: a person must settle them."""
        return sum(row.kind is StuckKind.MESSAGE and row.until is None for row in self.stuck)

    @property
    def failing(self) -> Mapping[StuckKind, int]:
        """How many rows of each kind fail each time that they are tried."""
        kinds = Counter(row.kind for row in self.stuck)
        kinds[StuckKind.MESSAGE] -= self.unknown
        return {kind: kinds[kind] for kind in StuckKind}

    @property
    def silent(self) -> Sequence[Presence]:
        """Daemons that must have died, and that none of their machine and role has replaced."""
        return [daemon for daemon in self.daemons if daemon.is_silent(self.now)]


def vitals(unit: Unit, now: datetime) -> Vitals:
    """Look, through indexes alone. Of what is stuck at most a thousand rows of each kind are looked at."""
    return Vitals(
        now,
        unit.backlog(now),
        unit.stuck(now),
        unit.brakes(),
        unit.postings.outstanding(),
        unit.daemons.known(),
        read_last(unit),
        unit.wayback.mailboxes(),
        sum(task.body.get("what") != "NOT_MATCHED" for task in unit.wayback.tasks(RETURNED)),
    )


def alarms(seen: Vitals, limit: Duration) -> Sequence[str]:
    """What somebody must see to now, each in a sentence. A brake is none: somebody put it on, but for the guard's."""
    found = []
    if is_late(seen, limit):
        name = max(seen.waiting, key=seen.age)
        found.append(
            f"the oldest of {seen.waiting[name][0]} {name} that are due waits for longer than {limit}"
        )
    if seen.unknown:
        found.append(
            f"nobody knows whether {_many(seen.unknown, 'mail')} arrived: scenario messages --unknown"
        )
    failing = sum(seen.failing.values())
    if failing:
        found.append(f"{_many(failing, 'row')} fail each time: scenario status --stuck")
    surprising = [brake.name for brake in seen.brakes if brake.by == GUARD and brake.name != PROSPECTING]
    found += [
        f"{name} holds itself until somebody has looked: scenario release {name}" for name in surprising
    ]
    found += [
        f"prospecting has stopped by itself: {brake.reason.partition(': ')[2]}: scenario release prospecting"
        for brake in seen.brakes
        if brake.by == GUARD and brake.name == PROSPECTING
    ]
    found += [each.sentence for each in seen.returned if each.warns and not each.stops]
    found += [
        f"the mailbox {each.name} can't be read: {each.why}"
        for each in seen.mailboxes
        if each.failing_since is not None and _is_over(seen.now - each.failing_since, limit)
    ]
    if seen.tasks:
        wants = "wants" if seen.tasks == 1 else "want"
        found.append(f"{_many(seen.tasks, 'thing')} that came back {wants} somebody: scenario inbound tasks")
    failed = sum(count for _, count in seen.postings.values())
    if failed:
        found.append(f"{_many(failed, 'posting')} to webhooks failed for good: scenario webhooks failed")
    found += [
        f"the daemon {each.name} ({each.role.value}) has said nothing for longer than a minute"
        for each in seen.silent
    ]
    return found


def is_late(seen: Vitals, limit: Duration) -> bool:
    """Whether the lag is past its limit."""
    return _is_over(seen.lag, limit)


def _is_over(span: timedelta, limit: Duration) -> bool:
    return span > timedelta(days=limit.days, hours=limit.hours, minutes=limit.minutes)


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
