"""The opt-out target: O against R over time with intervals, the throttle's share on the same days, what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from accord.core.statistics import wilson
from accord.core.throttle import ALARM_AT, LADDER, RAISE_AT
from accord.shell.engine.ports.figures import Judgement
from accord.shell.engine.target.outlook import Outlook, outlook
from accord.shell.pictures.charts import Point, Track, rates
from accord.shell.wiring import House

# What may be pinned: at the top there is nothing to pin.
PINS = LADDER[:-1]

# Weekly judgements that the picture shows: a year and a bit.
WEEKS = 60


# What the figures that decide mean, by the first word of their names.
MEANT = {
    "E(click)": "how strongly the clicks speak against O, every day anew",
    "E(unsubscribe)": "the same of those who left",
    "E(complaint)": "the same of complaints",
    "P(click)": "how likely it is that O clicks at least 0.8 times as often as R",
    "P(unsubscribe)": "how likely it is that O leaves at most 1.5 times as often as R",
    "P(complaint)": "how likely it is that at most one of O in a thousand complains",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the judgement: what it means, and what a raise asks of it."""

    name: str
    value: float | None
    meant: str
    asked: str


@dataclass(frozen=True, slots=True)
class Target:
    """The whole page. `changes`: what was raised, fell or was pinned, newest first."""

    seen: Outlook
    share: int
    pins: Mapping[str, int]
    clicks: Markup | None
    leavings: Markup | None
    figures: Sequence[Figure]
    missing: Sequence[str]
    changes: Sequence[Judgement]
    next_raise: str


def target(house: House, now: datetime) -> Target:
    """Read the page."""
    with house.store.read() as unit:
        seen = outlook(unit, house.venue, now)
        rows = unit.figures.history(every=False, limit=WEEKS * 2)
    judged = [row for row in reversed(rows) if row.weekly and row.evidence][-WEEKS:]
    evidence = seen.judged.evidence if seen.judged is not None and seen.judged.evidence else {}
    return Target(
        seen=seen,
        share=seen.newest.standing.state.share_percent if seen.newest is not None else 0,
        pins={"editorial only" if step == 0 else f"at most {step} %": step for step in PINS},
        clicks=_picture("Who clicked", "click", judged),
        leavings=_picture("Who left", "unsub", judged),
        figures=[_figure(name, value) for name, value in evidence.get("figures", ())],
        missing=evidence.get("missing", ()),
        changes=[row for row in rows if row.move != "hold"][:12],
        next_raise=_next_raise(seen),
    )


def _next_raise(seen: Outlook) -> str:
    """The day on which a raise is possible at the earliest, or why there is none."""
    if seen.next_raise is not None:
        return seen.next_raise.isoformat()
    if seen.newest is None:
        return "not yet: nothing was judged"
    return "none: it is pinned" if seen.pin is not None else "none: at the top"


def _figure(name: str, value: float | None) -> Figure:
    asked = (
        f"below {ALARM_AT:.0f}"
        if name.startswith("E(")
        else f"{RAISE_AT:.2f} or more"
        if "P(" in name
        else ""
    )
    word = next((word for word in MEANT if name.endswith(word)), "")
    return Figure(name, value, MEANT.get(word, ""), asked)


def _picture(name: str, what: str, judged: Sequence[Judgement]) -> Markup | None:
    """Both groups' rates, a judgement a place; None before the first."""
    if not judged:
        return None
    o = [_point(row.evidence or {}, "o", what) for row in judged]
    r = [_point(row.evidence or {}, "r", what) for row in judged]
    says = (
        f"{len(judged)} weekly judgements up to {judged[-1].day}; at the last, "
        f"opt-out customers {_said(o[-1])}, the rest {_said(r[-1])}"
    )
    tracks = [Track("opt-out customers (O)", "o", o), Track("the rest (R)", "r", r)]
    share = [row.standing.state.share_percent / 100 for row in judged]
    return rates(name, says, [f"{row.day:%d %b}" for row in judged], tracks, share)


def _point(evidence: Mapping[str, Any], side: str, what: str) -> Point:
    count, of = evidence[side][what], evidence[side]["n"]
    return Point(count / of if of else None, *(wilson(count, of) if of else (0.0, 0.0)))


def _said(point: Point) -> str:
    if point.rate is None:
        return "nobody yet"
    return f"{point.rate:.2%} ({point.low:.2%} to {point.high:.2%})"
