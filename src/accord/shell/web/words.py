"""The words of the public pages: which language, and the catalogue for it."""

from __future__ import annotations

import gettext
from collections.abc import Sequence

from accord.shell import wordings

LANGUAGES = ("en", "fr")


def catalogue(language: str) -> gettext.NullTranslations:
    """The translations of the pages into one of LANGUAGES; English is what they are written in."""
    return wordings.catalogue(language, "web")


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
