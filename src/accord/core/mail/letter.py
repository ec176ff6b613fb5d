"""The letter: all that a template may read of one mail beyond its author's names, and what comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from accord.core.mail.words import Wording


@dataclass(frozen=True, slots=True)
class Letter:
    """What the engine knows of one mail: footer, links, languages. URLs are signed already.

    `unsubscribe` and `invitation` are None where there is none; `click` turns a target into its signed
    address, or leaves it as it is.
    """

    language: str
    zone: str
    wording: Wording
    entity: str
    address: str
    preferences: str
    click: Callable[[str], str]
    why: str | None = None
    unsubscribe: str | None = None
    invitation: str | None = None
    invitation_label: str = ""
    first_contact: bool = False


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail as its reader will see it, before it is put into MIME. `sender` is a key of [entity] senders."""

    subject: str
    preheader: str
    html: str
    text: str
    sender: str | None
    language: str


class RenderFault(Exception):
    """The template could not be rendered for one person; the text says why, without the person's data."""
