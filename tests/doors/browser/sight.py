"""What can be measured of a page that is open in a browser: does it fit, can it be read, can it be pressed?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# How long a browser may take, in milliseconds: machines that decide are busy.
PATIENCE = 120_000

# WCAG 2.2, AA: 4.5 for text, 3 for large text (24 px, or 18.66 px in bold); 24 px for what is pressed.
_READ = """
() => {
  const channel = value => { value /= 255; return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4 };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parse = text => { const n = text.match(/[\\d.]+/g).map(Number); return n.length > 3 ? n : [...n, 1] };
  const ground = element => {
    for (let each = element; each; each = each.parentElement) {
      const color = parse(getComputedStyle(each).backgroundColor);
      if (color[3] === 1) return color;
    }
    return matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, element = node.parentElement, style = getComputedStyle(element);
    const words = node.textContent.trim();
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (!words || element.closest('[aria-hidden=true]') || style.visibility === 'hidden' || !box.width || !box.height) continue;
    const [one, other] = [light(parse(style.color)), light(ground(element))].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
    found.push({words, size, large, contrast: (one + 0.05) / (other + 0.05), left: box.left, right: box.right});
  }
  return found;
}
"""
_PRESSED = """
() => [...document.querySelectorAll('a[href], button, select, label.choice')].map(each => {
  const box = each.getBoundingClientRect();
  return {words: each.textContent.trim(), width: box.width, height: box.height, left: box.left, right: box.right};
})
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A page at one width: what is wrong with the sight of it, in words."""

    page: Page

    def faults(self) -> list[str]:
        """Everything that a reader would stumble over."""
        width = self.page.evaluate("() => window.innerWidth")
        across = self.page.evaluate("() => document.documentElement.scrollWidth")
        found = [f"it is {across} px wide in a window of {width}"] if across > width else []
        for text in self._all(_READ):
            least = 3 if text["large"] else 4.5
            if text["contrast"] < least:
                found.append(f"«{text['words'][:40]}» has a contrast of {text['contrast']:.1f}")
            if text["size"] < 12:
                found.append(f"«{text['words'][:40]}» is {text['size']} px small")
            if text["left"] < 0 or text["right"] > width + 0.5:
                found.append(f"«{text['words'][:40]}» runs out of the window")
        found += [
            f"«{each['words'][:40]}» is {each['width']:.0f} by {each['height']:.0f} px to press"
            for each in self._all(_PRESSED)
            if min(each["width"], each["height"]) < 24 and not self._is_in_a_sentence(each["words"])
        ]
        return found

    def _all(self, script: str) -> list[dict[str, Any]]:
        return list(self.page.evaluate(script))

    def _is_in_a_sentence(self, words: str) -> bool:
        """WCAG excepts links within a sentence."""
        text = self.page.get_by_text(words, exact=True).first.locator("xpath=..").inner_text()
        return len(text) > 2 * len(words)


def picture_of(page: Page) -> str:
    """What tells the pictures of one window from those of another: its width, and the time of day."""
    width = (page.viewport_size or {"width": 0})["width"]
    dark = page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
    return f"{width}.{'dark' if dark else 'light'}"


def barriers(page: Page) -> list[str]:
    """What axe-core finds on an open page, a line for each element: its rule, where it stands, what is wrong.

    All rules of WCAG 2 up to 2.2 AA and the best practices. The window must let scripts run: axe-core waits by
    timers, and would wait for ever.
    """
    found = Axe().run(
        page, options={"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
    )
    return [
        f"{fault['id']}: {', '.join(map(str, node['target']))}: {fault['help']}"
        for fault in found.response["violations"]
        for node in fault["nodes"]
    ]
