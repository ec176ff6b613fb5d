"""SPF (RFC 7208): which networks may send for a domain, and whether its record can be followed at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from accord.shell.doctor.dns import Answers, addresses

# How many questions of DNS a record may cost (4.6.4).
MOST_LOOKUPS = 10

_ASKING = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})

Network = IPv4Network | IPv6Network


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


def _walk(domain: str, record: str, ask: Answers, found: Spf, above: tuple[str, ...], *, top: bool) -> None:
    redirect = None
    for term in record.split()[1:]:
        sign, body = (term[0], term[1:]) if term[0] in "+-~?" else ("+", term)
        name, _, value = body.partition(":")
        if name.lower().startswith("redirect="):
            redirect = body.partition("=")[2]
            continue
        if "=" in name:
            continue
        name, slash, length = name.lower().partition("/")
        target, value_slash, value_length = value.partition("/")
        prefix = length if slash else value_length if value_slash else ""
        if name == "all":
            found.ending = sign if top else found.ending
            return
        if name in _ASKING:
            found.lookups += 1
        if found.lookups > MOST_LOOKUPS:
            return
        if "%{" in value or name in ("exists", "ptr"):
            found.unclear.append(term)
        elif name == "include":
            _include(value, ask, found, above)
        elif sign == "+":
            _add(name, value, target or domain, prefix, ask, found)
    if redirect is not None:
        found.lookups += 1
        _include(redirect, ask, found, above, top=top)


def _include(domain: str, ask: Answers, found: Spf, above: tuple[str, ...], *, top: bool = False) -> None:
    if domain in above:
        found.faults.append(f"{domain} includes itself")
        return
    record = _record(domain, ask, found)
    if record is None:
        found.faults.append(f"{domain} is included and has no SPF record")
        return
    _walk(domain, record, ask, found, (*above, domain), top=top)


def _add(name: str, value: str, host: str, prefix: str, ask: Answers, found: Spf) -> None:
    """The networks of one term that lets pass."""
    match name:
        case "ip4" | "ip6":
            found.networks += _network(value, found)
        case "a":
            found.networks += _around(addresses(ask, host), prefix)
        case "mx":
            for exchange in ask(host, "MX"):
                found.networks += _around(addresses(ask, exchange.split()[-1].rstrip(".")), prefix)
        case _:
            found.faults.append(f"«{name}» is no term of SPF")


def _network(value: str, found: Spf) -> list[Network]:
    try:
        return [ip_network(value, strict=False)]
    except ValueError:
        found.faults.append(f"«{value}» is no network")
        return []


def _around(hosts: list[str], prefix: str) -> Iterator[Network]:
    """Each address, or the network of this length round it; a length is that of IPv4 unless after `//`."""
    four, _, six = prefix.partition("//")
    for host in hosts:
        length = six if ":" in host else four
        yield ip_network(f"{host}/{length}" if length.isdigit() else host, strict=False)
