"""The house in memory, as the public pages see it, with one visitor in it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partialmethod
from typing import Any

import httpx
from fastapi import FastAPI

from accord.core.mail.links import Claim, LinkKind, Links
from accord.core.model.contact import Preferences
from accord.core.model.venue import Entity, Purpose, Venue
from accord.core.robots import Fetch
from accord.shell.web.ports import Health, PreferenceChanges, PreferencesView, PurposeChoice, Reader

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

THEATRE = Venue(
    Entity(
        name="Théâtre des Oliviers",
        address="12 rue des Lices, 13090 Aix-en-Provence",
        zone="Europe/Paris",
        languages=("fr", "en"),
        senders={},
    ),
    base_url="https://oliviers.example.org",
    purposes={
        "season": Purpose(
            "season",
            ("editorial", "promotional"),
            {"fr": "La lettre de la saison", "en": "The season's letter"},
        ),
        "young": Purpose(
            "young", ("editorial",), {"fr": "Le théâtre en famille", "en": "Theatre for families"}
        ),
        "friends": Purpose("friends", ("partner",), {"fr": "Nos maisons amies", "en": "Our partner houses"}),
    },
)

ADA = PreferencesView(
    email="ada@example.org",
    language="fr",
    purposes=(PurposeChoice("season", True), PurposeChoice("young", True), PurposeChoice("friends", False)),
    preferences=Preferences(newsletters_per_month=2),
)


@dataclass
class InMemory:
    """Who is known, and a journal of what was done."""

    known: dict[int, PreferencesView] = field(default_factory=lambda: {1: ADA})
    journal: list[tuple[str, int, object]] = field(default_factory=list)
    unsubscribed: set[int] = field(default_factory=set)
    clicks: list[Fetch] = field(default_factory=list)
    state: Health = Health(ready=True)
    fault: Exception | None = None
    stops: str | None = "season"
    venue: Venue = THEATRE
    links: Links = Links(THEATRE.base_url, (b"a key for tests",))

    def now(self) -> datetime:
        return NOW

    def reader(self, claim: Claim) -> Reader | None:
        view = self.known.get(claim.contact_id)
        url = "https://oliviers.example.org/p/token"
        return Reader(view.language, self.stops, url) if view is not None else None

    def preferences(self, claim: Claim) -> PreferencesView | None:
        return self.known.get(claim.contact_id)

    def unsubscribe(self, claims: Sequence[Claim], now: datetime) -> Sequence[Reader | None]:
        self._fail()
        for claim in claims:
            if claim.contact_id not in self.unsubscribed:
                self.unsubscribed.add(claim.contact_id)
                self.journal.append(("unsubscribe", claim.contact_id, claim.purpose))
        return [self.reader(claim) for claim in claims]

    def save_preferences(self, claim: Claim, changes: PreferenceChanges, now: datetime) -> None:
        self._fail()
        self.journal.append(("preferences", claim.contact_id, changes))
        view = self.known.get(claim.contact_id)
        if view is None:
            return
        answers = {name: answer.on for name, answer in changes.answers.items()}
        purposes = tuple(
            PurposeChoice(each.name, answers.get(each.name, each.on) and not changes.everything_off)
            for each in view.purposes
        )
        self.known[claim.contact_id] = replace(
            view, purposes=purposes, preferences=changes.preferences or view.preferences
        )

    def keep(self, claim: Claim, now: datetime) -> None:
        self._fail()
        self.journal.append(("keep", claim.contact_id, now))

    def record_click(self, claim: Claim, fetch: Fetch) -> None:
        self._fail()
        self.clicks.append(fetch)

    def health(self) -> Health:
        return self.state

    def token(self, kind: LinkKind, contact_id: int = 1) -> str:
        return self.links.seal(kind, contact_id, "season", "consent", 42)

    def _fail(self) -> None:
        if self.fault is not None:
            raise self.fault


def about_to_be_forgotten() -> InMemory:
    """Ada, when the three years are nearly over."""
    return InMemory(known={1: replace(ADA, forgotten_on=date(2026, 5, 14))})


@dataclass(frozen=True)
class Visitor:
    """Asks an application over HTTP, without a socket; follows no redirect and keeps no cookie."""

    app: FastAPI

    def request(self, method: str, path: str, **request: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=THEATRE.base_url) as client:
                return await client.request(method, path, **request)

        return asyncio.run(ask())

    get = partialmethod(request, "GET")
    head = partialmethod(request, "HEAD")
    post = partialmethod(request, "POST")
    delete = partialmethod(request, "DELETE")
