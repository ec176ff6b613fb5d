"""What people may ask for: to be erased, to be written to elsewhere, to be one person and not two (art. 16, 17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accord.core.consent.collection import merge_entries
from accord.core.model.consent import EVERYTHING, Act, ConsentEntry, Consents
from accord.core.model.contact import GONE, Contact, email_key
from accord.core.model.content import Catalogue
from accord.core.model.decision import OBJECTING, Situation
from accord.core.model.event import Event
from accord.core.model.expression import Value
from accord.shell.engine.addresses import Addresses
from accord.shell.engine.care.farewell import (
    ROWS,
    forget_all,
    gather_all,
    is_service_run,
    still_under_way,
    tell_erased,
)
from accord.shell.engine.ports.keeping import Erased, Objection
from accord.shell.engine.ports.rows import Deed
from accord.shell.engine.ports.store import Store, Unit
from accord.shell.engine.record import consents_in, record_events


class Unfit(Exception):
    """What was asked for can't be done to this person; the text says why."""


# -- erasing -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Farewell:
    """What erasing somebody took away; `under_way`: what they were promised and will not get any more."""

    erased: Erased
    under_way: str | None


def erase_person(store: Store, catalogue: Catalogue, contact_id: int, *, by: str, now: datetime) -> Farewell:
    """Erase one person who asks for it (art. 17, R-45).

    The keyed digest of the address goes on the objection list, orders to the archive; nothing else stays.
    Mail that has not left is cancelled, runs end. What is still under way does not stand in the way: it is
    told. Raises Unfit for a record that is gone already.
    """
    with store.begin() as unit:
        situation = _here(unit, contact_id)[contact_id]
        under_way = still_under_way(situation, unit.open_runs([contact_id]), catalogue)
        unit.objections.keep([Objection(contact_id, EVERYTHING, now, erasure=True)])
        tell_erased(unit, [contact_id], "art_17", by, now)
        erased = unit.keeping.erase({contact_id: ()}, "ADDR_ERASED", now)
        unit.keeping.forget([contact_id], ROWS)
        unit.note_deed(Deed(now, by, "contacts erase", f"contact {contact_id}", {"orders": erased.orders}))
    forget_all(store, [contact_id])
    return Farewell(erased, under_way)


def _here(unit: Unit, *ids: int) -> Mapping[int, Situation]:
    """These people, kept as they are for this transaction."""
    known = unit.situations(sorted(ids), lock=True)
    for number in ids:
        if number not in known or known[number].contact.address_state in GONE:
            raise Unfit(f"contact {number} is gone already")
    return known


# -- rectifying --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moved:
    """What a new address came to: the purposes that the objection list has against it."""

    contact: Contact
    objections: tuple[str, ...] = ()


def rectify(
    store: Store,
    catalogue: Catalogue,
    contact_id: int,
    fields: Mapping[str, Value],
    *,
    by: str,
    now: datetime,
) -> None:
    """Put right what is known of somebody: attributes, language, zone. It renews no clock (art. 16)."""
    event = Event(contact_id, "contact.updated", now, dict(fields), "rights")
    record_events(store, catalogue, [event], now=now)
    with store.begin() as unit:
        unit.note_deed(
            Deed(now, by, "contacts update", f"contact {contact_id}", {"fields": tuple(sorted(fields))})
        )


def change_address(
    store: Store, catalogue: Catalogue, contact_id: int, address: str, *, by: str, now: datetime
) -> Moved:
    """Write to somebody at another address. Consents stay, unless the objection list has the new one (R-44).

    What somebody refused is kept for the new address too. Raises NoAddress, Unfit, or Duplicate where another
    contact has it: those two are to be merged.
    """
    address = Addresses().read(address)
    with store.begin() as unit:
        situation = _here(unit, contact_id)[contact_id]
        listed = unit.objections.against([address]).get(address, {})
        unit.keeping.change_address(contact_id, address)
        if email_key(address) != email_key(situation.contact.email):
            entries = [listed_entry(contact_id, purpose, now) for purpose in sorted(listed)]
            consents_in(unit, catalogue, entries, now=now, history=True, source="rights")
        keep_refusals(unit, [contact_id], now)
        told = Event(contact_id, "contact.updated", now, {"address": True}, "rights")
        unit.append([told], received_at=now, reacts=False)
        unit.note_deed(Deed(now, by, "contacts update", f"contact {contact_id}", {"fields": ("email",)}))
        return Moved(unit.contacts([contact_id])[contact_id], tuple(sorted(listed)))


def listed_entry(contact_id: int, purpose: str, at: datetime) -> ConsentEntry:
    """What the objection list has against an address, as an act in its new owner's ledger."""
    details = {"channel": "objection_list"}
    return ConsentEntry(contact_id, at, purpose, EVERYTHING, Act.OBJECTION, details=details)


def keep_refusals(unit: Unit, ids: Sequence[int], now: datetime) -> None:
    """Put every address of these people on the objection list for all that they refuse."""
    known = unit.situations(ids)
    unit.objections.keep(
        [
            Objection(number, purpose, now)
            for number, situation in known.items()
            for purpose in refused_purposes(situation.consents)
        ]
    )


def refused_purposes(known: Consents) -> tuple[str, ...]:
    """What somebody refuses, as the objection list tells it: purposes, or everything."""
    named = {purpose for (purpose, _), state in known.states.items() if state.status in OBJECTING}
    return tuple(sorted(named | ({EVERYTHING} if known.overall.status in OBJECTING else set())))


# -- merging -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge came to: runs of the closed record that ended, and those that go on."""

    kept: int
    gone: int
    ended: int
    carried_on: int


def merge(store: Store, catalogue: Catalogue, kept: int, gone: int, *, by: str, now: datetime) -> Merged:
    """Two records are one person: `gone` becomes part of `kept`, and is never written to again (R-17).

    Both chains are told what the other said, and the more restrictive state wins, name by name. Orders,
    mails, service runs and the journal are the survivor's from now on; prospecting runs of the closed record
    end. Events and orders told of its address are the survivor's. Raises Unfit.
    """
    if kept == gone:
        raise Unfit("that is one contact already")
    with store.begin() as unit:
        known = _here(unit, kept, gone)
        runs = unit.open_runs([gone])
        ending = [run.id for run in runs if not is_service_run(run, catalogue)]
        mine, theirs = known[kept].consents, known[gone].consents
        unit.add_entries(merge_entries(gone, theirs, mine, at=now), now)
        entries = merge_entries(kept, mine, theirs, at=now)
        unit.keeping.merge(kept, gone, ending, now)
        consents_in(unit, catalogue, entries, now=now, history=False, source="merge")
        keep_refusals(unit, [kept], now)
        told: dict[str, Value] = {"with": gone, "by": by}
        unit.append([Event(kept, "contact.merged", now, told)], received_at=now, reacts=False)
        unit.note_deed(Deed(now, by, "contacts merge", f"contact {kept}", told))
        unit.keeping.gather(ROWS)
    gather_all(store)
    return Merged(kept, gone, len(ending), len(runs) - len(ending))
