"""The objection list: keyed digests in the database, and in a log that no restored backup undoes (R-44)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Table, or_, select

from accord.core.model.contact import email_key
from accord.shell.engine.ports.keeping import Objection
from accord.shell.keys import Keys
from accord.shell.store import tables
from accord.shell.store.dialect import among, upsert_latest
from accord.shell.store.objections_log import ObjectionsLog, Sealed
from accord.shell.store.people import CONTACT

K = TypeVar("K")

SUPPRESSION = cast("Table", tables.SuppressionRow.__table__)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class SqlObjections:
    """The port `Objections` over one connection."""

    connection: Connection
    entity: str
    read_keys: Callable[[], Keys]
    log: ObjectionsLog | None = None

    def against(self, addresses: Sequence[str]) -> Mapping[str, Mapping[str, datetime]]:
        """What stands on the list against each address, under whichever key it was sealed."""
        keys = self.read_keys()
        whose = {digest: email_key(address) for address in addresses for digest in keys.seals(address)}
        found = standing(self.connection, whose)
        return {address: found[email_key(address)] for address in addresses if email_key(address) in found}

    def keep(self, objections: Sequence[Objection]) -> None:
        """Seal every address of these people: their own, and those of records merged into theirs."""
        if not objections:
            return
        keys = self.read_keys()
        addresses = self._addresses(sorted({each.contact_id for each in objections}))
        self.put(
            [
                Sealed(keys.seal(address), self.entity, each.purpose, each.at, each.erasure)
                for each in objections
                for address in addresses.get(each.contact_id, ())
            ]
        )

    def keep_addresses(self, objections: Sequence[tuple[str, str, datetime]]) -> None:
        """Seal addresses that are nobody's."""
        keys = self.read_keys()
        self.put(
            [Sealed(keys.seal(address), self.entity, purpose, at) for address, purpose, at in objections]
        )

    def put(self, sealed: Sequence[Sealed]) -> None:
        """Write digests: the log first, so that nobody is told of an objection that only the database holds."""
        if self.log is not None:
            self.log.append(sealed)
        put(self.connection, sealed)

    def _addresses(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        wanted = select(CONTACT.c.id, CONTACT.c.merged_into, CONTACT.c.email).where(
            or_(among(self.connection, CONTACT.c.id, ids), among(self.connection, CONTACT.c.merged_into, ids))
        )
        found: dict[int, list[str]] = {}
        for row in self.connection.execute(wanted):
            for number in {row.id, row.merged_into} & set(ids):
                found.setdefault(number, []).append(row.email)
        return found


def standing(connection: Connection, whose: Mapping[str, K]) -> dict[K, dict[str, datetime]]:
    """What stands on the list under these digests, by whose they are: purpose to the date of the objection."""
    wanted = select(SUPPRESSION).where(among(connection, SUPPRESSION.c.digest, list(whose)))
    found: dict[K, dict[str, datetime]] = {}
    for row in connection.execute(wanted):
        known = found.setdefault(whose[row.digest], {})
        known[row.purpose] = max(row.since, known.get(row.purpose, row.since))
    return found


def put(connection: Connection, sealed: Sequence[Sealed]) -> None:
    """Put digests on the list; of one that stands there the later date counts."""
    latest: dict[tuple[str, str, str], datetime] = {}
    for each in sealed:
        key = (each.entity, each.purpose, each.seal)
        latest[key] = max(each.at, latest.get(key, each.at))
    found: list[dict[str, Any]] = [
        {"entity": entity, "purpose": purpose, "digest": digest, "since": at}
        for (entity, purpose, digest), at in latest.items()
    ]
    if found:
        keys = ("entity", "purpose", "digest")
        connection.execute(upsert_latest(connection, SUPPRESSION, keys, "since"), found)
