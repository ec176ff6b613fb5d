"""Was this click a person's? Separate kinds of evidence, weighed by a rule that anybody can follow (R-59)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_network

from accord.core.model.caller import address_of
from accord.core.model.event import Event

BURST_LINKS, BURST_WITHIN = 3, timedelta(seconds=5)
AT_DELIVERY = timedelta(seconds=10)
HONEYPOT_WITHIN = timedelta(minutes=1)

# A visit, not a day: who orders hours after a scanner's fetch has not clicked.
CONFIRMED_WITHIN = timedelta(hours=2)

SCANNER_AGENTS: tuple[str, ...] = (
    "barracuda",
    "bot",
    "crawler",
    "curl/",
    "go-http-client",
    "headlesschrome",
    "java/",
    "libwww",
    "mimecast",
    "proofpoint",
    "python-requests",
    "python-urllib",
    "safelinks",
    "scanner",
    "spider",
    "symantec",
    "wget/",
)


class ClickVerdict(StrEnum):
    """Whose click it was. Only a human one renews the clock or counts in the statistics (R-43)."""

    HUMAN = "human"
    ROBOT = "robot"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Fetch:
    """One request for a link of one mail. `address` is the client's IP; `honeypot`: the link nobody sees."""

    at: datetime
    link: str
    method: str = "GET"
    address: str = ""
    agent: str = ""
    honeypot: bool = False


def click_verdict(
    fetch: Fetch,
    others: Sequence[Fetch] = (),
    *,
    delivered_at: datetime | None = None,
    networks: Iterable[str] = (),
    confirmed: bool = False,
) -> ClickVerdict:
    """Whose click one fetch was, seen beside the other fetches of the same mail.

    Honeypot or HEAD: a robot. Of the other four signs two: a robot; one: unsure; none: a person.
    `networks` are known scanners' (CIDR). `confirmed`: the same person then did what robots do not (login,
    POST, order), which makes it a person's unless the evidence was decisive.
    """
    if fetch.method.upper() == "HEAD" or _near_honeypot(fetch, others):
        return ClickVerdict.ROBOT
    signs = (
        _is_burst(fetch, others),
        delivered_at is not None and fetch.at - delivered_at < AT_DELIVERY,
        _is_within(fetch.address, networks),
        any(known in fetch.agent.lower() for known in SCANNER_AGENTS),
    )
    if confirmed or not any(signs):
        return ClickVerdict.HUMAN
    return ClickVerdict.ROBOT if sum(signs) >= 2 else ClickVerdict.UNSURE


def confirms(event: Event) -> bool:
    """Whether a person alone does this: a login, an online order, a button pressed on a page of ours (R-59).

    The one click of a mail's header is none: scanners press it. A form that anybody can fill in is none.
    """
    if event.name.startswith("consent."):
        return event.source == "preferences" or (event.source, event.name) == ("form", "consent.given")
    if event.name == "order.placed":
        return event.data.get("offline") is not True
    return event.name in ("contact.logged_in", "contact.kept", "preferences.updated")


def _near_honeypot(fetch: Fetch, others: Sequence[Fetch]) -> bool:
    """The hidden link itself, or fetched by the same address, or within the same minute."""
    return fetch.honeypot or any(
        other.honeypot
        and (
            (other.address and other.address == fetch.address) or abs(other.at - fetch.at) <= HONEYPOT_WITHIN
        )
        for other in others
    )


def _is_burst(fetch: Fetch, others: Sequence[Fetch]) -> bool:
    """Three different links or more within some five seconds that hold this fetch."""
    everything = [fetch, *others]
    starts = [each.at for each in everything if timedelta(0) <= fetch.at - each.at <= BURST_WITHIN]
    return any(
        len({each.link for each in everything if timedelta(0) <= each.at - start <= BURST_WITHIN})
        >= BURST_LINKS
        for start in starts
    )


def _is_within(address: str, networks: Iterable[str]) -> bool:
    """Whether an IP lies in one of the networks; what is no IP lies in none."""
    ip = address_of(address)
    return ip is not None and any(ip in ip_network(network, strict=False) for network in networks)
