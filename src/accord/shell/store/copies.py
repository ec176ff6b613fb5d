"""Copies of a SQLite database: made while others write, told by a manifest, checked before they are brought back."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from accord.shell.store.database import SqlStore

DATABASE, MANIFEST = "accord.db", "manifest.json"

# What SQLite keeps beside a database that is, or was, open.
_BESIDE = ("-wal", "-shm", "-journal")


class CopyFault(Exception):
    """A copy that can't be made, or can't be brought back; the text says why."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a copy is: made when, by which version, with which keys, and what must be found in it."""

    accord: str
    made_at: datetime
    keys: str
    bytes: int
    sha256: str
    rows: Mapping[str, int]


def make_copy(store: SqlStore, folder: Path, *, version: str, keys: str, now: datetime) -> Manifest:
    """Copy the database into an own folder, and write the manifest last: without one it is no copy.

    Raises CopyFault for PostgreSQL, and where there is a copy already.
    """
    if store.file is None:
        raise CopyFault("PostgreSQL is backed up with its own tools: pg_dump --format=custom.")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / DATABASE
    if target.exists() or (folder / MANIFEST).exists():
        raise CopyFault(f"There is a copy in {folder} already: name another folder.")
    unfinished = folder / f".{DATABASE}.part"
    unfinished.unlink(missing_ok=True)
    store.backup(unfinished)
    rows = _counted(unfinished, alone=True)
    made = Manifest(version, now, keys, unfinished.stat().st_size, digest_of(unfinished), rows)
    _flush(unfinished)
    unfinished.replace(target)
    told = asdict(made) | {"made_at": now.isoformat()}
    (folder / MANIFEST).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    _flush(folder / MANIFEST)
    return made


def read_manifest(folder: Path) -> Manifest:
    """What the copy in a folder says of itself. Raises CopyFault."""
    try:
        told: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return Manifest(
            accord=str(told["accord"]),
            made_at=datetime.fromisoformat(told["made_at"]),
            keys=str(told["keys"]),
            bytes=int(told["bytes"]),
            sha256=str(told["sha256"]),
            rows={str(table): int(count) for table, count in told["rows"].items()},
        )
    except FileNotFoundError:
        raise CopyFault(
            f"{folder} has no {MANIFEST}: it is not a finished copy of `scenario db backup`."
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise CopyFault(f"{folder / MANIFEST} is damaged.") from None


def stage(folder: Path, manifest: Manifest, target: Path) -> Path:
    """Put a checked copy beside `target`, under another name. Raises CopyFault with all that is wrong with it."""
    staged = target.with_name(f".{target.name}.restoring")
    discard(staged)
    try:
        shutil.copyfile(folder / DATABASE, staged)
    except OSError as fault:
        raise CopyFault(f"{folder / DATABASE} can't be read: {fault.strerror}.") from None
    wrong = _differences(staged, manifest)
    if wrong:
        discard(staged)
        raise CopyFault("\n".join(f"{folder / DATABASE}: {each}" for each in wrong))
    return staged


def _differences(copy: Path, manifest: Manifest) -> list[str]:
    if copy.stat().st_size != manifest.bytes:
        return [f"it has {copy.stat().st_size} bytes, not the {manifest.bytes} of the manifest."]
    if digest_of(copy) != manifest.sha256:
        return ["its digest is not that of the manifest: it was changed since."]
    try:
        rows = _counted(copy, alone=False)
    except sqlite3.DatabaseError as fault:
        return [f"it can't be read: {fault}."]
    return [
        f"{table} has {rows.get(table, 0)} rows, not the {count} of the manifest."
        for table, count in manifest.rows.items()
        if rows.get(table, 0) != count
    ]


def put_in_place(staged: Path, target: Path, *, suffix: str) -> Path | None:
    """Let the staged database be the one that is used; returns where the one that was there is now."""
    aside = None
    if target.exists():
        aside = target.with_name(f"{target.name}.{suffix}")
        for end in ("", *_BESIDE):
            beside = Path(f"{target}{end}")
            if beside.exists():
                beside.replace(f"{aside}{end}")
    _flush(staged)
    staged.replace(target)
    return aside


def discard(staged: Path) -> None:
    """Take a staged copy away, and what SQLite left beside it."""
    for end in ("", *_BESIDE):
        Path(f"{staged}{end}").unlink(missing_ok=True)


def digest_of(file: Path) -> str:
    """SHA-256 of a file, a piece at a time."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _counted(file: Path, *, alone: bool) -> dict[str, int]:
    """Rows of each table; `alone` makes the copy one file that nothing belongs beside."""
    with closing(sqlite3.connect(file)) as connection:
        if alone:
            connection.execute("PRAGMA journal_mode = DELETE")
        [(sound,)] = connection.execute("PRAGMA quick_check(1)").fetchall()
        if sound != "ok":
            raise sqlite3.DatabaseError(str(sound))
        named = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).fetchall()
        return {
            str(table): int(connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])  # noqa: S608 - names of its own tables
            for (table,) in named
        }


def _flush(file: Path) -> None:
    """Wait until the disk has it."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
