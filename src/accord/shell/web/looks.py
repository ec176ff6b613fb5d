"""The venue's own look over the one stylesheet: its colours as a small sheet, its logo as it is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, Response

from accord.core.model.venue import Look
from accord.shell.config_look import LOGOS, mixed
from accord.shell.web.guard import READING


@dataclass(frozen=True, slots=True)
class Served:
    """A file of the venue's, at an address that changes when it does."""

    path: str
    content: bytes
    media_type: str

    @property
    def url(self) -> str:
        """Where pages find it."""
        return f"{self.path}?v={hashlib.sha256(self.content).hexdigest()[:12]}"


def sheet_of(look: Look) -> Served | None:
    """The venue's colours; None where it has none."""
    if look.colour is None and look.colour_dark is None:
        return None
    day = _rule(look.colour, "#000000") if look.colour else ""
    night = _rule(look.colour_dark, "#ffffff") if look.colour_dark else ""
    css = f"{day}\n@media (prefers-color-scheme: dark) {{ {night} }}\n"
    return Served("/static/venue.css", css.encode(), "text/css")


def _rule(colour: str, towards: str) -> str:
    return f":root {{ --warm: {colour}; --warm-deep: {mixed(colour, towards, 0.2)} }}"


def logo_of(look: Look) -> Served | None:
    """The venue's logo, read once; None where it has none."""
    if look.logo is None:
        return None
    file = Path(look.logo)
    return Served(f"/static/logo{file.suffix.lower()}", file.read_bytes(), LOGOS[file.suffix.lower()])


def look_routes(app: FastAPI, look: Look) -> None:
    """Serve what the pages name."""
    for served in filter(None, (sheet_of(look), logo_of(look))):
        app.add_api_route(served.path, _giver(served), methods=READING)


def _giver(served: Served) -> Callable[[], Response]:
    return lambda: Response(served.content, media_type=served.media_type)
