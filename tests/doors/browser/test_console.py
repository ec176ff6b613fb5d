"""The console in a browser: each role walks through it, at a desk and on a telephone, and nothing stands in the way."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from accord.shell.daemon import application
from accord.shell.engine.ports.team import Role
from accord.shell.engine.team import add_member
from doors.browser.sight import PATIENCE, Seen, barriers, picture_of
from doors.houses import Venue
from doors.mates import PASSWORD, SALT
from doors.test_console import PAGES, deeds
from doors.test_console import venue as venue  # the house in which one was welcomed, and one was not
from doors.visitors import Visitor

WINDOWS = ((1280, "light"), (375, "dark"))

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(params=WINDOWS, ids=lambda each: "-".join(map(str, each)))
def page(browser: Browser, venue: Venue, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A window whose every request the daemon's own application answers."""
    width, scheme = request.param
    visitor, base = Visitor(application(venue.house)), venue.house.venue.base_url
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    context.set_default_timeout(PATIENCE)
    with ThreadPoolExecutor(1) as beside:

        def answer(route: Route) -> None:
            asked = route.request
            path, body = asked.url.removeprefix(base), asked.post_data_buffer or b""
            got = beside.submit(
                visitor.request, asked.method, path, content=body, headers=asked.all_headers()
            ).result()
            route.fulfill(status=got.status_code, headers=dict(got.headers), body=got.content)

        context.route("**/*", answer)
        yield context.new_page()
        context.close()


def sign_in(page: Page, venue: Venue, role: str) -> str:
    """Come in as somebody of this role; returns the console's address."""
    add_member(venue.house.store, role, Role(role), PASSWORD, salt=SALT, by="test", now=venue.now)
    root = f"{venue.house.venue.base_url}/console"
    page.goto(f"{root}/")
    page.fill("#name", role)
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url(f"{root}/")
    return root


def test_every_page_can_be_read_pressed_and_heard(page: Page, venue: Venue, pictures: Path) -> None:
    root = sign_in(page, venue, "admin")
    found = []
    for path in PAGES:
        page.goto(f"{root}{path}")
        name = path.strip("/").replace("/", "-") or "overview"
        page.screenshot(path=pictures / f"console-{name}.{picture_of(page)}.png", full_page=True)
        width = page.evaluate("() => [document.documentElement.scrollWidth, window.innerWidth]")
        found += [f"{path} is {width[0]} px wide in {width[1]}"] if width[0] > width[1] else []
        found += [f"{path}: {each}" for each in barriers(page)]
    assert found == []


def test_the_door_can_be_read_pressed_and_heard(page: Page, venue: Venue) -> None:
    page.goto(f"{venue.house.venue.base_url}/console/sign-in")
    assert Seen(page).faults() + barriers(page) == []


def test_a_viewer_walks_everywhere_and_can_change_nothing(page: Page, venue: Venue) -> None:
    root = sign_in(page, venue, "viewer")
    before = deeds(venue)
    for name in ("Scenarios", "Opt-out target", "People", "Retention", "Messages", "Overview"):
        page.get_by_role("link", name=name, exact=True).click()
        page.get_by_role("heading", level=1).wait_for()
    for path in PAGES:
        page.goto(f"{root}{path}")
        assert set(page.locator("button").all_inner_texts()) <= {"Sign out", "Find", "Show"}
    assert deeds(venue) == before


def test_an_editor_holds_pauses_and_lets_go_again(page: Page, venue: Venue) -> None:
    root = sign_in(page, venue, "editor")
    page.fill("#reason", "a wrong date")
    page.get_by_role("button", name="Hold at once").click()
    page.get_by_role("button", name="Release prospecting").click()
    page.goto(f"{root}/scenarios/bienvenue")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Let it go on").click()
    page.get_by_text("active").first.wait_for()
    assert [deed.split()[1] for deed in deeds(venue)[:4]] == ["resume", "pause", "release", "hold"]


def test_an_admin_erases_somebody_after_being_asked(page: Page, venue: Venue) -> None:
    sign_in(page, venue, "admin")
    page.get_by_role("link", name="People", exact=True).click()
    page.fill("#wanted", "ada@example.org")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("button", name="Erase this person").click()
    page.get_by_role("button", name="Erase for good").click()
    page.get_by_role("heading", name="is erased").wait_for()
    assert venue.contact("ada@example.org") is None
