"""[smtp] of config.toml: the mail server that takes our mail, one of service mail's own, and one to fall back on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from accord.core.pacing import Rates, WarmUp
from accord.shell.config_shapes import RatesSection, RelaySection, SmtpSection
from accord.shell.config_source import Source


@dataclass(frozen=True, slots=True)
class Relay:
    """One mail server; `name` is that of its section."""

    name: str
    host: str
    port: int
    security: str
    connections: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    recipient: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Smtp:
    """`main` takes all mail; `service` takes service mail in its place, `fallback` what neither of them takes."""

    main: Relay
    service: Relay | None = None
    fallback: Relay | None = None
    per_second: float | None = None
    rates: Rates = Rates()

    @property
    def relays(self) -> Sequence[Relay]:
        """All of them."""
        return [each for each in (self.main, self.service, self.fallback) if each is not None]


def read_smtp(smtp: SmtpSection, source: Source, root: Path) -> Smtp:
    """What [smtp] says, with the passwords from their files."""
    plan, rates = smtp.warm_up, smtp.rates or RatesSection()

    def relay(section: RelaySection | SmtpSection | None, name: str) -> Relay | None:
        return _relay(section, name, source, root) if section is not None else None

    return Smtp(
        _relay(smtp, "smtp", source, root),
        relay(smtp.service, "smtp.service"),
        relay(smtp.fallback, "smtp.fallback"),
        rates.per_second,
        Rates(
            rates.per_domain,
            {domain.lower().removeprefix("@"): most for domain, most in rates.domains.items()},
            WarmUp(plan.begins, tuple(plan.per_day)) if plan is not None else None,
        ),
    )


def _relay(section: RelaySection | SmtpSection, name: str, source: Source, root: Path) -> Relay:
    return Relay(
        name,
        section.host,
        section.port,
        section.security,
        section.connections,
        section.username,
        _password(section, name, source, root),
        section.recipient,
        section.country,
    )


def _password(section: RelaySection | SmtpSection, name: str, source: Source, root: Path) -> str | None:
    if section.password and source.origins.get(f"{name}.password") == source.file:
        variable = f"ACCORD_{name.upper().replace('.', '__')}__PASSWORD"
        source.fault(
            f"{name}.password",
            "secret-in-file",
            "A password does not belong in a file that git keeps.",
            f"Use {variable} or {name}.password_file.",
        )
    if not section.password_file:
        return section.password
    try:
        return (root / section.password_file).read_text(encoding="utf-8").strip()
    except OSError as fault:
        key = f"{name}.password_file"
        source.fault(key, "wrong-value", f"«{key}» can't be read: {fault.strerror}.")
        return None
