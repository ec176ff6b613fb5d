"""Rates side by side: each a point in the interval that it lies in, all along one axis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from accord.shell.pictures.charts import Track
from accord.shell.pictures.frame import NARROW, WIDE, Frame, round_top, sheet

_ROW, _FOOT = 44, 26


def intervals(name: str, says: str, tracks: Sequence[Track]) -> Markup:
    """Of each track its last point, a row each, under its name; without people a row is empty."""
    most = max((track.points[-1].high for track in tracks if track.points[-1].rate is not None), default=0)

    def drawn(width: int) -> Markup:
        frame = Frame(width, _ROW * len(tracks) + _FOOT, 1, round_top(most))
        return sheet(frame, name, says, [*_axis(frame), *_rows(frame, tracks)])

    return drawn(NARROW) + drawn(WIDE)


def _axis(frame: Frame) -> Iterator[Markup]:
    foot = frame.height - _FOOT
    for part, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        x = frame.along(part * frame.top)
        yield Markup('<line class="rule" x1="{}" x2="{}" y1="0" y2="{}"/>').format(x, x, foot)
        text = Markup('<text class="foot" text-anchor="{}" x="{}" y="{}">{}</text>')
        yield text.format(anchor, x, frame.height - 8, f"{part * frame.top:.1%}")


def _rows(frame: Frame, tracks: Sequence[Track]) -> Iterator[Markup]:
    for place, track in enumerate(tracks):
        y, point = place * _ROW + 30, track.points[-1]
        yield Markup('<text x="12" y="{}">{}</text>').format(y - 14, track.name)
        if point.rate is None:
            continue
        low, high = frame.along(point.low), frame.along(point.high)
        bar = Markup('<rect class="band {}" x="{}" y="{}" width="{}" height="12" rx="6"/>')
        yield bar.format(track.mark, low, y - 6, round(max(high - low, 2.0), 1))
        dot = Markup('<circle class="{}" cx="{}" cy="{}" r="5"/>')
        yield dot.format(track.mark, frame.along(point.rate), y)
