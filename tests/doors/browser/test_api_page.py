"""The page that tells of the API in a browser: narrow and wide, by day and by night, and nothing in anybody's way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from accord.shell.web.server import WebServer
from doors.browser.sight import PATIENCE, Seen, barriers, picture_of
from doors.systems import Quiet, app_of

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    venue = Quiet(tmp_path)
    with WebServer(app_of(venue.house), port=0) as server:
        yield f"http://127.0.0.1:{server.port}/api/docs"
    venue.house.store.close()


@pytest.mark.parametrize(("width", "scheme"), [(375, "dark"), (1280, "light")])
def test_the_page_can_be_read_and_leads_where_it_says(
    browser: Browser, address: str, pictures: Path, width: int, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.screenshot(path=pictures / f"api.{picture_of(page)}.png", full_page=True)
    # What scrolls on its own runs out of the window on purpose; axe-core sees to its contrast and its keys.
    faults = [fault for fault in Seen(page).faults() if "runs out of the window" not in fault]
    assert faults + barriers(page) == []
    page.get_by_role("link", name="Tell many orders").click()
    assert page.url.endswith("#tellOrders")
    assert all(url.startswith(address.removesuffix("/api/docs")) for url in asked)
    context.close()
