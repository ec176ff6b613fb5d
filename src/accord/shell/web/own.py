"""A person's own data, behind their signed link: all that is known, another address, being forgotten (art. 15-17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from accord.core.mail.links import Claim, LinkKind
from accord.core.model.time import add_months
from accord.shell.engine.addresses import Addresses, NoAddress
from accord.shell.web.guard import READING
from accord.shell.web.pages import Pages
from accord.shell.web.ports import People
from accord.shell.web.visit import Fields, Visit, language_of, verified, visit

# A link opens personal data for so long; choosing and unsubscribing stay open for ever.
DATA_MONTHS = 3


class Moved(StrEnum):
    """What became of a new address."""

    DONE = "done"
    TAKEN = "taken"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Own:
    """All that is known of one person: as tables, and as one JSON document."""

    tables: Mapping[str, Sequence[Mapping[str, Any]]]
    document: str
    forgotten_on: date


class OwnData(Protocol):
    """What these pages need of the house. Every method finds nobody where the person is gone."""

    def known(self, claim: Claim, now: datetime) -> Own | None: ...
    def can_ask_for_link(self) -> bool:
        """Whether anything at work answers who asks for a fresh link."""
        ...

    def can_ask_for_address(self) -> bool: ...
    def ask_for_link(self, claim: Claim, now: datetime) -> None:
        """Have a fresh link mailed to the address that is known; nothing where it was asked for just now."""
        ...

    def ask_for_address(self, claim: Claim, address: str, now: datetime) -> None:
        """Have a mail sent to this new address, with the link that makes it theirs."""
        ...

    def move(self, claim: Claim, now: datetime) -> Moved: ...
    def erase(self, claim: Claim, now: datetime) -> None: ...


def opens_data(claim: Claim, now: datetime) -> bool:
    """Whether a link is young enough to show, change or erase personal data."""
    return claim.sealed_on is not None and now.date() < add_months(claim.sealed_on, DATA_MONTHS)


@dataclass(frozen=True, slots=True)
class _Rooms:
    """What every room behind a person's link needs: who comes in, and who may not."""

    people: People
    own: OwnData
    pages: Pages

    def entered(self, request: Request, token: str) -> Visit:
        return visit(request, self.people, token, LinkKind.PREFERENCES, LinkKind.KEEP)

    def turned_away(self, here: Visit) -> HTMLResponse | None:
        """The page instead, where the link is too old to open this, or the person is gone."""
        if not opens_data(here.claim, self.people.now()):
            can = self.own.can_ask_for_link()
            return self.pages.page("link_old", here.language, status=403, token=here.token, can_ask=can)
        return self.pages.page("forgotten", here.language) if here.view is None else None


def own_routes(app: FastAPI, people: People, own: OwnData, pages: Pages) -> None:
    """`/p/{token}/…` and `/a/{token}`: nothing is shown or done by fetching, all by pressing a button."""
    rooms = _Rooms(people, own, pages)
    _data_routes(app, rooms)
    _change_routes(app, rooms)
    _address_routes(app, people, own, pages)


def _data_routes(app: FastAPI, rooms: _Rooms) -> None:
    people, own, pages = rooms.people, rooms.own, rooms.pages

    @app.post("/p/{token}/link")
    def fresh(request: Request, token: str) -> HTMLResponse:
        """Mail a fresh link. The same answer whether or not the person is still known."""
        here = rooms.entered(request, token)
        own.ask_for_link(here.claim, people.now())
        return pages.page("link_mailed", language_of(request, people))

    @app.post("/p/{token}/data")
    def data(request: Request, token: str, fields: Fields) -> Response:
        """All that is known: a page to read, or a file to keep."""
        here = rooms.entered(request, token)
        away = rooms.turned_away(here)
        known = own.known(here.claim, people.now()) if away is None else None
        if away is not None or known is None:
            return away or pages.page("forgotten", here.language)
        if fields.get("action") == "download":
            name = 'attachment; filename="personal-data.json"'
            return Response(known.document, 200, {"content-disposition": name}, "application/json")
        return pages.page("data", here.language, token=token, known=known)


def _change_routes(app: FastAPI, rooms: _Rooms) -> None:
    people, own, pages = rooms.people, rooms.own, rooms.pages
    addresses = Addresses()

    @app.post("/p/{token}/erase")
    def erase(request: Request, token: str, fields: Fields) -> HTMLResponse:
        """Asked twice; then everything goes but what the law makes us keep."""
        here = rooms.entered(request, token)
        away = rooms.turned_away(here)
        if away is not None:
            return away
        if fields.get("sure") != "yes":
            return pages.page("erase", here.language, token=token)
        own.erase(here.claim, people.now())
        return pages.page("erased", here.language)

    @app.post("/p/{token}/address")
    def move(request: Request, token: str, fields: Fields) -> HTMLResponse:
        """A mail to the new address; nothing changes before its button is pressed."""
        here = rooms.entered(request, token)
        away = rooms.turned_away(here)
        if away is not None:
            return away
        try:
            address = addresses.read(fields.get("email", "")[:254])
        except NoAddress:
            return pages.page("address", here.language, status=422, token=token)
        if not own.can_ask_for_address():
            raise HTTPException(404)
        own.ask_for_address(here.claim, address, people.now())
        return pages.page("address_asked", here.language)


def _address_routes(app: FastAPI, people: People, own: OwnData, pages: Pages) -> None:
    """`/a/{token}`: the button in the mail that went to the new address."""

    @app.api_route("/a/{token}", methods=READING)
    def ask(request: Request, token: str) -> HTMLResponse:
        """One button; fetching changes nothing."""
        reader = people.reader(verified(people, token, LinkKind.ADDRESS))
        return pages.page("address_confirm", language_of(request, people, reader))

    @app.post("/a/{token}")
    def confirm(request: Request, token: str) -> HTMLResponse:
        """The new address is the person's from now on. The same the second time."""
        claim = verified(people, token, LinkKind.ADDRESS)
        moved = own.move(claim, people.now())
        language = language_of(request, people, people.reader(claim))
        return pages.page("address_moved", language, moved=moved.value)
