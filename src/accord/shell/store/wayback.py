"""The way back in the database: what came back, each thing once; mailboxes as far as they have been read; tasks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, Table, delete, func, select, update

from accord.shell.engine.ports.keeping import Page
from accord.shell.engine.ports.wayback import Came, Fate, MailboxState, Task
from accord.shell.store.dialect import among, claimed, claiming, insert_new, is_sqlite
from accord.shell.store.switch_tables import TaskRow
from accord.shell.store.wayback_tables import MailboxRow, ReturnedRow

RETURNED = cast("Table", ReturnedRow.__table__)  # type: ignore[attr-defined]
MAILBOX = cast("Table", MailboxRow.__table__)  # type: ignore[attr-defined]
TASK = cast("Table", TaskRow.__table__)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class SqlWayBack:
    """The port `WayBack` over one connection."""

    connection: Connection

    def note(self, came: Came) -> int | None:
        """A row of its own, or None where its digest has one."""
        row = {"digest": came.digest, "source": came.source, "at": came.at}
        self.connection.execute(insert_new(self.connection, RETURNED), [{**row, "fate": _NEW}])
        known = select(RETURNED.c.id, RETURNED.c.fate).where(RETURNED.c.digest == came.digest)
        found = self.connection.execute(known).one()
        return int(found.id) if found.fate == _NEW else None

    def tell(self, number: int, came: Came) -> None:
        """Write what it was."""
        values = {
            "kind": came.kind,
            "reason": came.reason,
            "rule": came.rule,
            "contact_id": came.contact_id,
            "message_id": came.message_id,
            "matched": came.matched,
            "fate": came.fate.value,
            "due_at": came.at if came.fate is Fate.TO_FORWARD else None,
            "content": came.content,
        }
        self.connection.execute(update(RETURNED).where(RETURNED.c.id == number).values(values))

    def listed(self, *, kind: str | None = None, limit: int = 100) -> Sequence[Came]:
        """Newest first."""
        wanted = select(*(each for each in RETURNED.c if each.name != "content"))
        if kind is not None:
            wanted = wanted.where(RETURNED.c.kind == kind)
        rows = self.connection.execute(wanted.order_by(RETURNED.c.id.desc()).limit(limit))
        return [_came(row, None) for row in rows]

    def counted(self, since: datetime) -> Mapping[tuple[str, str, str], int]:
        """By source, kind and reason."""
        by = (RETURNED.c.source, RETURNED.c.kind, RETURNED.c.reason)
        rows = self.connection.execute(
            select(*by, func.count()).where(RETURNED.c.at >= since).group_by(*by).order_by(*by)
        )
        return {(row[0], row[1], row[2]): int(row[3]) for row in rows}

    # mailboxes

    def mailboxes(self) -> Sequence[MailboxState]:
        """All that were ever read, by name."""
        rows = self.connection.execute(select(MAILBOX).order_by(MAILBOX.c.name)).mappings()
        return [MailboxState(**row) for row in rows]

    def mailbox(self, name: str) -> MailboxState | None:
        """The one of this name."""
        row = self.connection.execute(select(MAILBOX).where(MAILBOX.c.name == name)).mappings().one_or_none()
        return MailboxState(**row) if row is not None else None

    def mark(self, name: str, mark: str | None, now: datetime) -> None:
        """Read so far."""
        self._keep(name, {"mark": mark, "read_at": now, "failing_since": None, "why": ""})

    def fails(self, name: str, why: str, now: datetime) -> MailboxState:
        """Since when stays what it was."""
        known = self.mailbox(name)
        since = (known.failing_since if known is not None else None) or now
        self._keep(name, {"failing_since": since, "why": why})
        return MailboxState(name, failing_since=since, why=why)

    def forget_mailboxes(self, but: Collection[str]) -> None:
        """Delete the others."""
        self.connection.execute(delete(MAILBOX).where(MAILBOX.c.name.not_in(sorted(but))))

    def _keep(self, name: str, values: Mapping[str, Any]) -> None:
        self.connection.execute(insert_new(self.connection, MAILBOX), [{"name": name, "why": ""}])
        self.connection.execute(update(MAILBOX).where(MAILBOX.c.name == name).values(values))

    # forwarding

    def to_forward(self, now: datetime, limit: int, until: datetime) -> Sequence[Came]:
        """Leased by moving their due instant."""
        due = (RETURNED.c.fate == Fate.TO_FORWARD.value, RETURNED.c.due_at <= now)
        chosen = select(RETURNED.c.id).where(*due).order_by(RETURNED.c.due_at).limit(limit)
        chosen = claiming(chosen, RETURNED)
        change = update(RETURNED).values(due_at=until, attempts=RETURNED.c.attempts + 1)
        claim_them = claimed(change, RETURNED.c.id, chosen, sqlite=is_sqlite(self.connection))
        rows = self.connection.execute(claim_them.returning(*RETURNED.c))
        return sorted((_came(row, row.content) for row in rows), key=lambda each: each.id)

    def forwarded(self, number: int) -> None:
        """The team has it: the content goes."""
        self._end(number, fate=Fate.FORWARDED.value, content=None)

    def forward_later(self, number: int, at: datetime) -> None:
        """Again at an instant."""
        self._end(number, due_at=at)

    def give_up(self, number: int) -> None:
        """Only its content stays."""
        self._end(number, fate=Fate.NOTED.value)

    def _end(self, number: int, **values: Any) -> None:
        self.connection.execute(update(RETURNED).where(RETURNED.c.id == number).values(values))

    # tasks

    def tasks(self, subject: str) -> Sequence[Task]:
        """Oldest first."""
        wanted = select(TASK).where(TASK.c.subject == subject, TASK.c.done_at.is_(None))
        return [_task(row) for row in self.connection.execute(wanted.order_by(TASK.c.id))]

    def finish_task(self, number: int, now: datetime) -> Task | None:
        """Close it, and let the content go that it was about."""
        wanted = select(TASK).where(TASK.c.id == number, TASK.c.done_at.is_(None))
        row = self.connection.execute(wanted).one_or_none()
        if row is None:
            return None
        self.connection.execute(update(TASK).where(TASK.c.id == number).values(done_at=now))
        about = (row.body or {}).get("returned")
        if about is not None:
            waits = RETURNED.c.fate == Fate.NOTED.value
            self.connection.execute(
                update(RETURNED).where(RETURNED.c.id == int(about), waits).values(content=None)
            )
        return _task(row)

    # what grows old

    def old(self, before: datetime, after_id: int, limit: int) -> Page:
        """In the order in which it came."""
        wanted = select(RETURNED.c.id).where(RETURNED.c.id > after_id, RETURNED.c.at < before)
        ids = tuple(self.connection.execute(wanted.order_by(RETURNED.c.id).limit(limit)).scalars())
        return Page(ids, ids[-1] if len(ids) == limit else None)

    def drop(self, ids: Sequence[int]) -> None:
        """Delete these."""
        self.connection.execute(delete(RETURNED).where(among(self.connection, RETURNED.c.id, ids)))

    def forget_contents(self, before: datetime) -> None:
        """Null what is left of them."""
        kept = update(RETURNED).where(RETURNED.c.at < before, RETURNED.c.content.is_not(None))
        self.connection.execute(kept.values(content=None, fate=Fate.NOTED.value))


def forget_returned(connection: Connection, contact_ids: Sequence[int]) -> None:
    """What came back from people who are erased is nobody's, and nothing is left of what it said."""
    theirs = among(connection, RETURNED.c.contact_id, contact_ids)
    values = {"contact_id": None, "message_id": None, "content": None, "fate": Fate.NOTED.value}
    connection.execute(update(RETURNED).where(theirs).values(values))


# What a row is called between its making and its telling, in one transaction: nobody else ever sees it.
_NEW = "new"


def _came(row: Row[Any], content: bytes | None) -> Came:
    return Came(
        digest=row.digest,
        source=row.source,
        at=row.at,
        kind=row.kind,
        reason=row.reason,
        rule=row.rule,
        contact_id=row.contact_id,
        message_id=row.message_id,
        matched=row.matched,
        fate=Fate(row.fate),
        content=content,
        id=row.id,
        attempts=row.attempts,
    )


def _task(row: Row[Any]) -> Task:
    return Task(row.id, row.subject, row.key, row.contact_id, row.body or {}, row.raised_at)
