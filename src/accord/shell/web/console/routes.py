"""The console's routes: one page a GET, one deed a POST, and faults on pages of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from accord.shell.engine.care.rights import Unfit, erase_person
from accord.shell.engine.journeys.steering import CannotBe
from accord.shell.engine.ports.team import Role, Session
from accord.shell.engine.sending.by_hand import NotByHand, resend, settle
from accord.shell.engine.target.watch import pin, unpin
from accord.shell.engine.team import Locked, sign_in, sign_out
from accord.shell.preview.picture import STYLE
from accord.shell.web.console.door import (
    ROOT,
    Door,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Visitor,
    refuse_strangers,
    way_back,
)
from accord.shell.web.console.levers import LEVERS, pull, reason_in
from accord.shell.web.console.messages import ledger, mail
from accord.shell.web.console.overview import overview
from accord.shell.web.console.people import find, person, proof_pack
from accord.shell.web.console.retention import retention
from accord.shell.web.console.scenarios import COLUMNS, scenario, scenarios
from accord.shell.web.console.sheets import JOURNEY_STYLE, Sheets
from accord.shell.web.console.target import PINS, target
from accord.shell.web.guard import READING
from accord.shell.web.visit import Fields
from accord.shell.wiring import House, fresh_token


@dataclass(frozen=True, slots=True)
class Console:
    """What every route needs: the door, the pages, the house."""

    house: House
    door: Door
    sheets: Sheets
    app: FastAPI

    def shows(self, path: str, name: str, read: Callable[[], object], here: str) -> None:
        """`path` shows the page `name` with what `read` finds, as `view`."""

        @self.app.api_route(f"{ROOT}/{path}", methods=READING, name=f"console {name}")
        def show(request: Request) -> HTMLResponse:
            visitor = self.door.enter(request)
            return self.sheets.page(name, visitor, here=here, view=read())


def console_routes(app: FastAPI, house: House) -> None:
    """Put the console into the application."""
    console = Console(house, Door(house), Sheets(house.venue), app)
    _faults(console)
    _sessions(console)
    console.shows("", "overview", lambda: overview(house, house.clock()), "")
    console.shows("target", "target", lambda: target(house, house.clock()), "target")
    console.shows("retention", "retention", lambda: retention(house, house.clock()), "retention")
    console.shows("scenarios", "scenarios", lambda: scenarios(house, house.clock()), "scenarios")
    _scenarios(console)
    for lever in LEVERS:
        _lever(console, lever)
    _pins(console)
    _people(console)
    _messages(console)


# -- coming in and going out -----------------------------------------------------------------------------------


def _sessions(console: Console) -> None:
    door, sheets, house = console.door, console.sheets, console.house

    @console.app.api_route(ROOT, methods=READING)
    def front(_request: Request) -> Response:
        return RedirectResponse(f"{ROOT}/", 307)

    @console.app.api_route(f"{ROOT}/sign-in", methods=READING)
    def ask(request: Request) -> HTMLResponse:
        return sheets.page("sign_in", None, back=way_back(request.query_params.get("back", "")))

    @console.app.post(f"{ROOT}/sign-in")
    def enter(request: Request, fields: Fields) -> Response:
        refuse_strangers(request)
        back = way_back(fields.get("back", ""))
        if door.sign_ins.is_full(request.client.host if request.client else "", door.now()):
            return sheets.page(
                "sign_in", None, back=back, status=429, fault="Too many tries: wait ten minutes."
            )
        token = fresh_token()
        name, password = fields.get("name", "")[:100], fields.get("password", "")
        match sign_in(house.store, name, password, token=token, now=door.now()):
            case Session():
                answer: Response = RedirectResponse(back, 303)
                door.open(answer, token)
                return answer
            case Locked(until):
                fault = f"Too many wrong passwords: locked until {sheets.instant(until)}."
                return sheets.page("sign_in", None, back=back, status=429, fault=fault)
        fault = "Name or password is wrong."
        return sheets.page("sign_in", None, back=back, status=403, fault=fault)

    @console.app.post(f"{ROOT}/sign-out")
    def leave(request: Request, fields: Fields) -> Response:
        door.act(request, fields, Role.VIEWER)
        sign_out(house.store, request.cookies.get(door.cookie, ""))
        answer = RedirectResponse(f"{ROOT}/sign-in", 303)
        door.close(answer)
        return answer


# -- deeds -----------------------------------------------------------------------------------------------------


def _lever(console: Console, lever: str) -> None:
    house, door = console.house, console.door

    @console.app.post(f"{ROOT}/{lever}")
    def pulled(request: Request, fields: Fields) -> Response:
        visitor = door.act(request, fields, Role.EDITOR)
        pull(house, lever, fields, by=visitor.name, now=door.now())
        return RedirectResponse(way_back(fields.get("back", "")), 303)


def _scenarios(console: Console) -> None:
    house, door, sheets = console.house, console.door, console.sheets

    @console.app.api_route(JOURNEY_STYLE, methods=READING)
    def journey_style() -> Response:
        """How journeys are drawn; the same sheet that reports bear within themselves."""
        return Response(STYLE, media_type="text/css")

    @console.app.api_route(f"{ROOT}/scenarios/{{name}}", methods=READING)
    def show_scenario(request: Request, name: str) -> HTMLResponse:
        visitor = door.enter(request)
        view = scenario(house, name, door.now())
        return sheets.page("scenario", visitor, here="scenarios", view=view, columns=COLUMNS)


def _pins(console: Console) -> None:
    house, door = console.house, console.door

    @console.app.post(f"{ROOT}/target")
    def turn(request: Request, fields: Fields) -> Response:
        visitor = door.act(request, fields, Role.ADMIN)
        reason, share = reason_in(fields), fields.get("share", "")
        if share == "unpin":
            unpin(house.store, house.venue, reason=reason, by=visitor.name, now=door.now())
        elif share.isdecimal() and int(share) in PINS:
            pin(house.store, house.venue, int(share), reason=reason, by=visitor.name, now=door.now())
        else:
            raise NotAllowed("Choose what to pin it to.")
        return RedirectResponse(f"{ROOT}/target", 303)


def _people(console: Console) -> None:
    house, door, sheets = console.house, console.door, console.sheets

    @console.app.api_route(f"{ROOT}/people", methods=READING)
    def ask(request: Request) -> HTMLResponse:
        return sheets.page("people", door.enter(request), here="people")

    @console.app.post(f"{ROOT}/people")
    def seek(request: Request, fields: Fields) -> Response:
        """By POST: an address in a query string would stand in every proxy's log."""
        visitor = door.act(request, fields, Role.VIEWER)
        found = find(house, fields.get("wanted", ""))
        if found is None:
            fault = "There is nobody with this address or number."
            return sheets.page("people", visitor, here="people", status=404, fault=fault)
        return RedirectResponse(f"{ROOT}/people/{found}", 303)

    @console.app.api_route(f"{ROOT}/people/{{number:int}}", methods=READING)
    def show(request: Request, number: int) -> HTMLResponse:
        visitor = door.enter(request)
        return sheets.page("person", visitor, here="people", view=person(house, number))

    @console.app.post(f"{ROOT}/people/{{number:int}}/proof")
    def prove(request: Request, number: int, fields: Fields) -> Response:
        visitor = door.act(request, fields, Role.EDITOR)
        content = proof_pack(house, number, by=visitor.name, now=door.now())
        name = f'attachment; filename="proof-{number}.zip"'
        return Response(content, media_type="application/zip", headers={"content-disposition": name})

    @console.app.post(f"{ROOT}/people/{{number:int}}/erase")
    def erase(request: Request, number: int, fields: Fields) -> Response:
        visitor = door.act(request, fields, Role.ADMIN)
        if fields.get("sure") != "yes":
            return sheets.page("erase", visitor, here="people", number=number)
        erase_person(house.store, house.listening, number, by=visitor.name, now=door.now())
        return sheets.page("erased", visitor, here="people", number=number)


def _messages(console: Console) -> None:
    house, door, sheets = console.house, console.door, console.sheets

    @console.app.api_route(f"{ROOT}/messages", methods=READING)
    def show_ledger(request: Request) -> HTMLResponse:
        visitor = door.enter(request)
        return sheets.page("messages", visitor, here="messages", view=ledger(house, request.query_params))

    @console.app.api_route(f"{ROOT}/messages/{{number:int}}", methods=READING)
    def show_mail(request: Request, number: int) -> HTMLResponse:
        visitor = door.enter(request)
        return sheets.page("mail", visitor, here="messages", view=mail(house, number))

    @console.app.post(f"{ROOT}/messages/{{number:int}}")
    def by_hand(request: Request, number: int, fields: Fields) -> Response:
        visitor, what = door.act(request, fields, Role.EDITOR), fields.get("what")
        if what == "resend":
            resend(house.store, house.catalogue, number, by=visitor.name, now=door.now())
        elif what in ("accepted", "lost"):
            arrived = what == "accepted"
            settle(house.store, house.listening, number, arrived=arrived, by=visitor.name, now=door.now())
        else:
            raise NotAllowed("Choose what became of it.")
        return RedirectResponse(f"{ROOT}/messages/{number}", 303)


# -- faults ----------------------------------------------------------------------------------------------------


def _faults(console: Console) -> None:
    app, sheets, door = console.app, console.sheets, console.door

    @app.exception_handler(NotSignedIn)
    def stranger(request: Request, _fault: NotSignedIn) -> Response:
        back = request.url.path if request.method in READING else f"{ROOT}/"
        return RedirectResponse(f"{ROOT}/sign-in?back={back}", 303)

    def told(request: Request, status: int, text: str) -> HTMLResponse:
        title = "Not found" if status == 404 else "Nothing was changed"
        return sheets.page("fault", _who(door, request), status=status, fault=text, title=title)

    @app.exception_handler(NotAllowed)
    def refused(request: Request, fault: NotAllowed) -> HTMLResponse:
        return told(request, 403, str(fault))

    @app.exception_handler(NotFound)
    def missing(request: Request, _fault: NotFound) -> HTMLResponse:
        return told(request, 404, "There is no such thing here.")

    for kind in (CannotBe, NotByHand, Unfit):

        @app.exception_handler(kind)
        def unfit(request: Request, fault: Exception) -> HTMLResponse:
            return told(request, 409, f"{fault}")


def _who(door: Door, request: Request) -> Visitor | None:
    try:
        return door.enter(request)
    except (NotSignedIn, NotAllowed):
        return None
