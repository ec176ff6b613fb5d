"""What an event teaches of a person: the one projection, for the engine's tables and for simulated days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from accord.core.consent.collection import consents
from accord.core.consent.retention import renews
from accord.core.model.consent import EVERYTHING, Act, ConsentEntry, Consents, ConsentStatus
from accord.core.model.contact import AddressState, Contact, Preferences
from accord.core.model.decision import Situation
from accord.core.model.event import EVENTS, RESTED, Event
from accord.core.model.expression import Value
from accord.core.model.order import OrderLine
from accord.core.model.venue import Policy, Venue


@dataclass(frozen=True, slots=True)
class Learned:
    """What changes of what is known; None and empty leave as it is. `acted_at` renews the clock (R-42)."""

    acted_at: datetime | None = None
    address_state: AddressState | None = None
    preferences: Preferences | None = None
    language: str | None = None
    zone: str | None = None
    attributes: dict[str, Value] = field(default_factory=dict)
    lines: tuple[OrderLine, ...] = ()
    entries: tuple[ConsentEntry, ...] = ()
    rests_until: datetime | None = None

    @property
    def changes_contact(self) -> bool:
        """Whether anything of the contact's own row changes."""
        own = (
            *(self.acted_at, self.address_state, self.preferences),
            *(self.language, self.zone, self.rests_until),
        )
        return bool(self.attributes) or any(value is not None for value in own)


# An order's lines are told by whoever sells: an update tells of its date and its name.
_OF_ORDERS = frozenset({"order.placed", "order.paid", "order.delivered", "order.cancelled"})
_TEACHING = frozenset({"preferences.updated", "contact.updated", "mail.bounced", "mail.complained", RESTED})


def teaches(event: Event) -> bool:
    """Whether `learn` may find anything in such an event; what can't teach needs nobody to be looked up."""
    kind = EVENTS.get(event.name)
    return event.name in _TEACHING or event.name in _OF_ORDERS or (kind is not None and kind.renews)


def learn(event: Event, situation: Situation, venue: Venue) -> Learned:
    """What one event teaches. Consents are not learnt from events: their ledger is written first, and
    `told` makes the events of it.
    """
    learned = Learned(acted_at=event.at if renews(event, situation.mails) else None)
    if event.name in _OF_ORDERS:
        return replace(learned, lines=_lines(event, situation, venue))
    if event.name == "preferences.updated":
        return replace(learned, preferences=_preferences(event, situation.contact.preferences))
    if event.name == "contact.updated":
        return _rectified(learned, event, venue)
    if event.name == "mail.bounced" and event.data.get("reason") == "HARD_BOUNCE":
        return replace(learned, address_state=AddressState.HARD_BOUNCED)
    if event.name == RESTED:
        until = event.data.get("until")
        return replace(learned, rests_until=until if isinstance(until, datetime) else None)
    if event.name == "mail.complained":
        complaint = ConsentEntry(event.contact_id, event.at, EVERYTHING, EVERYTHING, Act.COMPLAINT)
        return replace(learned, address_state=AddressState.COMPLAINED, entries=(complaint,))
    return learned


def _lines(event: Event, situation: Situation, venue: Venue) -> tuple[OrderLine, ...]:
    """The lines of the event's order as they stand after it; an unknown order is made of its families."""
    order_id = str(event.data.get("order_id", ""))
    known = tuple(line for line in situation.lines if line.order_id == order_id)
    if not known and event.name == "order.placed":
        known = new_lines(event, venue)
    match event.name:
        case "order.paid":
            return tuple(replace(line, paid_at=event.at) for line in known)
        case "order.delivered":
            return tuple(replace(line, delivered_at=event.at) for line in known)
        case "order.cancelled":
            return tuple(replace(line, cancelled_at=event.at) for line in known)
    return known if all(line not in situation.lines for line in known) else ()


def new_lines(event: Event, venue: Venue) -> tuple[OrderLine, ...]:
    """The lines of an order of which only the event is known: one a family, the amount shared out."""
    order_id = str(event.data.get("order_id", ""))
    families = event.data.get("families") or ()
    if not isinstance(families, tuple):
        families = (str(families),)
    total = event.data.get("amount_cents")
    cents = total if isinstance(total, int) else 0
    share, rest = divmod(cents, max(len(families), 1))
    return tuple(
        OrderLine(
            order_id=order_id,
            entity=venue.entity.key,
            family=family,
            amount_cents=share + (rest if position == 0 else 0),
            currency=str(event.data.get("currency") or "EUR"),
            placed_at=event.at,
        )
        for position, family in enumerate(families)
    )


def _preferences(event: Event, before: Preferences) -> Preferences:
    wanted = event.data.get("newsletters_per_month", before.newsletters_per_month)
    paused = event.data.get("paused_until", before.paused_until)
    return Preferences(
        newsletters_per_month=wanted if isinstance(wanted, int) else None,
        paused_until=paused if isinstance(paused, datetime) else None,
    )


def _rectified(learned: Learned, event: Event, venue: Venue) -> Learned:
    language, zone = event.data.get("language"), event.data.get("zone")
    return replace(
        learned,
        language=str(language) if language else None,
        zone=str(zone) if zone else None,
        attributes={name: value for name, value in event.data.items() if name in venue.attributes},
    )


def after(
    situation: Situation,
    learned: Learned,
    ledger: Sequence[ConsentEntry] = (),
    policy: Policy | None = None,
) -> Situation:
    """The situation once `learned` is known; `ledger` is the whole ledger where entries were added to it."""
    contact = replace(
        situation.contact,
        last_action_at=_latest(situation.contact, learned.acted_at),
        address_state=learned.address_state or situation.contact.address_state,
        preferences=learned.preferences or situation.contact.preferences,
        language=learned.language or situation.contact.language,
        zone=learned.zone or situation.contact.zone,
        rests_until=learned.rests_until or situation.contact.rests_until,
        attributes={**situation.contact.attributes, **learned.attributes},
    )
    changed = {line.order_id for line in learned.lines}
    kept = tuple(line for line in situation.lines if line.order_id not in changed)
    known = consents(ledger, policy) if learned.entries else situation.consents
    return replace(situation, contact=contact, lines=(*kept, *learned.lines), consents=known)


def _latest(contact: Contact, acted_at: datetime | None) -> datetime | None:
    known = [instant for instant in (contact.last_action_at, acted_at) if instant is not None]
    return max(known, default=None)


# A state that has become this is told as that; silence is told as nothing.
_TELLINGS = {
    ConsentStatus.OPTIN_PROVEN: "consent.given",
    ConsentStatus.ACTIVE_OPTOUT: "consent.objected",
    ConsentStatus.WITHDRAWN: "consent.withdrawn",
}

_WAITING = {Act.OPTIN_PENDING: "consent.pending", Act.SPOKEN: "consent.spoken"}


def told(entries: Sequence[ConsentEntry], before: Consents, now_known: Consents) -> tuple[Event, ...]:
    """The events that new entries of one person's ledger are told as: one a purpose and change of state.

    `consent.given` is told when a state *becomes* proven, whatever act made it so; a sign-up that waits for
    its confirmation is told as pending, an oral yes that waits for its written follow-up as spoken; a «no» to
    a form's question as refused; what is proven no longer as invalidated. A purpose with several kinds is
    told once, with its first kind; a consent that was withdrawn is not told as refused besides.
    """
    events: dict[tuple[str, str], Event] = {}
    for entry in entries:
        name = _told_as(entry, before, now_known)
        if name is not None:
            data: dict[str, Value] = {"purpose": entry.purpose, "kind": entry.kind}
            events.setdefault((name, entry.purpose), Event(entry.contact_id, name, entry.at, data))
    for name, purpose in list(events):
        if name == "consent.withdrawn":
            events.pop(("consent.objected", purpose), None)
    return tuple(events.values())


def _told_as(entry: ConsentEntry, before: Consents, now_known: Consents) -> str | None:
    if entry.act in _WAITING:
        return _WAITING[entry.act]
    old, new = before.of(entry.purpose, entry.kind), now_known.of(entry.purpose, entry.kind)
    if old.status is new.status:
        return None
    if entry.act is Act.OBJECTION and (entry.wording or entry.details.get("form")):
        return "consent.refused"
    if old.status is ConsentStatus.OPTIN_PROVEN and new.status is ConsentStatus.OPTIN_UNPROVEN:
        return "consent.invalidated"
    return _TELLINGS.get(new.status)
