"""Deeds that come at the same time are one transaction, and each is told what came of its own."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

import pytest

from accord.shell.engine.ports.store import Busy
from accord.shell.web.together import Together


@dataclass
class Writer:
    """Writes batches down; the first one takes until it is let go."""

    batches: list[list[int]] = field(default_factory=list)
    begun: Event = field(default_factory=Event)
    let_go: Event = field(default_factory=Event)
    bad: frozenset[int] = frozenset()
    busy: bool = False

    def __call__(self, deeds: Sequence[int]) -> Sequence[str]:
        self.begun.set()
        assert self.let_go.wait(10)
        if self.busy:
            raise Busy("the database is locked")
        if self.bad & set(deeds):
            raise ValueError("a bug")
        self.batches.append(sorted(deeds))
        return [f"did {deed}" for deed in deeds]


def come_while_the_first_is_written(writer: Writer, many: int) -> list[Future[str]]:
    together: Together[int, str] = Together(writer)
    with ThreadPoolExecutor(many) as callers:
        first = callers.submit(together, 0)
        assert writer.begun.wait(10)
        others = [callers.submit(together, number) for number in range(1, many)]
        while len(together._queue) < many - 1:
            assert not first.done()
        writer.let_go.set()
    return [first, *others]


def test_whoever_comes_meanwhile_is_written_together() -> None:
    writer = Writer()
    came = come_while_the_first_is_written(writer, 6)
    assert [each.result() for each in came] == [f"did {number}" for number in range(6)]
    assert writer.batches == [[0], [1, 2, 3, 4, 5]]


def test_a_deed_at_fault_is_no_fault_of_the_others() -> None:
    writer = Writer(bad=frozenset({3}))
    came = come_while_the_first_is_written(writer, 6)
    assert isinstance(came[3].exception(), ValueError)
    assert [each.result() for each in came if each is not came[3]] == [f"did {n}" for n in (0, 1, 2, 4, 5)]


def test_where_the_database_does_not_answer_everybody_is_told_so() -> None:
    came = come_while_the_first_is_written(Writer(busy=True), 4)
    for each in came:
        with pytest.raises(Busy):
            each.result()
