"""One of the team at the console, over HTTP and without a socket: signs in, follows links, presses buttons."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, cached_property

import httpx
from fastapi import FastAPI

from accord.shell.daemon import application
from accord.shell.engine.ports.team import Member, Role, Session
from accord.shell.engine.team import SESSION, cookie_digest, hashed
from accord.shell.web.console.door import Door
from doors.houses import Venue
from doors.visitors import Visitor

PASSWORD, SALT = "a sentence is a good one", bytes(range(16))

_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@cache
def _secret() -> str:
    return hashed(PASSWORD, SALT)


@dataclass
class Mate:
    """A browser of one member's; keeps the cookie that it was given."""

    venue: Venue
    name: str = "marie"
    cookies: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def of(venue: Venue, role: str) -> Mate:
        """Somebody of this role, who has signed in: as the door leaves it, without hashing the password twice."""
        token, now = f"the cookie of a {role}", venue.now
        with venue.house.store.begin() as unit:
            unit.team.keep_member(Member(role, Role(role), _secret(), now))
            unit.team.begin_session(Session(cookie_digest(token), role, now, now + SESSION))
        return Mate(venue, role, {Door(venue.house).cookie: token})

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
