"""The daemon reads its configuration again: the pages go by it at once, but for what a process is built on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from accord.shell.daemon import Daemon, pages_of
from doors.systems import Quiet


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Quiet]:
    made = Quiet(tmp_path)
    made.stock()
    made.house.settings = replace(made.house.settings, web_port=0)
    yield made
    made.house.store.close()


def edit(venue: Quiet, before: str, after: str) -> None:
    config = venue.root / "config.toml"
    text = config.read_text(encoding="utf-8")
    assert before in text
    config.write_text(text.replace(before, after), encoding="utf-8")


def test_colours_logo_name_and_addresses_are_taken_over_while_it_runs(venue: Quiet) -> None:
    (venue.root / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    daemon = Daemon(venue.house)
    daemon._web = web = pages_of(venue.house)

    def asked(path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{web.port}{path}", timeout=60)

    try:
        assert "venue.css" not in asked("/f/inscription").text
        assert asked("/lettres/f/inscription").status_code == 404
        edit(venue, "https://theatre.example.org", "https://theatre.example.org/lettres")
        edit(venue, "port = 8025", 'port = 8025\ncolour = "#0b5d57"\nlogo = "logo.svg"')
        edit(venue, 'name = "Théâtre des Deux Rives"', 'name = "Les Deux Rives"')
        asyncio.run(daemon._reload())
        page = asked("/lettres/f/inscription").text
        assert "venue.css" in page and "logo.svg" in page and "Les Deux Rives" in page
        assert "#0b5d57" in asked("/static/venue.css").text
        edit(venue, 'colour = "#0b5d57"', 'colour = "#ffff00"')
        asyncio.run(daemon._reload())
        assert "#0b5d57" in asked("/static/venue.css").text, "nobody could read it: nothing has changed"
    finally:
        web.stop()
