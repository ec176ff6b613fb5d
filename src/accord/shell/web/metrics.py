"""`/metrics` in Prometheus' text format: read when it is asked for, and told to the house's own networks alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from accord import __version__
from accord.core.model.caller import address_of
from accord.core.standing import Standing
from accord.core.throttle import TOP
from accord.shell.engine.ports.rows import StuckKind
from accord.shell.engine.ports.store import StoreError
from accord.shell.engine.ports.tallies import Subject, Tally
from accord.shell.web.guard import READING
from accord.shell.web.meters import Meters, Network, Readings

Families = Iterator[GaugeMetricFamily]

# Any of these means that somebody asks through a proxy.
FORWARDED = frozenset(
    {"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"}
)

# The brakes that are told of also while they are off.
BRAKES = ("all", "prospecting")


def metrics_route(app: FastAPI, meters: Meters) -> None:
    """Serve `GET /metrics`; for anybody else there is no such page."""
    registry = CollectorRegistry()
    registry.register(_House(meters))
    ProcessCollector(registry=registry)

    @app.api_route("/metrics", methods=READING)
    def metrics(request: Request) -> Response:
        """What the house's meters read now."""
        if not may_read(request, meters.readers):
            raise HTTPException(404)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def may_read(request: Request, readers: Sequence[Network]) -> bool:
    """Whether who asks is in one of these networks.

    A proxy that is trusted says who asks, and the server gives such a caller no port. Whatever else came through
    a proxy is told nothing: behind one that nobody configured the whole world has the address of this machine.
    """
    if request.client is None:
        return False
    forwarded = not FORWARDED.isdisjoint(request.headers.keys())
    if forwarded and request.client.port != 0:
        return False
    address = address_of(request.client.host)
    return address is not None and any(address in network for network in readers)


class _House(Collector):
    """Reads the house each time that it is asked; a database that does not answer is a reading, too."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters

    def describe(self) -> list[Any]:
        """Nothing in advance: the database need not be there yet."""
        return []

    def collect(self) -> Families:
        """All families, in a fixed order."""
        yield _gauge("build_info", "The version that runs.", (("version",), {(__version__,): 1}))
        turned = {(name,): at.timestamp() for name, at in self._meters.turned().items()}
        what = "When each loop of the daemon last had a turn."
        yield _gauge("loop_last_turn_timestamp_seconds", what, (("loop",), turned))
        try:
            read = self._meters.readings()
        except StoreError:
            yield _gauge("database_up", "Whether the database answers.", 0)
            return
        yield _gauge("database_up", "Whether the database answers.", 1)
        yield from _waiting(read)
        yield from _daemons(read)
        yield from _stuck(read)
        yield from _today(read)
        yield from _came_back(read)
        yield from _throttle(read)
        yield from _domains(read)
        yield from _returned(read)
        yield from _relays(read)


def _waiting(read: Readings) -> Families:
    seen = read.vitals
    yield _gauge("lag_seconds", "How long the oldest thing that is due has waited.", seen.lag.total_seconds())
    yield _gauge("alarm_lag_seconds", "[engine] alarm_lag.", read.alarm_lag.total_seconds())
    lengths = {(name,): count for name, (count, _) in seen.waiting.items()}
    yield _gauge("queue_length", "What is due and not done.", (("queue",), lengths))
    ages = {(name,): seen.age(name).total_seconds() for name in seen.waiting}
    yield _gauge("queue_oldest_seconds", "How long the oldest of each queue has waited.", (("queue",), ages))


def _daemons(read: Readings) -> Families:
    beats = {(each.name, each.role.value): each.seen_at.timestamp() for each in read.vitals.daemons}
    what = "When each daemon on this database was last heard of."
    yield _gauge("daemon_last_beat_timestamp_seconds", what, (("daemon", "role"), beats))


def _stuck(read: Readings) -> Families:
    seen = read.vitals
    yield _gauge("mails_unknown", "Mails of which nobody knows whether they arrived.", seen.unknown)
    failing = {(kind.value,): seen.failing[kind] for kind in StuckKind}
    yield _gauge("stuck_rows", "Rows that fail each time that they are tried.", (("kind",), failing))
    for place, (name, what) in enumerate(
        (
            ("webhook_waiting", "What webhooks are still to be told."),
            ("webhook_failed", "What a webhook was told in vain, for days."),
        )
    ):
        counts = {(webhook,): both[place] for webhook, both in seen.postings.items()}
        yield _gauge(name, what, (("webhook",), counts))
    engaged = {brake.name for brake in seen.brakes}
    brakes = {(name,): int(name in engaged) for name in sorted({*BRAKES, *engaged})}
    yield _gauge("brake_on", "Whether a brake is on.", (("brake",), brakes))


def _today(read: Readings) -> Families:
    """Since midnight of the entity's zone. A gauge that begins anew each day: a mail's outcome may change."""
    told = {
        Subject.LEFT: ("mails_today", "Mails that left today.", ("nature", "basis", "outcome")),
        Subject.REFUSED: ("refusals_today", "Mails refused today.", ("reason", "rule", "nature")),
        Subject.HELD: ("holds_today", "Mails made to wait today.", ("reason", "nature")),
    }
    for subject, (name, what, labels) in told.items():
        yield _gauge(name, what, (labels, _sums(read.counts.get(subject, ()), len(labels))))
    people = _sums(read.counts.get(Subject.IN_FLIGHT, ()), 1)
    yield _gauge("people_in_flight", "People under way, as last counted.", (("scenario",), people))
    if read.counted_at is not None:
        what = "When what is told of today was counted."
        yield _gauge("counted_timestamp_seconds", what, read.counted_at.timestamp())


def _came_back(read: Readings) -> Families:
    """What came back today, and how the mailboxes are that it comes to."""
    yield _gauge("came_back_today", "What came back today.", (("source", "kind", "reason"), read.came_back))
    seen = read.vitals
    failing = {
        (each.name,): (seen.now - each.failing_since).total_seconds()
        if each.failing_since is not None
        else 0.0
        for each in seen.mailboxes
    }
    yield _gauge("mailbox_failing_seconds", "For how long a mailbox can't be read.", (("mailbox",), failing))
    last = {(each.name,): each.read_at.timestamp() for each in seen.mailboxes if each.read_at is not None}
    yield _gauge("mailbox_read_timestamp_seconds", "When a mailbox was last read.", (("mailbox",), last))
    yield _gauge("inbound_tasks", "Things that came back and want somebody of the team.", seen.tasks)


def _throttle(read: Readings) -> Families:
    """Editorial only, with nothing judged, as long as there is no judgement."""
    standing: Standing | None = read.judgement.standing if read.judgement is not None else None
    share = standing.state.share_percent if standing is not None else 0
    most = standing.at_most if standing is not None else TOP
    yield _gauge(
        "throttle_share_ratio", "The share of mails that may promote to opt-out customers.", share / 100
    )
    yield _gauge("throttle_pin_ratio", "The highest share that the team allows.", most / 100)
    if read.judgement is not None:
        at: datetime = read.judgement.at
        yield _gauge("throttle_judged_timestamp_seconds", "When it was last judged.", at.timestamp())


def _domains(read: Readings) -> Families:
    """How fast this process writes to each domain that is held to a pace, or asked for less."""
    told = (
        ("domain_mails_per_second", "At most so many mails a second go to a domain now.", "rate"),
        ("domain_whole_mails_per_second", "And so many when it is well.", "whole"),
        ("domain_slowed_count", "How often it asked for less since this process began.", "slowed"),
        ("domain_held_back_count", "How often a mail to it was held back since.", "held"),
    )
    for name, what, field in told:
        values = {(each.domain,): getattr(each, field) for each in read.domains}
        endless = {key: math.inf if value is None else value for key, value in values.items()}
        yield _gauge(name, what, (("domain",), endless))


def _returned(read: Readings) -> Families:
    """Of the prospecting mails of the last days, how many came back: from the limit on prospecting stops."""
    rates = {(each.what,): each.per_100 / 100 for each in read.vitals.returned}
    yield _gauge("returned_ratio", "The share of prospecting mails that came back.", (("what",), rates))
    limits = {(each.what,): each.bearable.stop / 100 for each in read.vitals.returned}
    yield _gauge("returned_limit_ratio", "From which prospecting stops by itself.", (("what",), limits))
    mails = {(each.what,): each.mails for each in read.vitals.returned}
    yield _gauge("returned_of_mails", "Of so many mails of the last days.", (("what",), mails))


def _relays(read: Readings) -> Families:
    """What each mail server did with our mail since this process began, and whether it can be reached."""
    book = read.relays
    up = {(name,): int(silence is None) for name, silence in book.silent.items()}
    yield _gauge("relay_up", "Whether a mail server could be reached when last asked.", (("relay",), up))
    counts = {(name, outcome): n for name, kinds in book.outcomes.items() for outcome, n in kinds.items()}
    yield _gauge("relay_mails_count", "Mails handed to it since, by outcome.", (("relay", "outcome"), counts))


def _sums(tallies: Sequence[Tally], parts: int) -> dict[tuple[str, ...], float]:
    """Counts by the first parts of their keys."""
    found: Counter[tuple[str, ...]] = Counter()
    for tally in tallies:
        found[tally.key[:parts]] += tally.count
    return dict(found)


def _gauge(
    name: str, what: str, value: float | tuple[Sequence[str], Mapping[Any, float]]
) -> GaugeMetricFamily:
    """One family: a number, or numbers by their labels."""
    if not isinstance(value, tuple):
        return GaugeMetricFamily(f"accord_{name}", what, value=value)
    labels, numbers = value
    family = GaugeMetricFamily(f"accord_{name}", what, labels=labels)
    for told, number in numbers.items():
        family.add_metric(told, number)
    return family
