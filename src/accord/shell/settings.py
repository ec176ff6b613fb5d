"""config.toml and the environment, validated once: every fault at its line, all at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from accord.core.expressions.spell import duration_of
from accord.core.model.consent import Kind
from accord.core.model.contact import email_key
from accord.core.model.domain import NotADomain, ascii_domain
from accord.core.model.expression import Type
from accord.core.model.forecast import Assumptions
from accord.core.model.place import Diagnostic, Span
from accord.core.model.reputation import Bearable, Reputation
from accord.core.model.time import Duration
from accord.core.model.venue import (
    Attribute,
    Entity,
    Family,
    FrequencyCap,
    Policy,
    Purpose,
    Retention,
    Venue,
)
from accord.shell.config_check import validated
from accord.shell.config_dkim import Dkim, read_dkim
from accord.shell.config_inbound import Box, Hook, read_boxes, read_hooks
from accord.shell.config_look import look_of
from accord.shell.config_shapes import Config
from accord.shell.config_smtp import Smtp, read_smtp
from accord.shell.config_source import MASK, Source, holds_password, is_secret, masked, nearest, read_source
from accord.shell.config_webhooks import webhook_of


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is configured; paths are absolute, secrets are not shown."""

    root: Path
    venue: Venue
    database_url: str
    delivery: str
    mailbox: Path
    smtp: Smtp
    web_host: str
    web_port: int
    trusted_proxies: tuple[str, ...]
    metrics_from: tuple[IPv4Network | IPv6Network, ...]
    alarm_lag: Duration
    allow_time_travel: bool
    click_tracking: str
    scanners: tuple[str, ...]
    keys_file: Path
    objections_log: Path | None
    assumptions: Assumptions = Assumptions()
    values: tuple[tuple[str, str, str], ...] = ()
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    mailboxes: Mapping[str, Box] = field(default_factory=dict)
    return_path: str | None = None
    provider: str = "none"
    dkim: Dkim = Dkim()
    sends_from: tuple[str, ...] = ()

    @property
    def way_out(self) -> tuple[object, ...]:
        """What a carrier is made of."""
        return self.delivery, self.mailbox, self.smtp, self.dkim


class ConfigFault(Exception):
    """The configuration can't be used; `diagnostics` say why, each at its line of `text`, which has no secrets."""

    def __init__(self, diagnostics: list[Diagnostic], text: str = "") -> None:
        super().__init__(f"{len(diagnostics)} faults in the configuration")
        self.diagnostics, self.text = diagnostics, text


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read and validate `path` with `ACCORD_SECTION__KEY` over it. Raises ConfigFault with every fault."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "it is not UTF-8 text"
        hint = "Run `scenario init` to make a venue, or name its file with --config."
        missing = Diagnostic(
            Span(path.name, 1, 1), "config-unreadable", f"{path} can't be read: {reason}.", hint
        )
        raise ConfigFault([missing]) from None
    source = read_source(text, path.name, environ)
    config = validated(source) if not source.broken else None
    settings = _settings(config, source, path.resolve().parent) if config is not None else None
    if settings is None or source.faults:
        raise ConfigFault(source.faults, masked(text))
    return settings


# -- from shapes to nouns -----------------------------------------------------------------------------------


def _settings(config: Config, source: Source, root: Path) -> Settings:
    venue = replace(_venue(config, source), look=look_of(config.web, source, root))
    if holds_password(config.database.url) and source.origins.get("database.url") == source.file:
        message = "The password in the database's address does not belong in a file that git keeps."
        hint = "Use ACCORD_DATABASE__URL, or ~/.pgpass."
        source.fault("database.url", "secret-in-file", message, hint)
    log = config.database.objections_log
    return Settings(
        root=root,
        venue=venue,
        database_url=absolute_url(config.database.url, root),
        delivery=config.delivery.kind,
        mailbox=root / config.delivery.folder,
        smtp=read_smtp(config.smtp, source, root),
        web_host=config.web.host,
        web_port=config.web.port,
        trusted_proxies=tuple(config.web.trusted_proxies),
        metrics_from=tuple(map(ip_network, config.web.metrics_from)),
        alarm_lag=_duration(config.engine.alarm_lag, "engine.alarm_lag", source),
        allow_time_travel=config.engine.allow_time_travel,
        click_tracking=config.tracking.clicks,
        scanners=tuple(config.tracking.scanners),
        keys_file=root / config.keys.file,
        objections_log=root / log if log else None,
        assumptions=Assumptions(**config.dry_run.model_dump()),
        values=tuple(_shown(config.model_dump(by_alias=True), source)),
        hooks=read_hooks(config, source, root),
        mailboxes=read_boxes(config, source, root),
        return_path=config.delivery.return_path,
        provider=config.delivery.provider,
        dkim=read_dkim(config, source, root),
        sends_from=tuple(config.doctor.sends_from),
    )


def absolute_url(url: str, root: Path) -> str:
    """A SQLite file counts from the folder of config.toml."""
    if not url.startswith("sqlite:///") or url in ("sqlite:///:memory:", "sqlite://"):
        return url
    return f"sqlite:///{root / url.removeprefix('sqlite:///')}"


def _venue(config: Config, source: Source) -> Venue:
    families = {name: _family(name, config) for name in config.families}
    return Venue(
        entity=_entity(config, source),
        base_url=config.web.base_url.rstrip("/"),
        purposes={name: _purpose(name, config, source) for name in config.purposes},
        families=families,
        partners={name: tuple(each.hosts) for name, each in config.partners.items()},
        attributes={
            name: Attribute(name, Type(each.type), each.writable, each.uses)
            for name, each in config.attributes.items()
        },
        events=_events(config, source),
        legal_duties={name: each.law for name, each in config.legal_duties.items()},
        webhooks={
            name: webhook_of(name, each, config.events, config.attributes, source)
            for name, each in config.webhooks.items()
        },
        others=tuple(config.others),
        policy=Policy(**config.policy.model_dump()),
        retention=Retention(
            config.retention.months,
            config.retention.reactivation_months,
            config.retention.messages,
            config.retention.journal,
            config.retention.proof,
        ),
        frequency=_frequency(config, source),
        complaints_reported_by=tuple(
            email_key(f"@{domain}").removeprefix("@") for domain in config.throttle.complaints_reported_by
        ),
        former_urls=tuple(config.web.former_urls),
        fresh=_duration(config.engine.fresh, "engine.fresh", source),
        surprise=config.guard.surprise,
        reputation=Reputation(
            Bearable(config.guard.bounces_warn, config.guard.bounces_stop),
            Bearable(config.guard.complaints_warn, config.guard.complaints_stop),
            config.guard.days,
            config.guard.sample,
        ),
    )


def _entity(config: Config, source: Source) -> Entity:
    entity = config.entity
    if entity.zone not in available_timezones():
        hint = nearest(entity.zone, available_timezones())
        source.fault("entity.zone", "wrong-value", f"«{entity.zone}» is no time zone.", hint)
    for key, sender in entity.senders.items():
        wrong = _wrong_with(parseaddr(sender)[1])
        if wrong is not None:
            source.fault(f"entity.senders.{key}", "wrong-value", f"«{sender}» {wrong}.")
    zone = entity.zone if entity.zone in available_timezones() else "UTC"
    return Entity(
        name=entity.name,
        address=entity.address,
        zone=ZoneInfo(zone).key,
        languages=tuple(entity.languages),
        senders=dict(entity.senders),
        hosts=tuple(entity.hosts),
        non_commercial=entity.non_commercial,
    )


def _wrong_with(address: str) -> str | None:
    """Why a sender's address can't stand in From."""
    local, at, domain = address.rpartition("@")
    if not at or not local:
        return "holds no e-mail address"
    if not local.isascii():
        return "has letters beyond ASCII before its @, which few mail servers take of a sender"
    try:
        ascii_domain(domain)
    except NotADomain:
        return "names no domain behind its @"
    return None


def _purpose(name: str, config: Config, source: Source) -> Purpose:
    each = config.purposes[name]
    if name == "service":
        source.fault(
            f"purposes.{name}", "wrong-value", "«service» is built in and needs no purpose of its own."
        )
    for family in each.families:
        if family not in config.families:
            hint = nearest(family, config.families)
            source.fault(
                f"purposes.{name}.families", "unknown-family", f"There is no [families.{family}].", hint
            )
    for partner in each.partners:
        if partner not in config.partners:
            source.fault(f"purposes.{name}.partners", "unknown-partner", f"There is no [partners.{partner}].")
    for kind in each.kinds:
        if kind not in list(Kind):
            hint = nearest(kind, list(Kind))
            source.fault(f"purposes.{name}.kinds", "wrong-value", f"«{kind}» is not a kind.", hint)
    return Purpose(
        name,
        tuple(each.kinds),
        each.labels,
        each.channel,
        tuple(each.families),
        tuple(each.partners),
        each.professional,
        each.invite_form,
    )


def _family(name: str, config: Config) -> Family:
    """Similarity is symmetric: what either side names holds for both."""
    each = config.families[name]
    named_by = {other for other, its in config.families.items() if name in its.similar}
    return Family(name, frozenset({*each.similar, *named_by}), each.banned_sector, each.commercial)


def _events(config: Config, source: Source) -> dict[str, dict[str, Type]]:
    found: dict[str, dict[str, Type]] = {}
    for name, fields in config.events.items():
        if not name.startswith("own."):
            source.fault(
                f"events.{name}",
                "wrong-value",
                f"An event of the venue's own is called own.SOMETHING, not {name}.",
            )
        found[name] = {}
        for key, kind in fields.items():
            try:
                found[name][key] = Type(kind)
            except ValueError:
                hint = nearest(kind, list(Type))
                source.fault(f"events.{name}.{key}", "wrong-value", f"«{kind}» is not a type.", hint)
    return found


def _frequency(config: Config, source: Source) -> dict[str, FrequencyCap]:
    found = {}
    for name, said in config.frequency.items():
        count, _, window = said.partition(" per ")
        duration = duration_of(window)
        if not count.isdigit() or int(count) == 0 or duration is None or duration.months or not duration.days:
            source.fault(f"frequency.{name}", "wrong-value", f"«{said}»: write «4 per 28 days».")
            continue
        if name != "prospecting" and name not in config.purposes:
            source.fault(
                f"frequency.{name}",
                "unknown-purpose",
                f"There is no purpose «{name}».",
                nearest(name, config.purposes),
                at_key=True,
            )
        found[name] = FrequencyCap(int(count), duration.days)
    found.setdefault("prospecting", FrequencyCap(4, 28))
    return found


def _duration(said: str, path: str, source: Source) -> Duration:
    found = duration_of(said)
    if found is None and said.removesuffix("s").endswith(" minute"):
        number = said.partition(" ")[0]
        return Duration(minutes=int(number)) if number.isdigit() else Duration()
    if found is None:
        source.fault(path, "wrong-value", f"«{said}» is not a length of time; write «1 day» or «15 minutes».")
    return found or Duration()


# -- what is in force ---------------------------------------------------------------------------------------


def _shown(values: Mapping[str, Any], source: Source, above: str = "") -> list[tuple[str, str, str]]:
    """(key, value, where from) of everything in force; secrets masked."""
    found: list[tuple[str, str, str]] = []
    for key, value in values.items():
        path = f"{above}.{key}" if above else key
        if isinstance(value, Mapping) and value:
            found += _shown(value, source, path)
            continue
        origin = source.origins.get(path, "default")
        where = f"{origin}:{source.places[path].line}" if origin == source.file else origin
        found.append((path, MASK if value and is_secret(key) else masked(_written(value)), where))
    return found


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
