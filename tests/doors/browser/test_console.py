"""The console in a browser: each role walks through it, at a desk and on a telephone, and nothing stands in the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from accord.shell.daemon import application
from accord.shell.engine.ports.team import Role
from accord.shell.engine.team import add_member
from accord.shell.web.server import WebServer
from doors.browser.sight import PATIENCE, barriers, picture_of
from doors.houses import Venue
from doors.mates import PASSWORD, SALT
from doors.test_console import PAGES, count_goals, deeds, give_a_goal, judge_weeks
from doors.test_console import venue as venue  # the house in which one was welcomed, and one was not

WINDOWS = ((1280, "light"), (375, "dark"))

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def windows(venue: Venue, browser: Browser) -> Iterator[Sequence[Page]]:
    """Both windows on the daemon's own application, over a socket: browsers follow no redirect that a test answers."""
    for role in Role:
        add_member(venue.house.store, role.value, role, PASSWORD, salt=SALT, by="test", now=venue.now)
    with WebServer(application(venue.house), port=0) as web:
        root = f"http://127.0.0.1:{web.port}"
        contexts = [
            browser.new_context(base_url=root, viewport={"width": width, "height": 900}, color_scheme=scheme)
            for width, scheme in WINDOWS
        ]
        for context in contexts:
            context.set_default_timeout(PATIENCE)
        yield [context.new_page() for context in contexts]
        for context in contexts:
            context.close()


def sign_in(page: Page, role: str) -> str:
    """Come in as somebody of this role; returns the console's address."""
    root = "/console"
    page.goto(f"{root}/")
    page.fill("#name", role)
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.get_by_role("heading", name="Overview").wait_for()
    return root


def test_every_page_can_be_read_pressed_and_heard(
    windows: Sequence[Page], venue: Venue, pictures: Path
) -> None:
    judge_weeks(venue)
    give_a_goal(venue)
    count_goals(venue, took_part=(2000, 300), held_out=(500, 40))
    found = []
    for page in windows:
        page.goto("/console/sign-in")
        found += [f"the door: {each}" for each in barriers(page)]
        root = sign_in(page, "admin")
        for path in PAGES:
            page.goto(f"{root}{path}")
            name = path.strip("/").replace("/", "-") or "overview"
            page.screenshot(path=pictures / f"console-{name}.{picture_of(page)}.png", full_page=True)
            width = page.evaluate("() => [document.documentElement.scrollWidth, window.innerWidth]")
            found += [f"{path} is {width[0]} px wide in {width[1]}"] if width[0] > width[1] else []
            found += [f"{path}: {each}" for each in barriers(page)]
    assert found == []


def test_a_viewer_walks_everywhere_and_can_change_nothing(windows: Sequence[Page], venue: Venue) -> None:
    for page in windows:
        root = sign_in(page, "viewer")
        before = deeds(venue)
        for name in ("Scenarios", "Opt-out target", "People", "Retention", "Messages", "Overview"):
            page.get_by_role("link", name=name, exact=True).click()
            page.get_by_role("heading", level=1).wait_for()
        for path in PAGES:
            page.goto(f"{root}{path}")
            assert set(page.locator("button").all_inner_texts()) <= {"Sign out", "Find", "Show"}
        assert deeds(venue) == before


def test_an_editor_holds_pauses_and_lets_go_again(windows: Sequence[Page], venue: Venue) -> None:
    for page in windows:
        root = sign_in(page, "editor")
        page.fill("#reason", "a wrong date")
        page.get_by_role("button", name="Hold at once").click()
        page.get_by_role("button", name="Release prospecting").click()
        page.goto(f"{root}/scenarios/bienvenue")
        page.get_by_role("button", name="Pause").click()
        page.get_by_role("button", name="Let it go on").click()
        page.get_by_text("active").first.wait_for()
        assert [deed.split()[1] for deed in deeds(venue)[:4]] == ["resume", "pause", "release", "hold"]


def test_an_admin_erases_somebody_after_being_asked(windows: Sequence[Page], venue: Venue) -> None:
    for page, person in zip(windows, ("ada@example.org", "bob@example.org"), strict=True):
        sign_in(page, "admin")
        page.get_by_role("link", name="People", exact=True).click()
        page.fill("#wanted", person)
        page.get_by_role("button", name="Find").click()
        page.get_by_role("button", name="Erase this person").click()
        page.get_by_role("button", name="Erase for good").click()
        page.get_by_role("heading", name="is erased").wait_for()
        assert venue.contact(person) is None
