"""Forms and oral scripts in the database: versions kept for ever, and who answered them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Table, insert, select, update
from sqlalchemy.engine import Row

from accord.core.model.wording import Wording, WordingKind, wording_of
from accord.shell.engine.ports.rows import KeptWording
from accord.shell.store import tables
from accord.shell.store.dialect import among
from accord.shell.store.people import ENTRY

WORDING = cast("Table", tables.WordingVersionRow.__table__)  # type: ignore[attr-defined]


def keep(connection: Connection, wording: Wording, by: str, now: datetime) -> None:
    """Keep a version for ever. The caller has seen that its name and version are free."""
    row = {
        "digest": wording.digest,
        "kind": wording.kind.value,
        "name": wording.name,
        "version": wording.version,
        "body": wording.body(),
        "added_at": now,
        "added_by": by,
    }
    connection.execute(insert(WORDING), [row])


def kept(
    connection: Connection, kind: WordingKind | None = None, name: str | None = None
) -> list[KeptWording]:
    """Every version that was kept, of one kind or name where they are given, oldest first."""
    wanted = select(WORDING).order_by(WORDING.c.added_at, WORDING.c.version)
    if kind is not None:
        wanted = wanted.where(WORDING.c.kind == kind.value)
    if name is not None:
        wanted = wanted.where(WORDING.c.name == name)
    return [_kept(row) for row in connection.execute(wanted)]


def by_digest(connection: Connection, digests: Sequence[str]) -> dict[str, KeptWording]:
    """Versions by their digests."""
    wanted = select(WORDING).where(among(connection, WORDING.c.digest, list(digests)))
    return {row.digest: _kept(row) for row in connection.execute(wanted)}


def _kept(row: Row[tuple[object, ...]]) -> KeptWording:
    return KeptWording(
        wording_of(row.body), row.added_at, row.added_by, row.revoked_at, row.revoked_by, row.revoked_because
    )


def revoke(connection: Connection, digest: str, because: str, by: str, now: datetime) -> bool:
    """Say that a version proves nothing; whether it did until now."""
    change = update(WORDING).where(WORDING.c.digest == digest, WORDING.c.revoked_at.is_(None))
    done = connection.execute(change.values(revoked_at=now, revoked_by=by, revoked_because=because))
    return done.rowcount > 0


def who_answered(connection: Connection, digest: str, after_id: int, limit: int) -> list[int]:
    """Contacts with an entry that answers this wording, in order of id, beyond `after_id`."""
    wanted = (
        select(ENTRY.c.contact_id)
        .where(ENTRY.c.wording == digest, ENTRY.c.payload.is_not(None), ENTRY.c.contact_id > after_id)
        .group_by(ENTRY.c.contact_id)
        .order_by(ENTRY.c.contact_id)
        .limit(limit)
    )
    return list(connection.execute(wanted).scalars())
