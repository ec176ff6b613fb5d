"""Read a mailbox: each message taken once, a bad one set apart, and the line goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from accord.core.model.returned import Returned, ReturnKind
from accord.core.wayback.read import read
from accord.shell.engine.ports.store import Store, StoreError
from accord.shell.engine.ports.wayback import Arrival, Came, Mailbox, MailboxFault
from accord.shell.engine.wayback.take import Desk, take

OnFault = Callable[[str, int, Exception], None]

# So many messages are taken in one go; the next turn goes on.
PAGE = 200


@dataclass(frozen=True, slots=True)
class Collected:
    """What one reading brought: how many were new, and why the mailbox could not be read, if it could not.

    `more`: there may be more to read at once.
    """

    new: int = 0
    more: bool = False
    fault: str | None = None


def collect(
    store: Store,
    desk: Desk,
    name: str,
    mailbox: Mailbox,
    *,
    clock: Callable[[], datetime],
    on_fault: OnFault,
    stopped: Callable[[], bool] = lambda: False,
) -> Collected:
    """Take what has come into a mailbox, one transaction a message, and how far it was read with it.

    A kill anywhere loses nothing and takes nothing twice: what was taken stands in the book by its digest.
    """
    new = seen = 0
    with store.read() as unit:
        known = unit.wayback.mailbox(name)
    mark = known.mark if known is not None else None
    try:
        with closing(mailbox):
            for arrival in mailbox.fresh(mark, PAGE):
                new += _taken(store, desk, name, arrival, clock(), on_fault)
                mark, seen = arrival.mark or mark, seen + 1
                mailbox.tidy([arrival.key])
                if stopped():
                    break
    except MailboxFault as fault:
        with store.begin() as unit:
            unit.wayback.fails(name, str(fault), clock())
        return Collected(new, fault=str(fault))
    with store.begin() as unit:
        unit.wayback.mark(name, mark, clock())
    return Collected(new, seen == PAGE)


def _taken(store: Store, desk: Desk, name: str, arrival: Arrival, now: datetime, on_fault: OnFault) -> int:
    """One message, whatever is wrong with it; 1 where it was new."""
    try:
        return _take(store, desk, name, arrival, _reading(arrival), now)
    except StoreError:
        raise
    except Exception as fault:  # noqa: BLE001 - one message never stops the line
        on_fault(f"inbound {name}", 0, fault)
        apart = Returned(ReturnKind.UNREADABLE, why=type(fault).__name__)
        return _take(store, desk, name, arrival, apart, now)


def _reading(arrival: Arrival) -> Returned:
    if arrival.raw is None:
        return Returned(ReturnKind.UNREADABLE, why=arrival.why)
    return read(arrival.raw)


def _take(store: Store, desk: Desk, name: str, arrival: Arrival, returned: Returned, now: datetime) -> int:
    digest = digest_of(arrival.raw) if arrival.raw is not None else f"{name}/{arrival.key}"
    with store.begin() as unit:
        taken = take(unit, desk, Came(digest, name, now, content=arrival.raw), returned, now=now)
        unit.wayback.mark(name, arrival.mark, now)
    return int(taken is not None)


def digest_of(raw: bytes) -> str:
    """By which the same message is known again, from whatever mailbox: its bytes, with whatever line ends."""
    return hashlib.sha256(raw.replace(b"\r\n", b"\n").rstrip(b"\n")).hexdigest()
