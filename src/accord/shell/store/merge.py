"""Two records that are one person: everything goes to the survivor, and the other is closed (R-17)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Text, cast, literal, select, update

from accord.core.model.contact import AddressState, email_key
from accord.core.model.enrolment import RunState
from accord.core.model.message import MessageState
from accord.shell.engine.ports.store import Duplicate
from accord.shell.store.dialect import among
from accord.shell.store.erase import RECALLABLE, TASK
from accord.shell.store.journal import EVENT
from accord.shell.store.mail import MESSAGE, PROSPECTING_LANE
from accord.shell.store.orders import LINE, ORDER
from accord.shell.store.people import CONTACT, Law
from accord.shell.store.postings import POSTING, cancel_calls
from accord.shell.store.runs import OPEN, RUN
from accord.shell.store.wayback import RETURNED

# Stands between an entry key and what tells two runs with the same key apart: see core/decide.py.
APART = "\t"


def merge(
    connection: Connection, kept: int, gone: int, ending: Sequence[int], law: Law, now: datetime
) -> None:
    """Give everything of `gone` to `kept`. Its ledger stays its own, its address stands for the survivor.

    The runs that are `ending` leave and prospecting mail of the closed record is cancelled; what is left goes
    on, to the survivor's address. Rows of the journal follow by `gather`.
    """
    rows = {
        row.id: row
        for row in connection.execute(
            select(CONTACT).where(CONTACT.c.id.in_([kept, gone])).order_by(CONTACT.c.id).with_for_update()
        )
    }
    _end_prospecting(connection, gone, ending, now)
    _move_runs(connection, kept, gone)
    for table in (MESSAGE, POSTING, ORDER, LINE, TASK, RETURNED):
        connection.execute(update(table).where(table.c.contact_id == gone).values(contact_id=kept))
    connection.execute(update(CONTACT).where(CONTACT.c.merged_into == gone).values(merged_into=kept))
    _close(connection, gone, kept)
    _grow(connection, rows[kept], rows[gone], law)


def _end_prospecting(connection: Connection, gone: int, ending: Sequence[int], now: datetime) -> None:
    connection.execute(
        update(RUN)
        .where(among(connection, RUN.c.id, ending), OPEN)
        .values(state=RunState.LEFT.value, open=0, ended_because="MERGED", lease_until=None)
    )
    cancel_calls(connection, [gone], None, "MERGED", now)
    connection.execute(
        update(MESSAGE)
        .where(
            MESSAGE.c.contact_id == gone,
            MESSAGE.c.lane == PROSPECTING_LANE,
            MESSAGE.c.state.in_([state.value for state in RECALLABLE]),
        )
        .values(
            state=MessageState.CANCELLED.value,
            reason="MERGED",
            rule="R-17",
            settled_at=now,
            lease_until=None,
        )
    )


def _move_runs(connection: Connection, kept: int, gone: int) -> None:
    """Runs keep counting for «again»; one with a key that the survivor has too is told apart by its number."""
    other = RUN.alias("other")
    same = select(other.c.id).where(
        other.c.contact_id == kept,
        other.c.scenario == RUN.c.scenario,
        other.c.entry_key == RUN.c.entry_key,
    )
    told_apart = RUN.c.entry_key + literal(f"{APART}merged:") + cast(RUN.c.id, Text)
    own = RUN.c.contact_id == gone
    connection.execute(update(RUN).where(own, same.exists()).values(entry_key=told_apart))
    connection.execute(update(RUN).where(own).values(contact_id=kept))


def _close(connection: Connection, gone: int, kept: int) -> None:
    connection.execute(
        update(CONTACT)
        .where(CONTACT.c.id == gone)
        .values(
            external_id=None,
            address_state=AddressState.MERGED.value,
            last_action_at=None,
            expires_on=None,
            newsletters_per_month=None,
            paused_until=None,
            rests_until=None,
            attributes={},
            merged_into=kept,
            revision=CONTACT.c.revision + 1,
        )
    )


def _grow(connection: Connection, kept: Row[Any], gone: Row[Any], law: Law) -> None:
    """The survivor knows what either knew; of two wishes the one that asks for less holds."""
    acted = max(filter(None, (kept.last_action_at, gone.last_action_at)), default=None)
    numbers = [n for n in (kept.newsletters_per_month, gone.newsletters_per_month) if n is not None]
    connection.execute(
        update(CONTACT)
        .where(CONTACT.c.id == kept.id)
        .values(
            external_id=kept.external_id or gone.external_id,
            from_third_party=bool(kept.from_third_party or gone.from_third_party),
            last_action_at=acted,
            expires_on=law.runs_out(kept.collected_at, acted),
            newsletters_per_month=min(numbers, default=None),
            paused_until=max(filter(None, (kept.paused_until, gone.paused_until)), default=None),
            rests_until=kept.rests_until,
            attributes={**(gone.attributes or {}), **(kept.attributes or {})},
            revision=CONTACT.c.revision + 1,
        )
    )


def gather(connection: Connection, limit: int) -> int:
    """Give up to `limit` journal rows of closed records to their survivors."""
    survivor = select(CONTACT.c.merged_into).where(CONTACT.c.id == EVENT.c.contact_id).scalar_subquery()
    closed = select(CONTACT.c.id).where(CONTACT.c.merged_into.is_not(None))
    chosen = select(EVENT.c.id).where(EVENT.c.contact_id.in_(closed)).limit(limit).scalar_subquery()
    moved = update(EVENT).where(EVENT.c.id.in_(chosen)).values(contact_id=survivor)
    return connection.execute(moved).rowcount


def change_address(connection: Connection, contact_id: int, address: str) -> None:
    """Write to somebody at another address. Raises Duplicate where it is somebody else's.

    An address of a record merged into this one is the person's own: the two change places.
    """
    key = email_key(address)
    held = connection.execute(select(CONTACT).where(CONTACT.c.email_key == key)).one_or_none()
    if held is not None and held.id != contact_id:
        if held.merged_into != contact_id:
            raise Duplicate(f"another contact has the address {address}")
        _trade_places(connection, contact_id, held)
    own = CONTACT.c.id == contact_id
    if held is None or held.id != contact_id:
        bounced = CONTACT.c.address_state == AddressState.HARD_BOUNCED.value
        connection.execute(update(CONTACT).where(own, bounced).values(address_state=AddressState.OK.value))
    connection.execute(
        update(CONTACT)
        .where(own)
        .values(email=address.strip(), email_key=key, revision=CONTACT.c.revision + 1)
    )


def _trade_places(connection: Connection, contact_id: int, held: Row[Any]) -> None:
    mine = connection.execute(
        select(CONTACT.c.email, CONTACT.c.email_key).where(CONTACT.c.id == contact_id)
    ).one()
    for number, email, key in (
        (held.id, held.email, f"moving:{held.id}"),
        (contact_id, mine.email, f"moving:{contact_id}"),
        (held.id, mine.email, mine.email_key),
    ):
        connection.execute(update(CONTACT).where(CONTACT.c.id == number).values(email=email, email_key=key))
