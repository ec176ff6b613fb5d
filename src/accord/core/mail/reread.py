"""Reading again what leaves: what the values of one reader may have brought into a mail (R-16, R-23).

A template was read whole when it was compiled, in all its branches; what is new in each mail is its values. So
they alone are read here, and the footer is looked for in the bytes: a few microseconds a mail.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from markupsafe import escape

from accord.core.mail.encode import quoted_printable
from accord.core.mail.inspect import (
    ABOUT_AN_ORDER,
    NEUTRAL,
    host_of,
    is_false_reply,
    owner_of,
    sounds_like_service,
)
from accord.core.mail.letter import Letter, Rendered, RenderFault
from accord.core.mail.promotion import promotes
from accord.core.mail.visible import folded
from accord.core.model.consent import Nature
from accord.core.model.venue import Venue

# The room of what a person is called; what is written there is not what is offered.
_CALLED = "contact"
_FIGURE = re.compile(r"\d")


def reread(rendered: Rendered, names: Mapping[str, Any], letter: Letter, nature: Nature) -> None:
    """Look through one mail before it leaves. Raises RenderFault; the text holds nothing of the person's."""
    _footer_is_there(rendered, letter)
    wrong = _wrong_with(rendered.subject, nature)
    if wrong is not None:
        raise RenderFault(wrong)
    if nature not in NEUTRAL:
        return
    said = ""
    for name, value in _values(names, nature):
        text = "".join(map(folded, value))
        if promotes(text, wording=name != _CALLED):
            said = said or _all_that_is_said(rendered)
            if text in said:
                raise RenderFault(f"a value of {name} promotes, and this is sent as {nature.value}")


@lru_cache(maxsize=1024)
def _wrong_with(subject: str, nature: Nature) -> str | None:
    """Why a subject may not leave; the same is on many mails."""
    said = "".join(map(folded, subject))
    if is_false_reply(said):
        return "the subject pretends to be an answer"
    if nature not in ABOUT_AN_ORDER and sounds_like_service(said):
        return "the subject sounds like service mail"
    return None


def _all_that_is_said(rendered: Rendered) -> str:
    page = entities.unescape(rendered.html)
    return "".join(map(folded, f"{rendered.subject}\n{rendered.preheader}\n{rendered.text}\n{page}"))


def _footer_is_there(rendered: Rendered, letter: Letter) -> None:
    """Who writes, and how to stop, in both bodies: each was encoded by itself, and is found as it was."""
    for required in (letter.unsubscribe, letter.entity, letter.address):
        if required is None:
            continue
        in_html, in_text = _as_encoded(required)
        if rendered.html_body.rfind(in_html) < 0 or rendered.text_body.rfind(in_text) < 0:
            raise RenderFault("the footer is not whole: who writes, and how to stop, must be told")


@lru_cache(maxsize=64)
def _as_encoded(required: str) -> tuple[bytes, bytes]:
    """As it stands in the page and in the text, without the line end that parts it from what follows."""
    in_html, in_text = (quoted_printable(text) for text in (str(escape(required)), required))
    return in_html.removesuffix("=\r\n").encode(), in_text.removesuffix("=\r\n").encode()


def _values(names: Mapping[str, Any], nature: Nature) -> Iterator[tuple[str, str]]:
    """Texts that a template may print of one person; a service mail's event is what it is about.

    Of the person's own names only such as hold a figure can promote: «Soldes» is a family, «-20 %» is not.
    """
    for room in (_CALLED, "event", "this"):
        if room == "event" and nature in ABOUT_AN_ORDER:
            continue
        held = names.get(room)
        for value in held.values() if isinstance(held, Mapping) else (held,):
            for each in value if isinstance(value, list | tuple) else (value,):
                if isinstance(each, str) and (room != _CALLED or _FIGURE.search(each)):
                    yield room, each


def check_target(target: str, venue: Venue) -> None:
    """A link whose target was not known when its template was checked. Raises RenderFault."""
    if not target or target.startswith(("mailto:", "tel:", "#")):
        return
    if not target.startswith(("https://", "http://")) or owner_of(host_of(target), venue) == "foreign":
        raise RenderFault("a link leads to a host that is neither the entity's nor a declared partner's")
