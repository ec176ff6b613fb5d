"""What systems tell: events that a door has checked, and orders as a shop knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from accord.core.model.content import Catalogue
from accord.core.model.event import EVENTS, Event
from accord.core.model.expression import Value
from accord.core.model.order import OrderLine
from accord.core.model.venue import Venue
from accord.shell.engine.ports import Store
from accord.shell.engine.record import OrderTold, record_events, record_orders

# What stands behind these is told in another way: acts by `consent record`, orders by `orders import`.
_NOT_BY_EVENT = ("consent.", "mail.", "scenario.", "policy.", "throttle.", "contact.erased", "contact.merged")


def event_fault(name: str, venue: Venue, data: Mapping[str, Value]) -> str | None:
    """Why an event can't be taken at a door, or None."""
    if name not in EVENTS and name not in venue.events:
        return f"«{name}» is not an event that the journal knows"
    if name.startswith(_NOT_BY_EVENT):
        return f"«{name}» is evidence that no event can claim"
    fields = EVENTS[name].fields if name in EVENTS else venue.events[name]
    own = fields.keys() | ({*venue.attributes, "language", "zone"} if name == "contact.updated" else set())
    unknown = sorted(set(data) - own - {"paused_until", "automatic"})
    return f"«{unknown[0]}» is no field of {name}" if unknown else None


def take_events(
    store: Store, catalogue: Catalogue, events: Sequence[Event], *, now: datetime, history: bool = False
) -> int:
    """Journal events that a door has checked; returns how many were new."""
    return len(record_events(store, catalogue, events, now=now, history=history))


def take_order(
    store: Store,
    catalogue: Catalogue,
    contact_id: int,
    told: Mapping[str, Any],
    *,
    now: datetime,
    history: bool = False,
) -> int:
    """Take one order as a shop tells it: its lines as they stand, and an event for each step it has made.

    Returns how many events were new. Raises ValueError with the field and the reason.
    """
    lines = _order_lines(told, catalogue.venue)
    placed = lines[0]
    about: dict[str, Value] = {
        "order_id": placed.order_id,
        "families": tuple(dict.fromkeys(line.family for line in lines)),
        "amount_cents": sum(line.amount_cents for line in lines),
        "currency": placed.currency,
    }
    for name in ("title", "starts_at", "offline"):
        if told.get(name) is not None:
            about[name] = told[name]
    steps = {
        "order.placed": placed.placed_at,
        "order.paid": placed.paid_at,
        "order.delivered": placed.delivered_at,
        "order.cancelled": placed.cancelled_at,
    }
    foreign = placed.entity != catalogue.venue.entity.key
    events = [
        Event(contact_id, name, at, about, "orders", f"{placed.entity}/{placed.order_id}/{name}")
        for name, at in steps.items()
        if at is not None and not foreign
    ]
    if not events:
        with store.begin() as unit:
            unit.save_order_lines(contact_id, lines)
        return 0
    orders = [OrderTold(contact_id, tuple(lines), event) for event in events]
    return len(record_orders(store, catalogue, orders, now=now, history=history))


def _order_lines(told: Mapping[str, Any], venue: Venue) -> list[OrderLine]:
    order_id = told.get("order_id")
    if not order_id:
        raise ValueError("order_id: it is missing")
    placed_at = told.get("placed_at")
    if not isinstance(placed_at, datetime):
        raise ValueError("placed_at: an instant such as 2026-09-01T10:00:00+02:00 is needed")
    lines = told.get("lines") or ()
    if not lines:
        raise ValueError("lines: an order has at least one")
    entity = str(told.get("entity") or venue.entity.key)
    if entity != venue.entity.key and entity not in venue.others:
        raise ValueError(f"entity: «{entity}» is not in [others]")
    found = []
    for line in lines:
        if not isinstance(line.get("amount_cents"), int):
            raise ValueError("amount_cents: a whole number of cents is needed")
        found.append(
            OrderLine(
                order_id=str(order_id),
                entity=entity,
                family=str(line.get("family") or ""),
                amount_cents=line["amount_cents"],
                currency=str(line.get("currency") or "EUR"),
                placed_at=placed_at,
                paid_at=told.get("paid_at"),
                delivered_at=told.get("delivered_at"),
                cancelled_at=told.get("cancelled_at"),
            )
        )
    return found
