"""Words in the reader's language: gettext catalogues read from .po files, days and sums by CLDR."""

from __future__ import annotations

import gettext
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency

LANGUAGES = ("fr", "en")
LOCALE = Path(__file__).parents[1] / "locale"


@cache
def catalogue(language: str, domain: str) -> gettext.NullTranslations:
    """The translations of one domain (`mail`, `web`); English is what the sources are written in.

    The .po file is read as it is, so that there is no step between editing it and seeing it.
    """
    source = LOCALE / language / "LC_MESSAGES" / f"{domain}.po"
    if not source.exists():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with source.open("rb") as lines:
        write_mo(compiled, read_po(lines, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@dataclass(frozen=True, slots=True)
class CatalogueWording:
    """The port `Wording` of one language."""

    language: str

    def say(self, message: str) -> str:
        """The sentence in this language."""
        return catalogue(self.language, "mail").gettext(message)

    def day(self, value: date | datetime, zone: str) -> str:
        """«samedi 12 septembre 2026»."""
        day = value.astimezone(ZoneInfo(zone)).date() if isinstance(value, datetime) else value
        return str(format_date(day, "full", locale=self.language))

    def hour(self, value: datetime, zone: str) -> str:
        """«20:30»."""
        return str(format_time(value.astimezone(ZoneInfo(zone)), "short", locale=self.language))

    def money(self, cents: int, currency: str) -> str:
        """«24,00 €»."""
        return str(format_currency(cents / 100, currency, locale=self.language))


def wordings(languages: tuple[str, ...]) -> Mapping[str, CatalogueWording]:
    """One wording for each language that the venue writes in."""
    return {language: CatalogueWording(language) for language in languages}
