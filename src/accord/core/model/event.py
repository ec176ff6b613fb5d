"""Event, and EVENTS: the journal's whole vocabulary, with typed fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from accord.core.model.expression import Type, Value


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one contact, at an instant; `id` is the journal's, 0 before it has one.

    `key` is the sender's own id for it, unique within `source`: the same thing told twice is one event.
    """

    contact_id: int
    name: str
    at: datetime
    data: Mapping[str, Value] = field(default_factory=dict)
    source: str = "accord"
    key: str | None = None
    id: int = 0

    @property
    def is_a_robots(self) -> bool:
        """Whether it is a fetch that no person, or perhaps none, made: it moves nobody's scenario (R-59)."""
        return self.name == "mail.clicked" and self.data.get("verdict") in ("robot", "unsure")


def update_of(name: str) -> str:
    """The event that tells a thing anew: `order.updated` for each `order.…`."""
    return f"{name.partition('.')[0]}.updated"


def number_of(name: str) -> str:
    """The field that says which thing an event is about: `order_id` for each `order.…`."""
    return f"{name.partition('.')[0]}_id"


def told_anew(event: Event, later: Event) -> Event:
    """`event` with what `later` tells of the same thing; as it is where that is no update, or of another thing.

    A field that `later` leaves out stays as it was, and None takes it away.
    """
    number = number_of(event.name)
    which = event.data.get(number)
    if later.name != update_of(event.name) or which is None or later.data.get(number) != which:
        return event
    return replace(event, data={**event.data, **later.data})


@dataclass(frozen=True, slots=True)
class EventKind:
    """What the journal knows of one name.

    `renews`: it is an act of the person that renews the three-year clock (R-42); where that hangs on the
    event's own fields (a click by a robot, one in a reactivation mail) retention.py decides.
    `evidence`: only doors that can vouch for it may record it; a scenario can't emit it.
    """

    fields: Mapping[str, Type] = field(default_factory=dict)
    renews: bool = False
    evidence: bool = True


_CONSENT: Mapping[str, Type] = {"purpose": Type.TEXT, "kind": Type.TEXT}
_ORDER: Mapping[str, Type] = {
    "order_id": Type.TEXT,
    "families": Type.TEXTS,
    "amount_cents": Type.INTEGER,
    "currency": Type.TEXT,
    "starts_at": Type.INSTANT,
    "title": Type.TEXT,
    "offline": Type.BOOLEAN,
}
_PREFERENCES: Mapping[str, Type] = {"newsletters_per_month": Type.INTEGER, "paused_until": Type.INSTANT}
_CONTRACT: Mapping[str, Type] = {"contract_id": Type.TEXT, "family": Type.TEXT}
_MAIL: Mapping[str, Type] = {
    "message_id": Type.TEXT,
    "scenario": Type.TEXT,
    "step": Type.TEXT,
    "nature": Type.TEXT,
    "purpose": Type.TEXT,
}
_REASONED: Mapping[str, Type] = {**_MAIL, "reason": Type.TEXT, "rule": Type.TEXT}
_CLICK: Mapping[str, Type] = {**_MAIL, "target": Type.TEXT, "verdict": Type.TEXT}
_RUNNING: Mapping[str, Type] = {"scenario": Type.TEXT, "by": Type.TEXT, "reason": Type.TEXT}
_CALL: Mapping[str, Type] = {
    "scenario": Type.TEXT,
    "step": Type.TEXT,
    "webhook": Type.TEXT,
    "nature": Type.TEXT,
    "purpose": Type.TEXT,
}
_CALL_REASONED: Mapping[str, Type] = {**_CALL, "reason": Type.TEXT, "rule": Type.TEXT}
_RUN: Mapping[str, Type] = {"scenario": Type.TEXT, "reason": Type.TEXT}

# Asked for on a page of ours, and answered by a service mail: to the address that is known, to the new one.
# An address from which mails come back for the time being is left in peace.
RESTED = "contact.rested"

LINK_ASKED, ADDRESS_ASKED = "contact.link_asked", "contact.address_asked"

EVENTS: Mapping[str, EventKind] = {
    "contact.created": EventKind({"source": Type.TEXT}),
    "contact.updated": EventKind(),
    "contact.imported": EventKind({"source": Type.TEXT, "digest": Type.TEXT, "by": Type.TEXT}),
    "contact.merged": EventKind({"with": Type.INTEGER, "by": Type.TEXT}),
    "contact.erased": EventKind({"reason": Type.TEXT, "by": Type.TEXT}),
    "contact.kept": EventKind(renews=True),
    "contact.replied": EventKind({"automatic": Type.BOOLEAN}, renews=True),
    "contact.called": EventKind(renews=True),
    RESTED: EventKind({"until": Type.INSTANT}),
    LINK_ASKED: EventKind(),
    ADDRESS_ASKED: EventKind({"address": Type.TEXT}),
    "contact.logged_in": EventKind(renews=True),
    "consent.given": EventKind(_CONSENT, renews=True),
    "consent.pending": EventKind(_CONSENT),
    "consent.spoken": EventKind(_CONSENT),
    "consent.invalidated": EventKind(_CONSENT),
    "consent.refused": EventKind(_CONSENT),
    "consent.withdrawn": EventKind(_CONSENT),
    "consent.objected": EventKind(_CONSENT),
    "order.placed": EventKind(_ORDER, renews=True),
    "order.paid": EventKind(_ORDER, renews=True),
    "order.cancelled": EventKind(_ORDER),
    "order.updated": EventKind(_ORDER),
    "order.delivered": EventKind(_ORDER),
    "contract.started": EventKind(_CONTRACT, renews=True),
    "contract.ended": EventKind(_CONTRACT, renews=True),  # a customer's years run from the end
    "account.created": EventKind(renews=True),
    "ticket.scanned": EventKind({"order_id": Type.TEXT, "title": Type.TEXT}, renews=True),
    "cart.updated": EventKind({"families": Type.TEXTS}, evidence=False),
    "cart.abandoned": EventKind({"families": Type.TEXTS}, evidence=False),
    "preferences.updated": EventKind(_PREFERENCES, renews=True),
    "form.submitted": EventKind({"form": Type.TEXT}, renews=True),
    "mail.queued": EventKind(_MAIL),
    "mail.sent": EventKind(_MAIL),
    "mail.delivered": EventKind(_MAIL),
    "mail.held": EventKind(_REASONED),
    "mail.refused": EventKind(_REASONED),
    "mail.bounced": EventKind(_REASONED),
    "mail.soft_bounced": EventKind(_REASONED),
    "mail.mailbox_full": EventKind(_REASONED),
    "mail.policy_blocked": EventKind(_REASONED),
    "mail.greylisted": EventKind(_REASONED),
    "mail.challenged": EventKind(_REASONED),
    "mail.vacation": EventKind(_REASONED),
    "mail.auto_answered": EventKind(_REASONED),
    "mail.complained": EventKind(_MAIL),
    "mail.reported": EventKind(_REASONED),
    "mail.clicked": EventKind(_CLICK, renews=True),
    "mail.click_confirmed": EventKind({"message_id": Type.TEXT, "by": Type.TEXT}),
    "scenario.entered": EventKind(_RUN),
    "scenario.left": EventKind(_RUN),
    "scenario.finished": EventKind(_RUN),
    "scenario.noted": EventKind(_RUN),
    # What concerns a scenario as a whole: told of nobody (contact 0), and never put before the scenarios.
    **{
        f"scenario.{what}": EventKind(_RUNNING)
        for what in (
            "activated",
            "drained",
            "ejected",
            "ended",
            "held",
            "migrated",
            "paused",
            "released",
            "resumed",
        )
    },
    "scenario.reached": EventKind({**_RUN, "by": Type.TEXT}),
    "call.queued": EventKind(_CALL),
    "call.posted": EventKind(_CALL),
    "call.held": EventKind(_CALL_REASONED),
    "call.refused": EventKind(_CALL_REASONED),
    "call.failed": EventKind(_CALL_REASONED),
    "policy.changed": EventKind({"switch": Type.TEXT, "old": Type.TEXT, "new": Type.TEXT}),
    "prospecting.held": EventKind({"by": Type.TEXT, "reason": Type.TEXT}),
    "prospecting.released": EventKind({"by": Type.TEXT}),
    "throttle.changed": EventKind({"state": Type.TEXT, "reason": Type.TEXT}),
}
