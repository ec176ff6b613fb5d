"""A crowd, walked by as many processes as there are cores: each reads pages of people, none of them writes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context

from accord.core.foresight import Tally
from accord.shell.engine.ports.store import Store
from accord.shell.preview.everyone import Plan, count_page
from accord.shell.store.database import open_for_reading
from accord.shell.store.people import Law

# People that are read and walked together.
PAGE = 500

# With fewer people than this a second process takes longer to start than it saves.
WORTH_A_PROCESS = 4_000


@dataclass(frozen=True, slots=True)
class Source:
    """Where a process finds the people: the database, and what of the law its rows are read by."""

    url: str
    law: Law

    def opened(self) -> Store:
        """A connection of the process's own, by which nothing can be written."""
        return open_for_reading(self.url, self.law)


@dataclass(slots=True)
class _Worker:
    """What one process holds on to from page to page."""

    store: Store
    plan: Plan


_worker: _Worker | None = None


def walk_everybody(
    store: Store, source: Source, plan: Plan, progress: Callable[[int], None], processes: int | None = None
) -> list[Tally]:
    """Walk the whole base through a plan; a tally a course. `progress` is told how many people more are done.

    `processes`: as many as there are cores, where it is not said, or this one alone for few people.
    """
    with store.read() as unit:
        people = unit.foreseeing.how_many()
    wanted = min(os.cpu_count() or 1, people // WORTH_A_PROCESS) if processes is None else processes
    totals = [Tally() for _ in plan.courses]
    walked = _by_processes(store, source, plan, wanted) if wanted > 1 else _by_this_one(store, plan)
    for tallies in walked:
        for total, tally in zip(totals, tallies, strict=True):
            total.add(tally)
        progress(tallies[0].people)
    return totals


def _pages(store: Store) -> Iterator[Sequence[int]]:
    """Everybody's numbers; no transaction stays open from page to page."""
    after_id = 0
    while True:
        with store.read() as unit:
            page = unit.foreseeing.everybody(after_id=after_id, limit=PAGE)
        if page:
            yield page
            after_id = page[-1]
        if len(page) < PAGE:
            return


def _by_this_one(store: Store, plan: Plan) -> Iterator[list[Tally]]:
    for page in _pages(store):
        with store.read() as unit:
            yield count_page(unit, plan, page)


def _by_processes(store: Store, source: Source, plan: Plan, processes: int) -> Iterator[list[Tally]]:
    """Pages handed out as processes come free, a few ahead: of a large base not all wait in memory."""
    with ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=_prepare, initargs=(source, plan)
    ) as pool:
        pages = _pages(store)
        ahead = [pool.submit(_walk_page, page) for page in islice(pages, 2 * processes)]
        while ahead:
            yield ahead.pop(0).result()
            ahead += [pool.submit(_walk_page, page) for page in islice(pages, 1)]


def _prepare(source: Source, plan: Plan) -> None:
    global _worker
    _worker = _Worker(source.opened(), plan)


def _walk_page(page: Sequence[int]) -> list[Tally]:
    if _worker is None:
        raise RuntimeError("the pool's processes are prepared before they are asked")
    with _worker.store.read() as unit:
        return count_page(unit, _worker.plan, page)
