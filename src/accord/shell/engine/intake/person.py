"""A person as another system tells them: read by the rules of every door, and taken in one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accord.core.expressions.fields import FieldFault, Unreadable, read_text, read_value, shown
from accord.core.model.contact import AddressKind, email_key
from accord.core.model.content import Catalogue
from accord.core.model.expression import Type, Value
from accord.core.model.venue import Venue
from accord.shell.engine.addresses import Addresses, NoAddress
from accord.shell.engine.care.signup import come_in
from accord.shell.engine.intake.told import Faults, places, read_past, strangers
from accord.shell.engine.ports.rows import NewContact
from accord.shell.engine.ports.store import Unit

CORRECTABLE = ("email", "language", "zone", "attributes")
PERSON_KEYS = (*CORRECTABLE, "external_id", "address_kind", "collected_at", "from_third_party")


class NotOurs(ValueError):
    """An external id is another contact's."""


def read_person(
    told: Mapping[str, Any], venue: Venue, addresses: Addresses, now: datetime
) -> tuple[NewContact | None, Faults]:
    """Somebody new, or every fault in what was told of them. Where nothing is said, the venue's own holds."""
    fields, found = read_corrections(told, venue, addresses, also=PERSON_KEYS)
    faults = [*found]
    if told.get("email") is None:
        faults.append(FieldFault("email", "it is missing"))
    own: dict[str, Any] = {}
    for name, read in _READ.items():
        try:
            if told.get(name) is not None:
                own[name] = read(told[name], venue, now)
        except Unreadable as fault:
            faults.append(FieldFault(name, str(fault)))
    if faults:
        return None, tuple(faults)
    attributes = {name: value for name, value in fields.items() if name in venue.attributes}
    return NewContact(
        email=str(fields["email"]),
        language=str(fields.get("language") or venue.entity.language),
        zone=str(fields.get("zone") or venue.entity.zone),
        attributes={name: value for name, value in attributes.items() if value is not None},
        **{"collected_at": now, **own},
    ), ()


def read_corrections(
    told: Mapping[str, Any], venue: Venue, addresses: Addresses, *, also: tuple[str, ...] = CORRECTABLE
) -> tuple[dict[str, Value], Faults]:
    """What is put right of somebody: a new address, language, zone, attributes by their names; and every fault."""
    faults = strangers(told, also)
    found: dict[str, Value] = {}
    try:
        if told.get("email") is not None:
            found["email"] = addresses.read(read_text(told["email"]))
    except (Unreadable, NoAddress) as fault:
        faults.append(FieldFault("email", str(fault)))
    for name in ("language", "zone"):
        try:
            if told.get(name) is not None:
                found[name] = read_text(told[name])
        except Unreadable as fault:
            faults.append(FieldFault(name, str(fault)))
    faults += places(found)
    attributes, wrong = _attributes(told.get("attributes"), venue)
    return {**found, **attributes}, (*faults, *wrong)


def _attributes(told: Any, venue: Venue) -> tuple[dict[str, Value], list[FieldFault]]:
    if told is None:
        return {}, []
    if not isinstance(told, Mapping):
        return {}, [FieldFault("attributes", f"{shown(told)} is not a map of attributes")]
    found: dict[str, Value] = {}
    faults: list[FieldFault] = []
    for name, value in told.items():
        known = venue.attributes.get(name)
        try:
            if known is None:
                names = ", ".join(venue.attributes) or "none"
                raise Unreadable(f"there is no such attribute; there are: {names}")
            found[name] = read_value(value, known.type, venue.entity.clock)
        except Unreadable as fault:
            faults.append(FieldFault(f"attributes.{name}", str(fault)))
    return found, faults


def take_person(
    unit: Unit, catalogue: Catalogue, new: NewContact, *, source: str, now: datetime
) -> tuple[int, bool]:
    """The number of the contact with this address, and whether it came in now; a known one is left as it is.

    What the objection list has against the address is theirs (R-44). Raises NotOurs.
    """
    known = unit.contacts_by_key([email_key(new.email)])
    if known:
        return next(iter(known.values())).id, False
    if new.external_id is not None and unit.external_owners([new.external_id]):
        raise NotOurs(f"{shown(new.external_id)} belongs to another address")
    return come_in(unit, catalogue, new, source=source, now=now), True


def _kind(value: Any, _venue: Venue, _now: datetime) -> AddressKind:
    if value not in list(AddressKind):
        raise Unreadable(f"{shown(value)} is none of {', '.join(AddressKind)}")
    return AddressKind(value)


_READ: Mapping[str, Any] = {
    "external_id": lambda value, _venue, _now: read_text(value),
    "address_kind": _kind,
    "collected_at": lambda value, venue, now: read_past(value, venue.entity.clock, now),
    "from_third_party": lambda value, venue, _now: read_value(value, Type.BOOLEAN, venue.entity.clock),
}
