"""The shape of config.toml: every section and key, with its type and default."""

from __future__ import annotations

import re
from datetime import date
from ipaddress import ip_address, ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from accord.core.mail.returns import LONGEST_LOCAL, LONGEST_MARK


def _network(value: str) -> str:
    try:
        ip_network(value)
    except ValueError:
        raise ValueError(f"«{value}» is no network; write 10.1.2.3 or 10.1.0.0/16") from None
    return value


Network = Annotated[str, AfterValidator(_network)]
COLOUR = "^#[0-9a-fA-F]{6}$"
Port = Annotated[int, Field(ge=1, le=65535)]
TypeName = Literal["text", "integer", "number", "boolean", "date", "day_of_year", "instant", "list of text"]


class Section(BaseModel):
    """A section: a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid")


class EntitySection(Section):
    """The one legal person that writes."""

    name: str = Field(min_length=1)
    address: str = Field(min_length=1)
    zone: str = "Europe/Paris"
    languages: list[Literal["fr", "en"]] = Field(default=["fr", "en"], min_length=1)
    senders: dict[str, str] = Field(min_length=1)
    hosts: list[str] = []
    non_commercial: bool = False


class OtherSection(Section):
    """Another legal person, whose sales are not ours."""

    name: str = ""


class DatabaseSection(Section):
    """Where everything is kept."""

    url: str = "sqlite:///accord.db"
    objections_log: str | None = None

    @field_validator("url")
    @classmethod
    def _known(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("write sqlite:///FILE or postgresql://…")
        return value


class EngineSection(Section):
    """How the engine goes about its work."""

    fresh: str = "1 day"
    alarm_lag: str = "15 minutes"
    allow_time_travel: bool = False


class WebSection(Section):
    """The pages that recipients open, and where they are served."""

    base_url: str
    former_urls: list[str] = []
    trusted_proxies: list[str] = []
    host: str = "127.0.0.1"
    port: Port = 8025
    metrics_from: list[Network] = ["127.0.0.0/8", "::1"]
    colour: str | None = Field(default=None, pattern=COLOUR)
    colour_dark: str | None = Field(default=None, pattern=COLOUR)
    logo: str | None = None

    @field_validator("base_url")
    @classmethod
    def _https(cls, value: str) -> str:
        local = value.startswith(("http://127.0.0.1", "http://localhost"))
        if not value.startswith("https://") and not local:
            raise ValueError("recipients' links need https://")
        return value


class DeliverySection(Section):
    """By which way mail leaves: `smtp`, or `folder` for .eml files."""

    kind: Literal["smtp", "folder"] = "folder"
    folder: str = "mailbox"
    return_path: str | None = None
    provider: Literal["none", "brevo", "postmark", "ses"] = "none"

    @field_validator("return_path")
    @classmethod
    def _path(cls, value: str | None) -> str | None:
        if value is None:
            return None
        local, at, domain = value.rpartition("@")
        plain = re.fullmatch(r"[A-Za-z0-9.+_=-]*\*[A-Za-z0-9.+_=-]*", local) and re.fullmatch(
            r"[A-Za-z0-9.-]+", domain
        )
        if not at or not plain or len(local) - 1 + LONGEST_MARK > LONGEST_LOCAL:
            room = LONGEST_LOCAL - LONGEST_MARK
            raise ValueError(
                f"write retours+*@example.org: one *, at most {room} other characters before the @"
            )
        return value


Rate = Annotated[float, Field(gt=0)]


class RatesSection(Section):
    """How many mails a second may leave: in all, to any one domain, to some by name."""

    per_second: Rate | None = None
    per_domain: Rate | None = None
    domains: dict[str, Rate] = {}


class WarmUpSection(Section):
    """How many prospecting mails may leave on each day, from the first on."""

    begins: date
    per_day: list[Annotated[int, Field(ge=1)]] = Field(min_length=1)


class RelaySection(Section):
    """Another mail server: service mail's own, or one to fall back on."""

    host: str
    port: Port = 25
    security: Literal["none", "starttls", "tls"] = "starttls"
    connections: int = Field(default=10, ge=2, le=200)
    username: str | None = None
    password: str | None = None
    password_file: str | None = None
    recipient: str = ""
    country: str = ""


class SmtpSection(Section):
    """The mail server that takes our mail; `recipient` and `country` say whose it is, for the register."""

    host: str = "127.0.0.1"
    port: Port = 25
    security: Literal["none", "starttls", "tls"] = "starttls"
    connections: int = Field(default=10, ge=1, le=200)
    username: str | None = None
    password: str | None = None
    password_file: str | None = None
    rates: RatesSection | None = None
    warm_up: WarmUpSection | None = None
    service: RelaySection | None = None
    fallback: RelaySection | None = None
    recipient: str = ""
    country: str = ""


class PurposeSection(Section):
    """Something that people agree to."""

    kinds: list[str] = Field(min_length=1)
    labels: dict[str, str] = {}
    channel: Literal["email", "sms"] = "email"
    families: list[str] = []
    partners: list[str] = []
    professional: bool = False
    invite_form: str | None = None


class FamilySection(Section):
    """A family of products."""

    similar: list[str] = []
    banned_sector: bool = False
    commercial: bool = True


class PartnerSection(Section):
    """A partner whose links may appear."""

    hosts: list[str] = Field(min_length=1)


class AttributeSection(Section):
    """Something that is known of contacts."""

    type: TypeName = "text"
    writable: bool = False
    uses: str | None = None


class LegalDutySection(Section):
    """A duty that a service mail may serve."""

    law: str


class PolicySection(Section):
    """The switches of the law; each default is the prudent reading."""

    free_account_is_sale: bool = False
    unticked_box_is_refusal_offered: bool = False
    cart_reminder_to_non_buyer: bool = False
    review_is_prospecting: bool = False
    upsell_to_active_optouts: bool = False
    unsubscribe_scope_soft_optin: Literal["all", "purpose"] = "all"
    purchase_lifts_objection: bool = False
    one_question_after_cutoff: bool = False
    soft_optin_max_purchase_age_months: int | None = Field(default=None, ge=1)
    honour_generic_unsubscribe: bool = True


class RetentionSection(Section):
    """How long things are kept, in months: people after their last action, the ledgers of those who stay."""

    months: int = Field(default=36, ge=1, le=36)
    reactivation_months: int = Field(default=6, ge=1, le=12)
    messages: int = Field(default=36, ge=1)
    journal: int = Field(default=36, ge=1)
    proof: int = Field(default=60, ge=0)


class ThrottleSection(Section):
    """What the statistics of customers who never agreed must be told; their rule itself is no setting."""

    complaints_reported_by: list[str] = []

    @field_validator("complaints_reported_by")
    @classmethod
    def _domains(cls, values: list[str]) -> list[str]:
        for value in values:
            if "@" in value or "." not in value.strip("."):
                raise ValueError(f"«{value}» is no domain; write orange.fr, not an address")
        return values


class TrackingSection(Section):
    """What is recorded of clicks; opens are not tracked."""

    clicks: Literal["individual", "consented_only"] = "individual"
    scanners: list[Network] = []
    opens: Literal["off"] = "off"


Percent = Annotated[float, Field(gt=0, le=100)]


class GuardSection(Section):
    """What stops by itself: a scenario far past its forecast; prospecting, where too many of 100 mails come back."""

    surprise: float = Field(default=1.5, gt=1)
    bounces_warn: Percent = 2.0
    bounces_stop: Percent = 5.0
    complaints_warn: Percent = 0.1
    complaints_stop: Percent = 0.3
    days: int = Field(default=3, ge=1, le=28)
    sample: int = Field(default=500, ge=100)


class WebhookSection(Section):
    """A system that is told of steps, or of events as they are journalled."""

    url: str
    fields: list[str] = []
    events: list[str] = []
    recipient: str = ""
    country: str = ""


class InboundSection(Section):
    """A way in: a system or a provider that posts to /hooks/NAME, or a mailbox that is read.

    Secrets come from the environment or from files, never from here.
    """

    kind: Literal["events", "orders", "imap", "maildir", "brevo", "postmark", "ses"] = "events"
    secret: str | None = None
    secret_file: str | None = None
    evidence: bool = False
    topic: str | None = None
    host: str | None = None
    port: Port = 993
    security: Literal["tls", "starttls", "none"] = "tls"
    username: str | None = None
    folder: str = "INBOX"
    handled: str | None = None
    every: str = "1 minute"
    forward_to: str | None = None


class KeysSection(Section):
    """The file of keys that `init` makes."""

    file: str = "accord.keys"


class DryRunSection(Section):
    """How people are assumed to answer mails in a forecast."""

    clicks_per_100_mails: float = Field(default=3.0, ge=0, le=100)
    preferences_per_100_mails: float = Field(default=0.5, ge=0, le=100)
    unsubscribes_per_100_mails: float = Field(default=0.2, ge=0, le=100)
    complaints_per_100_mails: float = Field(default=0.02, ge=0, le=100)
    bounces_per_100_mails: float = Field(default=0.3, ge=0, le=100)
    answers_within_hours: int = Field(default=48, ge=1, le=8760)
    seed: str = "accord"


class DkimSection(Section):
    """The keys that our mail is signed with: selector → file."""

    domain: str | None = None
    keys: dict[str, str] = {}


def _address(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        raise ValueError(f"«{value}» is no address; write 203.0.113.7") from None


class DoctorSection(Section):
    """What `scenario doctor` can't find out by itself."""

    sends_from: list[Annotated[str, AfterValidator(_address)]] = []


class FreeSection(BaseModel):
    """A section whose keys belong to parts that read them themselves."""

    model_config = ConfigDict(extra="allow")


class Config(Section):
    """The whole file."""

    entity: EntitySection
    web: WebSection
    others: dict[str, OtherSection] = {}
    database: DatabaseSection = DatabaseSection()
    engine: EngineSection = EngineSection()
    delivery: DeliverySection = DeliverySection()
    smtp: SmtpSection = SmtpSection()
    purposes: dict[str, PurposeSection] = {}
    families: dict[str, FamilySection] = {}
    partners: dict[str, PartnerSection] = {}
    attributes: dict[str, AttributeSection] = {}
    events: dict[str, dict[str, str]] = {}
    legal_duties: dict[str, LegalDutySection] = {}
    policy: PolicySection = PolicySection()
    retention: RetentionSection = RetentionSection()
    frequency: dict[str, str] = {}
    tracking: TrackingSection = TrackingSection()
    guard: GuardSection = GuardSection()
    webhooks: dict[str, WebhookSection] = {}
    keys: KeysSection = KeysSection()
    dkim: DkimSection = DkimSection()
    throttle: ThrottleSection = ThrottleSection()
    inbound: dict[str, InboundSection] = {}
    doctor: DoctorSection = DoctorSection()
    console: FreeSection = FreeSection()
    dry_run: DryRunSection = DryRunSection()
    log: FreeSection = FreeSection()
