"""The book of one sender: what was answered is settled, and what leaves next is marked, in as few transactions as can be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from accord.core.mail.compile import Compiled
from accord.core.model.content import Catalogue
from accord.core.model.message import Message
from accord.shell.engine.apart import apart
from accord.shell.engine.ports.store import Store, StoreError
from accord.shell.engine.sending.endings import Ending, write_endings
from accord.shell.engine.sending.reprint import kept_template
from accord.shell.engine.sending.under_way import Ready


@dataclass(frozen=True, slots=True)
class Entry:
    """`endings` are to be settled, `window` is to be marked as sending until `until`, if it is ours under `lease`.

    `templates`: those of the window that are not kept in the database yet.
    """

    endings: Sequence[Ending]
    window: Sequence[Ready]
    templates: Collection[Compiled]
    lease: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Booked:
    """What took: `settled` endings, `marked` numbers; `again`: what is still ours, and to be judged anew."""

    settled: Sequence[Ending]
    marked: frozenset[int]
    again: Sequence[Message]


@dataclass(frozen=True, slots=True)
class Book:
    """Writes down what became of mails. `on_fault(loop, message id, error)` hears what can't be written."""

    store: Store
    catalogue: Catalogue
    clock: Callable[[], datetime]
    on_fault: Callable[[str, int, Exception], None]

    def enter(self, entry: Entry) -> Booked:
        """Settle and mark, in one transaction unless something stands against it. Raises StoreError.

        An ending that concerns its person is written before, by itself: it locks whom it concerns, and two
        senders that lock people out of turn would wait for one another.
        """
        if any(ending.concerns_person for ending in entry.endings):
            return self._one_after_the_other(entry)
        try:
            return self._at_once(entry)
        except StoreError:
            raise
        except Exception:
            if not entry.endings:
                raise
            return self._one_after_the_other(entry)

    def settle(self, endings: Sequence[Ending]) -> list[Ending]:
        """All in one transaction; where one of them can't be written, the others are all the same."""

        def write(some: Sequence[Ending]) -> Sequence[Ending]:
            # What a power cut takes of this is `unknown` again: no more than the last window.
            with self.store.begin(lazy=True) as unit:
                return write_endings(unit, some, self.catalogue, self.clock())

        written, failed = apart(endings, write)
        for ending, error in failed:
            self.on_fault("settle", ending.message.id, error)
        return written

    def _one_after_the_other(self, entry: Entry) -> Booked:
        settled = self.settle(entry.endings)
        return replace(self._at_once(replace(entry, endings=())), settled=settled)

    def _at_once(self, entry: Entry) -> Booked:
        now = self.clock()
        with self.store.begin() as unit:
            settled = write_endings(unit, entry.endings, self.catalogue, now) if entry.endings else ()
            unit.templates.keep([kept_template(each) for each in entry.templates], now)
            checks = [each.check for each in entry.window]
            marked = unit.mark_sending(checks, now, lease=entry.lease, until=entry.until)
            rest = [each.id for each in entry.window if each.id not in marked]
            return Booked(settled, marked, unit.still_claimed(rest, entry.lease) if rest else ())
