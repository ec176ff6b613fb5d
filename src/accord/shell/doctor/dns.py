"""DNS answers, from a resolver or from a file that the operator gives; what asks does not know which."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol

import dns.exception
import dns.name
import dns.rdata
import dns.rdatatype
import dns.resolver
import dns.reversename
import dns.zonefile

# How long one question may take, in seconds.
PATIENCE = 5.0
_LONGEST_CHAIN = 8
_LINE = re.compile(r"<\w+>:(\d+): (.+?)\.?", re.DOTALL)


class Silent(Exception):
    """No answer came, so nothing is known; the text says of what."""


class Unreadable(Exception):
    """A file of DNS records that can't be read; the text says where and why."""


class Answers(Protocol):
    """Asks DNS."""

    def __call__(self, name: str, kind: str) -> list[str]:
        """The records of one kind (`TXT`, `MX`, `A` …) as text; none where there are none. Raises Silent."""
        ...


def ask_resolver(name: str, kind: str) -> list[str]:
    """What the system's resolver says. Raises Silent."""
    try:
        resolver = dns.resolver.get_default_resolver()
        found = resolver.resolve(name, kind, lifetime=PATIENCE, raise_on_no_answer=False, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError) as fault:
        raise Silent(f"no answer for {kind} of {name} ({type(fault).__name__})") from None
    return [_text(each) for each in found.rrset or ()]


@dataclass(frozen=True, slots=True)
class FileAnswers:
    """What a file says: a name or kind that is not in it has no record."""

    records: Mapping[tuple[dns.name.Name, str], list[str]]

    def __call__(self, name: str, kind: str) -> list[str]:
        """The records; an alias is followed."""
        try:
            at = dns.name.from_text(name).canonicalize()
        except dns.exception.DNSException:
            return []
        for _ in range(_LONGEST_CHAIN):
            found = self.records.get((at, kind), [])
            alias = self.records.get((at, "CNAME"), [])
            if found or not alias:
                return found
            at = dns.name.from_text(alias[0]).canonicalize()
        return []


def read_answers(path: Path) -> FileAnswers:
    """A file of records as zone files, and `dig +noall +answer`, write them. Raises Unreadable."""
    try:
        sets = dns.zonefile.read_rrsets(path.read_text(encoding="utf-8"), rdclass=None, default_ttl=3600)
    except (OSError, UnicodeDecodeError) as fault:
        raise Unreadable(f"{path} can't be read: {getattr(fault, 'strerror', None) or 'no text'}.") from None
    except (dns.exception.DNSException, ValueError) as fault:
        raise Unreadable(f"{path}{_place(fault)}") from None
    records: dict[tuple[dns.name.Name, str], list[str]] = {}
    for each in sets:
        kind = dns.rdatatype.to_text(each.rdtype)
        records.setdefault((each.name.canonicalize(), kind), []).extend(map(_text, each))
    return FileAnswers(records)


def addresses(ask: Callable[[str, str], list[str]], host: str) -> list[str]:
    """The addresses of a host, of both kinds. Raises Silent."""
    return [*ask(host, "A"), *ask(host, "AAAA")]


def names_of(ask: Callable[[str, str], list[str]], address: str) -> list[str]:
    """The names that an address is told to have (PTR), without the last dot. Raises Silent."""
    reverse = dns.reversename.from_address(str(ip_address(address))).to_text()
    return [name.rstrip(".").lower() for name in ask(reverse, "PTR")]


def _text(record: dns.rdata.Rdata) -> str:
    """A record as text; the strings of a TXT are one (RFC 7208, 3.3)."""
    strings = getattr(record, "strings", None)
    if strings is not None:
        return b"".join(strings).decode("utf-8", "replace")
    return record.to_text()


def _place(fault: Exception) -> str:
    """About where, and what the library says of it: it may have read on to the next line before it saw."""
    told = _LINE.fullmatch(str(fault))
    return f": no DNS record near line {told[1]}: {told[2]}." if told else f": no DNS records: {fault}."
