"""Facts in: events, acts of consent and orders are journalled with what they teach, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import chain
from zoneinfo import ZoneInfo

from accord.core.consent.collection import consents
from accord.core.consent.evidence import Learned, after, learn, teaches, told
from accord.core.consent.history import REFUSALS
from accord.core.model.consent import EVERYTHING, ConsentEntry, Consents, LegalBasis
from accord.core.model.contact import GONE
from accord.core.model.content import Catalogue
from accord.core.model.decision import OBJECTING
from accord.core.model.event import Event, told_anew, update_of
from accord.core.model.expression import Value
from accord.core.model.order import OrderLine
from accord.core.model.time import later
from accord.core.model.venue import Policy
from accord.shell.engine.apply import journal
from accord.shell.engine.clicks import confirm_clicks
from accord.shell.engine.ports.keeping import Objection
from accord.shell.engine.ports.rows import ContactChange
from accord.shell.engine.ports.store import Busy, Store, Unit

# While somebody's row was waited for it may have been merged into another, which is then looked at.
MERGES_WAITED_FOR = 3


@dataclass(frozen=True, slots=True)
class OrderTold:
    """An order as a till or a shop tells it: its lines as they stand, and the events that this is.

    `about`: what is told of it now, which is news where it was told otherwise before.
    """

    contact_id: int
    lines: tuple[OrderLine, ...]
    events: tuple[Event, ...]
    about: Mapping[str, Value] = field(default_factory=dict)


class OrderOutcome(StrEnum):
    """What became of an order that was told: new in some way, known already, or another contact's."""

    NEW = "new"
    KNOWN = "known"
    FOREIGN = "foreign"


def is_fresh(event: Event, catalogue: Catalogue, now: datetime) -> bool:
    """Whether an event may start anything: what is older than `[engine] fresh` on arrival is history."""
    return event.at >= later(now, -catalogue.venue.fresh, ZoneInfo("UTC"))


def record_events(
    store: Store, catalogue: Catalogue, events: Sequence[Event], *, now: datetime, history: bool = False
) -> Sequence[Event]:
    """Journal events and what they teach; returns those that were new.

    The same (source, key) told twice is one event. History counts for orders, clock and statistics, and
    starts nothing; with `history` everything is.
    """
    with store.begin() as unit:
        return events_in(unit, catalogue, events, now=now, history=history)


def events_in(
    unit: Unit, catalogue: Catalogue, events: Sequence[Event], *, now: datetime, history: bool = False
) -> Sequence[Event]:
    """The same, in a transaction of the caller's."""
    fresh = [event for event in events if not history and is_fresh(event, catalogue, now)]
    past = [event for event in events if history or not is_fresh(event, catalogue, now)]
    new = [*unit.append(past, received_at=now, reacts=False)] if past else []
    new += journal(unit, fresh, catalogue, now)
    _teach(unit, catalogue, new, now)
    confirm_clicks(unit, new, catalogue, now)
    return new


def _teach(unit: Unit, catalogue: Catalogue, events: Sequence[Event], now: datetime) -> None:
    """Write what new events teach, person by person, each from what the one before left."""
    events = [event for event in events if teaches(event)]
    if not events:
        return
    known = unit.situations(sorted({event.contact_id for event in events}), lock=True)
    changes: list[ContactChange] = []
    entries: list[ConsentEntry] = []
    lines: dict[int, dict[str, list[OrderLine]]] = {}
    for contact_id, own in _by_contact(events).items():
        situation = known.get(contact_id)
        if situation is None or situation.contact.address_state in GONE:
            continue
        for event in own:
            learned = learn(event, situation, catalogue.venue)
            entries += learned.entries
            if learned.lines:
                orders = lines.setdefault(contact_id, {})
                orders[learned.lines[0].order_id] = list(learned.lines)
            if learned.changes_contact:
                changes.append(_change(contact_id, learned))
            situation = after(situation, replace(learned, entries=()))
    unit.save_order_lines({who: tuple(chain(*its.values())) for who, its in lines.items()})
    unit.change_contacts(changes)
    unit.add_entries(entries, now)
    # All that an event by itself adds to a ledger is a complaint, and that is an objection.
    _stop(unit, [_Stop(each.contact_id, each.purpose, "COMPLAINED", each.at) for each in entries], now)


def _change(contact_id: int, learned: Learned) -> ContactChange:
    return ContactChange(
        contact_id,
        acted_at=learned.acted_at,
        address_state=learned.address_state,
        language=learned.language,
        zone=learned.zone,
        preferences=learned.preferences,
        attributes=learned.attributes or None,
        rests_until=learned.rests_until,
    )


def _by_contact(events: Iterable[Event]) -> Mapping[int, list[Event]]:
    found: dict[int, list[Event]] = {}
    for event in sorted(events, key=lambda each: (each.at, each.id)):
        found.setdefault(event.contact_id, []).append(event)
    return found


def record_consents(
    store: Store,
    catalogue: Catalogue,
    entries: Sequence[ConsentEntry],
    *,
    now: datetime,
    history: bool = False,
    source: str = "consent",
) -> Sequence[Event]:
    """Write acts to the ledger, cancel what they forbid, and journal the states that they changed.

    Queued mail that an objection or a withdrawal covers is cancelled in the same transaction, and the
    address goes on the objection list (R-02, R-10, R-44). Returns the events that were journalled.
    """
    with store.begin() as unit:
        return consents_in(unit, catalogue, entries, now=now, history=history, source=source)


def consents_in(
    unit: Unit,
    catalogue: Catalogue,
    entries: Sequence[ConsentEntry],
    *,
    now: datetime,
    history: bool,
    source: str,
) -> Sequence[Event]:
    """The same, in a transaction of the caller's."""
    known, entries = _for_the_living(unit, entries)
    before = _standing(unit, known, catalogue.venue.policy)
    unit.add_entries(entries, now)
    standing = _standing(unit, known, catalogue.venue.policy)
    own: dict[int, list[ConsentEntry]] = {}
    for entry in entries:
        own.setdefault(entry.contact_id, []).append(entry)
    events: list[Event] = []
    for who, acts in sorted(own.items()):
        events += [replace(event, source=source) for event in told(acts, before[who], standing[who])]
    _stop(unit, _refused(entries, standing, events), now)
    for event in events:
        if event.name == "consent.invalidated":
            # Mail that rests on something else, such as a purchase, is judged again at the door.
            purpose = str(event.data["purpose"])
            unit.cancel_messages([event.contact_id], purpose, "CONSENT_UNPROVEN", now, LegalBasis.CONSENT)
    return events_in(unit, catalogue, events, now=now, history=history)


def _for_the_living(
    unit: Unit, entries: Sequence[ConsentEntry]
) -> tuple[Collection[int], Sequence[ConsentEntry]]:
    """Who these acts are of today, kept as they are for this transaction, and the acts as theirs.

    An act of a merged record is its survivor's; of an erased person nothing can be written down.
    """
    for _ in range(MERGES_WAITED_FOR):
        lives = unit.keeping.living({entry.contact_id for entry in entries})
        known = unit.contacts(sorted(set(lives.values())), lock=True)
        if all(contact.address_state not in GONE for contact in known.values()):
            theirs = [entry for entry in entries if lives.get(entry.contact_id) in known]
            return list(known), [replace(entry, contact_id=lives[entry.contact_id]) for entry in theirs]
    raise Busy("these people were being merged all the while. Nothing was changed; try again.")


def _standing(unit: Unit, ids: Collection[int], policy: Policy) -> Mapping[int, Consents]:
    ledgers = unit.entries(list(ids))
    return {who: consents(ledgers.get(who, ()), policy) for who in ids}


@dataclass(frozen=True, slots=True)
class _Stop:
    """Somebody no longer wants mail of a purpose (`*`: any), for this reason and since then."""

    contact_id: int
    purpose: str
    reason: str
    at: datetime


def _refused(
    entries: Sequence[ConsentEntry], standing: Mapping[int, Consents], events: Sequence[Event]
) -> Sequence[_Stop]:
    """What stands refused after these entries, once a person and purpose: also what was refused before."""
    found: dict[tuple[int, str], _Stop] = {}
    for entry in sorted(entries, key=lambda each: each.at):
        state = standing[entry.contact_id].of(entry.purpose, entry.kind)
        if entry.act in REFUSALS and state.status in OBJECTING:
            stop = _Stop(entry.contact_id, entry.purpose, "OBJECTION", entry.at)
            found[stop.contact_id, stop.purpose] = stop
    for event in events:
        if event.name in CANCELLING:
            purpose = str(event.data["purpose"])
            stop = _Stop(event.contact_id, purpose, CANCELLING[event.name], event.at)
            found[stop.contact_id, stop.purpose] = stop
    return list(found.values())


def _stop(unit: Unit, stops: Sequence[_Stop], now: datetime) -> None:
    """Cancel what is queued, and put the addresses on the objection list."""
    unit.objections.keep([Objection(each.contact_id, each.purpose, each.at) for each in stops])
    alike: dict[tuple[str, str], list[int]] = {}
    for each in stops:
        alike.setdefault((each.purpose, each.reason), []).append(each.contact_id)
    for (purpose, reason), whose in alike.items():
        unit.cancel_messages(whose, None if purpose == EVERYTHING else purpose, reason, now)


# What an event of the ledger says of mail that is queued already.
CANCELLING = {
    "consent.objected": "OBJECTION",
    "consent.refused": "OBJECTION",
    "consent.withdrawn": "CONSENT_WITHDRAWN",
}


def record_orders(
    store: Store, catalogue: Catalogue, orders: Sequence[OrderTold], *, now: datetime, history: bool = False
) -> list[OrderOutcome]:
    """Write orders with their lines, and journal each as the events that it is; one outcome an order.

    An order that another contact has is left alone. Told twice in one batch, the last telling stands. What is
    told otherwise than before is an `order.updated` of now: nobody says since when it is so.
    """
    with store.begin() as unit:
        owners = dict(unit.order_owners([line.order_id for order in orders for line in order.lines]))
        own: list[tuple[int, OrderTold]] = []
        outcomes = [OrderOutcome.FOREIGN] * len(orders)
        lines: dict[int, dict[tuple[str, str], tuple[OrderLine, ...]]] = {}
        for place, order in enumerate(orders):
            key = (order.lines[0].entity, order.lines[0].order_id)
            outcome = OrderOutcome.KNOWN if key in owners else OrderOutcome.NEW
            if owners.setdefault(key, order.contact_id) == order.contact_id:
                outcomes[place] = outcome
                own.append((place, order))
                lines.setdefault(order.contact_id, {})[key] = order.lines
        unit.save_order_lines({who: tuple(chain(*its.values())) for who, its in lines.items()})
        events = [event for _, order in own for event in order.events]
        new = {event.key for event in events_in(unit, catalogue, events, now=now, history=history)}
        updates = _updates(unit, [order for _, order in own if order.events], now)
        events_in(unit, catalogue, [event for _, event in updates], now=now, history=history)
        changed = {id(order) for order, _ in updates}
        for place, order in own:
            if id(order) in changed or any(event.key in new for event in order.events):
                outcomes[place] = OrderOutcome.NEW
    return outcomes


def _updates(unit: Unit, orders: Sequence[OrderTold], now: datetime) -> list[tuple[OrderTold, Event]]:
    """The orders that are told otherwise than the journal has them, each with the event that this is.

    Their first events are journalled already: of an order that is new nothing differs.
    """
    known = dict(unit.orders_told([order.events[0] for order in orders]))
    found = []
    for order in orders:
        placed = order.events[0]
        before = known.get(str(placed.key))
        if before is None or all(before.data.get(name) == value for name, value in order.about.items()):
            continue
        update = Event(
            before.contact_id, update_of(placed.name), now, {**before.data, **order.about}, placed.source
        )
        known[str(placed.key)] = told_anew(before, update)
        found.append((order, update))
    return found
