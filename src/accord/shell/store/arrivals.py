"""People by the thousand: new contacts with numbers of their own choosing, and one event told of them all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, insert, literal, select
from sqlalchemy.exc import IntegrityError

from accord.core.model.contact import email_key
from accord.core.model.event import Event
from accord.shell.engine.ports.rows import NewContact
from accord.shell.engine.ports.store import Duplicate
from accord.shell.store.bulk import insert_rows, numbered
from accord.shell.store.dialect import among, numbers
from accord.shell.store.journal import EVENT
from accord.shell.store.people import CONTACT, Law


def add(connection: Connection, new: Sequence[NewContact], law: Law) -> list[int]:
    """Ids in the order of `new`; raises Duplicate when an address or an external id exists."""
    if not new:
        return []
    rows = numbered(connection, CONTACT, [_row(each, law) for each in new])
    try:
        insert_rows(connection, CONTACT, rows)
    except IntegrityError as clash:
        raise Duplicate("a contact with this address or external id exists already") from clash
    return [row["id"] for row in rows]


def _row(new: NewContact, law: Law) -> dict[str, Any]:
    return {
        "email_key": email_key(new.email),
        "email": new.email.strip(),
        "external_id": new.external_id,
        "language": new.language,
        "zone": new.zone,
        "address_state": new.address_state.value,
        "address_kind": new.address_kind.value,
        "from_third_party": new.from_third_party,
        "collected_at": new.collected_at,
        "last_action_at": new.last_action_at,
        "expires_on": law.runs_out(new.collected_at, new.last_action_at),
        "newsletters_per_month": new.preferences.newsletters_per_month,
        "paused_until": new.preferences.paused_until,
        "attributes": new.attributes,
        "revision": 0,
    }


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
