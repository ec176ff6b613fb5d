"""The public door: one-click unsubscribing, the preference page, clicks, health."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import BaseRoute

from accord.core.mail.links import TRAP, Claim, LinkKind
from accord.core.robots import Fetch
from accord.shell.engine.ports.store import StoreError
from accord.shell.web.choices import Unreadable, changes_of
from accord.shell.web.forms import SignUps, confirm_routes, form_routes
from accord.shell.web.guard import READING, Guard, Rooted
from accord.shell.web.looks import look_routes
from accord.shell.web.meters import Meters
from accord.shell.web.own import OwnData, opens_data, own_routes
from accord.shell.web.pages import STATIC, Pages, zones
from accord.shell.web.ports import People, Reader
from accord.shell.web.together import Together
from accord.shell.web.visit import Fields, Visit, language_of, verified, visit

LOG = logging.getLogger(__name__)

# What went wrong and has a page of its own; anything else could not be read.
FAULTS = {404: "not_found", 405: "not_found", 429: "often"}


def create_app(
    people: People,
    signups: SignUps | None = None,
    meters: Meters | None = None,
    rooms: Sequence[BaseRoute] = (),
    own: OwnData | None = None,
) -> FastAPI:
    """The web application over a house; without `signups` it serves no collection forms, without `own` nobody's data,
    without `meters` no metrics.

    `rooms`: the doors for systems, each with ways of its own.

    Paths are never redirected to others: a one-click POST must be answered where it was sent (R-50).
    """
    app = FastAPI(title="Accord", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    pages = Pages(people.venue)
    _health_routes(app, people)
    if meters is not None:
        # Read where it is served alone: its library takes a while.
        from accord.shell.web.metrics import metrics_route

        metrics_route(app, meters)
    _unsubscribe_routes(app, people, pages)
    _preference_routes(app, people, pages, own)
    _click_route(app, people)
    if signups is not None:
        form_routes(app, people, signups, pages)
        confirm_routes(app, people, signups, pages)
    if own is not None:
        own_routes(app, people, own, pages)
    look_routes(app, people.venue.look)
    app.router.routes.extend(rooms)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _fault_pages(app, people, pages)
    app.add_middleware(Guard, https=people.venue.base_url.startswith("https://"))
    app.add_middleware(Rooted, urls=(people.venue.base_url, *people.venue.former_urls))
    return app


def _health_routes(app: FastAPI, people: People) -> None:
    @app.api_route("/health/live", methods=READING)
    def live() -> JSONResponse:
        """This process answers."""
        return JSONResponse({"status": "ok"})

    @app.api_route("/health/ready", methods=READING)
    def ready() -> JSONResponse:
        """The house can serve; 503 and the reasons when it can't."""
        health = people.health()
        body = {"status": "ok" if health.ready else "not ready", "details": dict(health.details)}
        return JSONResponse(body, 200 if health.ready else 503)


def _unsubscribe_routes(app: FastAPI, people: People, pages: Pages) -> None:
    stop: Together[Claim, Reader | None] = Together(lambda claims: people.unsubscribe(claims, people.now()))

    @app.api_route("/u/{token}", methods=READING)
    def ask(request: Request, token: str) -> HTMLResponse:
        """One button, and nothing changes: software fetches these addresses (R-51)."""
        reader = people.reader(verified(people, token, LinkKind.UNSUBSCRIBE))
        language = language_of(request, people, reader)
        return pages.page("unsubscribe", language, stops=_stops(reader, language, pages))

    @app.post("/u/{token}")
    def unsubscribe(request: Request, token: str) -> HTMLResponse:
        """One-click (RFC 8058) and the page's own button; what the body says does not matter.

        An objection has no form (R-10), so that no body can be wrong: it is not even read. Answered with
        200, without cookie, login or redirect, the same the second time and for a person no longer known.
        """
        reader = stop(verified(people, token, LinkKind.UNSUBSCRIBE))
        language = language_of(request, people, reader)
        url = reader.preferences_url if reader else None
        stops, gone = _stops(reader, language, pages), reader is None
        return pages.page("unsubscribed", language, stops=stops, gone=gone, preferences_url=url)


def _stops(reader: Reader | None, language: str, pages: Pages) -> str | None:
    """What the link's click stops, as readers know it; None for all prospecting."""
    return pages.label(reader.stops, language) if reader is not None and reader.stops is not None else None


def _preference_routes(app: FastAPI, people: People, pages: Pages, own: OwnData | None) -> None:
    kinds = (LinkKind.PREFERENCES, LinkKind.KEEP)

    def shown(here: Visit, *, done: str | None = None, status: int = 200) -> HTMLResponse:
        return _preference_page(here, people, pages, own, done=done, status=status)

    @app.api_route("/p/{token}", methods=READING)
    def show(request: Request, token: str) -> HTMLResponse:
        """The page as things stand; nothing changes."""
        return shown(visit(request, people, token, *kinds))

    @app.post("/p/{token}")
    def save(request: Request, token: str, fields: Fields) -> HTMLResponse:
        """One of the page's buttons was pressed; shows the page as it is then, and says what was done."""
        here = visit(request, people, token, *kinds)
        action = fields.get("action")
        try:
            if action == "keep":
                people.keep(here.claim, people.now())
            else:
                people.save_preferences(here.claim, changes_of(fields, here, people, pages), people.now())
        except Unreadable:
            return shown(here, done="unreadable", status=422)
        return shown(visit(request, people, token, *kinds), done=action)


def _preference_page(
    here: Visit, people: People, pages: Pages, own: OwnData | None, *, done: str | None, status: int
) -> HTMLResponse:
    if here.view is None:
        return pages.page("forgotten", here.language)
    boxes = [
        {"name": each.name, "on": each.on, "since": each.since, **pages.described(each.name, here.language)}
        for each in here.view.purposes
    ]
    fresh = opens_data(here.claim, people.now())
    return pages.page(
        "preferences",
        here.language,
        status=status,
        view=here.view,
        boxes=boxes,
        done=done,
        keeping=here.claim.kind is LinkKind.KEEP,
        paused=_paused(here, people.now()),
        token=here.token,
        zones=zones(here.view.zone, here.language),
        own=own is not None and fresh,
        may_move=own is not None and fresh and own.can_ask_for_address(),
        may_ask=own is not None and not fresh and own.can_ask_for_link(),
    )


def _paused(here: Visit, now: datetime) -> datetime | None:
    """Until when mail is paused, if it is."""
    until = here.view.preferences.paused_until if here.view else None
    return until if until is not None and until > now else None


def _click_route(app: FastAPI, people: People) -> None:
    @app.api_route("/l/{token}", methods=READING)
    def follow(request: Request, token: str) -> Response:
        """Record the fetch, with what tells robots from people, and lead to the signed target only.

        A person who clicked gets where they wanted to go, even when the fetch can't be recorded.
        """
        claim = verified(people, token, LinkKind.CLICK)
        if claim.target is None or not claim.target.startswith(("https://", "http://")):
            raise HTTPException(404)
        fetch = Fetch(
            at=people.now(),
            link=claim.target,
            method=request.method,
            address=request.client.host if request.client else "",
            agent=request.headers.get("user-agent", "")[:500],
            honeypot=claim.target == TRAP,
        )
        try:
            people.record_click(claim, fetch)
        except StoreError as fault:
            LOG.warning("a click on a link of message %s was not recorded: %s", claim.message_id, fault)
        if fetch.honeypot:
            raise HTTPException(404)
        return RedirectResponse(claim.target, 302)


def _fault_pages(app: FastAPI, people: People, pages: Pages) -> None:
    """What went wrong, on a page that says as little as it can about people and about us."""

    @app.exception_handler(StarletteHTTPException)
    def refused(request: Request, fault: StarletteHTTPException) -> HTMLResponse:
        answer = pages.page(
            FAULTS.get(fault.status_code, "refused"), language_of(request, people), status=fault.status_code
        )
        answer.headers.update(fault.headers or {})
        return answer

    @app.exception_handler(StoreError)
    def busy(request: Request, fault: StoreError) -> HTMLResponse:
        LOG.error("the database could not answer %s: %s", request.method, fault)
        answer = pages.page("later", language_of(request, people), status=503)
        answer.headers["retry-after"] = "60"
        return answer

    @app.exception_handler(Exception)
    def broken(request: Request, _fault: Exception) -> HTMLResponse:
        # Starlette raises it again after this answer, so that the server logs the traceback.
        return pages.page("later", language_of(request, people), status=500)
