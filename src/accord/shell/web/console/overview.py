"""Overview: what left today and why, what was refused, how far behind we are, what wants somebody's hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from markupsafe import Markup

from accord.core.model.consent import Nature
from accord.core.model.time import local_day
from accord.shell.engine.care.vitals import alarms, vitals
from accord.shell.engine.ports.rows import Brake
from accord.shell.engine.ports.tallies import Subject, Tally
from accord.shell.pictures.charts import Layer, bars
from accord.shell.web.console.sheets import number
from accord.shell.wiring import House

DAYS = 28


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why mails were not sent: how often, and how that compares with the commonest reason (0 to 1)."""

    reason: str
    rule: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole page. `today`: by nature, then by basis; `lag` is how long the oldest waits."""

    counted_at: datetime | None
    left_today: int
    refused_today: int
    today: Mapping[str, Mapping[str, int]]
    bases: Sequence[str]
    chart: Markup
    refusals: Sequence[Refusal]
    waiting: Mapping[str, int]
    lag: timedelta
    alarms: Sequence[str]
    brakes: Sequence[Brake]


def overview(house: House, now: datetime) -> Overview:
    """Read the page: from the roll-up, the queues and the brakes."""
    today = local_day(now, house.venue.entity.clock)
    since, until = today - timedelta(days=DAYS - 1), today + timedelta(days=1)
    with house.store.read() as unit:
        left = unit.tallies.counts(Subject.LEFT, since, until)
        refused = unit.tallies.counts(Subject.REFUSED, since, until)
        seen = vitals(unit, now)
        return Overview(
            counted_at=unit.tallies.counted_at(),
            left_today=_of(left, today),
            refused_today=_of(refused, today),
            today=_by_basis(left, today),
            bases=sorted({tally.key[1] for tally in left if tally.day == today}),
            chart=_chart(left, since),
            refusals=_refusals(refused),
            waiting={name: count for name, (count, _) in seen.waiting.items()},
            lag=seen.lag,
            alarms=alarms(seen, house.settings.alarm_lag),
            brakes=seen.brakes,
        )


def _of(tallies: Sequence[Tally], today: date) -> int:
    return sum(tally.count for tally in tallies if tally.day == today)


def _by_basis(left: Sequence[Tally], today: date) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for tally in left:
        if tally.day == today:
            found.setdefault(tally.key[0], Counter())[tally.key[1]] += tally.count
    return dict(sorted(found.items()))


def _chart(left: Sequence[Tally], since: date) -> Markup:
    """Mails of four weeks by nature, a bar a day."""
    days = [since + timedelta(days=n) for n in range(DAYS)]
    counts: Counter[tuple[str, date]] = Counter()
    for tally in left:
        counts[tally.key[0], tally.day] += tally.count
    layers = [
        Layer(
            nature.value.replace("_", " "), f"n-{nature.value}", [counts[nature.value, day] for day in days]
        )
        for nature in Nature
    ]
    totals = [sum(layer.values[place] for layer in layers) for place in range(DAYS)]
    most = max(range(DAYS), key=totals.__getitem__)
    says = (
        f"{number(sum(totals))} in {DAYS} days, {number(totals[-1])} of them today; "
        f"the most on {days[most]}: {number(totals[most])}"
        if any(totals)
        else "No mail has left in these days"
    )
    return bars("Mails that left, by day and nature", says, [f"{day:%d %b}" for day in days], layers)


def _refusals(refused: Sequence[Tally]) -> list[Refusal]:
    counts: Counter[tuple[str, str]] = Counter()
    for tally in refused:
        counts[tally.key[0], tally.key[1]] += tally.count
    most = max(counts.values(), default=1)
    return [Refusal(*key, count, count / most) for key, count in counts.most_common(12)]
