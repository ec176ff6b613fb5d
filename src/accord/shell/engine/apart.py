"""One that fails among many: whatever it is that fails, the others are read and done all the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from accord.shell.engine.ports.store import Store, StoreError, Unit

K = TypeVar("K")
V = TypeVar("V")

# Which of them failed, and of what.
Faults = list[tuple[K, Exception]]


def apart(keys: Sequence[K], read: Callable[[Sequence[K]], Sequence[V]]) -> tuple[list[V], Faults[K]]:
    """What `read` gives for all `keys`, and those for which it fails, each with its error.

    One call where nothing is wrong; else halves, until each that fails stands alone. A fault of the
    database itself is nobody's own: it is raised.
    """
    try:
        return list(read(keys)), []
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is one row's
        if len(keys) == 1:
            return [], [(keys[0], error)]
    middle = len(keys) // 2
    found, failed = apart(keys[:middle], read)
    more, others = apart(keys[middle:], read)
    return found + more, failed + others


def take(
    store: Store,
    claim: Callable[[Unit, int], Sequence[K]],
    do: Callable[[Unit, Sequence[K]], Faults[K]],
    limit: int,
) -> tuple[int, Faults[K]]:
    """Claim up to `limit` and do them in the same transaction; how many were claimed, and which failed.

    Where the whole fails, and not for a fault of the database itself, they are claimed and done one by one,
    each claim written down first: one that fails keeps its lease, and the line goes on behind it.
    """
    try:
        with store.begin() as unit:
            keys = claim(unit, limit)
            return len(keys), do(unit, keys) if keys else []
    except StoreError:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, it is one row's, and is told below
        return _one_by_one(store, claim, do, limit)


def _one_by_one(
    store: Store,
    claim: Callable[[Unit, int], Sequence[K]],
    do: Callable[[Unit, Sequence[K]], Faults[K]],
    limit: int,
) -> tuple[int, Faults[K]]:
    faults: Faults[K] = []
    for taken in range(limit):
        with store.begin() as unit:
            keys = claim(unit, 1)
        if not keys:
            return taken, faults
        try:
            with store.begin() as unit:
                faults += do(unit, keys)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this row's
            faults.append((keys[0], error))
    return limit, faults
