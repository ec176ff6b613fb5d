"""The letter: all that a template may read of one mail beyond its author's names, and what comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from accord.core.mail.encode import plain
from accord.core.mail.words import Wording


@dataclass(frozen=True, slots=True)
class Letter:
    """What the engine knows of one mail: footer, links, languages. URLs are signed already.

    `unsubscribe` and `invitation` are None where there is none; `trap` is the address of a link that nobody sees
    (R-59), where clicks are counted; `click` turns a target into its signed
    address, or leaves it as it is; `lead` does so with a target in pieces that depends on the reader. `encoded`:
    what was encoded for the page and stands in the text just so, by its target.
    """

    language: str
    zone: str
    wording: Wording
    entity: str
    address: str
    why: str
    preferences: str
    click: Callable[[str], str]
    lead: Callable[..., str]
    unsubscribe: str | None = None
    invitation: str | None = None
    invitation_label: str = ""
    first_contact: bool = False
    trap: str | None = None
    encoded: dict[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail's words, before it is put into MIME: the two bodies are quoted-printable already.

    `sender` is a key of [entity] senders.
    """

    subject: str
    preheader: str
    html_body: bytes
    text_body: bytes
    sender: str | None
    language: str

    @property
    def html(self) -> str:
        """The page as its reader will see it."""
        return plain(self.html_body)

    @property
    def text(self) -> str:
        """The text part as its reader will see it."""
        return plain(self.text_body)


class RenderFault(Exception):
    """The template could not be rendered for one person; the text says why, without the person's data."""
