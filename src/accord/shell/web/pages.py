"""Pages as HTML: templates, the words of a language, and how dates and addresses are shown."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from babel.dates import format_date
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from accord.core.model.venue import Purpose, Venue
from accord.shell.web.words import LANGUAGES, catalogue

HERE = Path(__file__).parent
STATIC = HERE / "static"

# What the kinds of a purpose mean to a reader; the texts are in the catalogues.
KINDS: Mapping[str, str] = {
    "editorial": "articles and news",
    "promotional": "offers and invitations to buy",
    "review": "questions about what you thought of it",
    "partner": "offers of our partners",
    "tracking": "measuring whether mails are opened",
}


class Pages:
    """Renders the public pages of one venue; one environment a language."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._environments = {language: _environment(language, venue) for language in LANGUAGES}

    def page(self, name: str, language: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """The page `name`.html in one of LANGUAGES."""
        template = self._environments[language].get_template(f"{name}.html")
        return HTMLResponse(template.render(**context), status)

    def label(self, purpose: str, language: str) -> str:
        """What a purpose is called on the pages; its name where nobody gave it a label."""
        known = self._venue.purposes.get(purpose)
        return label_of(known, language) if known else purpose

    def described(self, purpose: str, language: str) -> dict[str, str]:
        """What stands beside a purpose's box: its `label`, and `about`, what its mails hold."""
        known = self._venue.purposes.get(purpose)
        return {
            "label": self.label(purpose, language),
            "about": contents_of(known, language) if known else "",
        }

    def wording(self, purpose: str, language: str) -> str:
        """The same as one text: it is kept as the proof of what was agreed to (R-19)."""
        return ": ".join(text for text in self.described(purpose, language).values() if text)


def label_of(purpose: Purpose, language: str) -> str:
    """A purpose's label in a language, or in the first that it has."""
    return purpose.labels.get(language) or next(iter(purpose.labels.values()), purpose.name)


def contents_of(purpose: Purpose, language: str) -> str:
    """What the mails of a purpose hold, in words."""
    say = catalogue(language).gettext
    return ", ".join(say(KINDS[kind]) for kind in purpose.kinds if kind in KINDS)


def masked(email: str) -> str:
    """Enough of an address to recognise one's own: a forwarded mail should not give it away."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def _environment(language: str, venue: Venue) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
    style = (STATIC / "accord.css").read_bytes()
    environment.globals.update(
        language=language,
        entity=venue.entity,
        stylesheet=f"/static/accord.css?v={hashlib.sha256(style).hexdigest()[:12]}",
    )
    environment.filters.update(day=lambda when: _day(when, language), masked=masked)
    return environment


def _day(when: date, language: str) -> str:
    # A date is read as one word: it does not break at the end of a line.
    return format_date(when, "long", locale=language).replace(" ", "\N{NO-BREAK SPACE}")
