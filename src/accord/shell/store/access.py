"""Keys of the systems around, and the answers that they were given, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Table, and_, delete, func, insert, or_, select, update
from sqlalchemy.engine import Row

from accord.shell.engine.ports.access import AccessKey, Given, NewKey, Promise
from accord.shell.store import tables
from accord.shell.store.dialect import insert_new

KEY = cast("Table", tables.AccessKeyRow.__table__)  # type: ignore[attr-defined]
ANSWER = cast("Table", tables.GivenAnswerRow.__table__)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class SqlAccess:
    """The port `Access` over one connection."""

    connection: Connection

    def add_key(self, key: NewKey, by: str, now: datetime) -> None:
        row = {"name": key.name, "prefix": key.prefix, "digest": key.digest, "rate": key.rate}
        made = {"scopes": list(key.scopes), "made_at": now, "made_by": by}
        self.connection.execute(insert(KEY), [{**row, **made}])

    def key_called(self, prefix: str) -> AccessKey | None:
        row = self.connection.execute(select(KEY).where(KEY.c.prefix == prefix)).one_or_none()
        return _key(row) if row is not None else None

    def all_keys(self) -> Sequence[AccessKey]:
        rows = self.connection.execute(select(KEY).order_by(KEY.c.name, KEY.c.id))
        return [_key(row) for row in rows]

    def end_keys(self, name: str, at: datetime) -> int:
        lasting = or_(KEY.c.ends_at.is_(None), KEY.c.ends_at > at)
        wanted = update(KEY).where(KEY.c.name == name, KEY.c.revoked_at.is_(None), lasting)
        return self.connection.execute(wanted.values(ends_at=at)).rowcount

    def revoke_keys(self, name: str, now: datetime) -> int:
        lasting = or_(KEY.c.ends_at.is_(None), KEY.c.ends_at > now)
        wanted = update(KEY).where(KEY.c.name == name, KEY.c.revoked_at.is_(None), lasting)
        return self.connection.execute(wanted.values(revoked_at=now)).rowcount

    def note_use(self, key_id: int, now: datetime) -> None:
        self.connection.execute(update(KEY).where(KEY.c.id == key_id).values(used_at=now))

    def promised(self, caller: str, key: str, now: datetime) -> Promise | None:
        standing = and_(
            ANSWER.c.keep_until > now, or_(ANSWER.c.status.is_not(None), ANSWER.c.lease_until > now)
        )
        known = select(ANSWER).where(ANSWER.c.caller == caller, ANSWER.c.key == key, standing)
        row = self.connection.execute(known).one_or_none()
        return _promise(row) if row is not None else None

    def promise(self, wanted: Promise, now: datetime) -> Promise | None:
        known = (ANSWER.c.caller == wanted.caller, ANSWER.c.key == wanted.key)
        died = (ANSWER.c.status.is_(None)) & (ANSWER.c.lease_until <= now)
        self.connection.execute(delete(ANSWER).where(*known, or_(ANSWER.c.keep_until <= now, died)))
        row = {
            "caller": wanted.caller,
            "key": wanted.key,
            "digest": wanted.digest,
            "lease_until": wanted.lease,
            "keep_until": wanted.keep_until,
        }
        new = self.connection.execute(insert_new(self.connection, ANSWER).returning(ANSWER.c.id), [row])
        if new.all():
            return None
        return _promise(self.connection.execute(select(ANSWER).where(*known)).one())

    def keep_answer(self, caller: str, key: str, answer: Given) -> None:
        wanted = update(ANSWER).where(ANSWER.c.caller == caller, ANSWER.c.key == key)
        values = {"status": answer.status, "body": answer.body, "place": answer.place}
        self.connection.execute(wanted.values(**values))

    def break_promise(self, caller: str, key: str) -> None:
        known = (ANSWER.c.caller == caller, ANSWER.c.key == key)
        self.connection.execute(delete(ANSWER).where(*known, ANSWER.c.status.is_(None)))

    def old_answers(self, now: datetime) -> int:
        wanted = select(func.count()).where(ANSWER.c.keep_until <= now)
        return int(self.connection.execute(wanted).scalar_one())

    def drop_answers(self, now: datetime) -> None:
        self.connection.execute(delete(ANSWER).where(ANSWER.c.keep_until <= now))


def _key(row: Row[Any]) -> AccessKey:
    return AccessKey(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        digest=row.digest,
        scopes=frozenset(row.scopes),
        rate=row.rate,
        made_at=row.made_at,
        made_by=row.made_by,
        ends_at=row.ends_at,
        revoked_at=row.revoked_at,
        used_at=row.used_at,
    )


def _promise(row: Row[Any]) -> Promise:
    answer = Given(row.status, row.body or "", row.place) if row.status is not None else None
    return Promise(row.caller, row.key, row.digest, row.lease_until, row.keep_until, answer)
