"""A person's own pages in a browser, over the real server: every one of them can be seen, read and pressed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from accord.core.mail.links import LinkKind
from doors.browser.sight import PATIENCE, Seen, picture_of
from doors.served import Served, links_of, served
from doors.systems import Quiet

pytestmark = pytest.mark.xdist_group("browser")
# What test_every_page leaves: a telephone by day without JavaScript, a desk by night with it.
WINDOWS = (("fr", 375, "light"), ("en", 1280, "dark"))
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="160" height="40"><rect width="160" height="40" rx="8" fill="#0b5d57"/></svg>'


@dataclass
class Window:
    """A browser's window on the house's pages."""

    page: Page
    house: Served
    number: int
    pictures: Path
    language: str

    def open(self, kind: LinkKind, *, old: bool = False) -> None:
        on = self.house.venue.now.date() - timedelta(days=200 if old else 0)
        room = "p" if kind is LinkKind.KEEP else kind.value
        token = (
            self.house.token(self.number, kind, on=on)
            if kind is not LinkKind.UNSUBSCRIBE
            else self.house.token(self.number)
        )
        self.page.goto(f"{self.house.web.base_url}/{room}/{token}")

    def press(self, words: str) -> None:
        self.page.locator(f"form[action$='{words}'] button, button[value={words}]").first.click()

    def look(self, name: str) -> None:
        """Keep a picture; nothing is wrong with the page."""
        self.page.screenshot(
            path=self.pictures / f"own-{name}.{self.language}.{picture_of(self.page)}.png", full_page=True
        )
        assert self.page.locator("h1").count() == 1
        assert self.page.locator("html").get_attribute("lang") == self.language
        assert Seen(self.page).faults() == [], name


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Served]:
    """A venue that wears a colour and a logo of its own."""
    venue = Quiet(tmp_path)
    venue.stock("mes-donnees", "nouvelle-adresse")
    (tmp_path / "logo.svg").write_text(LOGO, encoding="utf-8")
    config = tmp_path / "config.toml"
    said = config.read_text(encoding="utf-8").replace(
        "port = 8025", 'port = 8025\ncolour = "#0b5d57"\nlogo = "logo.svg"'
    )
    config.write_text(said, encoding="utf-8")
    venue.house.reload("test")
    with served(venue) as running:
        yield running
    venue.house.store.close()


def test_every_page_of_a_person_s_own(house: Served, browser: Browser, pictures: Path) -> None:
    for language, width, scheme in WINDOWS:
        page = browser.new_page(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=width == 1280,
            locale=language,
        )
        page.set_default_timeout(PATIENCE)
        number = house.somebody(f"ada{width}@example.org", agreed=True, bought=True, language=language)
        walk(Window(page, house, number, pictures, language))
        page.close()


def walk(window: Window) -> None:
    """From choosing to being forgotten, as far as the pages lead."""
    page = window.page
    window.open(LinkKind.PREFERENCES)
    window.look("choices")
    page.locator("select[name=zone]").select_option("Asia/Tokyo")
    window.press("about")
    assert page.locator("select[name=zone]").input_value() == "Asia/Tokyo"
    page.locator("input[name=email]").fill("nonsense@example")
    window.press("address")
    window.look("address-wrong")
    page.locator("input[name=email]").fill(f"new-{window.number}@example.org")
    page.get_by_role("button").click()
    window.look("address-asked")
    with ThreadPoolExecutor(1) as beside:  # the browser's own loop is running in this thread
        (mail,) = beside.submit(window.house.venue.turn).result()
    (path,) = [each for each in links_of(mail) if each.startswith("/a/")]
    page.goto(f"{window.house.web.base_url}{path}")
    window.look("address-confirm")
    page.get_by_role("button").click()
    window.look("address-moved")
    window.open(LinkKind.PREFERENCES, old=True)
    window.look("choices-old")
    window.press("link")
    window.look("link-mailed")
    window.open(LinkKind.PREFERENCES)
    window.press("data")
    window.look("data")
    window.open(LinkKind.PREFERENCES)
    window.press("erase")
    window.look("erase")
    page.locator("button[value=yes]").click()
    window.look("erased")
    window.open(LinkKind.UNSUBSCRIBE)
    page.get_by_role("button").click()
    window.look("unsubscribed-gone")
    window.open(LinkKind.CONFIRM)
    window.look("confirm-late")
    page.goto(f"{window.house.web.base_url}/f/inscription?embed=1")
    window.look("form-embedded")
