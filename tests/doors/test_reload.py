"""The daemon reads its configuration again: the pages go by it at once, but for what a process is built on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from accord.shell.daemon import Daemon
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

    async def a_short_life() -> None:
        daemon = Daemon(venue.house)
        running = asyncio.ensure_future(daemon.run())
        while daemon._web is None and not running.done():
            await asyncio.sleep(0.01)
        assert daemon._web is not None
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{daemon._web.port}") as web:

            async def said(path: str) -> str:
                return (await web.get(path)).text

            form = "/f/inscription"
            assert "venue.css" not in await said(form)
            assert (await web.get(f"/lettres{form}")).status_code == 404
            edit(
                venue,
                'base_url = "https://theatre.example.org"',
                'base_url = "https://theatre.example.org/lettres"',
            )
            edit(venue, "port = 8025", 'port = 8025\ncolour = "#0b5d57"\nlogo = "logo.svg"')
            edit(venue, 'name = "Théâtre des Deux Rives"', 'name = "Les Deux Rives"')
            await daemon._reload()
            page = await said(f"/lettres{form}")
            assert "venue.css" in page and "logo.svg" in page and "Les Deux Rives" in page
            assert "#0b5d57" in await said("/static/venue.css")
            edit(venue, 'colour = "#0b5d57"', 'colour = "#ffff00"')
            await daemon._reload()
            assert "#0b5d57" in await said("/static/venue.css"), "nobody could read it: nothing has changed"
        daemon.stop()
        await running

    asyncio.run(a_short_life())
