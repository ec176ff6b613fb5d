"""A browser for the tests that look: Debian's Chromium; without it they are skipped by name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from doors.browser.sight import PATIENCE

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """One Chromium, or a skip by name."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS), timeout=PATIENCE)
        yield started
        started.close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A Chromium of the test's own: while one runs, its thread can run no other loop."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def one_browser() -> Iterator[Browser]:
    """A Chromium for all tests of a file of which none runs a loop; each opens a window of its own."""
    with chromium() as started:
        yield started


@pytest.fixture
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where what was seen is kept: the folder ACCORD_PICTURES, or a temporary one."""
    named = os.environ.get("ACCORD_PICTURES")
    folder = Path(named) if named else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
