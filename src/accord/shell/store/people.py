"""People in the database: contacts, the consent ledger with its chain, the objection list."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from itertools import groupby
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, Table, UpdateBase, delete, func, select, update
from sqlalchemy.engine import Row

from accord.core.consent.chain import GENESIS, broken, chained
from accord.core.consent.collection import consents
from accord.core.consent.retention import runs_out
from accord.core.model.coding import dumps, loads
from accord.core.model.consent import Act, ConsentEntry, Consents
from accord.core.model.contact import GONE, AddressKind, AddressState, Contact, Preferences
from accord.core.model.venue import Policy
from accord.shell.engine.ports.rows import ContactChange
from accord.shell.store import tables
from accord.shell.store.bulk import change_each, each_given, insert_rows
from accord.shell.store.dialect import among, among_the, is_sqlite, rows_among

CONTACT = cast("Table", tables.ContactRow.__table__)  # type: ignore[attr-defined]
ENTRY = cast("Table", tables.ConsentEntryRow.__table__)  # type: ignore[attr-defined]
STATE = cast("Table", tables.ConsentStateRow.__table__)  # type: ignore[attr-defined]


class Law:
    """What the database must know of the law: months of retention in the entity's zone, and the switches."""

    def __init__(self, months: int, zone: str, policy: Policy) -> None:
        self.months, self.zone, self.policy = months, ZoneInfo(zone), policy

    def runs_out(self, collected_at: datetime, last_action_at: datetime | None) -> date:
        """The day of the cut-off (R-40), for segments; the gate reckons it anew."""
        return runs_out(collected_at, last_action_at, self.months, self.zone)


# -- contacts --------------------------------------------------------------------------------------------------


def contacts(connection: Connection, ids: Sequence[int], *, lock: bool = False) -> dict[int, Contact]:
    """Contacts by id; `lock` keeps their rows until the transaction ends (PostgreSQL; SQLite has one writer)."""
    return {row.id: contact_of(row) for row in rows_among(connection, _locked if lock else _known, ids)}


@cache
def _known(*, sqlite: bool) -> Select[Any]:
    return select(CONTACT).where(among_the("ids", CONTACT.c.id, sqlite=sqlite)).order_by(CONTACT.c.id)


@cache
def _locked(*, sqlite: bool) -> Select[Any]:
    return _known(sqlite=sqlite).with_for_update()


def contacts_by_key(connection: Connection, keys: Sequence[str]) -> dict[str, Contact]:
    """Contacts by the form in which addresses are compared; a merged record's address is its survivor's."""
    wanted = select(CONTACT).where(among(connection, CONTACT.c.email_key, keys))
    rows = connection.execute(wanted).all()
    merged = [row.merged_into for row in rows if row.merged_into is not None]
    survivors = contacts(connection, merged) if merged else {}
    return {
        row.email_key: contact_of(row) if row.merged_into is None else survivors[row.merged_into]
        for row in rows
    }


def whose(connection: Connection, ids: Collection[int]) -> dict[int, int | None]:
    """Of these, the records that are gone: a merged one with its survivor, an erased one with nobody."""
    return {row.id: row.merged_into for row in rows_among(connection, _gone_among, sorted(ids))}


@cache
def _gone_among(*, sqlite: bool) -> Select[Any]:
    gone = CONTACT.c.address_state.in_([state.value for state in GONE])
    wanted = select(CONTACT.c.id, CONTACT.c.merged_into)
    return wanted.where(among_the("ids", CONTACT.c.id, sqlite=sqlite), gone)


def closed_into(connection: Connection, contact_id: int) -> list[Contact]:
    """The records that were merged into this one, oldest first."""
    wanted = select(CONTACT).where(CONTACT.c.merged_into == contact_id).order_by(CONTACT.c.id)
    return [contact_of(row) for row in connection.execute(wanted)]


def contact_of(row: Row[Any]) -> Contact:
    """The contact of a row."""
    return Contact(
        id=row.id,
        email=row.email,
        language=row.language,
        zone=row.zone,
        collected_at=row.collected_at,
        external_id=row.external_id,
        address_state=AddressState(row.address_state),
        address_kind=AddressKind(row.address_kind),
        from_third_party=bool(row.from_third_party),
        last_action_at=row.last_action_at,
        preferences=Preferences(row.newsletters_per_month, row.paused_until),
        rests_until=row.rests_until,
        attributes=row.attributes or {},
        revision=row.revision,
    )


def change_contacts(connection: Connection, changes: Sequence[ContactChange], law: Law) -> None:
    """Write changes, several to one contact in their order; each contact's revision goes up once.

    Records that are gone stay as they are.
    """
    ids = sorted({change.contact_id for change in changes})
    known = contacts(connection, ids, lock=True)
    rows = {number: _as_row(known[number]) for number in known if known[number].address_state not in GONE}
    for change in changes:
        if change.contact_id in rows:
            _put(rows[change.contact_id], change)
    for number, row in rows.items():
        row["expires_on"] = law.runs_out(known[number].collected_at, row["last_action_at"])
    given = [{f"b_{name}": value for name, value in row.items()} for row in rows.values()]
    change_each(connection, _changing(sqlite=is_sqlite(connection)), given)


def _as_row(contact: Contact) -> dict[str, Any]:
    return {
        "id": contact.id,
        "last_action_at": contact.last_action_at,
        "address_state": contact.address_state.value,
        "language": contact.language,
        "zone": contact.zone,
        "newsletters_per_month": contact.preferences.newsletters_per_month,
        "paused_until": contact.preferences.paused_until,
        "rests_until": contact.rests_until,
        "attributes": dict(contact.attributes),
    }


def _put(row: dict[str, Any], change: ContactChange) -> None:
    if change.acted_at is not None:
        row["last_action_at"] = max(filter(None, (row["last_action_at"], change.acted_at)))
    if change.address_state is not None:
        row["address_state"] = change.address_state.value
    if change.preferences is not None:
        row["newsletters_per_month"] = change.preferences.newsletters_per_month
        row["paused_until"] = change.preferences.paused_until
    row["rests_until"] = change.rests_until or row["rests_until"]
    row["language"] = change.language or row["language"]
    row["zone"] = change.zone or row["zone"]
    row["attributes"] |= change.attributes or {}


_CHANGED = (
    *("address_state", "language", "zone", "attributes", "last_action_at", "expires_on"),
    *("newsletters_per_month", "paused_until", "rests_until"),
)


@cache
def _changing(*, sqlite: bool) -> UpdateBase:
    given = each_given({f"b_{name}": CONTACT.c[name].type for name in ("id", *_CHANGED)}, sqlite=sqlite)
    values = {name: given[f"b_{name}"] for name in _CHANGED}
    return (
        update(CONTACT).where(CONTACT.c.id == given["b_id"]).values(revision=CONTACT.c.revision + 1, **values)
    )


def bump(connection: Connection, contact_ids: Sequence[int]) -> None:
    """What the gate reads of these has changed: no verdict given before stands any more."""
    connection.execute(
        update(CONTACT)
        .where(among(connection, CONTACT.c.id, sorted(set(contact_ids))))
        .values(revision=CONTACT.c.revision + 1)
    )


# -- the consent ledger ------------------------------------------------------------------------------------------


def add_entries(
    connection: Connection,
    entries: Sequence[ConsentEntry],
    law: Law,
    now: datetime,
    dice: Callable[[int], bytes],
) -> None:
    """Append to each person's chain, and make their states anew. Raises ValueError for records that are gone."""
    ids = sorted({entry.contact_id for entry in entries})
    bump(connection, ids)  # first: it locks the persons, so that two doors never write one number
    closed = whose(connection, ids)
    if closed:
        raise ValueError(f"the ledgers of contacts {sorted(closed)} are closed: nothing is written to them")
    added: dict[int, list[ConsentEntry]] = {}
    for entry in entries:
        added.setdefault(entry.contact_id, []).append(entry)
    _append(connection, added, _chain_ends(connection, ids), now, dice)
    derive_states(connection, ids, law)


def begin_ledgers(
    connection: Connection,
    ledgers: Mapping[int, Sequence[ConsentEntry]],
    law: Law,
    now: datetime,
    dice: Callable[[int], bytes],
) -> None:
    """Write the first entries of people that this transaction added: there is nothing to lock or to look up."""
    _append(connection, ledgers, {}, now, dice)
    _put_states(connection, ledgers, law)


def _append(
    connection: Connection,
    added: Mapping[int, Sequence[ConsentEntry]],
    ends: Mapping[int, tuple[int, str]],
    now: datetime,
    dice: Callable[[int], bytes],
) -> None:
    rows = []
    for contact_id, entries in added.items():
        last, previous = ends.get(contact_id, (0, GENESIS))
        for seq, entry in enumerate(entries, start=last + 1):
            payload, salt = payload_of(entry), dice(16).hex()
            digest = chained(previous, salt, payload)
            rows.append(
                {
                    "contact_id": contact_id,
                    "seq": seq,
                    "payload": payload,
                    "salt": salt,
                    "wording": entry.wording,
                    "digest": digest,
                    "previous": previous,
                    "written_at": now,
                }
            )
            previous = digest
    insert_rows(connection, ENTRY, rows)


def payload_of(entry: ConsentEntry) -> str:
    """An entry as the ledger keeps it."""
    return dumps(
        {
            "at": entry.at,
            "purpose": entry.purpose,
            "kind": entry.kind,
            "act": entry.act.value,
            "informed": entry.informed,
            "details": dict(entry.details),
            "wording": entry.wording,
        }
    )


def _chain_ends(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    newest = (
        select(ENTRY.c.contact_id, func.max(ENTRY.c.seq).label("seq"))
        .where(among(connection, ENTRY.c.contact_id, ids))
        .group_by(ENTRY.c.contact_id)
        .subquery()
    )
    ends = select(ENTRY.c.contact_id, ENTRY.c.seq, ENTRY.c.digest).join(
        newest, (ENTRY.c.contact_id == newest.c.contact_id) & (ENTRY.c.seq == newest.c.seq)
    )
    return {row.contact_id: (row.seq, row.digest) for row in connection.execute(ends)}


def entries_of(connection: Connection, ids: Sequence[int]) -> dict[int, list[ConsentEntry]]:
    """The ledgers of these persons, oldest first; erased rows are left out."""
    found: dict[int, list[ConsentEntry]] = {}
    for contact_id, seq, payload, written_at in rows_among(connection, _entries, ids):
        entry = entry_of(contact_id, seq, loads(payload), written_at)
        found.setdefault(contact_id, []).append(entry)
    return found


@cache
def _entries(*, sqlite: bool) -> Select[Any]:
    return (
        select(ENTRY.c.contact_id, ENTRY.c.seq, ENTRY.c.payload, ENTRY.c.written_at)
        .where(among_the("ids", ENTRY.c.contact_id, sqlite=sqlite), ENTRY.c.payload.is_not(None))
        .order_by(ENTRY.c.contact_id, ENTRY.c.seq)
    )


def entry_of(
    contact_id: int, seq: int, payload: Mapping[str, Any], written_at: datetime | None = None
) -> ConsentEntry:
    """The act of a row's payload."""
    return ConsentEntry(
        contact_id=contact_id,
        at=payload["at"],
        purpose=payload["purpose"],
        kind=payload["kind"],
        act=Act(payload["act"]),
        informed=payload["informed"],
        details=payload["details"],
        wording=payload.get("wording"),
        seq=seq,
        written_at=written_at,
    )


def derive_states(connection: Connection, ids: Sequence[int], law: Law) -> None:
    """Make the states of these persons anew from their ledgers, for segments."""
    ledgers = entries_of(connection, ids)
    connection.execute(delete(STATE).where(among(connection, STATE.c.contact_id, ids)))
    _put_states(connection, {number: ledgers.get(number, []) for number in ids}, law)


def _put_states(connection: Connection, ledgers: Mapping[int, Sequence[ConsentEntry]], law: Law) -> None:
    rows = [
        row
        for contact_id, ledger in ledgers.items()
        for row in _state_rows(contact_id, consents(ledger, law.policy))
    ]
    insert_rows(connection, STATE, rows)


def derive_anew(connection: Connection, law: Law, after_id: int, limit: int) -> int | None:
    """Make anew, by the law as it is now, what is derived of a page of people; the last id, None at the end."""
    kept = CONTACT.c.address_state.not_in([state.value for state in GONE])
    wanted = select(CONTACT.c.id).where(CONTACT.c.id > after_id, kept).order_by(CONTACT.c.id).limit(limit)
    ids: list[int] = list(connection.execute(wanted).scalars())
    if not ids:
        return None
    derive_states(connection, ids, law)
    rows = [
        {"b_id": number, "b_day": law.runs_out(contact.collected_at, contact.last_action_at)}
        for number, contact in contacts(connection, ids).items()
    ]
    change_each(connection, _expiring(sqlite=is_sqlite(connection)), rows)
    return ids[-1]


@cache
def _expiring(*, sqlite: bool) -> UpdateBase:
    given = each_given({"b_id": CONTACT.c.id.type, "b_day": CONTACT.c.expires_on.type}, sqlite=sqlite)
    return update(CONTACT).where(CONTACT.c.id == given["b_id"]).values(expires_on=given["b_day"])


def _state_rows(contact_id: int, known: Consents) -> Iterator[dict[str, Any]]:
    for (purpose, kind), state in {("*", "*"): known.overall, **known.states}.items():
        yield {
            "contact_id": contact_id,
            "purpose": purpose,
            "kind": kind,
            "status": state.status.value,
            "informed": state.informed,
            "since": state.since,
            "wording": state.wording,
        }


def broken_chains(connection: Connection) -> Iterator[tuple[int, int]]:
    """(contact, seq) of each row whose digest or predecessor is not what it should be."""
    rows = connection.execute(
        select(ENTRY).order_by(ENTRY.c.contact_id, ENTRY.c.seq).execution_options(yield_per=1000)
    )
    for contact_id, own in groupby(rows, key=lambda row: row.contact_id):
        for seq in broken(own):
            yield contact_id, seq
