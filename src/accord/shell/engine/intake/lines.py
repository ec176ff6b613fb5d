"""Lines in: events and orders as other systems tell them, a page a transaction, each refusal with row and field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from accord.core.expressions.fields import FieldFault, Unreadable, is_text, shown
from accord.core.model.contact import email_key
from accord.core.model.content import Catalogue
from accord.core.model.event import Event
from accord.core.model.venue import Venue
from accord.shell.engine.intake.orders import ShopOrder, read_order, take_orders
from accord.shell.engine.intake.people import Refusal, Taken
from accord.shell.engine.intake.told import Faults, read_event, read_key, read_past, strangers, take_events
from accord.shell.engine.ports.store import Store

EVENT_KEYS = ("email", "event", "at", "id", "data")
ORDER_KEYS = (
    "email",
    "order_id",
    "lines",
    "placed_at",
    "paid_at",
    "delivered_at",
    "cancelled_at",
    "entity",
    "title",
    "starts_at",
    "offline",
)

Told = TypeVar("Told")
Line = tuple[int, Mapping[str, Any]]  # its number where it stands, and what it tells
EventFor = Callable[[int], Event]  # an event that lacks only its contact


def event_told(
    told: Mapping[str, Any], venue: Venue, *, source: str, now: datetime
) -> tuple[EventFor | None, Faults]:
    """An event without its contact, or every fault in what was told."""
    name = told.get("event")
    if not isinstance(name, str):
        return None, (FieldFault("event", "the name of the event is missing"),)
    faults: list[FieldFault] = []
    at = key = None
    data = told.get("data")
    fields, wrong = read_event(name, {} if data is None else data, venue)
    faults += wrong
    try:
        at = read_past(told.get("at"), venue.entity.clock, now)
    except Unreadable as fault:
        faults.append(FieldFault("at", str(fault)))
    try:
        key = read_key(told.get("id"))
    except Unreadable as fault:
        faults.append(FieldFault("id", str(fault)))
    if faults or at is None:
        return None, tuple(faults)
    return (lambda contact_id: Event(contact_id, name, at, fields, source, key)), ()


def take_event_lines(
    store: Store,
    catalogue: Catalogue,
    page: Sequence[Line],
    *,
    source: str,
    now: datetime,
    history: bool = False,
) -> Taken:
    """Journal what is good of a page of events, {"email", "event", "at", "id", "data"} each."""

    def take(good: Sequence[_Good[EventFor]], taken: Taken) -> None:
        made = [line.told(line.contact_id) for line in good]
        new = take_events(store, catalogue, made, now=now, history=history)
        taken.new += new
        taken.known += len(made) - new

    def read(told: Mapping[str, Any]) -> tuple[EventFor | None, Faults]:
        return event_told(told, catalogue.venue, source=source, now=now)

    return _take(store, page, EVENT_KEYS, read, take)


def take_order_lines(
    store: Store, catalogue: Catalogue, page: Sequence[Line], *, now: datetime, history: bool = False
) -> Taken:
    """Take what is good of a page of orders, each with its buyer's `email`."""

    def take(good: Sequence[_Good[ShopOrder]], taken: Taken) -> None:
        told = [(line.contact_id, line.told) for line in good]
        came = take_orders(store, catalogue, told, now=now, history=history)
        taken.new += came.new
        taken.known += came.known
        taken.refusals += [
            Refusal(good[place].number, "order_id", "another contact has this order")
            for place in came.foreign
        ]

    def read(told: Mapping[str, Any]) -> tuple[ShopOrder | None, Faults]:
        own = {key: value for key, value in told.items() if key != "email"}
        return read_order(own, catalogue.venue, now=now)

    return _take(store, page, ORDER_KEYS, read, take)


@dataclass(frozen=True, slots=True)
class _Good(Generic[Told]):
    """One good line: where it stands, whose it is, and what it tells."""

    number: int
    contact_id: int
    told: Told


def _take(
    store: Store,
    page: Sequence[Line],
    keys: Sequence[str],
    read: Callable[[Mapping[str, Any]], tuple[Told | None, Faults]],
    take: Callable[[Sequence[_Good[Told]], Taken], None],
) -> Taken:
    taken = Taken()
    known = _contacts(store, page)
    good: list[_Good[Told]] = []
    for number, told in page:
        made, faults = read({key: value for key, value in told.items() if key in keys})
        contact_id = known.get(str(told.get("email")))
        wrong = [*_nobody(told, contact_id), *strangers(told, keys), *faults]
        taken.refusals += [Refusal(number, fault.field, fault.reason) for fault in wrong]
        if made is not None and contact_id is not None and not wrong:
            good.append(_Good(number, contact_id, made))
    if good:
        take(good, taken)
    return taken


def _nobody(told: Mapping[str, Any], contact_id: int | None) -> list[FieldFault]:
    if contact_id is not None:
        return []
    email = told.get("email")
    return [FieldFault("email", "it is missing" if email is None else f"{shown(email)} is not a contact")]


def _contacts(store: Store, page: Sequence[Line]) -> Mapping[str, int]:
    """The contacts of a page by the addresses as they were told, in one query."""
    addresses = {told["email"] for _, told in page if is_text(told.get("email"))}
    keys = {address: email_key(address) for address in addresses}
    with store.read() as unit:
        found = unit.contacts_by_key(sorted(set(keys.values())))
    return {address: found[key].id for address, key in keys.items() if key in found}
