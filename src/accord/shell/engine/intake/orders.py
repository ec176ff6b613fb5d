"""Orders as a shop tells them: read at every door by the same rules, and taken in batches."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accord.core.expressions.fields import FieldFault, Unreadable, read_value, shown
from accord.core.model.content import Catalogue
from accord.core.model.event import Event
from accord.core.model.expression import Type, Value
from accord.core.model.order import OrderLine
from accord.core.model.venue import Venue
from accord.shell.engine.intake.told import CLOCKS_DIFFER, Faults
from accord.shell.engine.ports.store import Store
from accord.shell.engine.record import OrderOutcome, OrderTold, record_orders

_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class ShopOrder:
    """One order as a shop knows it: its lines as they stand, and what its events tell of it.

    None in `about`: the shop says that there is none, or none any more.
    """

    lines: tuple[OrderLine, ...]
    about: Mapping[str, Value]

    @property
    def head(self) -> OrderLine:
        """The line that speaks for the order: number, entity and instants are the same on all."""
        return self.lines[0]

    def events(self, contact_id: int) -> list[Event]:
        """One event for each step that the order has made."""
        head = self.head
        about = {name: value for name, value in self.about.items() if value is not None}
        steps = {
            "order.placed": head.placed_at,
            "order.paid": head.paid_at,
            "order.delivered": head.delivered_at,
            "order.cancelled": head.cancelled_at,
        }
        return [
            Event(contact_id, name, at, about, "orders", f"{head.entity}/{head.order_id}/{name}")
            for name, at in steps.items()
            if at is not None
        ]


@dataclass(frozen=True, slots=True)
class OrdersTaken:
    """What a batch of orders came to; `foreign` are the positions of those that another contact has."""

    new: int
    known: int
    foreign: tuple[int, ...] = ()


def take_orders(
    store: Store,
    catalogue: Catalogue,
    orders: Sequence[tuple[int, ShopOrder]],
    *,
    now: datetime,
    history: bool = False,
) -> OrdersTaken:
    """Take (contact, order) pairs in one transaction: their lines as they stand, an event for each step.

    What another legal person sold is kept, and starts nothing here: its sales are not ours.
    """
    own = catalogue.venue.entity.key
    told = [
        OrderTold(
            contact_id,
            order.lines,
            tuple(order.events(contact_id)) if order.head.entity == own else (),
            order.about,
        )
        for contact_id, order in orders
    ]
    outcomes = record_orders(store, catalogue, told, now=now, history=history)
    return OrdersTaken(
        outcomes.count(OrderOutcome.NEW),
        outcomes.count(OrderOutcome.KNOWN),
        tuple(place for place, outcome in enumerate(outcomes) if outcome is OrderOutcome.FOREIGN),
    )


_OF_AN_ORDER: Mapping[str, Type] = {
    "order_id": Type.TEXT,
    "entity": Type.TEXT,
    "title": Type.TEXT,
    "starts_at": Type.INSTANT,
    "offline": Type.BOOLEAN,
    "placed_at": Type.INSTANT,
    "paid_at": Type.INSTANT,
    "delivered_at": Type.INSTANT,
    "cancelled_at": Type.INSTANT,
}
_OF_A_LINE: Mapping[str, Type] = {"family": Type.TEXT, "amount_cents": Type.INTEGER, "currency": Type.TEXT}
_HAPPENED = ("placed_at", "paid_at", "delivered_at", "cancelled_at")


def read_order(told: Mapping[str, Any], venue: Venue, *, now: datetime) -> tuple[ShopOrder | None, Faults]:
    """One order as a door is told it, typed, or every fault in it. `told` holds no key but an order's."""
    head, faults = _typed({key: value for key, value in told.items() if key != "lines"}, _OF_AN_ORDER, venue)
    bad = {fault.field for fault in faults}
    for name in ("order_id", "placed_at"):
        if head.get(name) in (None, "") and name not in bad:
            faults.append(FieldFault(name, "it is missing"))
    for name in _HAPPENED:
        at = head.get(name)
        if isinstance(at, datetime) and at > now + CLOCKS_DIFFER:
            faults.append(FieldFault(name, f"{shown(told[name])} lies in the future"))
    entity = head.get("entity") or venue.entity.key
    if entity != venue.entity.key and entity not in venue.others:
        faults.append(FieldFault("entity", f"{shown(entity)} is not in [others]"))
    lines, wrong = _lines(told.get("lines"), venue)
    faults += wrong
    if faults:
        return None, tuple(faults)
    return _order({**head, "entity": entity}, lines), ()


def _order(head: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> ShopOrder:
    made = tuple(
        OrderLine(
            order_id=head["order_id"],
            entity=head["entity"],
            family=line.get("family") or "",
            amount_cents=line["amount_cents"],
            currency=line.get("currency") or "EUR",
            placed_at=head["placed_at"],
            paid_at=head.get("paid_at"),
            delivered_at=head.get("delivered_at"),
            cancelled_at=head.get("cancelled_at"),
        )
        for line in lines
    )
    about: dict[str, Value] = {
        "order_id": made[0].order_id,
        "families": tuple(dict.fromkeys(line.family for line in made)),
        "amount_cents": sum(line.amount_cents for line in made),
        "currency": made[0].currency,
    }
    # What is left out stays as it was told before; null says that it is so no longer.
    about |= {name: head[name] for name in ("title", "starts_at", "offline") if name in head}
    return ShopOrder(made, about)


def _lines(told: Any, venue: Venue) -> tuple[list[Mapping[str, Value]], list[FieldFault]]:
    if not isinstance(told, list) or not told:
        return [], [FieldFault("lines", "a list of at least one line is needed")]
    found: list[Mapping[str, Value]] = []
    faults: list[FieldFault] = []
    for number, line in enumerate(told, start=1):
        at = f"lines[{number}]"
        if not isinstance(line, Mapping):
            faults.append(FieldFault(at, "it is not a map of family, amount_cents and currency"))
            continue
        values, wrong = _typed(line, _OF_A_LINE, venue)
        if line.get("amount_cents") is None:
            wrong.append(FieldFault("amount_cents", "it is missing"))
        currency = values.get("currency")
        if isinstance(currency, str) and not _CURRENCY.fullmatch(currency):
            wrong.append(FieldFault("currency", f"{shown(currency)} is no currency; write EUR"))
        found.append(values)
        faults += [FieldFault(f"{at}.{fault.field}", fault.reason) for fault in wrong]
    return found, faults


def _typed(
    told: Mapping[str, Any], shape: Mapping[str, Type], venue: Venue
) -> tuple[dict[str, Value], list[FieldFault]]:
    values: dict[str, Value] = {}
    faults: list[FieldFault] = []
    for name, value in told.items():
        if name not in shape:
            faults.append(FieldFault(str(name), f"there is no such field; there are: {', '.join(shape)}"))
            continue
        try:
            values[name] = read_value(value, shape[name], venue.entity.clock)
        except Unreadable as fault:
            faults.append(FieldFault(name, str(fault)))
    return values, faults
