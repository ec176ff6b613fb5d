"""The console's pages as HTML: its templates, and how instants, numbers and shares are written."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from accord.core.consent.reasons import REASONS
from accord.core.model.venue import Venue
from accord.shell.web.console.door import ROOT, Visitor
from accord.shell.web.pages import HERE, static_address

# How journeys are drawn is written with their drawing.
JOURNEY_STYLE = f"{ROOT}/journey.css"

# The pages of the console, in the order of its menu.
MENU = (
    ("", "Overview"),
    ("scenarios", "Scenarios"),
    ("target", "Opt-out target"),
    ("people", "People"),
    ("retention", "Retention"),
    ("messages", "Messages"),
)


class Sheets:
    """Renders the console's pages, in English as the commands are."""

    def __init__(self, venue: Venue) -> None:
        self._zone = venue.entity.clock
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates" / "console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        styles = [static_address(name) for name in ("accord.css", "console.css")] + [JOURNEY_STYLE]
        self._environment.globals.update(entity=venue.entity, styles=styles, root=ROOT, menu=MENU)
        self._environment.filters.update(
            instant=self.instant, number=number, percent=percent, sentence=sentence, day=day
        )

    def page(
        self, name: str, visitor: Visitor | None, *, here: str = "", status: int = 200, **context: Any
    ) -> HTMLResponse:
        """The page `name`.html, as `visitor` may see it; `here` is its place in the menu."""
        told = {"said": None, "fault": None} | context
        template = self._environment.get_template(f"{name}.html")
        return HTMLResponse(template.render(visitor=visitor, here=here, **told), status)

    def instant(self, at: datetime | None) -> str:
        """An instant on the entity's own clock, to the minute."""
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M}" if at is not None else "–"


def day(when: date | None) -> str:
    """A day, as it sorts."""
    return when.isoformat() if when is not None else "–"


def number(count: int) -> str:
    """A number with its thousands apart."""
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def percent(share: float | None) -> str:
    """A share of 0 to 1; a dash of nobody."""
    return "–" if share is None else f"{share:.1%}"


def sentence(reason: str) -> str:
    """What a reason code says."""
    return REASONS.get(reason, reason)
