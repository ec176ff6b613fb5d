"""SPF (RFC 7208): which networks may send for a domain, and whether its record can be followed at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from accord.shell.doctor.dns import Answers, addresses

# How many questions of DNS a record may cost (4.6.4).
MOST_LOOKUPS = 10

_ASKING = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})

Network = IPv4Network | IPv6Network
EVERYBODY: Sequence[Network] = (ip_network("0.0.0.0/0"), ip_network("::/0"))


@dataclass(slots=True)
class Spf:
    """What a domain's record comes to. `networks`: those that pass; `faults`: why it can't be followed.

    `unclear`: terms that only the moment of delivery can answer, such as macros. `ending`: how everybody else
    fares (`-`, `~`, `?`, `+`), None where it does not say.
    """

    record: str | None = None
    networks: list[Network] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    ending: str | None = None
    lookups: int = 0

    @property
    def lets_everybody_pass(self) -> bool:
        """Whether it says nothing at all."""
        return any(network.prefixlen == 0 for network in self.networks)

    def passes(self, address: str) -> bool:
        """Whether mail from this address passes by one of the networks."""
        asked = ip_address(address)
        return any(asked in network for network in self.networks if network.version == asked.version)


def spf_of(domain: str, ask: Answers) -> Spf:
    """Follow the record of a domain, includes and all. Raises Silent."""
    found = Spf()
    found.record = _record(domain, ask, found)
    if found.record is not None:
        _walk(domain, found.record, ask, found, (domain,), top=True)
    if found.lookups > MOST_LOOKUPS:
        found.faults.append(f"it costs {found.lookups} questions of DNS, and {MOST_LOOKUPS} are allowed")
    return found


def _record(domain: str, ask: Answers, found: Spf) -> str | None:
    records = [text for text in ask(domain, "TXT") if text.lower().split(" ")[0] == "v=spf1"]
    if len(records) > 1:
        found.faults.append(f"{domain} has {len(records)} SPF records, and only one is allowed")
    return records[0] if records else None


@dataclass(frozen=True, slots=True)
class _Term:
    """One term of a record: how it decides (`+`, `-`, `~`, `?`), what it is, of whom, and the length after `/`."""

    sign: str
    name: str
    value: str
    prefix: str


def _term(text: str) -> _Term:
    sign, body = (text[0], text[1:]) if text[0] in "+-~?" else ("+", text)
    name, _, value = body.partition(":")
    name, _, prefix = name.partition("/")
    return _Term(sign, name.lower(), value, prefix or value.partition("/")[2])


def _walk(domain: str, record: str, ask: Answers, found: Spf, above: tuple[str, ...], *, top: bool) -> None:
    """Term by term, up to «all»; what a record says after too many questions nobody reads."""
    redirect = None
    for text in record.split()[1:]:
        modifier, equals, value = text.partition("=")
        if equals and modifier.isalpha():
            redirect = value if modifier.lower() == "redirect" else redirect
            continue
        term = _term(text)
        if term.name == "all":
            found.networks += EVERYBODY if term.sign == "+" else []
            found.ending = term.sign if top else found.ending
            return
        found.lookups += term.name in _ASKING
        if found.lookups > MOST_LOOKUPS:
            return
        _take(text, term, domain, ask, found, above)
    if redirect is not None:
        found.lookups += 1
        _include(redirect, ask, found, above, top=top)


def _take(text: str, term: _Term, domain: str, ask: Answers, found: Spf, above: tuple[str, ...]) -> None:
    """One term that is not «all»."""
    if "%{" in term.value or term.name in ("exists", "ptr"):
        found.unclear.append(text)
    elif term.name == "include":
        known = list(found.networks)
        _include(term.value, ask, found, above)
        # Only what passes there passes here, and only where this term lets it.
        found.networks = found.networks if term.sign == "+" else known
    elif term.sign == "+":
        _add(term, domain, ask, found)


def _include(domain: str, ask: Answers, found: Spf, above: tuple[str, ...], *, top: bool = False) -> None:
    if domain in above:
        found.faults.append(f"{domain} includes itself")
        return
    record = _record(domain, ask, found)
    if record is None:
        found.faults.append(f"{domain} is included and has no SPF record")
        return
    _walk(domain, record, ask, found, (*above, domain), top=top)


def _add(term: _Term, domain: str, ask: Answers, found: Spf) -> None:
    """The networks of one term that lets pass."""
    host = term.value.partition("/")[0] or domain
    match term.name:
        case "ip4" | "ip6":
            found.networks += _network(term.value, found)
        case "a":
            found.networks += _around(addresses(ask, host), term.prefix)
        case "mx":
            for exchange in ask(host, "MX"):
                found.networks += _around(addresses(ask, exchange.split()[-1].rstrip(".")), term.prefix)
        case _:
            found.faults.append(f"«{term.name}» is no term of SPF")


def _network(value: str, found: Spf) -> list[Network]:
    try:
        return [ip_network(value, strict=False)]
    except ValueError:
        found.faults.append(f"«{value}» is no network")
        return []


def _around(hosts: list[str], prefix: str) -> Iterator[Network]:
    """Each address, or the network of this length round it; a length is that of IPv4 unless after `//`."""
    four, _, six = f"/{prefix}".partition("//")
    for host in hosts:
        length = six if ":" in host else four.removeprefix("/")
        yield ip_network(f"{host}/{length}" if length.isdigit() else host, strict=False)
