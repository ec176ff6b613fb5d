"""The objections log: an append-only file, on the disk before anybody is told that an objection was taken."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from accord.shell.engine.ports.store import StoreError


@dataclass(frozen=True, slots=True)
class Sealed:
    """One line: whose address, as a keyed digest, objects to what since when; `erasure`: and was erased."""

    seal: str
    entity: str
    purpose: str
    at: datetime
    erasure: bool = False

    def line(self) -> str:
        """The line as it is written."""
        told = {"seal": self.seal, "entity": self.entity, "purpose": self.purpose, "at": self.at.isoformat()}
        return json.dumps({**told, "erasure": True} if self.erasure else told, ensure_ascii=False) + "\n"

    @staticmethod
    def read(line: str) -> Sealed:
        """The line as it was written. Raises ValueError for anything else."""
        try:
            told = json.loads(line)
            at = datetime.fromisoformat(told["at"])
            sealed = Sealed(
                str(told["seal"]), str(told["entity"]), str(told["purpose"]), at, bool(told.get("erasure"))
            )
        except (KeyError, TypeError, AttributeError):
            raise ValueError("not a line of the objections log") from None
        if at.tzinfo is None:
            raise ValueError("the instant has no zone")
        return sealed


@dataclass(frozen=True, slots=True)
class ObjectionsLog:
    """One such file, in UTF-8, a JSON object a line; made when first written, for its owner's eyes alone."""

    path: Path

    def append(self, sealed: Sequence[Sealed]) -> None:
        """Write lines and wait until the disk has them. Raises StoreError: then nothing may be told."""
        if not sealed:
            return
        try:
            new = not self.path.exists()
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "rb+", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                _write(file, "".join(each.line() for each in sealed).encode())
                os.fsync(file.fileno())
            if new:
                _flush_folder(self.path.parent)
        except OSError as fault:
            raise StoreError(f"the objections log {self.path} can't be written: {fault.strerror}") from None

    def lines(self) -> Iterator[tuple[int, Sealed | None]]:
        """Every line with its number, oldest first; None for one that can't be read."""
        with self.path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    try:
                        yield number, Sealed.read(line)
                    except ValueError:
                        yield number, None


def _write(file: IO[bytes], lines: bytes) -> None:
    """Append, after closing a line that a crash broke off."""
    if file.seek(0, os.SEEK_END):
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            lines = b"\n" + lines
    while lines:
        lines = lines[file.write(lines) :]


def _flush_folder(folder: Path) -> None:
    """A new file's name is on the disk only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
