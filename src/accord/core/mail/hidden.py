"""Whether who writes and how to stop can be seen: nothing in the styles of a page may hide its footer (R-16)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from html.parser import HTMLParser

# What the engine's footer prints, and what it is for.
MUST_BE_SEEN: Mapping[str, str] = {
    "letter.entity": "who writes",
    "letter.address": "where the writer is",
    "letter.unsubscribe": "how to stop",
}
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_FOOTER = re.compile(r"\.(?:footer|objection)\b")
_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})\b", re.IGNORECASE)
_NAMED = {"white": "#ffffff", "black": "#000000"}
# Below these nobody reads it: a size in pixels, a ratio of WCAG's.
_LEAST_SIZE, _LEAST_CONTRAST = 8.0, 2.0


@dataclass(frozen=True, slots=True)
class _Look:
    """How text looks inside an element, as far as it bears on being seen."""

    hidden: str | None = None
    color: str | None = "#000000"
    ground: str | None = "#ffffff"


def hiding(html: str, words: Mapping[str, str]) -> Iterator[str]:
    """What hides a part of the footer, one sentence each; `words` are the placeholders' words by their text.

    `html` is a protected page whose styles are inlined.
    """
    watcher = _Watcher({word: part for word, text in words.items() for part in MUST_BE_SEEN if part in text})
    watcher.feed(html)
    watcher.close()
    for part, why in MUST_BE_SEEN.items():
        if part not in watcher.seen:
            yield f"the footer does not show {why}" + (
                f" ({watcher.reason[part]})" if part in watcher.reason else ""
            )
    for style in re.findall(r"<style\b[^>]*>(.*?)</style", html, re.DOTALL | re.IGNORECASE):
        for selector, body in _RULE.findall(style):
            reason = _hides(_declared(body)) if _FOOTER.search(selector) else None
            if reason is not None:
                yield f"the footer is not shown everywhere ({reason})"


class _Watcher(HTMLParser):
    """Walks a page with the look of each element that is open."""

    def __init__(self, wanted: Mapping[str, str]) -> None:
        super().__init__(convert_charrefs=True)
        self.wanted = wanted
        self.seen: set[str] = set()
        self.reason: dict[str, str] = {}
        self._open: list[tuple[str, _Look]] = [("", _Look())]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        look = _look(self._open[-1][1], said)
        self._meet(said.get("href", ""), look)
        if tag not in _VOID:
            self._open.append((tag, look))

    def handle_endtag(self, tag: str) -> None:
        while len(self._open) > 1 and tag in [name for name, _ in self._open]:
            if self._open.pop()[0] == tag:
                return

    def handle_data(self, data: str) -> None:
        self._meet(data, self._open[-1][1])

    def _meet(self, text: str, look: _Look) -> None:
        for word, part in self.wanted.items():
            if word not in text:
                continue
            if look.hidden is None:
                self.seen.add(part)
            else:
                self.reason[part] = look.hidden


def _look(outer: _Look, attributes: Mapping[str, str]) -> _Look:
    declared = _declared(attributes.get("style", ""))
    color = _color(declared.get("color")) if "color" in declared else outer.color
    said = declared.get("background-color") or declared.get("background") or attributes.get("bgcolor")
    ground = _color(said) if said else outer.ground
    hidden = outer.hidden or _hides(declared) or ("hidden" if "hidden" in attributes else None)
    if hidden is None and color and ground and contrast(color, ground) < _LEAST_CONTRAST:
        hidden = f"{color} on {ground}"
    return replace(outer, hidden=hidden, color=color, ground=ground)


def _declared(style: str) -> dict[str, str]:
    pairs = (each.partition(":") for each in style.replace("!important", "").split(";"))
    return {name.strip().lower(): value.strip().lower() for name, _, value in pairs}


def _hides(style: Mapping[str, str]) -> str | None:
    """The declaration that makes something unseen, or None."""
    for name, value in style.items():
        number = float(found[0]) if (found := re.match(r"-?[\d.]+", value)) and found[0].strip("-.") else None
        gone = (name, value) in (("display", "none"), ("visibility", "hidden"), ("mso-hide", "all"))
        gone |= name == "opacity" and number is not None and number < 0.2
        gone |= (
            name == "font-size"
            and number is not None
            and value.endswith(("px", "pt", "0"))
            and number < _LEAST_SIZE
        )
        gone |= name in ("max-height", "height", "max-width", "width") and number == 0
        gone |= (
            name in ("text-indent", "left", "top", "margin-left") and number is not None and number <= -500
        )
        if gone:
            return f"{name}: {value}"
    return None


def _color(said: str | None) -> str | None:
    match = _HEX.search(_NAMED.get(said or "", said or ""))
    if match is None:
        return None
    digits = match[1].lower()
    return f"#{digits}" if len(digits) == 6 else "#" + "".join(each * 2 for each in digits)


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2, from 1 (the same) to 21, of two colours `#rrggbb`."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    parts = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
