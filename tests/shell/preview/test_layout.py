"""Where the boxes of a journey stand: below what leads to them, beside one another without touching, lines downwards."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.shell.preview.layout import Box, Layout, Place, laid_out


def boxes(*names: str) -> list[Box]:
    return [Box(name, 200, 80) for name in names]


def test_one_after_the_other() -> None:
    layout = laid_out(boxes("a", "b", "c"), [("a", "b"), ("b", "c")], abreast=4)
    assert len({place.x for place in layout.places.values()}) == 1
    assert layout.places["a"].bottom < layout.places["b"].y < layout.places["c"].y
    assert [(route.start, route.end) for route in layout.routes] == [("a", "b"), ("b", "c")]


def test_arms_stand_side_by_side_and_meet_in_the_middle() -> None:
    ways = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]
    layout = laid_out(boxes("a", "b", "c", "d"), ways, abreast=4)
    left, right = layout.places["b"], layout.places["c"]
    assert left.y == right.y
    assert left.x < layout.places["a"].x == layout.places["d"].x < right.x


def test_on_a_telephone_all_stand_in_one_column_and_long_ways_run_beside() -> None:
    ways = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]
    layout = laid_out(boxes("a", "b", "c", "d"), ways, abreast=1)
    assert len({place.x for place in layout.places.values()}) == 1
    (long,) = (route for route in layout.routes if (route.start, route.end) == ("a", "c"))
    edge = layout.places["b"].x + layout.places["b"].width / 2
    assert max(x for x, _ in long.points) > edge
    assert layout.width < 340


@st.composite
def journeys(draw: st.DrawFn) -> tuple[list[Box], list[tuple[str, str]]]:
    """Boxes of any height, each but the last with ways to later ones."""
    count = draw(st.integers(2, 12))
    made = [
        Box(str(n), draw(st.sampled_from([84, 200, 252])), draw(st.integers(20, 200))) for n in range(count)
    ]
    ways = [(str(n), str(n + 1)) for n in range(count - 1)]
    for start in range(count - 1):
        ways += [
            (str(start), str(end)) for end in draw(st.sets(st.integers(start + 1, count - 1), max_size=3))
        ]
    return made, list(dict.fromkeys(ways))


def apart(one: Place, other: Place) -> bool:
    return (
        abs(one.x - other.x) >= (one.width + other.width) / 2 or one.bottom < other.y or other.bottom < one.y
    )


@pytest.mark.parametrize("abreast", [1, 3, 4])
@settings(max_examples=60, deadline=None)
@given(journey=journeys())
def test_nothing_touches_and_everything_leads_down(
    abreast: int, journey: tuple[list[Box], list[tuple[str, str]]]
) -> None:
    made, ways = journey
    layout: Layout = laid_out(made, ways, abreast=abreast)
    assert all(apart(one, other) for one, other in combinations(layout.places.values(), 2))
    assert {(route.start, route.end) for route in layout.routes} == set(ways)
    for route in layout.routes:
        heights = [y for _, y in route.points]
        assert heights == sorted(heights)
        assert route.points[0][1] == layout.places[route.start].bottom
        assert route.points[-1] == (layout.places[route.end].x, layout.places[route.end].y)
        assert all(0 <= x <= layout.width and 0 <= y <= layout.height for x, y in route.points)
        # A line runs through no box: between layers it bends, beside them it is straight.
        for (x, top), (to, bottom) in zip(route.points, route.points[1:], strict=False):
            if x == to:
                for name, place in layout.places.items():
                    inside = abs(place.x - x) < place.width / 2
                    assert not (inside and top < place.bottom and bottom > place.y) or name in (
                        route.start,
                        route.end,
                    )
