"""Retention: who reaches the cut-off in which month, and what asking them to stay has brought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from markupsafe import Markup

from accord.core.model.time import add_months, local_day
from accord.core.statistics import wilson
from accord.shell.engine.ports.tallies import CAME_BACK, KEPT, WRITTEN_TO, Subject, Tally
from accord.shell.pictures.charts import Layer, bars
from accord.shell.web.console.sheets import number
from accord.shell.wiring import House

MONTHS = 36


@dataclass(frozen=True, slots=True)
class Asked:
    """People who were asked in one month whether they wish to be kept: how many clicked, how many said yes."""

    month: str
    asked: int
    clicked: int
    kept: int

    @property
    def interval(self) -> tuple[float, float]:
        """Where the share of those who came back lies, 19 times in 20."""
        return wilson(self.clicked, self.asked)


@dataclass(frozen=True, slots=True)
class Retention:
    """The whole page. `months`: (YYYY-MM, people)."""

    counted_at: datetime | None
    past: int
    soon: int
    window: int
    chart: Markup
    months: Sequence[tuple[str, int]]
    asked: Sequence[Asked]


def retention(house: House, now: datetime) -> Retention:
    """Read the page, from the roll-up alone."""
    venue = house.venue
    today = local_day(now, venue.entity.clock)
    with house.store.read() as unit:
        counted_at = unit.tallies.counted_at()
        rows = unit.tallies.counts(Subject.CUT_OFF, today - timedelta(days=7), today + timedelta(days=1))
        asked = unit.tallies.totals(
            Subject.REACTIVATION, today - timedelta(days=400), today + timedelta(days=1)
        )
    counts = _newest(rows)
    first = today.replace(day=1)
    names = [f"{add_months(first, n):%Y-%m}" for n in range(MONTHS)]
    months = [(name, counts[name]) for name in names]
    window = venue.retention.reactivation_months
    most = max(months, key=lambda month: month[1])
    says = (
        f"{number(sum(counts.values()))} people in {MONTHS} months, the most in {most[0]}: {number(most[1])}"
    )
    layer = Layer("people", "n-reactivation", [count for _, count in months])
    return Retention(
        counted_at=counted_at,
        past=sum(count for name, count in counts.items() if name < names[0]),
        soon=sum(counts[name] for name in names[:3]),
        window=window,
        chart=bars("People who reach the cut-off, by month", says, names, [layer]),
        months=[month for month in months if month[1]],
        asked=_asked(asked),
    )


def _newest(rows: Sequence[Tally]) -> Counter[str]:
    """The snapshot of the last day that was counted."""
    last: date | None = max((row.day for row in rows), default=None)
    return Counter({row.key[0]: row.count for row in rows if row.day == last})


def _asked(totals: Mapping[tuple[str, ...], int]) -> list[Asked]:
    """Month by month, the newest first."""
    months = sorted({month for month, _ in totals}, reverse=True)
    figures = (WRITTEN_TO, CAME_BACK, KEPT)
    found = [Asked(month, *(totals.get((month, figure), 0) for figure in figures)) for month in months]
    return [each for each in found if each.asked]
