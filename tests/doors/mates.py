"""One of the team at the console, over HTTP and without a socket: signs in, follows links, presses buttons."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

import httpx
from fastapi import FastAPI

from accord.shell.daemon import application
from accord.shell.engine.ports.team import Role
from accord.shell.engine.team import add_member
from doors.houses import Venue
from doors.visitors import Visitor

PASSWORD, SALT = "a sentence is a good one", bytes(range(16))

_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass
class Mate:
    """A browser of one member's; keeps the cookie that it was given."""

    venue: Venue
    name: str = "marie"
    cookies: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def of(venue: Venue, role: str) -> Mate:
        """Somebody of this role, signed in."""
        add_member(venue.house.store, role, Role(role), PASSWORD, salt=SALT, by="test", now=venue.now)
        mate = Mate(venue, role)
        answer = mate.sign_in()
        assert answer.status_code == 303, answer.text
        return mate

    @cached_property
    def app(self) -> FastAPI:
        """The daemon's own application."""
        return application(self.venue.house)

    def get(self, path: str) -> httpx.Response:
        return self.ask("GET", path)

    def ask(self, method: str, path: str, *, site: str = "same-origin", **request: object) -> httpx.Response:
        """Any request, with the cookie, as if made by a page of `site`."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"sec-fetch-site": site} | ({"cookie": cookie} if cookie else {})
        answer = Visitor(self.app).request(method, f"/console{path}", headers=headers, **request)
        self.cookies |= dict(answer.cookies)
        return answer

    def post(self, path: str, *, site: str = "same-origin", **fields: str) -> httpx.Response:
        """Press a button of one of our pages."""
        found = _CSRF.search(self.get("/").text)
        assert found is not None
        return self.ask("POST", path, site=site, data={"csrf": found[1], **fields})

    def sign_in(self, password: str = PASSWORD, **fields: str) -> httpx.Response:
        return self.ask("POST", "/sign-in", data={"name": self.name, "password": password, **fields})
