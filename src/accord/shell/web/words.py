"""The words of the public pages: which language, and the catalogue for it."""

from __future__ import annotations

import gettext
import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).parents[2] / "locale"
LANGUAGES = ("en", "fr")


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The translations into one of LANGUAGES; English is what the pages are written in.

    The .po file is read as it is, so that there is no step between editing it and seeing it.
    """
    source = LOCALE / language / "LC_MESSAGES" / "web.po"
    if not source.exists():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with source.open("rb") as lines:
        write_mo(compiled, read_po(lines, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def choose(known: str | None, accepted: str | None, fallbacks: Sequence[str]) -> str:
    """The language of a page: the person's own if known, else what the browser asks for, else the venue's.

    `accepted` is an Accept-Language header. Always one of LANGUAGES.
    """
    wishes = [known or "", *_by_weight(accepted or ""), *fallbacks]
    for wish in wishes:
        language = wish.replace("_", "-").split("-")[0].lower()
        if language in LANGUAGES:
            return language
    return LANGUAGES[0]


def _by_weight(header: str) -> list[str]:
    """The languages of an Accept-Language header, best first; what can't be read weighs nothing."""
    weighed: list[tuple[float, str]] = []
    for part in header.split(",")[:20]:
        language, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), language))
        except ValueError:
            weighed.append((0.0, language))
    return [language for _, language in sorted(weighed, key=lambda pair: pair[0])]
