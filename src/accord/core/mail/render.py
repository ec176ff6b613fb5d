"""One mail for one person: two compiled templates and a subject, about a quarter of a millisecond."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import TemplateError

from accord.core.mail.compile import Compiled
from accord.core.mail.letter import Letter, Rendered, RenderFault
from accord.core.mail.sandbox import Names

# Gmail clips what is longer than about 100 KB; ten times that is a loop gone wrong.
MOST_CHARACTERS = 1_000_000

_SPACE = re.compile(r"\s+")
_GAP = re.compile(r"\n(?:[ \t]*\n)+")


def render(compiled: Compiled, names: Mapping[str, Any], letter: Letter) -> Rendered:
    """The mail in the reader's language. Raises RenderFault, which concerns this one person only.

    `names` are the rooms that a template reads: contact, event, orders, preferences, entity, today, this,
    links; what is declared but unknown of this person prints as nothing.
    """
    edition = compiled.edition(letter.language)
    context = {name: Names(value) if isinstance(value, Mapping) else value for name, value in names.items()}
    context["letter"] = letter
    try:
        subject = _SPACE.sub(" ", edition.subject.render(context)).strip()
        preheader = _SPACE.sub(" ", edition.preheader.render(context)).strip()
        context["preheader"] = preheader
        page = edition.html.render(context)
        text = _GAP.sub("\n\n", edition.text.render(context)).strip() + "\n"
    except TemplateError as fault:
        raise RenderFault(f"{compiled.name}: {fault.message}") from None
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as fault:
        raise RenderFault(f"{compiled.name}: {type(fault).__name__}") from None
    if len(page) > MOST_CHARACTERS or len(text) > MOST_CHARACTERS:
        raise RenderFault(f"{compiled.name}: longer than {MOST_CHARACTERS:,} characters")
    if not subject:
        raise RenderFault(f"{compiled.name}: the subject is empty")
    return Rendered(subject, preheader, page, text, edition.sender, edition.language)
