"""A folder instead of a mail server: each mail becomes one .eml file that any mail program opens."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from accord.core.model.message import MessageState
from accord.shell.engine.ports.mailing import Envelope, Receipt, Unreachable

WIDTH = 500


class FolderCarrier:
    """The Carrier that writes into `folder`, for demonstrations and tests.

    A file appears whole or not at all; the same message handed over twice is one file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def width(self) -> int:
        """Files may be written as many at once as make a batch."""
        return WIDTH

    async def ready(self) -> int:
        """Makes the folder if it is missing; raises Unreachable when that can't be."""
        try:
            await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        except OSError as fault:
            raise Unreachable(f"The folder {self._folder} can't be made: {fault.strerror}") from fault
        return WIDTH

    def pause(self) -> float:
        """A folder is always ready."""
        return 0.0

    async def carry(self, envelope: Envelope) -> Receipt:
        """Write one mail; a full disk or a lost folder defers it."""
        name = file_name(envelope)
        try:
            await asyncio.to_thread(self._write, name, envelope.content)
        except OSError as fault:
            return Receipt(MessageState.DEFERRED, f"{name} can't be written: {fault.strerror}")
        return Receipt(MessageState.ACCEPTED, name)

    def cut(self) -> None:
        """A file is written in no time: there is nothing to break off."""

    async def close(self) -> None:
        """Nothing is kept open."""

    def _write(self, name: str, content: bytes) -> None:
        unfinished = self._folder / f".{name}.tmp"
        unfinished.write_bytes(content)
        unfinished.replace(self._folder / name)


def file_name(envelope: Envelope) -> str:
    """`000000000042-ada-example-org.eml`: files sort as messages do, and no address leaves the folder."""
    slug = re.sub(r"[^a-z0-9]+", "-", envelope.recipient.casefold()).strip("-")[:80]
    return f"{envelope.message_id:012d}-{slug or 'nobody'}.eml"
