"""Pages as HTML: templates, the words of a language, and how dates and addresses are shown."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_timezone_location
from babel.numbers import format_currency
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from accord.core.model.consent import EVERYTHING, Act
from accord.core.model.time import local_day
from accord.core.model.venue import Purpose, Venue
from accord.shell.web.looks import logo_of, sheet_of
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


# What somebody did, as their own page tells it; what is not named here is told by its name.
EVERY_PURPOSE = "All newsletters and offers"
ACTS: Mapping[str, str] = {
    Act.OPTIN_PROVEN: "you agreed",
    Act.OPTIN_UNPROVEN: "an agreement that we can not prove",
    Act.OPTIN_IMPORT: "an agreement taken over from elsewhere",
    Act.OPTIN_IMPORT_PROVEN: "an agreement taken over from elsewhere, with its proof",
    Act.OPTIN_PENDING: "asked for, and waiting to be confirmed",
    Act.CONFIRM_POST: "you confirmed",
    Act.SILENCE: "you did not answer",
    Act.OBJECTION: "you refused",
    Act.WITHDRAWAL: "you took your agreement back",
    Act.UNSUBSCRIBE: "you unsubscribed",
    Act.COMPLAINT: "you reported our mail as unwanted",
    Act.SPOKEN: "you agreed by word of mouth",
    Act.FOLLOWUP: "confirmed in writing",
}
HAPPENINGS: Mapping[str, str] = {
    "contact.created": "we got to know your address",
    "contact.updated": "your details were changed",
    "contact.kept": "you asked us to keep you",
    "contact.link_asked": "you asked for a link to your data",
    "contact.address_asked": "you asked for another address",
    "consent.given": "you agreed to our mails",
    "consent.pending": "you asked for our mails",
    "consent.refused": "you refused our mails",
    "consent.objected": "you refused our mails",
    "consent.withdrawn": "you took your agreement back",
    "preferences.updated": "you changed your choices",
    "order.placed": "you ordered",
    "order.paid": "your order was paid",
    "mail.clicked": "a link of a mail was opened",
    "mail.click_confirmed": "it was you who opened a link",
    "mail.bounced": "a mail did not reach you",
    "mail.soft_bounced": "a mail did not reach you",
    "mail.mailbox_full": "a mail did not reach you",
    "mail.policy_blocked": "a mail did not reach you",
    "contact.replied": "you wrote to us",
}
LANGUAGE_NAMES = {"fr": "Français", "en": "English"}

# One city for each hour that people live by; anybody's own zone is offered besides.
ZONES = (
    "Europe/Paris", "Europe/London", "Europe/Lisbon", "Europe/Athens", "Europe/Istanbul", "Africa/Casablanca",
    "Africa/Dakar", "Africa/Lagos", "Africa/Johannesburg", "Africa/Nairobi", "Asia/Dubai", "Asia/Kolkata",
    "Asia/Bangkok", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney", "Pacific/Noumea", "Pacific/Auckland",
    "Pacific/Tahiti", "America/Los_Angeles", "America/Denver", "America/Chicago", "America/New_York",
    "America/Montreal", "America/Guadeloupe", "America/Cayenne", "America/Sao_Paulo", "America/Miquelon",
    "Indian/Reunion", "Indian/Mayotte",
)  # fmt: skip


def zones(own: str, language: str) -> list[tuple[str, str]]:
    """Time zones to choose from, each with the name of its city, in the order of those names."""
    named = {zone: _city(zone, language) for zone in (*ZONES, own)}
    return sorted(named.items(), key=lambda pair: pair[1])


def _city(zone: str, language: str) -> str:
    try:
        return str(get_timezone_location(zone, locale=language, return_city=True))
    except LookupError:
        return zone


class Pages:
    """Renders the public pages of one venue; one environment a language."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._environments = {language: _environment(language, venue) for language in LANGUAGES}

    def page(self, name: str, language: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """The page `name`.html in one of LANGUAGES."""
        template = self._environments[language].get_template(f"{name}.html")
        return HTMLResponse(template.render(**{"bare": False, **context}), status)

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


def static_address(name: str) -> str:
    """Where a static file is: named by its digest, so that browsers may keep for ever what is there."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


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
    sheet, logo = sheet_of(venue.look), logo_of(venue.look)
    environment.globals.update(
        language=language,
        entity=venue.entity,
        languages=LANGUAGE_NAMES,
        purpose=lambda name: _purpose_called(venue, name, language),
        acts={act: catalogue(language).gettext(text) for act, text in ACTS.items()},
        events={name: catalogue(language).gettext(text) for name, text in HAPPENINGS.items()},
        venue_sheet=sheet.url if sheet is not None else None,
        logo=logo.url if logo is not None else None,
        stylesheet=static_address("accord.css"),
    )
    zone = venue.entity.clock
    environment.filters.update(
        day=lambda when: _day(when, language, zone),
        masked=masked,
        city=lambda zone: _city(zone, language),
        money=lambda cents, currency: format_currency(Decimal(cents) / 100, currency, locale=language),
    )
    return environment


def _purpose_called(venue: Venue, name: str, language: str) -> str:
    if name == EVERYTHING:
        return catalogue(language).gettext(EVERY_PURPOSE)
    known = venue.purposes.get(name)
    return label_of(known, language) if known else name


def _day(when: date, language: str, zone: ZoneInfo) -> str:
    when = local_day(when, zone) if isinstance(when, datetime) else when
    # A date is read as one word: it does not break at the end of a line.
    return format_date(when, "long", locale=language).replace(" ", "\N{NO-BREAK SPACE}")
