"""The journey as a picture: a scenario and how many people take each way, as one SVG that needs nothing else.

The console can draw the same with the people who are in flight: it hands in another Footfall.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from textwrap import wrap

from accord.core.model.scenario import Scenario
from accord.shell.preview.cards import Card, cards_of, in_words, way_in_words, ways_of
from accord.shell.preview.footfall import Footfall
from accord.shell.preview.layout import Box, Layout, Place, Route, laid_out
from accord.shell.preview.saying import Saying

# How many cards stand side by side: on a desk, and on a telephone.
WIDE, NARROW = 4, 1

CARD, PILL, PAD, TITLE, LINE = 252, 26, 14, 22, 17
# Letters of a line and of a pill: what fits, in the widest of the usual faces.
LETTERS, BOLD, MOST_LINES = 33, 28, 3

STYLE = """
.journey { --mail-service: #2f6068; --mail-editorial: #9c4323; --mail-promotional: #b07a1e; --mail-abandoned_cart: #b07a1e;
  --mail-review_request: #55702f; --mail-reactivation: #6d4a86; --mail-choice: #7a6d60; --mail-deed: #7a6d60; }
.journey text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: var(--ink, #2c2621); }
.journey .name { font-weight: 600; font-size: 14.5px; }
.journey .badge, .journey .line { fill: var(--soft, #6b6057); font-size: 12.5px; }
.journey .badge { text-anchor: end; }
.journey .tally { font-weight: 600; font-size: 12.5px; }
.journey .card { fill: var(--card, #fffdf9); stroke: var(--line, #e3d9ca); }
.journey .rule { stroke: var(--line, #e3d9ca); }
.journey .pill { fill: var(--ground, #f7f2ea); stroke: var(--line, #e3d9ca); }
.journey .mark { fill: none; stroke: var(--soft, #6b6057); stroke-width: 1.4; stroke-linecap: round; }
.journey .way { fill: none; stroke: var(--warm, #9c4323); stroke-width: 2; }
.journey .way.empty { stroke: var(--unused, #a2968a); stroke-width: 1.4; stroke-dasharray: 4 4; }
.journey .head { fill: var(--warm, #9c4323); }
.journey .head.empty { fill: var(--unused, #a2968a); }
.journey .middle { text-anchor: middle; }
.journey .end { fill: var(--soft, #6b6057); }
.journey .entry { fill: var(--glow, #f3e3d3); stroke: var(--warm, #9c4323); }
""" + "\n".join(
    f".journey .bar.{tone} {{ fill: var(--mail-{tone}); }}"
    for tone in (
        "service",
        "editorial",
        "promotional",
        "abandoned_cart",
        "review_request",
        "reactivation",
        "choice",
        "deed",
    )
)


def picture(
    scenario: Scenario, footfall: Footfall | None, say: Saying, *, abreast: int = WIDE, ident: str = "journey"
) -> str:
    """The picture as SVG text: WIDE or NARROW; STYLE goes with it once a page. `ident` is unique in the page.

    Colours are those of the page round it (`--ink`, `--card`, `--warm` …), or of paper where it has none.
    """
    cards = cards_of(scenario, footfall, say)
    ways = ways_of(scenario)
    boxes = [Box(card.name, CARD if card.tone != "end" else 84, _height(card)) for card in cards]
    layout = laid_out(boxes, ways, abreast=abreast)
    parts = [
        *(_line(route, _people(route, footfall)) for route in layout.routes),
        *(part for card in cards for part in _card(card, layout.places[card.name])),
        *(_told_on(route, scenario, _people(route, footfall), say) for route in layout.routes),
    ]
    return _svg(layout, scenario, "".join(parts), _aloud(scenario, footfall, say), say, ident)


def _svg(layout: Layout, scenario: Scenario, body: str, aloud: str, say: Saying, ident: str) -> str:
    title = say("The journey of {scenario}", scenario=scenario.name)
    width, height = round(layout.width), round(layout.height)
    return (
        f'<svg class="journey" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-labelledby="{ident}-title {ident}-desc">'
        f'<title id="{ident}-title">{escape(title)}</title><desc id="{ident}-desc">{escape(aloud)}</desc>{body}</svg>'
    )


def _aloud(scenario: Scenario, footfall: Footfall | None, say: Saying) -> str:
    return " ".join(f"{title}: {'; '.join(said)}." for title, said in in_words(scenario, footfall, say))


# -- cards ------------------------------------------------------------------------------------------------


def _body(card: Card) -> list[str]:
    """The lines of a card, folded to its width."""
    return [folded for line in card.lines for folded in _folded(line)]


def _folded(text: str, letters: int = LETTERS, most: int = MOST_LINES) -> list[str]:
    lines = wrap(text, letters, break_on_hyphens=False) or [""]
    return (
        lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1][: letters - 1].rstrip()}…"]
    )


def _tally(card: Card) -> list[str]:
    return _folded(card.tally, BOLD) if card.tally else []


def _titles(card: Card) -> list[str]:
    return _folded(card.title, BOLD if card.tone == "entry" else 20)


def _height(card: Card) -> int:
    if card.tone == "end":
        return 32
    height = PAD + TITLE * len(_titles(card)) + LINE * len(_body(card)) + PAD // 2
    height += LINE * len(_tally(card)) + 10 if card.tally else 0
    return height + (PILL + 8 if card.wait else 0)


def _card(card: Card, place: Place) -> Iterator[str]:
    left, top = place.x - place.width / 2, place.y
    if card.tone == "end":
        yield _rect("pill", left, top, place.width, place.height, 16)
        yield _text("end middle", place.x, top + 21, card.title)
        return
    if card.wait:
        yield from _wait(card.wait, place)
        top += PILL + 8
    height = place.bottom - top
    kind = "card entry" if card.tone == "entry" else "card"
    yield _rect(kind, left, top, place.width, height, 12)
    if card.tone != "entry":
        yield f'<rect class="bar {card.tone}" x="{left + 1:.0f}" y="{top + 12:.0f}" width="4" height="{height - 24:.0f}" rx="2"/>'
    at = top + PAD + 9
    if card.badge:
        yield _text("badge", left + place.width - PAD, at, card.badge)
    for line in _titles(card):
        yield _text("name", left + PAD + 2, at, line)
        at += TITLE
    for line in _body(card):
        yield _text("line", left + PAD + 2, at - 2, line)
        at += LINE
    tally = _tally(card)
    if tally:
        yield f'<path class="rule" d="M{left + PAD:.0f} {at - 9:.0f}H{left + place.width - PAD:.0f}"/>'
    for number, line in enumerate(tally):
        yield _text("tally", left + PAD + 2, at + 9 + LINE * number, line)


def _wait(said: str, place: Place) -> Iterator[str]:
    """A pill with a clock, on a short line above its card."""
    said = _folded(said, LETTERS, 1)[0]
    width = min(place.width, 44 + 7.0 * len(said))
    left, middle = place.x - width / 2, place.y + PILL / 2
    yield f'<path class="mark" d="M{place.x:.0f} {place.y + PILL:.0f}v8"/>'
    yield _rect("pill", left, place.y, width, PILL, PILL / 2)
    yield f'<circle class="mark" cx="{left + 17:.1f}" cy="{middle:.1f}" r="5.5"/>'
    yield f'<path class="mark" d="M{left + 17:.1f} {middle - 3:.1f}v3l2.2 1.6"/>'
    yield _text("line", left + 29, middle + 4.5, said)


def _rect(kind: str, x: float, y: float, width: float, height: float, round_by: float) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{round_by:.0f}"/>'


def _text(kind: str, x: float, y: float, said: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(said)}</text>'


# -- lines ------------------------------------------------------------------------------------------------


def _people(route: Route, footfall: Footfall | None) -> int | None:
    """How many take it; None where nobody was counted on ways."""
    return footfall.ways.get((route.start, route.end), 0) if footfall is not None and footfall.ways else None


def _line(route: Route, people: int | None) -> str:
    """A line that bends softly wherever it changes its place, with an arrow's head at its end."""
    empty = " empty" if people == 0 else ""
    (x, y), *rest = route.points
    path = [f"M{x:.1f} {y:.1f}"]
    for number, (to_x, to_y) in enumerate(rest):
        tip = to_y - 6 if number == len(rest) - 1 else to_y
        middle = (y + tip) / 2
        straight = abs(to_x - x) < 0.5
        path.append(
            f"V{tip:.1f}"
            if straight
            else f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {tip:.1f}"
        )
        x, y = to_x, to_y
    head = f'<path class="head{empty}" d="M{x - 5:.1f} {y - 8:.1f}h10l-5 8z"/>'
    return f'<path class="way{empty}" d="{"".join(path)}"/>{head}'


def _told_on(route: Route, scenario: Scenario, people: int | None, say: Saying) -> str:
    """What a line is called and how many take it, on a pill where it begins."""
    name = way_in_words(scenario, route.start, route.end, say)
    said = " · ".join(filter(None, (name, say.number(people) if people is not None else "")))
    if not said:
        return ""
    (x, y), *_ = route.points
    width = 16 + 6.6 * len(said)
    return _rect("pill", x - width / 2, y + 7, width, 20, 10) + _text("tally middle", x, y + 21.5, said)


def both(scenario: Scenario, footfall: Footfall | None, say: Saying) -> Sequence[tuple[str, str]]:
    """The picture for a desk and for a telephone, each with the class by which a page chooses."""
    return [
        ("wide", picture(scenario, footfall, say, abreast=WIDE, ident="journey-wide")),
        ("narrow", picture(scenario, footfall, say, abreast=NARROW, ident="journey-narrow")),
    ]
