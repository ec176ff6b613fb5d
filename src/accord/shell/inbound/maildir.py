"""A Maildir: each message is a file in `new`; what was taken is moved to `cur`, marked as seen."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from accord.core.wayback.opened import LARGEST
from accord.shell.engine.ports.wayback import Arrival, MailboxFault


@dataclass(frozen=True, slots=True)
class Maildir:
    """The port `Mailbox` over a folder with `new` and `cur` in it."""

    folder: Path

    def fresh(self, mark: str | None, limit: int) -> Iterator[Arrival]:
        """Files of `new`, by name, which begins with the instant of their arrival."""
        try:
            names = sorted(each.name for each in os.scandir(self.folder / "new"))
        except OSError as fault:
            raise MailboxFault(f"the folder {self.folder}/new can't be read: {fault.strerror}") from None
        for name in names[:limit]:
            arrival = self._read(name)
            if arrival is not None:
                yield arrival

    def _read(self, name: str) -> Arrival | None:
        """One file; None where somebody else took it meanwhile."""
        try:
            # A link, or a pipe, that somebody laid there is not followed, nor waited for.
            number = os.open(self.folder / "new" / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError as fault:
            return Arrival(name, None, why=str(fault.strerror))
        if not stat.S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            return Arrival(name, None, why="it is not a file")
        with os.fdopen(number, "rb") as file:
            raw = file.read(LARGEST + 1)
        return Arrival(name, raw[:LARGEST], whole=len(raw) <= LARGEST)

    def tidy(self, keys: Sequence[str]) -> None:
        """From `new` to `cur`; what is gone already is nobody's concern."""
        for key in keys:
            try:
                (self.folder / "cur").mkdir(exist_ok=True)
                (self.folder / "new" / key).rename(self.folder / "cur" / f"{key.partition(':')[0]}:2,S")
            except FileNotFoundError:
                continue
            except OSError as fault:
                raise MailboxFault(f"{self.folder}/cur can't be written: {fault.strerror}") from None

    def close(self) -> None:
        """Nothing is kept open."""
