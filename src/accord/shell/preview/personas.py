"""A dozen imagined people, one for each way of standing before the law."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accord.core.consent.collection import consents
from accord.core.model.consent import EVERYTHING, SERVICE_PURPOSE, Act, ConsentEntry
from accord.core.model.contact import AddressKind, AddressState, Contact, Preferences
from accord.core.model.decision import Situation
from accord.core.model.expression import Name, Type, Value
from accord.core.model.order import OrderLine
from accord.core.model.scenario import OnDate, Scenario
from accord.core.model.time import Duration, later, local_day
from accord.core.model.venue import Venue

PROOF = {"form": "imagined", "act": "ticked"}


@dataclass(frozen=True, slots=True)
class Persona:
    """An imagined person: what is known of them at the first day, and the ledger behind it."""

    name: str
    words: str
    situation: Situation
    ledger: tuple[ConsentEntry, ...]


@dataclass(frozen=True, slots=True)
class Sketch:
    """What tells a persona from the plainest person."""

    words: str
    acts: tuple[Act, ...] = ()
    everything: bool = False
    bought: bool = False
    informed: bool = False
    years_silent: float = 0.2
    address_state: AddressState = AddressState.OK
    address_kind: AddressKind = AddressKind.PERSONAL
    language: str | None = None
    zone: str | None = None
    newsletters_per_month: int | None = None
    attributes: Mapping[str, Value] = field(default_factory=dict)


SKETCHES: Mapping[str, Sketch] = {
    "opt-in": Sketch("signed up, with proof", (Act.OPTIN_PROVEN,), informed=True),
    "passive-prospect": Sketch("left the box unticked, never bought", (Act.SILENCE,), informed=True),
    "passive-customer": Sketch(
        "left the box unticked, bought, could refuse", (Act.SILENCE,), bought=True, informed=True
    ),
    "uninformed-customer": Sketch("bought, was never offered to refuse", (), bought=True),
    "said-no": Sketch("answered «no» to the question", (Act.OBJECTION,), bought=True, informed=True),
    "unsubscribed": Sketch(
        "signed up, then unsubscribed", (Act.OPTIN_PROVEN, Act.UNSUBSCRIBE), bought=True, informed=True
    ),
    "complained": Sketch(
        "pressed «spam»",
        (Act.OPTIN_PROVEN, Act.COMPLAINT),
        everything=True,
        bought=True,
        informed=True,
        address_state=AddressState.COMPLAINED,
    ),
    "unproven-import": Sketch("imported as opt-in, without proof", (Act.OPTIN_IMPORT,)),
    "counter-no-script": Sketch(
        "said yes at the counter, script not kept", (Act.OPTIN_UNPROVEN,), bought=True
    ),
    "near-cut-off": Sketch(
        "signed up, silent for 2 years and 9 months", (Act.OPTIN_PROVEN,), informed=True, years_silent=2.75
    ),
    "past-cut-off": Sketch(
        "signed up, silent for more than 3 years", (Act.OPTIN_PROVEN,), informed=True, years_silent=3.2
    ),
    "professional": Sketch(
        "a named professional address, informed",
        (Act.SILENCE,),
        informed=True,
        address_kind=AddressKind.PROFESSIONAL,
    ),
    "bounced": Sketch(
        "signed up, the address is dead",
        (Act.OPTIN_PROVEN,),
        informed=True,
        address_state=AddressState.HARD_BOUNCED,
    ),
}


def persona(
    name: str,
    scenario: Scenario,
    venue: Venue,
    start: datetime,
    sketches: Mapping[str, Sketch] = SKETCHES,
) -> Persona:
    """The person called `name` of these, as they stand for this scenario's purpose at `start`."""
    sketch = sketches[name]
    number = list(sketches).index(name) + 1
    acted = start - timedelta(days=365.25 * sketch.years_silent)
    contact = Contact(
        id=number,
        email=f"{name}@example.org",
        language=sketch.language or venue.entity.language,
        zone=sketch.zone or venue.entity.zone,
        collected_at=acted,
        last_action_at=acted,
        address_state=sketch.address_state,
        address_kind=sketch.address_kind,
        preferences=Preferences(sketch.newsletters_per_month),
        attributes={**_attributes(scenario, venue, start), **sketch.attributes},
    )
    ledger = tuple(_ledger(number, sketch, scenario, venue, acted))
    lines = (_bought(scenario, venue, acted),) if sketch.bought else ()
    known = consents(ledger, venue.policy)
    return Persona(name, sketch.words, Situation(contact, known, lines), ledger)


def _ledger(
    number: int, sketch: Sketch, scenario: Scenario, venue: Venue, acted: datetime
) -> list[ConsentEntry]:
    asked = _asked_about(scenario, venue)
    kinds = venue.purposes[asked].kinds if asked is not None else ()
    entries = []
    for position, act in enumerate(sketch.acts):
        at = acted + timedelta(minutes=position)
        everything = sketch.everything and position == len(sketch.acts) - 1
        pairs = [(EVERYTHING, EVERYTHING)] if everything else [(asked or EVERYTHING, kind) for kind in kinds]
        entries += [
            ConsentEntry(number, at, purpose, kind, act, sketch.informed, PROOF) for purpose, kind in pairs
        ]
    return entries


def _asked_about(scenario: Scenario, venue: Venue) -> str | None:
    """The purpose that the persona was asked about: the file's, or the first where it is service mail."""
    if scenario.purpose != SERVICE_PURPOSE:
        return scenario.purpose
    return next(iter(venue.purposes), None)


def _families(scenario: Scenario, venue: Venue) -> tuple[str, ...]:
    purpose = venue.purposes.get(scenario.purpose)
    return (purpose.families if purpose is not None else ()) or tuple(venue.families)[:1]


def _bought(scenario: Scenario, venue: Venue, at: datetime) -> OrderLine:
    family = next(iter(_families(scenario, venue)), "")
    return OrderLine("imagined-0", venue.entity.key, family, 2400, "EUR", at, paid_at=at, delivered_at=at)


def _attributes(scenario: Scenario, venue: Venue, start: datetime) -> dict[str, Value]:
    """A name, and the day that one enters by: such that it is a week ahead, whatever it is shifted by."""
    found: dict[str, Value] = {"first_name": "Camille"} if "first_name" in venue.attributes else {}
    trigger = scenario.entry.trigger
    tree = trigger.rule.base.tree if isinstance(trigger, OnDate) else None
    attribute = venue.attributes.get(tree.path.removeprefix("contact.")) if isinstance(tree, Name) else None
    if isinstance(trigger, OnDate) and attribute is not None:
        zone = venue.entity.clock
        instant = later(later(start, Duration(days=7), zone), -trigger.rule.shift, zone)
        found[attribute.name] = instant if attribute.type is Type.INSTANT else local_day(instant, zone)
    return found


_IMAGINED: Mapping[str, Callable[[Scenario, Venue, datetime], Value]] = {
    "purpose": lambda scenario, *_: scenario.purpose,
    "kind": lambda *_: "editorial",
    "order_id": lambda *_: "imagined-1",
    "amount_cents": lambda *_: 4800,
    "currency": lambda *_: "EUR",
    "families": lambda scenario, venue, _: _families(scenario, venue),
    "family": lambda scenario, venue, _: next(iter(_families(scenario, venue)), None),
    "starts_at": lambda _, venue, start: later(start, Duration(days=21), venue.entity.clock),
    "title": lambda *_: "Le spectacle",
    "verdict": lambda *_: "human",
    "address": lambda *_: "new.address@example.org",
}
_BY_TYPE: Mapping[Type, Callable[[datetime], Value]] = {
    Type.TEXT: lambda _: "imagined",
    Type.INTEGER: lambda _: 1,
    Type.NUMBER: lambda _: 1.0,
    Type.BOOLEAN: lambda _: True,
    Type.DATE: lambda start: start.date() + timedelta(days=21),
    Type.DAY_OF_YEAR: lambda start: start.date() + timedelta(days=21),
    Type.INSTANT: lambda start: start + timedelta(days=21),
    Type.TEXTS: lambda _: ("imagined",),
}


def imagined_data(
    fields: Mapping[str, Type], scenario: Scenario, venue: Venue, start: datetime
) -> dict[str, Value]:
    """Plausible values for an event's fields, so that the scenario is entered and its templates speak."""
    return {
        name: _IMAGINED[name](scenario, venue, start) if name in _IMAGINED else _BY_TYPE[kind](start)
        for name, kind in fields.items()
    }
