"""Every public page in every state that it can be in, asked of the application as it is served."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx

from accord.core.mail.links import Claim, LinkKind
from accord.core.model.contact import Preferences
from accord.core.model.wording import Wording, WordingKind
from accord.shell import web
from accord.shell.engine.ports.store import Busy
from accord.shell.web.app import create_app
from accord.shell.web.floods import FORMS, Hours
from accord.shell.web.own import Moved, Own
from doors.visitors import ADA, NOW, InMemory, Visitor

TEMPLATES = Path(web.__file__).parent / "templates"

# What every page is made of, and the page of the API, which test_api_page looks at.
NO_PAGES_HERE = {"base", "api"}

LANGUAGES = ("fr", "en")
SIGN_UP = Wording(
    WordingKind.FORM, "sign-up", "1", "double_optin", {"season": ("editorial",)},
    {"fr": "Je m’abonne à la lettre.", "en": "I would like the letter."},
    "1", {"fr": "Vous pouvez vous désabonner à tout moment.", "en": "You may stop at any time."},
).sealed()  # fmt: skip
YES_OR_NO = replace(SIGN_UP, name="yes-or-no", control="radio_yes_no", mandatory=True).sealed()


@dataclass
class FormsInMemory:
    """The port `SignUps`: two forms; whether anything waits for a confirmation is said from outside."""

    waits: bool = True
    hours: Hours = field(default_factory=lambda: Hours((b"a key for tests",)))

    def form(self, name: str) -> Wording | None:
        return {each.name: each for each in (SIGN_UP, YES_OR_NO)}.get(name)

    def sign_up(self, wording: Wording, address: str, answer: str | None, language: str) -> None:
        """Nobody looks."""

    def can_confirm(self, claim: Claim) -> bool:
        return self.waits

    def confirm(self, claim: Claim) -> str | None:
        return "https://oliviers.example.org/p/token" if self.waits else None


@dataclass
class OwnInMemory:
    """The port `OwnData`: one person of whom a little of everything is known."""

    answers: bool = True
    moved: Moved = Moved.DONE

    def known(self, claim: Claim, now: datetime) -> Own:
        at = datetime(2025, 3, 2, tzinfo=UTC)
        person = {"addresses": [ADA.email], "language": "fr", "zone": "Europe/Paris", "collected_at": at}
        tables = {
            "person": [{**person, "attributes": {"first_name": "Ada"}}],
            "acts": [{"at": at, "purpose": "season", "act": "optin_proven", "text": "Je m’abonne."}],
            "orders": [
                {
                    "placed_at": at,
                    "order_id": "T-1",
                    "family": "seats",
                    "amount_cents": 4800,
                    "currency": "EUR",
                }
            ],
            "mails": [{"sent_at": None, "queued_at": at, "template": "welcome"}],
            "events": [{"at": at, "event": "contact.created"}],
        }
        return Own(tables, "{}", date(2028, 3, 2))

    def can_ask_for_link(self) -> bool:
        return self.answers

    def can_ask_for_address(self) -> bool:
        return self.answers

    def ask_for_link(self, claim: Claim, now: datetime) -> None:
        """Nobody looks."""

    def ask_for_address(self, claim: Claim, address: str, now: datetime) -> None:
        """Nobody looks."""

    def move(self, claim: Claim, now: datetime) -> Moved:
        return self.moved

    def erase(self, claim: Claim, now: datetime) -> None:
        """Nobody looks."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One page as it was answered: the template that it is made of, and in which state."""

    template: str
    state: str
    answer: httpx.Response

    @property
    def name(self) -> str:
        """«form: yes or no»."""
        return f"{self.template}: {self.state}" if self.state else self.template


class Gallery:
    """The application with one visitor, and all that it can show them."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.ada = replace(
            ADA, language=language, why="consent", since=date(2025, 3, 2), known_since=date(2024, 1, 9)
        )
        self.people = InMemory(known={1: self.ada})
        self.forms, self.own = FormsInMemory(), OwnInMemory()
        self.visitor = Visitor(create_app(self.people, self.forms, own=self.own))

    def pages(self) -> Iterator[Shown]:
        """All of them, one after the other."""
        yield from self._unsubscribing()
        yield from self._choosing()
        yield from self._forms()
        yield from self._confirming()
        yield from self._own()
        yield from self._address()
        yield from self._faults()

    def _ask(self, template: str, state: str, method: str, path: str, **fields: str) -> Shown:
        said = {"accept-language": self.language}
        return Shown(template, state, self.visitor.request(method, path, data=fields, headers=said))

    def _token(self, kind: LinkKind, months: int = 0) -> str:
        on = (NOW - timedelta(days=31 * months)).date()
        return self.people.links.seal(kind, 1, "season", "consent", 42, on)

    def _unsubscribing(self) -> Iterator[Shown]:
        path = f"/u/{self.people.token(LinkKind.UNSUBSCRIBE)}"
        for self.people.stops in (None, "season"):
            yield self._ask("unsubscribe", self.people.stops or "everything", "GET", path)
            yield self._ask("unsubscribed", self.people.stops or "everything", "POST", path)
        self.people.known = {}
        yield self._ask("unsubscribed", "gone", "POST", path)
        self.people.known = {1: self.ada}

    def _choosing(self) -> Iterator[Shown]:
        path = f"/p/{self._token(LinkKind.PREFERENCES)}"
        yield self._ask("preferences", "", "GET", path)
        for action in ("pause", "nonsense", "everything_off"):
            yield self._ask("preferences", action, "POST", path, action=action)
        self.people.known = {1: replace(self.ada, preferences=Preferences(5, NOW + timedelta(days=9)))}
        yield self._ask("preferences", "paused", "GET", path)
        self.people.known = {1: replace(self.ada, forgotten_on=date(2026, 5, 14))}
        yield self._ask("preferences", "to be kept", "GET", f"/p/{self._token(LinkKind.KEEP)}")
        yield self._ask("preferences", "kept", "POST", f"/p/{self._token(LinkKind.KEEP)}", action="keep")
        self.people.known = {1: self.ada}
        yield self._ask("preferences", "by an old link", "GET", f"/p/{self._token(LinkKind.PREFERENCES, 7)}")
        self.people.known = {}
        yield self._ask("forgotten", "", "GET", path)
        self.people.known = {1: self.ada}

    def _forms(self) -> Iterator[Shown]:
        yield self._ask("form", "a box", "GET", "/f/sign-up")
        yield self._ask("form", "in a page of the venue's", "GET", "/f/sign-up?embed=1")
        yield self._ask("form", "yes or no", "GET", "/f/yes-or-no")
        yield self._ask("form", "stale", "POST", "/f/sign-up", stamp="old", email=ADA.email)
        for form, state, said in (
            (SIGN_UP, "no address", {"email": "nonsense", "answer": "ticked"}),
            (YES_OR_NO, "no answer", {"email": ADA.email}),
        ):
            yield self._ask("form", state, "POST", f"/f/{form.name}", stamp=self._stamp(form), **said)
        said = {"email": ADA.email, "stamp": self._stamp(SIGN_UP)}
        yield self._ask("form_taken", "to be confirmed", "POST", "/f/sign-up", answer="ticked", **said)
        yield self._ask("form_taken", "noted", "POST", "/f/sign-up", **said)
        for _ in range(FORMS):
            self.visitor.post("/f/sign-up")
        yield self._ask("often", "", "POST", "/f/sign-up", **said)

    def _stamp(self, form: Wording) -> str:
        return self.forms.hours.stamp(form.digest, NOW - timedelta(minutes=1))

    def _confirming(self) -> Iterator[Shown]:
        path = f"/c/{self._token(LinkKind.CONFIRM)}"
        for self.forms.waits, asked, agreed in (
            (True, "confirm", "confirmed"),
            (False, "confirm_late", "confirm_late"),
        ):
            yield self._ask(asked, "asked", "GET", path)
            yield self._ask(agreed, "pressed", "POST", path)

    def _own(self) -> Iterator[Shown]:
        path = f"/p/{self._token(LinkKind.PREFERENCES)}"
        yield self._ask("link_mailed", "", "POST", f"{path}/link")
        yield self._ask("data", "", "POST", f"{path}/data")
        yield self._ask("erase", "", "POST", f"{path}/erase")
        yield self._ask("erased", "", "POST", f"{path}/erase", sure="yes")
        old = f"/p/{self._token(LinkKind.PREFERENCES, 7)}"
        for self.own.answers, state in ((False, "a person helps"), (True, "can be asked for")):
            yield self._ask("link_old", state, "POST", f"{old}/data")

    def _address(self) -> Iterator[Shown]:
        path = f"/p/{self._token(LinkKind.PREFERENCES)}/address"
        yield self._ask("address", "", "POST", path, email="nonsense")
        yield self._ask("address_asked", "", "POST", path, email="new@example.org")
        button = f"/a/{self._token(LinkKind.ADDRESS)}"
        yield self._ask("address_confirm", "", "GET", button)
        for self.own.moved in Moved:
            yield self._ask("address_moved", self.own.moved.value, "POST", button)

    def _faults(self) -> Iterator[Shown]:
        yield self._ask("not_found", "", "GET", "/p/nonsense")
        yield self._ask("refused", "", "POST", f"/p/{self._token(LinkKind.PREFERENCES)}", action="x" * 70_000)
        for fault, state in ((Busy("the database is locked"), "busy"), (ValueError("a bug"), "broken")):
            self.people.fault = fault
            yield self._ask("later", state, "POST", f"/u/{self.people.token(LinkKind.UNSUBSCRIBE)}")
        self.people.fault = None
