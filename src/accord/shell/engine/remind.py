"""What a restored database has forgotten: the objections and erasures that came after its copy was made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accord.core.consent.collection import state_of
from accord.core.model.consent import EVERYTHING, Act, ConsentEntry
from accord.core.model.contact import GONE
from accord.core.model.content import Catalogue
from accord.core.model.decision import OBJECTING, Situation
from accord.shell.engine.enter import EVERYBODY
from accord.shell.engine.ports import Store, Unit
from accord.shell.engine.record import consents_in
from accord.shell.engine.rights import erase_person

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Remembered:
    """One line of the objections log: whose address, as a keyed digest, objects to what since when."""

    seal: str
    purpose: str
    at: datetime
    erasure: bool = False


def remind(
    store: Store,
    catalogue: Catalogue,
    log: Iterable[Remembered],
    *,
    seals: Callable[[str], Sequence[str]],
    by: str,
    now: datetime,
) -> int:
    """Let everybody who stands in the log object again, or be erased again; returns how many people that was.

    `seals` gives every digest that an address may stand under. Who objects already is left as they are.
    """
    listed: dict[str, dict[str, Remembered]] = {}
    for line in log:
        listed.setdefault(line.seal, {})[line.purpose] = line
    reminded, last = 0, 0
    while listed:
        with store.begin() as unit:
            ids = unit.matching(EVERYBODY, now=now, not_in=None, after_id=last, limit=PAGE)
            if not ids:
                break
            known = unit.situations(ids, lock=True)
            lines = {number: _of(situation, listed, seals) for number, situation in known.items()}
            entries = [
                entry
                for number, its in lines.items()
                for line in its.values()
                for entry in _entries(known[number], line, catalogue)
            ]
            _object(unit, catalogue, entries, now)
        last = ids[-1]
        gone = [number for number, its in lines.items() if any(line.erasure for line in its.values())]
        for number in gone:
            erase_person(store, catalogue, number, by=by, now=now)
        reminded += len({entry.contact_id for entry in entries} | set(gone))
    return reminded


def _of(
    situation: Situation,
    listed: Mapping[str, Mapping[str, Remembered]],
    seals: Callable[[str], Sequence[str]],
) -> dict[str, Remembered]:
    if situation.contact.address_state in GONE:
        return {}
    found: dict[str, Remembered] = {}
    for seal in seals(situation.contact.email):
        found |= listed.get(seal, {})
    return found


def _entries(situation: Situation, line: Remembered, catalogue: Catalogue) -> list[ConsentEntry]:
    """The acts that a line comes to, where the person does not object already."""
    purpose = catalogue.venue.purposes.get(line.purpose)
    kinds = (EVERYTHING,) if line.purpose == EVERYTHING or purpose is None else purpose.kinds
    about = line.purpose if purpose is not None else EVERYTHING
    return [
        ConsentEntry(
            situation.contact.id, line.at, about, kind, Act.OBJECTION, details={"channel": "objections_log"}
        )
        for kind in kinds
        if not _objects(situation, about, kind)
    ]


def _objects(situation: Situation, purpose: str, kind: str) -> bool:
    if purpose == EVERYTHING:
        return situation.consents.overall.status in OBJECTING
    return state_of(situation.consents, purpose, kind).status in OBJECTING


def _object(unit: Unit, catalogue: Catalogue, entries: Sequence[ConsentEntry], now: datetime) -> None:
    if entries:
        consents_in(unit, catalogue, entries, now=now, history=True, source="objections_log")
