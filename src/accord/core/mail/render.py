"""One mail for one person: two compiled templates, a subject and a preheader."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Template, TemplateError

from accord.core.mail.compile import Compiled
from accord.core.mail.encode import closed_up
from accord.core.mail.letter import Letter, Rendered, RenderFault
from accord.core.mail.sandbox import BUDGET, MOST_CHARACTERS, TEXT, Budget, readable

_SPACE = re.compile(r"\s+")


@lru_cache(maxsize=1024)
def subject_template(text: str) -> Template:
    """A subject that stands in a scenario, compiled once. Raises TemplateError."""
    return TEXT.from_string(text)


def render(
    compiled: Compiled, names: Mapping[str, Any], letter: Letter, *, subject_text: str | None = None
) -> Rendered:
    """The mail in the reader's language. Raises RenderFault, which concerns this one person only.

    `names` are the rooms that a template reads: contact, event, orders, preferences, entity, today, this,
    links; what is declared but unknown of this person prints as nothing. `subject_text`: an author's subject
    in place of the template's own.
    """
    edition = compiled.edition(letter.language)
    context = {name: readable(value) for name, value in names.items()}
    context |= {"letter": letter, BUDGET: Budget()}
    try:
        template = subject_template(subject_text) if subject_text is not None else edition.subject
        subject = _one_line(template, context)
        context["preheader"] = _one_line(edition.preheader, context)
        page = "".join(_pieces(edition.html, context))
        text = closed_up(_pieces(edition.text, context))
    except TemplateError as fault:
        raise RenderFault(f"{compiled.name}: {fault.message}") from None
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError) as fault:
        raise RenderFault(f"{compiled.name}: {type(fault).__name__}") from None
    if len(page) > MOST_CHARACTERS or len(text) > MOST_CHARACTERS:
        raise RenderFault(f"{compiled.name}: longer than {MOST_CHARACTERS:,} characters")
    if not subject:
        raise RenderFault(f"{compiled.name}: the subject is empty")
    return Rendered(
        subject,
        context["preheader"],
        _ended(page),
        _ended(text),
        edition.sender,
        edition.language,
    )


def _pieces(template: Template, context: dict[str, Any]) -> Iterator[str]:
    """What a template prints, piece by piece; its own names stay its own, so that none is copied."""
    return template.root_render_func(template.new_context(context, shared=True))


def _one_line(template: Template, context: dict[str, Any]) -> str:
    return _SPACE.sub(" ", "".join(_pieces(template, context))).strip()


def _ended(body: str) -> bytes:
    """A body that begins with what is said, and ends with one hard line end."""
    return body.strip("\r\n").removesuffix("=").encode("ascii") + b"\r\n"
