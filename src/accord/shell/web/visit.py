"""One visit to a public page: who the link belongs to, what is known of them, which language they read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from starlette.datastructures import FormData, UploadFile

from accord.core.mail.links import Claim, LinkKind
from accord.core.model.contact import Contact
from accord.core.model.decision import Situation
from accord.shell.engine.ports.store import Unit
from accord.shell.web.ports import People, PreferencesView, Reader
from accord.shell.web.words import choose

MOST_FIELDS = 200


@dataclass(frozen=True, slots=True)
class Visit:
    """A link that we signed, followed by somebody; `view` is None when the person is no longer known."""

    claim: Claim
    token: str
    view: PreferencesView | None
    language: str


def language_of(request: Request, people: People, view: Reader | PreferencesView | None = None) -> str:
    """The language in which this request is answered."""
    accepted = request.headers.get("accept-language")
    return choose(view.language if view else None, accepted, people.venue.entity.languages)


def verified(people: People, token: str, *kinds: LinkKind) -> Claim:
    """What the token says, as the first of these kinds that it was signed for.

    Anything else is 404, the same whether it is forged, cut short or of another kind; what we sign is ASCII.
    """
    for kind in kinds if token.isascii() else ():
        claim = people.links.read(kind, token)
        if claim is not None:
            return claim
    raise HTTPException(404)


def visit(request: Request, people: People, token: str, *kinds: LinkKind) -> Visit:
    """The visit that a token opens; raises 404 where it opens none."""
    claim = verified(people, token, *kinds)
    view = people.preferences(claim)
    return Visit(claim, token, view, language_of(request, people, view))


def known_to(unit: Unit, claim: Claim) -> Situation | None:
    """Whose link it is today: the survivor's, where the record was merged; None for who is gone."""
    number = unit.keeping.living([claim.contact_id]).get(claim.contact_id)
    return unit.situations([number]).get(number) if number is not None else None


def contact_behind(unit: Unit, claim: Claim, *, lock: bool = False) -> Contact | None:
    """The same, without what they did and agreed to; with `lock` kept until the transaction ends."""
    number = unit.keeping.living([claim.contact_id]).get(claim.contact_id)
    return unit.contacts([number], lock=lock).get(number) if number is not None else None


async def _read_fields(request: Request) -> dict[str, str]:
    """The text fields of a posted form, in either encoding; files are not for us."""
    form: FormData = await request.form(max_files=0, max_fields=MOST_FIELDS)
    return {name: value for name, value in form.items() if not isinstance(value, UploadFile)}


Fields = Annotated[dict[str, str], Depends(_read_fields)]
