"""People by the thousand: new contacts with numbers of their own choosing, and one event told of them all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, func, insert, literal, select
from sqlalchemy.exc import IntegrityError

from accord.core.model.contact import email_key
from accord.core.model.event import Event
from accord.shell.engine.ports.rows import NewContact
from accord.shell.engine.ports.store import Duplicate
from accord.shell.store.bulk import insert_rows
from accord.shell.store.dialect import among, is_sqlite, numbers
from accord.shell.store.journal import EVENT
from accord.shell.store.people import CONTACT, Law


def add(connection: Connection, new: Sequence[NewContact], law: Law) -> list[int]:
    """Ids in the order of `new`; raises Duplicate when an address or an external id exists.

    Their numbers are drawn beforehand: asking for them afterwards takes as long as the writing.
    """
    if not new:
        return []
    ids = _draw(connection, len(new))
    rows = [_row(number, each, law) for number, each in zip(ids, new, strict=True)]
    try:
        insert_rows(connection, CONTACT, _COLUMNS, rows)
    except IntegrityError as clash:
        raise Duplicate("a contact with this address or external id exists already") from clash
    return ids


def _draw(connection: Connection, count: int) -> list[int]:
    """Numbers that no contact has or will be given by others."""
    if is_sqlite(connection):
        # There is one writer, and it is this transaction.
        last = connection.execute(select(func.coalesce(func.max(CONTACT.c.id), 0))).scalar_one()
        return list(range(last + 1, last + 1 + count))
    counter = func.pg_get_serial_sequence("contact", "id")
    drawn = select(func.nextval(counter)).select_from(func.generate_series(1, bindparam(None, count)))
    return sorted(connection.execute(drawn).scalars())


_COLUMNS = (
    *("id", "email_key", "email", "external_id", "language", "zone", "address_state", "address_kind"),
    *("from_third_party", "collected_at", "last_action_at", "expires_on", "newsletters_per_month"),
    *("paused_until", "attributes", "revision"),
)


def _row(number: int, new: NewContact, law: Law) -> tuple[Any, ...]:
    return (
        number,
        email_key(new.email),
        new.email.strip(),
        new.external_id,
        new.language,
        new.zone,
        new.address_state.value,
        new.address_kind.value,
        new.from_third_party,
        new.collected_at,
        new.last_action_at,
        law.runs_out(new.collected_at, new.last_action_at),
        new.preferences.newsletters_per_month,
        new.preferences.paused_until,
        new.attributes,
        0,
    )


def external_owners(connection: Connection, external_ids: Sequence[str]) -> dict[str, str]:
    """The address, in the form in which addresses are compared, that has each of these external ids."""
    wanted = select(CONTACT.c.external_id, CONTACT.c.email_key).where(
        among(connection, CONTACT.c.external_id, external_ids)
    )
    return {row.external_id: row.email_key for row in connection.execute(wanted)}


def tell_all(connection: Connection, contact_ids: Sequence[int], event: Event, received_at: datetime) -> None:
    """The same event of each of these contacts, as history: one statement, whatever their number."""
    each = numbers(connection, contact_ids)
    columns = ("contact_id", "name", "at", "data", "source", "received_at", "answered")
    told = (event.name, event.at, dict(event.data), event.source, received_at, 1)
    values = [
        literal(value, EVENT.c[name].type).label(name) for name, value in zip(columns[1:], told, strict=True)
    ]
    connection.execute(insert(EVENT).from_select(columns, select(each.c.number.cast(BigInteger), *values)))
