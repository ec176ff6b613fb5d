"""People in: contacts from files, a page at a time; every refusal with its row, field and reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from accord.core.model.content import Catalogue
from accord.core.model.expression import Value
from accord.shell.engine.care.versions import Versions
from accord.shell.engine.intake.arrivals import Arrival, Arrivals
from accord.shell.engine.intake.desk import DatabaseDesk, RehearsalDesk
from accord.shell.engine.intake.reception import Desk, Tally, receive
from accord.shell.engine.intake.row_texts import FileRow
from accord.shell.engine.intake.row_texts import Refusal as Refusal
from accord.shell.engine.intake.said import Origin
from accord.shell.engine.ports.rows import Deed
from accord.shell.engine.ports.store import Busy, Duplicate, Store

# A page is one transaction: so many people, and under 5,000 rows in all, so that a daemon's own writes get in.
PAGE, HEAVIEST = 2000, 4500

# Refusals that are remembered; all of them are told to whoever listens.
REMEMBERED = 1000

# How often a page is tried again that another program's writing got in the way of.
TRIES = 5


@dataclass(slots=True)
class Refusals:
    """Rows that were not taken: all counted, the first ones remembered, each told to `tell`."""

    tell: Callable[[Refusal], None] = lambda _: None
    first: list[Refusal] = field(default_factory=list)
    count: int = 0

    def append(self, refusal: Refusal) -> None:
        """One more."""
        self.count += 1
        if self.count <= REMEMBERED:
            self.first.append(refusal)
        self.tell(refusal)

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Refusal]:
        return iter(self.first)


@dataclass(slots=True)
class Taken:
    """What an import of events or orders came to."""

    new: int = 0
    known: int = 0
    refusals: list[Refusal] = field(default_factory=list)


@dataclass(slots=True)
class Imported(Tally):
    """What an import of contacts came to."""

    rows: int = 0
    refused: int = 0
    refusals: Refusals = field(default_factory=Refusals)


@dataclass(slots=True)
class _Page:
    arrivals: list[Arrival] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


def import_contacts(
    store: Store,
    catalogue: Catalogue,
    rows: Iterable[FileRow],
    arrivals: Arrivals,
    origin: Origin,
    *,
    now: datetime,
    forms: Versions,
    dry: bool = False,
    refusals: Refusals | None = None,
    page_size: int = PAGE,
    on_page: Callable[[], None] = lambda: None,
) -> Imported:
    """Take contacts, a page at a time: addresses checked, normalised, held against the objection list.

    An import is no act of the person's: it renews nothing by itself, and lifts nothing (R-17, R-42). Somebody
    on the objection list comes in as an objector (R-44). A known address is left as it is, but for what it
    says of consents and, above all, of objections. With `dry` all of it is reckoned and nothing is written.
    """
    imported = Imported(refusals=Refusals() if refusals is None else refusals)
    real = DatabaseDesk(catalogue, origin, forms, now)
    with store.scratch() as pad:
        desk = RehearsalDesk(real, pad) if dry else real
        for page in _pages(rows, arrivals, imported, page_size):
            _take(store, desk, page, imported, dry=dry)
            on_page()
    if not dry:
        with store.begin() as unit:
            counts: dict[str, Value] = {"refused": imported.refused, **imported.counts()}
            details = {"digest": origin.digest, **counts}
            unit.note_deed(Deed(now, origin.by, "contacts import", origin.name, details))
    return imported


def _pages(rows: Iterable[FileRow], arrivals: Arrivals, imported: Imported, size: int) -> Iterator[_Page]:
    page, read, weight = _Page(), 0, 0
    for row in rows:
        imported.rows += 1
        arrival, refused = arrivals.read(row)
        read += 1
        if refused:
            page.refusals += refused
        if arrival is not None:
            page.arrivals.append(arrival)
            weight += 2 + 3 * len(arrival.entries)
        if read >= size or weight >= HEAVIEST:
            yield page
            page, read, weight = _Page(), 0, 0
    if page.arrivals or page.refusals:
        yield page


def _take(store: Store, desk: Desk, page: _Page, imported: Imported, *, dry: bool) -> None:
    """One page in one transaction; again where somebody else's writing got in its way."""
    for left in reversed(range(TRIES)):
        try:
            with store.read() if dry else store.begin() as unit:
                tally, refused = receive(unit, desk, page.arrivals)
        except (Busy, Duplicate):
            if not left:
                raise
        else:
            _count(imported, tally, sorted([*page.refusals, *refused], key=lambda each: each.row))
            return


def _count(imported: Imported, tally: Tally, refusals: list[Refusal]) -> None:
    for name, count in tally.counts().items():
        setattr(imported, name, getattr(imported, name) + count)
    imported.refused += len({refusal.row for refusal in refusals})
    for refusal in refusals:
        imported.refusals.append(refusal)
