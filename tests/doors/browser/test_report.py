"""The report in a browser: on a telephone and on a desk, by day and by night, for everybody, and on paper."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from accord.shell.preview.report import write_report
from doors.browser.sight import PATIENCE, Seen, barriers
from shell.preview.imagined import UNTIL, preview, saying

pytestmark = pytest.mark.xdist_group("browser")

SIGHTS = [(375, "light", "fr"), (375, "dark", "en"), (1280, "light", "en"), (1280, "dark", "fr")]


@pytest.mark.parametrize(("width", "scheme", "language"), SIGHTS)
def test_it_can_be_read_by_everybody_and_fetches_nothing(
    one_browser: Browser, pictures: Path, tmp_path: Path, width: int, scheme: str, language: str
) -> None:
    file = write_report(preview("bienvenue"), tmp_path, saying(language), now=UNTIL)
    window = one_browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    window.set_default_timeout(PATIENCE)
    asked: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    window.goto(file.as_uri())
    window.screenshot(path=pictures / f"report.{width}.{scheme}.{language}.png", full_page=True)
    assert [each for each in asked if not each.startswith(("file:", "about:"))] == []
    across = window.evaluate("() => document.documentElement.scrollWidth")
    assert across == width
    # What scrolls on its own runs out of the window on purpose; axe-core sees to its contrast and its keys.
    assert [each for each in Seen(window).faults() if "runs out" not in each] == []
    assert barriers(window) == []
    shown = window.locator(".picture > div:visible")
    assert shown.count() == 1
    assert shown.get_attribute("class") == ("narrow" if width < 768 else "wide")
    assert shown.locator("svg").bounding_box()["width"] <= width  # type: ignore[index]
    window.close()


def test_links_in_a_shown_mail_are_dead(one_browser: Browser, tmp_path: Path) -> None:
    file = write_report(preview("bienvenue"), tmp_path, saying("fr"), now=UNTIL)
    window = one_browser.new_page()
    asked: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    window.goto(file.as_uri())
    frame = window.frame_locator("iframe").first
    frame.get_by_role("link").first.click(timeout=PATIENCE)
    window.wait_for_timeout(200)
    assert [each for each in asked if each.startswith("http")] == []
    assert len(window.context.pages) == 1
    assert frame.locator("body").count() == 1
    window.close()
