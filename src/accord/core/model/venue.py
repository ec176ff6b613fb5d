"""The venue as its config.toml describes it: who writes, for which purposes, under which policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from accord.core.model.expression import Type
from accord.core.model.reputation import Reputation
from accord.core.model.time import Duration


@dataclass(frozen=True, slots=True)
class Entity:
    """The one legal person that writes: all its mails bear this name and address."""

    name: str
    address: str
    zone: str
    languages: tuple[str, ...]
    senders: Mapping[str, str]
    hosts: tuple[str, ...] = ()
    non_commercial: bool = False
    key: str = "self"

    @property
    def language(self) -> str:
        """The language that templates and wordings fall back to."""
        return self.languages[0]

    @property
    def clock(self) -> ZoneInfo:
        """The zone in which the entity's days begin and end."""
        return ZoneInfo(self.zone)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a person agrees to: a name, the kinds that its wording asks for, how readers see it."""

    name: str
    kinds: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    channel: str = "email"
    families: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    professional: bool = False
    invite_form: str | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """A family of products; similarity is symmetric, not transitive (R-08).

    `commercial`: false for what is given, not sold (donations): only such families leave a charity's appeal
    non-commercial (R-15).
    """

    name: str
    similar: frozenset[str] = frozenset()
    banned_sector: bool = False
    commercial: bool = True


@dataclass(frozen=True, slots=True)
class Attribute:
    """A declared attribute of contacts."""

    name: str
    type: Type
    writable: bool = False
    uses: str | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """Another system: where it listens, and the fields that it is told, by `call:` or as `events` are journalled."""

    name: str
    url: str
    fields: tuple[str, ...] = ()
    recipient: str = ""
    country: str = ""
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """The switches of the law: each default is the prudent reading of an unsettled question (B.3)."""

    free_account_is_sale: bool = False
    unticked_box_is_refusal_offered: bool = False
    cart_reminder_to_non_buyer: bool = False
    review_is_prospecting: bool = False
    upsell_to_active_optouts: bool = False
    unsubscribe_scope_soft_optin: str = "all"
    purchase_lifts_objection: bool = False
    one_question_after_cutoff: bool = False
    soft_optin_max_purchase_age_months: int | None = None
    honour_generic_unsubscribe: bool = True


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept, in months.

    `months` after the last action, 36 at most, with the window before it for reactivation; the send ledger
    and the journal of people who stay; the proof of a consent after its withdrawal.
    """

    months: int = 36
    reactivation_months: int = 6
    messages_months: int = 36
    journal_months: int = 36
    proof_months: int = 60


@dataclass(frozen=True, slots=True)
class FrequencyCap:
    """At most `count` prospecting mails in any `days` days."""

    count: int
    days: int

    def __str__(self) -> str:
        return f"{self.count} per {self.days} days"


@dataclass(frozen=True, slots=True)
class Look:
    """How the public pages look: a colour by day, one by night (`#rrggbb`), and the file of a logo."""

    colour: str | None = None
    colour_dark: str | None = None
    logo: str | None = None


@dataclass(frozen=True, slots=True)
class Venue:
    """All that the core knows of an installation that is not a person, a scenario or an instant.

    `complaints_reported_by`: domains of providers whose feedback loops the house receives; elsewhere the
    absence of complaints is no evidence (R-58). `surprise`: a scenario that sends more than so many times
    its forecast holds itself. `reputation`: how much may come back before prospecting stops.
    """

    entity: Entity
    base_url: str
    purposes: Mapping[str, Purpose] = field(default_factory=dict)
    families: Mapping[str, Family] = field(default_factory=dict)
    partners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    events: Mapping[str, Mapping[str, Type]] = field(default_factory=dict)
    legal_duties: Mapping[str, str] = field(default_factory=dict)
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    policy: Policy = Policy()
    retention: Retention = Retention()
    frequency: Mapping[str, FrequencyCap] = field(
        default_factory=lambda: {"prospecting": FrequencyCap(4, 28)}
    )
    complaints_reported_by: tuple[str, ...] = ()
    look: Look = Look()
    former_urls: tuple[str, ...] = ()
    fresh: Duration = Duration(days=1)
    surprise: float = 1.5
    reputation: Reputation = Reputation()
