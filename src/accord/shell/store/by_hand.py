"""Single rows in a person's hands: what is stuck, one mail of the ledger with all that is known of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from accord.core.model.message import Message, MessageState
from accord.shell.engine.ports.rows import LedgerEntry, Stuck, StuckKind
from accord.shell.store.journal import EVENT, UNANSWERED
from accord.shell.store.mail import IN_TURN, LEASED, MESSAGE, UNKNOWN, WAITING, message_of
from accord.shell.store.people import CONTACT
from accord.shell.store.runs import OPEN, RUN

# A mail that was tried in vain so often has a trouble of its own.
OFTEN = 3


def stuck(connection: Connection, now: datetime, limit: int) -> list[Stuck]:
    """Rows that do not get on by themselves, oldest first: of each kind at most `limit`."""
    return [
        *_stuck_runs(connection, now, limit),
        *_stuck_events(connection, now, limit),
        *_stuck_mails(connection, limit),
    ]


def _stuck_runs(connection: Connection, now: datetime, limit: int) -> list[Stuck]:
    """Runs and events are leased within one transaction: a lease that outlives it is a fault's (advance.py)."""
    due = (OPEN, RUN.c.due_at <= now)  # only those are ever claimed: whoever waits need not be looked at
    wanted = select(RUN).where(*due, RUN.c.lease_until > now).order_by(RUN.c.due_at, RUN.c.id).limit(limit)
    return [
        Stuck(
            StuckKind.RUN, row.id, row.contact_id, f"{row.scenario}/{row.step}", row.due_at, row.lease_until
        )
        for row in connection.execute(wanted)
    ]


def _stuck_events(connection: Connection, now: datetime, limit: int) -> list[Stuck]:
    # In the order of the index of what is unanswered: by number alone the whole journal would be walked through.
    order = (EVENT.c.contact_id, EVENT.c.id)
    wanted = select(EVENT).where(UNANSWERED, EVENT.c.lease_until > now).order_by(*order).limit(limit)
    rows = sorted(connection.execute(wanted), key=lambda row: row.id)
    return [
        Stuck(StuckKind.EVENT, row.id, row.contact_id, row.name, row.received_at, row.lease_until)
        for row in rows
    ]


def _stuck_mails(connection: Connection, limit: int) -> list[Stuck]:
    in_vain = (MESSAGE.c.state == MessageState.DEFERRED.value) & (MESSAGE.c.attempts >= OFTEN)
    rows = [
        row
        # Each in the order of an index of its own.
        for which, order in (((UNKNOWN,), (MESSAGE.c.id,)), ((WAITING, in_vain), IN_TURN))
        for row in connection.execute(select(MESSAGE).where(*which).order_by(*order).limit(limit))
    ]
    return [
        Stuck(
            StuckKind.MESSAGE,
            row.id,
            row.contact_id,
            f"{row.scenario}/{row.step}",
            row.planned_at,
            row.due_at if row.state == MessageState.DEFERRED.value else None,
            row.reply or row.state,
        )
        for row in sorted(rows, key=lambda row: row.id)[:limit]
    ]


def retry(connection: Connection, kind: StuckKind, number: int, now: datetime) -> bool:
    """Let the next turn try a stuck row again; whether there was one. A mail of unknown fate is not one."""
    match kind:
        case StuckKind.RUN:
            free = update(RUN).where(RUN.c.id == number, OPEN, RUN.c.lease_until.is_not(None))
            change = free.values(lease_until=None)
        case StuckKind.EVENT:
            leased = (EVENT.c.id == number, UNANSWERED, EVENT.c.lease_until.is_not(None))
            change = update(EVENT).where(*leased).values(lease_until=None)
        case StuckKind.MESSAGE:
            deferred = MESSAGE.c.state == MessageState.DEFERRED.value
            change = update(MESSAGE).where(MESSAGE.c.id == number, deferred).values(due_at=now)
    return connection.execute(change).rowcount > 0


def ledger_entry(connection: Connection, message_id: int) -> LedgerEntry | None:
    """One mail of the ledger with its recipient, the verdict's inputs, the last reply and what was read."""
    wanted = (
        select(MESSAGE, CONTACT.c.email)
        .join(CONTACT, CONTACT.c.id == MESSAGE.c.contact_id)
        .where(MESSAGE.c.id == message_id)
    )
    row = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    return LedgerEntry(message_of(row), row.email, row.inputs or {}, row.settled_at, row.reply, row.context)


def send_again(connection: Connection, message: Message, judged: Message, now: datetime) -> bool:
    """Put a mail back into the queue as judged anew, where it still is in the state that it was read in.

    What nobody knows the fate of keeps its Message-ID, so that a second copy is seen to be one; any other
    mail begins anew.
    """
    unknown = message.state is MessageState.UNKNOWN
    change = (
        update(MESSAGE)
        .where(MESSAGE.c.id == message.id, MESSAGE.c.state == message.state.value)
        .values(
            state=MessageState.QUEUED.value,
            planned_at=now,
            due_at=now,
            queued_at=message.queued_at if unknown else now,
            attempts=0,
            lease_until=None,
            settled_at=None,
            reply=None,
            basis=judged.basis.value,
            reason=judged.reason,
            rule=judged.rule,
            with_invitation=judged.with_invitation,
            judged_revision=judged.judged_revision,
        )
    )
    return connection.execute(change).rowcount > 0


def unsent_versions(connection: Connection) -> list[str]:
    """The scenario versions of mails that have not left: their runs may have ended, and the file be edited."""
    found = {
        digest
        for under_way in (WAITING, LEASED)
        for digest in connection.execute(select(MESSAGE.c.digest).where(under_way).distinct()).scalars()
    }
    return sorted(found)
