"""What the public pages need of the house, said by the pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from accord.core.mail.links import Claim, Links
from accord.core.model.contact import Preferences
from accord.core.model.venue import Venue
from accord.core.robots import Fetch


@dataclass(frozen=True, slots=True)
class PurposeChoice:
    """One purpose, whether this person signed up for it, and when."""

    name: str
    on: bool
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever follows a link, as far as any page needs to know.

    `stops`: the one purpose that the link's one click stops; None where it stops all prospecting.
    `preferences_url` leads to this person's preference page.
    """

    language: str
    stops: str | None = None
    preferences_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferencesView:
    """What a person's own page shows.

    `forgotten_on`: the day on which all is deleted unless the person asks to be kept; None while that is
    far. `why`: what their mail rests on, `off` where they get none; `since` when; `known_since` is when their
    address was given.
    """

    email: str
    language: str
    purposes: tuple[PurposeChoice, ...] = ()
    preferences: Preferences = Preferences()
    forgotten_on: date | None = None
    zone: str = "Europe/Paris"
    why: str = "off"
    since: date | None = None
    known_since: date | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A box that the person turned, with the exact words that stood beside it: they are the proof (R-19)."""

    on: bool
    wording: str
    language: str


@dataclass(frozen=True, slots=True)
class PreferenceChanges:
    """What a person asked for: only boxes that were turned, `preferences` in full or None to leave them.

    Likewise `language` and `zone`.
    """

    answers: Mapping[str, Answer] = field(default_factory=dict)
    preferences: Preferences | None = None
    everything_off: bool = False
    language: str | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the house can serve, and what of it can't, in words."""

    ready: bool
    details: Mapping[str, str] = field(default_factory=dict)


class People(Protocol):
    """The house as the public pages see it. Methods that write are idempotent."""

    @property
    def venue(self) -> Venue: ...
    @property
    def links(self) -> Links: ...
    def now(self) -> datetime:
        """The aware instant, UTC."""
        ...

    def reader(self, claim: Claim) -> Reader | None:
        """None when the person is no longer known."""
        ...

    def preferences(self, claim: Claim) -> PreferencesView | None:
        """None when the person is no longer known."""
        ...

    def unsubscribe(self, claims: Sequence[Claim], now: datetime) -> Sequence[Reader | None]:
        """Stop what these links stop (R-10), in one transaction; whose they are, None for who is no longer known."""
        ...

    def save_preferences(self, claim: Claim, changes: PreferenceChanges, now: datetime) -> None: ...
    def keep(self, claim: Claim, now: datetime) -> None:
        """The person asked to be kept: renews the three-year clock (R-42, R-47)."""
        ...

    def record_click(self, claim: Claim, fetch: Fetch) -> None: ...
    def health(self) -> Health: ...
