"""Where the boxes of a journey stand and how the lines between them run: layers from top to bottom, in pure sums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Pixels: between boxes of one layer, between layers, between the lanes of long lines, and round it all.
BESIDE, BELOW, LANE, MARGIN = 28, 58, 16, 10

# Lines that leave one box stand so far apart, where there is room.
APART = 112


@dataclass(frozen=True, slots=True)
class Box:
    """What is to be placed: its name and its size."""

    name: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a box stands: the middle of its upper edge, and its size."""

    x: float
    y: float
    width: int
    height: int

    @property
    def bottom(self) -> float:
        """Where its lower edge is."""
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Route:
    """One line: the points through which it runs, downwards, from the lower edge of a box to an upper one."""

    start: str
    end: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything in its place."""

    width: float
    height: float
    places: Mapping[str, Place]
    routes: Sequence[Route]


def laid_out(boxes: Sequence[Box], ways: Sequence[tuple[str, str]], *, abreast: int) -> Layout:
    """Place boxes in layers of at most `abreast`, and lead the lines between them.

    `boxes` come in an order in which every way leads forward. A line to the next layer runs straight there; a
    longer one runs beside all boxes, in a lane at the right; lines to the same box share one.
    """
    layers = _layers(boxes, ways, abreast)
    layer_of = {name: number for number, names in enumerate(layers) for name in names}
    across = _across(boxes, ways, layers)
    tops = _tops(boxes, layers)
    by_name = {box.name: box for box in boxes}
    left = min(across[box.name] - box.width / 2 for box in boxes) - MARGIN
    places = {
        name: Place(across[name] - left, tops[layer_of[name]], by_name[name].width, by_name[name].height)
        for name in by_name
    }
    right = max(place.x + place.width / 2 for place in places.values())
    lanes = _lanes(ways, layer_of)
    routes = _routes(
        ways, places, layer_of, tops, {name: right + LANE * (n + 1) for name, n in lanes.items()}
    )
    width = right + LANE * max((number + 1 for number in lanes.values()), default=0) + MARGIN
    height = max(place.bottom for place in places.values()) + MARGIN
    return Layout(width, height, places, routes)


def _layers(boxes: Sequence[Box], ways: Sequence[tuple[str, str]], abreast: int) -> list[list[str]]:
    """Each box below all that lead to it, and further down where a layer is full."""
    sources: dict[str, list[str]] = defaultdict(list)
    for start, end in ways:
        sources[end].append(start)
    layers: list[list[str]] = []
    layer_of: dict[str, int] = {}
    for box in boxes:
        number = max((layer_of[each] + 1 for each in sources[box.name] if each in layer_of), default=0)
        while number < len(layers) and len(layers[number]) >= abreast:
            number += 1
        while number >= len(layers):
            layers.append([])
        layers[number].append(box.name)
        layer_of[box.name] = number
    return layers


def _across(
    boxes: Sequence[Box], ways: Sequence[tuple[str, str]], layers: Sequence[Sequence[str]]
) -> dict[str, float]:
    """The middle of each box: below what leads to it, neighbours apart, the layer as a whole in balance."""
    widths = {box.name: box.width for box in boxes}
    across: dict[str, float] = {}
    for names in layers:
        wished: dict[str, float] = {}
        for name in names:
            above = [across[start] for start, end in ways if end == name and start in across]
            wished[name] = sum(above) / len(above) if above else 0.0
        taken: dict[str, float] = {}
        edge = float("-inf")
        for name in sorted(names, key=lambda each: wished[each]):
            taken[name] = max(wished[name], edge + BESIDE + widths[name] / 2)
            edge = taken[name] + widths[name] / 2
        shift = sum(wished[name] - taken[name] for name in names) / len(names)
        across |= {name: at + shift for name, at in taken.items()}
    return across


def _tops(boxes: Sequence[Box], layers: Sequence[Sequence[str]]) -> list[float]:
    heights = {box.name: box.height for box in boxes}
    tops, top = [], float(MARGIN)
    for names in layers:
        tops.append(top)
        top += max(heights[name] for name in names) + BELOW
    return tops


def _lanes(ways: Sequence[tuple[str, str]], layer_of: Mapping[str, int]) -> dict[str, int]:
    """The lane of each box that long lines lead to, by its name: the innermost that is free all along."""
    spans: dict[str, tuple[int, int]] = {}
    for start, end in ways:
        if layer_of[end] - layer_of[start] > 1:
            first = min(layer_of[start] + 1, spans.get(end, (layer_of[end], 0))[0])
            spans[end] = (first, layer_of[end] - 1)
    lanes: dict[str, int] = {}
    # Short ones stand inside, so that they cross nothing on their way back.
    for name, (first, last) in sorted(spans.items(), key=lambda each: (each[1][1] - each[1][0], each[1])):
        taken = {
            lanes[other] for other in lanes if spans[other][0] <= last + 1 and first <= spans[other][1] + 1
        }
        lanes[name] = next(number for number in range(len(spans)) if number not in taken)
    return lanes


def _routes(
    ways: Sequence[tuple[str, str]],
    places: Mapping[str, Place],
    layer_of: Mapping[str, int],
    tops: Sequence[float],
    lanes: Mapping[str, float],
) -> list[Route]:
    leaving: dict[str, list[str]] = defaultdict(list)
    for start, end in ways:
        leaving[start].append(end)

    def direction(start: str, end: str) -> float:
        return lanes[end] if layer_of[end] - layer_of[start] > 1 else places[end].x

    routes = []
    for start, ends in leaving.items():
        here = places[start]
        room = (here.width - 64) / max(1, len(ends) - 1)
        apart = min(APART, room)
        for number, end in enumerate(sorted(ends, key=lambda each: direction(start, each))):
            x = here.x + (number - (len(ends) - 1) / 2) * apart
            points = [(x, here.bottom)]
            if layer_of[end] - layer_of[start] > 1:
                lane = lanes[end]
                points += [(lane, tops[layer_of[start] + 1]), (lane, tops[layer_of[end]] - BELOW)]
            else:
                # The box may be lower than its layer: the line goes straight until the layer ends.
                points.append((x, tops[layer_of[end]] - BELOW))
            routes.append(Route(start, end, (*points, (places[end].x, places[end].y))))
    return routes
