"""Collection forms, and the confirmation of a sign-up: never ticked beforehand, the same answer to everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse

from accord.core.mail.links import Claim, LinkKind
from accord.core.model.wording import Wording
from accord.shell.engine.addresses import Addresses, NoAddress
from accord.shell.web.floods import TRAP, Buckets, Hours
from accord.shell.web.guard import READING
from accord.shell.web.pages import Pages
from accord.shell.web.ports import People
from accord.shell.web.visit import Fields, language_of, verified


class SignUps(Protocol):
    """What the forms need of the house."""

    @property
    def hours(self) -> Hours: ...
    def form(self, name: str) -> Wording | None:
        """The newest version of a form that can be served; None where there is none."""
        ...

    def sign_up(self, wording: Wording, address: str, answer: str | None, language: str) -> None: ...
    def can_confirm(self, claim: Claim) -> bool:
        """Whether there is anything to confirm, or it is confirmed already."""
        ...

    def confirm(self, claim: Claim) -> str | None:
        """The address of the person's own page once they have agreed; None where nothing waits any more."""
        ...


def form_routes(app: FastAPI, people: People, signups: SignUps, pages: Pages) -> None:
    """`/f/{form}`: fetching shows the form; posting it writes down the answer."""
    buckets, addresses = Buckets(), Addresses()

    embeddable = _Framed(people, pages)

    def shown(request: Request, form: Wording, fault: str | None = None, typed: str = "") -> HTMLResponse:
        language = form.language(request.query_params.get("lang") or language_of(request, people))
        return embeddable(
            request,
            "form",
            language,
            status=422 if fault else 200,
            form=form,
            stamp=signups.hours.stamp(form.digest, people.now()),
            trap=TRAP,
            fault=fault,
            typed=typed,
        )

    @app.api_route("/f/{name}", methods=READING)
    def ask(request: Request, name: str) -> HTMLResponse:
        """The form as its newest version says it; nothing is ticked beforehand."""
        return shown(request, _form(signups, name))

    @app.post("/f/{name}")
    def take(request: Request, name: str, fields: Fields) -> HTMLResponse:
        """One answer. The page that follows is the same whether or not the address is known."""
        form, now = _form(signups, name), people.now()
        if buckets.is_full(request.client.host if request.client else "", now):
            raise HTTPException(429, headers={"retry-after": "600"})
        typed = fields.get("email", "")[:254]
        if "stamp" not in fields:
            return shown(request, form, typed=typed)  # from a page that is not ours: what it said is no proof
        if not signups.hours.is_fresh(fields.get("stamp", ""), form.digest, now):
            return shown(request, form, "stale", typed)
        try:
            address = addresses.read(typed)
        except NoAddress:
            return shown(request, form, "address", typed)
        answer = answer_of(form, fields)
        if answer is None and form.mandatory:
            return shown(request, form, "answer", typed)
        language = form.language(fields.get("lang") or language_of(request, people))
        if not fields.get(TRAP):
            signups.sign_up(form, address, answer, language)
        return embeddable(
            request, "form_taken", language, twice=form.control == "double_optin" and answer == "ticked"
        )


def _form(signups: SignUps, name: str) -> Wording:
    form = signups.form(name)
    if form is None:
        raise HTTPException(404)
    return form


def answer_of(form: Wording, fields: Mapping[str, str]) -> str | None:
    """What the person did with the question: nothing is None, a box left alone is unticked."""
    said = fields.get("answer")
    if form.control == "radio_yes_no":
        return said if said in ("yes", "no") else None
    return "ticked" if said == "ticked" else "unticked"


@dataclass(frozen=True, slots=True)
class _Framed:
    """Pages that may stand inside one of the venue's own; bare there, with nothing round their form."""

    people: People
    pages: Pages

    def __call__(self, request: Request, name: str, language: str, **said: Any) -> HTMLResponse:
        answer = self.pages.page(name, language, bare="embed" in request.query_params, **said)
        hosts = " ".join(f"https://{host}" for host in self.people.venue.entity.hosts)
        answer.headers["content-security-policy"] = (
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
            f"frame-ancestors 'self' {hosts}"
        ).strip()
        return answer


def confirm_routes(app: FastAPI, people: People, signups: SignUps, pages: Pages) -> None:
    """`/c/{token}`: fetching shows a button; only pressing it agrees (R-51, R-54)."""

    @app.api_route("/c/{token}", methods=READING)
    def ask(request: Request, token: str) -> HTMLResponse:
        """One button; a scanner that fetches the address agrees to nothing."""
        claim = verified(people, token, LinkKind.CONFIRM)
        language = language_of(request, people, people.reader(claim))
        name = "confirm" if signups.can_confirm(claim) else "confirm_late"
        return pages.page(name, language, label=pages.label(claim.purpose, language))

    @app.post("/c/{token}")
    def agree(request: Request, token: str) -> HTMLResponse:
        """The button was pressed. The same the second time."""
        claim = verified(people, token, LinkKind.CONFIRM)
        url = signups.confirm(claim)
        language = language_of(request, people, people.reader(claim))
        name = "confirmed" if url else "confirm_late"
        return pages.page(name, language, label=pages.label(claim.purpose, language), preferences_url=url)
