"""Charts: bars by day, one above another; rates with the intervals that they lie in; a share climbing its ladder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from accord.shell.pictures.frame import NARROW, WIDE, Frame, legend, round_top, sheet


@dataclass(frozen=True, slots=True)
class Layer:
    """One kind of what is counted, a value a place; `mark` is its class in the style sheet."""

    name: str
    mark: str
    values: Sequence[int]


@dataclass(frozen=True, slots=True)
class Point:
    """A rate and the interval that it lies in, each of 0 to 1; None where nobody was counted."""

    rate: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Track:
    """Rates over time, a point a place."""

    name: str
    mark: str
    points: Sequence[Point]


def bars(name: str, says: str, places: Sequence[str], layers: Sequence[Layer]) -> Markup:
    """Bars of what was counted at each place, the first layer at the bottom."""
    totals = [sum(layer.values[place] for layer in layers) for place in range(len(places))]
    top = round_top(max(totals, default=0))
    keys = [(layer.mark, layer.name) for layer in layers if any(layer.values)]

    def drawn(width: int) -> Markup:
        frame = Frame(width, 200, len(places), top)
        steps = [(0.0, "0"), (top / 2, _count(top / 2)), (top, _count(top))]
        return sheet(
            frame, name, says, [*frame.side(steps), *_stacks(frame, places, layers), *frame.foot(places)]
        )

    return _both(drawn) + (legend(keys) if len(layers) > 1 else Markup())


def rates(
    name: str, says: str, places: Sequence[str], tracks: Sequence[Track], share: Sequence[float] = ()
) -> Markup:
    """Rates with their intervals, and on the same days the share of promotions that was allowed (0 to 1)."""
    most = max(
        (point.high for track in tracks for point in track.points if point.rate is not None), default=0
    )
    top = round_top(most)
    keys = [(track.mark, track.name) for track in tracks]

    def drawn(width: int) -> Markup:
        frame = Frame(width, 240, len(places), top)
        steps = [(part * top / 2, f"{part * top / 2:.1%}") for part in range(3)]
        marks = [*frame.side(steps), *_intervals(frame, tracks), *frame.foot(places)]
        return sheet(frame, name, says, marks)

    def ladder(width: int) -> Markup:
        frame = Frame(width, 110, len(places), 0.5)
        steps = [(step, f"{step:.0%}") for step in (0.0, 0.1, 0.25, 0.5)]
        said = "The share of promotions that was allowed, on the same days."
        return sheet(frame, "Share", said, [*frame.side(steps), *_steps(frame, share), *frame.foot(places)])

    below = _both(ladder) + legend([("share", "share of promotions that was allowed")]) if share else Markup()
    return _both(drawn) + legend(keys) + below


def _both(drawn: Callable[[int], Markup]) -> Markup:
    return drawn(NARROW) + drawn(WIDE)


def _stacks(frame: Frame, places: Sequence[str], layers: Sequence[Layer]) -> Iterator[Markup]:
    width = round(max(min(frame.slot * 0.72, 36), 1.5), 1)
    for place, called in enumerate(places):
        below = 0
        for layer in layers:
            value = layer.values[place]
            if not value:
                continue
            y, foot = frame.y(below + value), frame.y(below)
            below += value
            yield Markup(
                '<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}: {} {}</title></rect>'
            ).format(
                layer.mark,
                round(frame.x(place) - width / 2, 1),
                y,
                width,
                round(foot - y, 1),
                called,
                _count(value),
                layer.name,
            )


def _intervals(frame: Frame, tracks: Sequence[Track]) -> Iterator[Markup]:
    """A band from low to high, and a line through the rates; gaps where nobody was counted."""
    for track in tracks:
        for run in _runs(track.points):
            upper = [f"{frame.x(place)},{frame.y(point.high)}" for place, point in run]
            lower = [f"{frame.x(place)},{frame.y(point.low)}" for place, point in reversed(run)]
            line = [f"{frame.x(place)},{frame.y(point.rate or 0.0)}" for place, point in run]
            band = Markup('<polygon class="band {}" points="{}"/>')
            yield band.format(track.mark, " ".join([*upper, *lower]))
            yield Markup('<polyline class="line {}" points="{}"/>').format(track.mark, " ".join(line))
            if len(run) == 1:
                place, point = run[0]
                dot = Markup('<circle class="{}" cx="{}" cy="{}" r="4"/>')
                yield dot.format(track.mark, frame.x(place), frame.y(point.rate or 0.0))


def _runs(points: Sequence[Point]) -> Iterator[list[tuple[int, Point]]]:
    """Stretches without a gap."""
    run: list[tuple[int, Point]] = []
    for place, point in enumerate(points):
        if point.rate is not None:
            run.append((place, point))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _steps(frame: Frame, share: Sequence[float]) -> Iterator[Markup]:
    half, points = frame.slot / 2, []
    for place, value in enumerate(share):
        x, y = frame.x(place), frame.y(value)
        points += [f"{round(x - half, 1)},{y}", f"{round(x + half, 1)},{y}"]
    area = [f"{round(frame.x(0) - half, 1)},{frame.y(0)}", *points]
    area.append(f"{round(frame.x(len(share) - 1) + half, 1)},{frame.y(0)}")
    yield Markup('<polygon class="band share" points="{}"/>').format(" ".join(area))
    yield Markup('<polyline class="line share" points="{}"/>').format(" ".join(points))


def _count(value: float) -> str:
    """A number as it is read: thousands apart, no noughts behind the point."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
