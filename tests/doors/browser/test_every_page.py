"""Every public page, in every state and both languages, as axe-core and a reader find it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Route

from doors.browser.sight import PATIENCE, Seen, barriers
from doors.gallery import NO_PAGES_HERE, TEMPLATES, Gallery, Shown
from doors.visitors import THEATRE

# A telephone by night in one language, a desk by day in the other.
WINDOWS = {"fr": (375, "dark"), "en": (1280, "light")}

pytestmark = pytest.mark.xdist_group("browser")


def test_no_page_is_left_out() -> None:
    """Whoever adds a page hangs it into the gallery: that is how it comes before axe-core."""
    shown = list(Gallery("en").pages())
    there = {path.stem for path in TEMPLATES.glob("*.html")} - NO_PAGES_HERE
    assert {each.template for each in shown} == there
    for each in shown:
        assert title_of(each) in (TEMPLATES / f"{each.template}.html").read_text(encoding="utf-8"), each.name


def title_of(shown: Shown) -> str:
    found = re.search(r"<title>(.*?) · ", shown.answer.text)
    assert found is not None, shown.name
    return found[1]


@pytest.fixture(params=WINDOWS)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shown(language: str) -> list[Shown]:
    """Before the browser: its own loop runs in this thread from then on."""
    return list(Gallery(language).pages())


def test_nothing_keeps_anybody_out(language: str, shown: list[Shown], browser: Browser) -> None:
    width, scheme = WINDOWS[language]
    sheet = (TEMPLATES.parent / "static" / "accord.css").read_text(encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE)

    def answer(route: Route) -> None:
        asked = route.request.url.removeprefix(f"{THEATRE.base_url}/")
        if asked.startswith("static/accord.css"):
            route.fulfill(body=sheet, content_type="text/css")
        else:
            given = shown[int(asked)].answer
            route.fulfill(status=given.status_code, headers=dict(given.headers), body=given.content)

    page.route("**/*", answer)
    found = []
    for number, each in enumerate(shown):
        page.goto(f"{THEATRE.base_url}/{number}")
        assert page.locator("html").get_attribute("lang") == language, each.name
        found += [f"{each.name}: {fault}" for fault in Seen(page).faults() + barriers(page)]
    assert found == []
