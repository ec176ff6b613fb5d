"""Deeds of requests that come at the same time, in one transaction: whoever is next writes for all who wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

from accord.shell.engine.ports.store import StoreError

D = TypeVar("D")
R = TypeVar("R")


@dataclass(slots=True, eq=False)
class _Waiting(Generic[D, R]):
    deed: D
    came: R | None = None
    fault: Exception | None = None
    is_over: bool = False


@dataclass(slots=True)
class Together(Generic[D, R]):
    """`write` does many deeds in one transaction, and says in their order what came of each.

    Nobody waits for company: a deed that comes alone is written alone, and those that come while it is being
    written are the next transaction. What returns is on the disk. Where the database can't answer, each who
    waited is told so; where a deed is at fault, the others are done without it.
    """

    write: Callable[[Sequence[D]], Sequence[R]]
    _queue: list[_Waiting[D, R]] = field(default_factory=list)
    _turn: Lock = field(default_factory=Lock)

    def __call__(self, deed: D) -> R:
        """Do it, beside those who ask at the same time. Raises what `write` raises."""
        mine: _Waiting[D, R] = _Waiting(deed)
        self._queue.append(mine)
        with self._turn:
            if not mine.is_over:
                batch, self._queue = self._queue, []
                self._do(batch)
        if mine.fault is not None:
            raise mine.fault
        return mine.came  # type: ignore[return-value]

    def _do(self, batch: Sequence[_Waiting[D, R]]) -> None:
        try:
            for each, came in zip(batch, self.write([each.deed for each in batch]), strict=True):
                each.came = came
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is told to whose it is
            if isinstance(fault, StoreError) or len(batch) == 1:
                for each in batch:
                    each.fault = fault
            else:
                for each in batch:
                    self._do([each])
        for each in batch:
            each.is_over = True
