"""The console's door: a session's cookie, what its member may do, and proof that a form was one of ours."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from fastapi import Request, Response

from accord.shell.engine.ports.team import Member, Role
from accord.shell.engine.team import SESSION, signed_in
from accord.shell.web.floods import Buckets
from accord.shell.wiring import House

ROOT = "/console"
CSRF = "csrf"  # the hidden field of every form


class NotSignedIn(Exception):
    """Nobody has signed in here, or not any more."""


class NotAllowed(Exception):
    """The member's role is not enough, or the form is none of ours; the text says which."""


class NotFound(Exception):
    """There is no such thing to look at."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """One of the team, for the time of one request; `csrf` is what the forms of their session bear."""

    member: Member
    csrf: str

    @property
    def name(self) -> str:
        """Under which they act."""
        return self.member.name

    def may(self, least: str) -> bool:
        """Whether their role covers `least`."""
        return self.member.role.covers(Role(least))


@dataclass(frozen=True, slots=True)
class Door:
    """Lets the team in. GET changes nothing; every POST bears its session's mark and comes from our own pages."""

    house: House
    sign_ins: Buckets = field(default_factory=Buckets)

    @property
    def secure(self) -> bool:
        """Whether the venue's own address is https; cookies never leave it then."""
        return self.house.venue.base_url.startswith("https://")

    @property
    def cookie(self) -> str:
        """The cookie's name; the prefix keeps sub-domains and plain http from setting it (RFC 6265bis)."""
        return "__Secure-accord" if self.secure else "accord"

    def now(self) -> datetime:
        """The instant of the request."""
        return self.house.clock()

    def enter(self, request: Request, least: Role = Role.VIEWER) -> Visitor:
        """Who reads. Raises NotSignedIn or NotAllowed."""
        token = request.cookies.get(self.cookie, "")
        with self.house.store.read() as unit:
            member = signed_in(unit, token, self.now()) if token else None
        if member is None:
            raise NotSignedIn
        if not member.role.covers(least):
            raise NotAllowed(f"This asks for the role {least.value}; yours is {member.role.value}.")
        return Visitor(member, csrf_of(token))

    def act(self, request: Request, fields: Mapping[str, str], least: Role) -> Visitor:
        """Who changes something. Raises NotSignedIn or NotAllowed."""
        refuse_strangers(request)
        visitor = self.enter(request, least)
        if not hmac.compare_digest(fields.get(CSRF, "").encode(), visitor.csrf.encode()):
            raise NotAllowed(
                "The page was too old, or not ours: go back, load it again, and press the button."
            )
        return visitor

    def open(self, answer: Response, token: str) -> None:
        """Put a session's cookie into an answer."""
        answer.set_cookie(
            self.cookie,
            token,
            max_age=int(SESSION.total_seconds()),
            path=ROOT,
            secure=self.secure,
            httponly=True,
            samesite="strict",
        )

    def close(self, answer: Response) -> None:
        """Take the cookie back."""
        answer.delete_cookie(self.cookie, path=ROOT, secure=self.secure, httponly=True, samesite="strict")


def csrf_of(token: str) -> str:
    """The mark that a session's forms bear: who has not the cookie can't make it."""
    return hmac.new(token.encode(), b"accord console form", "sha256").hexdigest()


def refuse_strangers(request: Request) -> None:
    """A browser that says that another site made it post is not obeyed. Raises NotAllowed."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise NotAllowed("This was posted from another site.")


def way_back(wanted: str) -> str:
    """Where to go after signing in: a page of the console, and nothing else."""
    try:
        parts = urlsplit(wanted)
    except ValueError:  # «//[»
        return f"{ROOT}/"
    own = not parts.scheme and not parts.netloc and parts.path.startswith(f"{ROOT}/") and "\\" not in wanted
    return parts.path if own else f"{ROOT}/"
