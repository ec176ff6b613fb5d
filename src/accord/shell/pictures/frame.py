"""The frame of a chart: from values to places on the sheet, with round numbers along its side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

# Two widths of every chart, in pixels: a telephone's and a screen's; the style sheet shows one of them.
NARROW, WIDE = 300, 1080

_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 10, 12, 28

# How wide what stands under a place may be.
_NAME = 58


@dataclass(frozen=True, slots=True)
class Frame:
    """A sheet of `width` by `height` pixels on which `slots` places stand beside one another, up to `top`."""

    width: int
    height: int
    slots: int
    top: float

    @property
    def slot(self) -> float:
        """How wide one place is."""
        return (self.width - _LEFT - _RIGHT) / max(self.slots, 1)

    def x(self, place: float) -> float:
        """The middle of a place, counted from 0."""
        return round(_LEFT + (place + 0.5) * self.slot, 1)

    def y(self, value: float) -> float:
        """How far down a value lies."""
        room = self.height - _TOP - _BOTTOM
        return round(_TOP + room * (1 - min(max(value / self.top, 0.0), 1.0)), 1)

    def along(self, value: float) -> float:
        """How far along the whole width a value lies, where rows lie one above another."""
        return round(4 + (self.width - 8) * min(max(value / self.top, 0.0), 1.0), 1)

    def side(self, said: Sequence[tuple[float, str]]) -> Iterator[Markup]:
        """Lines across at these values, each with what it says."""
        for value, text in said:
            y = self.y(value)
            yield Markup('<line class="rule" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
                _LEFT, self.width - _RIGHT, y, y
            )
            yield Markup('<text class="side" x="{}" y="{}">{}</text>').format(_LEFT - 6, y + 4, text)

    def foot(self, names: Sequence[str]) -> Iterator[Markup]:
        """What stands under the places: as many as can be read, the last one always."""
        every = max(1, math.ceil(len(names) * _NAME / (self.width - _LEFT - _RIGHT)))
        for place in range(len(names) - 1, -1, -every):
            anchor = "end" if place == len(names) - 1 and len(names) > 1 else "middle"
            x = self.width - _RIGHT if anchor == "end" else self.x(place)
            if anchor == "middle" and len(names) > 1 and x > self.width - _RIGHT - 1.5 * _NAME:
                continue
            yield Markup('<text class="foot" text-anchor="{}" x="{}" y="{}">{}</text>').format(
                anchor, x, self.height - 8, names[place]
            )


def round_top(most: float) -> float:
    """The next number that reads well, as its half does: one digit with noughts; 1 where there is nothing."""
    if most <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * power >= most * 0.9999999)


def sheet(frame: Frame, name: str, says: str, marks: Sequence[Markup]) -> Markup:
    """One SVG: `name` is read out first, `says` tells in words what there is to see."""
    return Markup(
        '<svg class="chart {}" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">{}</svg>'
    ).format(
        "narrow" if frame.width == NARROW else "wide",
        f"{name}. {says}",
        frame.width,
        frame.height,
        frame.width,
        frame.height,
        Markup("").join(marks),
    )


def legend(entries: Sequence[tuple[str, str]]) -> Markup:
    """Which class of mark means what, beside a little mark of each."""
    items = Markup("").join(
        Markup('<li><svg class="key" width="14" height="14" aria-hidden="true">{}</svg>{}</li>').format(
            Markup('<rect class="{}" x="1" y="1" width="12" height="12" rx="3"/>').format(mark), escape(text)
        )
        for mark, text in entries
    )
    return Markup('<ul class="legend">{}</ul>').format(items)
