"""One that can't be read among many: whatever it is that fails, the others' are read all the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from accord.shell.engine.ports import StoreError

K = TypeVar("K")
V = TypeVar("V")


def apart(
    keys: Sequence[K], read: Callable[[Sequence[K]], Sequence[V]]
) -> tuple[list[V], list[tuple[K, Exception]]]:
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
