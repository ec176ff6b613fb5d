"""The public pages pressed in a browser: both languages, both widths, by day and by night, and without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from accord.core.mail.links import LinkKind
from accord.shell.web.app import create_app
from accord.shell.web.ports import PreferenceChanges
from doors.browser.sight import PATIENCE, Seen, picture_of
from doors.visitors import ADA, THEATRE, InMemory, Visitor, about_to_be_forgotten

# What test_every_page leaves: a telephone by day, a desk by night. Telephones run no JavaScript.
WINDOWS = (("fr", 375, "light"), ("en", 1280, "dark"))
DESK = 1280

pytestmark = pytest.mark.xdist_group("browser")


@dataclass
class Web:
    """The application behind a browser, without a socket between them."""

    page: Page
    people: InMemory
    language: str

    def open(self, kind: LinkKind) -> None:
        """Follow a link of a mail."""
        room = "p" if kind is LinkKind.KEEP else kind.value
        answer = self.page.goto(f"{THEATRE.base_url}/{room}/{self.people.token(kind)}")
        assert answer is not None and answer.status == 200

    def said(self) -> list[str]:
        """What of it is written in the journal."""
        return [entry[0] for entry in self.people.journal]


@pytest.fixture(params=WINDOWS, ids=lambda each: "-".join(map(str, each)))
def web(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Web]:
    """A window whose every request the application answers itself."""
    language, width, scheme = request.param
    people = InMemory(known={1: replace(ADA, language=language)})
    visitor = Visitor(create_app(people))
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=width == DESK
    )
    context.set_default_timeout(PATIENCE)
    with ThreadPoolExecutor(1) as beside:

        def answer(route: Route) -> None:
            asked = route.request
            path = asked.url.removeprefix(THEATRE.base_url)
            body = asked.post_data_buffer or b""
            # The browser's own loop is running in this thread.
            got = beside.submit(
                visitor.request, asked.method, path, content=body, headers=asked.headers
            ).result()
            route.fulfill(status=got.status_code, headers=dict(got.headers), body=got.content)

        context.route("**/*", answer)
        yield Web(context.new_page(), people, language)
        context.close()


def look(web: Web, pictures: Path, name: str) -> list[str]:
    """Keep a picture, and say what is wrong with the sight."""
    path = pictures / f"page-{name}.{web.language}.{picture_of(web.page)}.png"
    web.page.screenshot(path=path, full_page=True)
    return Seen(web.page).faults()


def test_the_preference_page(web: Web, pictures: Path) -> None:
    web.open(LinkKind.PREFERENCES)
    assert look(web, pictures, "preferences") == []
    page = web.page
    assert page.locator("html").get_attribute("lang") == web.language
    assert page.get_by_role("checkbox").count() == 3
    assert page.get_by_role("checkbox", checked=True).count() == 2
    assert page.locator("select[name=newsletters]").input_value() == "2"
    assert [each.inner_text() for each in page.get_by_role("heading", level=1).all()] == [
        "Ce que vous recevez de nous" if web.language == "fr" else "What you hear from us"
    ]
    assert web.said() == [], "a look changes nothing"


def test_choices_are_saved_without_javascript(web: Web, pictures: Path) -> None:
    web.open(LinkKind.PREFERENCES)
    web.page.get_by_role("checkbox").nth(1).uncheck()
    web.page.locator("select[name=newsletters]").select_option("1")
    web.page.get_by_role("button", name="Enregistrer" if web.language == "fr" else "Save").click()
    assert web.page.get_by_role("status").is_visible()
    assert look(web, pictures, "saved") == []
    (_, _, changes) = web.people.journal[-1]
    assert isinstance(changes, PreferenceChanges)
    assert {name: answer.on for name, answer in changes.answers.items()} == {"young": False}
    assert changes.preferences is not None and changes.preferences.newsletters_per_month == 1
    assert web.page.get_by_role("checkbox", checked=True).count() == 1


def test_everything_can_be_turned_off(web: Web, pictures: Path) -> None:
    web.open(LinkKind.PREFERENCES)
    web.page.locator("button[value=everything_off]").click()
    assert look(web, pictures, "off") == []
    assert web.page.get_by_role("checkbox", checked=True).count() == 0
    assert web.said() == ["preferences"]


def test_one_press_unsubscribes_without_javascript(web: Web, pictures: Path) -> None:
    web.open(LinkKind.UNSUBSCRIBE)
    assert look(web, pictures, "unsubscribe") == []
    assert (web.said(), web.people.unsubscribed) == ([], set())
    buttons = web.page.get_by_role("button")
    assert buttons.count() == 1
    buttons.click()
    assert look(web, pictures, "unsubscribed") == []
    assert web.people.unsubscribed == {1}
    assert web.page.get_by_role("heading", level=1).inner_text() == (
        "C’est fait" if web.language == "fr" else "It is done"
    )
    assert web.page.get_by_role("link").is_visible()


def test_somebody_who_is_about_to_be_forgotten_can_stay(web: Web, pictures: Path) -> None:
    web.people.known = {1: replace(about_to_be_forgotten().known[1], language=web.language)}
    web.open(LinkKind.KEEP)
    assert look(web, pictures, "keep") == []
    web.page.locator("button[value=keep]").click()
    assert look(web, pictures, "kept") == []
    assert web.said() == ["keep"]


def test_everything_is_reached_by_the_keyboard_and_seen_there(web: Web) -> None:
    web.open(LinkKind.UNSUBSCRIBE)
    web.page.keyboard.press("Tab")
    button = web.page.get_by_role("button")
    assert button.evaluate("each => each === document.activeElement")
    assert button.evaluate("each => getComputedStyle(each).outlineStyle") == "solid"
    web.page.keyboard.press("Enter")
    web.page.wait_for_selector("h1")
    assert web.people.unsubscribed == {1}


def test_a_link_that_does_not_work_says_so(web: Web, pictures: Path) -> None:
    answer = web.page.goto(f"{THEATRE.base_url}/p/nonsense")
    assert answer is not None and answer.status == 404
    assert look(web, pictures, "not-found") == []
