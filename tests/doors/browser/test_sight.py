"""The instruments themselves: what they are there to find, they find."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from doors.browser.sight import Seen, barriers

pytestmark = pytest.mark.xdist_group("browser")


def test_what_keeps_people_out_is_found(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(
        '<main><p style="color: #aaa; font-size: 9px">pale</p><input><p><button style="all: unset">send</button></p></main>'
    )
    found = " ".join(barriers(page))
    for rule in ("html-has-lang", "document-title", "label", "color-contrast"):
        assert f"{rule}: " in found
    seen = " ".join(Seen(page).faults())
    for fault in ("a contrast of 2.3", "9 px small", "px to press"):
        assert fault in seen
