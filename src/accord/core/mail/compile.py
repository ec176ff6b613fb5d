"""From an author's files to a compiled template: joined, inlined, encoded and compiled once a version."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass

from jinja2 import Template, TemplateSyntaxError

from accord.core.mail.encode import encoding
from accord.core.mail.faults import (
    SLOT,
    body_faults,
    footer_faults,
    head_faults,
    lost_faults,
    place_faults,
    slot_faults,
    style_faults,
    syntax_faults,
)
from accord.core.mail.flatten import IncludeFault, flatten, reached
from accord.core.mail.frame import footer, invitation
from accord.core.mail.inline import as_text, inlined, tracked
from accord.core.mail.mould import Mould
from accord.core.mail.parts import Part, parts_of
from accord.core.mail.pieces import Piece, pieces_of
from accord.core.mail.protect import Protected, protect
from accord.core.mail.rooms import Rooms, rooms_read
from accord.core.mail.sandbox import HTML, TEXT
from accord.core.mail.words import Wording
from accord.core.model.place import Diagnostic, Severity, Span
from accord.core.model.venue import Venue

LAYOUT = "layout.html"

# Part of each template's digest: another inliner may write other bytes.
INLINER = "premailer-3.10/accord-2"

_BARE = "<!DOCTYPE html><html><head><meta charset=utf-8></head><body>{{ content }}</body></html>"
_LANGUAGELESS = re.compile(r"<html(?![^>]*\blang=)", re.IGNORECASE)
_EXTENDS = re.compile(r"\{%[-+]?\s*extends\b")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A template in one language as text, joined and inlined: no file is needed to make an edition of it."""

    subject: str
    preheader: str
    html: str
    text: str
    sender: str | None


@dataclass(frozen=True, slots=True)
class Edition:
    """A template in one language, ready to be rendered for anybody; its bodies come out quoted-printable.

    `reads`: the names of a reader that it is made from.
    """

    language: str
    subject: Template
    preheader: Template
    html: Template
    text: Template
    sender: str | None
    sheet: Sheet
    reads: Rooms


@dataclass(frozen=True, slots=True)
class Compiled:
    """One version of a template; `digest` covers all its files, the layout and the inliner.

    `imprint` covers what they came to: the words of the engine's own blocks in each language, too.
    """

    name: str
    digest: str
    editions: Mapping[str, Edition]
    default: str
    imprint: str

    def edition(self, language: str) -> Edition:
        """The edition for a reader, or the one in the venue's own language."""
        return self.editions.get(language) or self.editions[self.default]

    def cast(self, mould: Mould) -> Cast:
        """The same for mails that have all this in common."""
        told = json.dumps([self.imprint, *astuple(mould)])
        imprint = hashlib.sha256(told.encode()).hexdigest()
        return Cast(self.name, self.digest, self.editions, self.default, imprint, mould)


@dataclass(frozen=True, slots=True)
class Cast(Compiled):
    """A template with the mould of one step's mails; its imprint covers both."""

    mould: Mould


def mould_of(template: Compiled) -> Mould | None:
    """What the mails of a template have in common; None for one from before there were moulds."""
    return template.mould if isinstance(template, Cast) else None


def digest_of(name: str, files: Mapping[str, str]) -> str:
    """The digest of a template's version: its files, the layout, and all that these extend and include."""
    told = "\0".join(f"{file}\0{files[file]}" for file in sorted(files_of(name, files)))
    return hashlib.sha256(f"{INLINER}\0{told}".encode()).hexdigest()


def files_of(name: str, files: Mapping[str, str]) -> set[str]:
    """The files that make up a template: its own, the layout, and all that these extend and include."""
    own = re.compile(re.escape(name) + r"(\.[a-z]{2})?\.(html|txt)")
    found = reached(LAYOUT, files)
    for file in filter(own.fullmatch, files):
        found |= reached(file, files)
    return found


def compile_template(
    name: str, files: Mapping[str, str], venue: Venue, wordings: Mapping[str, Wording]
) -> tuple[Compiled | None, list[Diagnostic]]:
    """Compile one template in every language that it has. All faults at once; None where any is an error.

    `files` maps paths relative to the folder of templates to their text; `layout.html` among them is joined
    round each page that extends no other. Takes up to 200 ms a language: premailer merges all the styles.
    """
    parts, faults = parts_of(name, files)
    pages, plain, wrong = _by_language(parts, venue.entity.language)
    faults += wrong
    if not pages:
        at = Span(f"templates/{name}.html", 1, 1)
        return None, [*faults, Diagnostic(at, "template-missing", f"There is no template «{name}».")]
    for file in sorted(files_of(name, files)):
        faults += syntax_faults(file, files[file])
    for part in pages.values():
        faults += head_faults(part, venue)
    if _fatal(faults):
        return None, faults
    editions: dict[str, Edition] = {}
    for language, part in pages.items():
        words = wordings.get(language) or wordings[venue.entity.language]
        try:
            edition, wrong = _edition(part, plain.get(language), language, files, words)
        except TemplateSyntaxError as fault:
            edition, wrong = None, [_torn(part, fault)]
        faults += wrong
        if edition is not None:
            editions[language] = edition
    if _fatal(faults):
        return None, list(dict.fromkeys(faults))
    default = venue.entity.language if venue.entity.language in editions else next(iter(editions))
    made = Compiled(name, digest_of(name, files), editions, default, _imprint(name, default, editions))
    return made, list(dict.fromkeys(faults))


def printed(name: str, digest: str, default: str, sheets: Mapping[str, Sheet]) -> Compiled:
    """A template made anew from its sheets. Raises jinja2.TemplateSyntaxError."""
    editions = {language: _pressed(language, sheet) for language, sheet in sheets.items()}
    return Compiled(name, digest, editions, default, _imprint(name, default, editions))


def _imprint(name: str, default: str, editions: Mapping[str, Edition]) -> str:
    told = [name, default, *((language, *astuple(editions[language].sheet)) for language in sorted(editions))]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _pressed(language: str, sheet: Sheet) -> Edition:
    return Edition(
        language=language,
        subject=TEXT.from_string(sheet.subject),
        preheader=TEXT.from_string(sheet.preheader),
        html=encoding(sheet.html, HTML),
        text=encoding(sheet.text, TEXT),
        sender=sheet.sender,
        sheet=sheet,
        reads=rooms_read(sheet.subject, sheet.preheader, sheet.html, sheet.text),
    )


def _torn(part: Part, fault: TemplateSyntaxError) -> Diagnostic:
    """Each file alone can be read, and the page that they make up can't: a quote or a brace is left open."""
    message = f"Joined with its layout the page can't be read: {fault.message}. Is a quote, a tag or a brace left open?"
    return Diagnostic(Span(f"templates/{part.file}", 1, 1), "template-broken", message)


def _fatal(faults: Sequence[Diagnostic]) -> bool:
    return any(fault.severity is Severity.ERROR for fault in faults)


def _by_language(
    parts: Sequence[Part], default: str
) -> tuple[dict[str, Part], dict[str, Part], list[Diagnostic]]:
    """The pages and the text parts, one of each a language; a file without a language is in the venue's own."""
    pages: dict[str, Part] = {}
    plain: dict[str, Part] = {}
    faults: list[Diagnostic] = []
    for part in parts:
        kept = plain if part.is_text else pages
        other = kept.setdefault(part.language or default, part)
        if other is not part:
            message = f"This is in the same language as {other.file}."
            faults.append(Diagnostic(Span(f"templates/{part.file}", 1, 1), "language-twice", message))
    for language in plain.keys() - pages.keys() if pages else ():
        message = f"This text part has no page beside it in «{language}», and is never sent."
        at = Span(f"templates/{plain[language].file}", 1, 1)
        faults.append(Diagnostic(at, "text-alone", message, severity=Severity.WARNING))
    return pages, plain, faults


def _edition(
    part: Part, plain: Part | None, language: str, files: Mapping[str, str], words: Wording
) -> tuple[Edition | None, list[Diagnostic]]:
    try:
        frame, content = _frame(part, files)
        written = flatten(plain.file, plain.body, files, line=plain.offset + 1) if plain else None
    except IncludeFault as fault:
        return None, [Diagnostic(fault.span, "include-broken", f"{fault}.")]
    faults = [*slot_faults(frame, protect(frame)), *body_faults(content)]
    pieces = list(_joined(frame, content, words))
    page = protect(pieces)
    faults += [*place_faults(page), *style_faults(pieces)]
    if _fatal(faults):
        return None, faults
    html = _LANGUAGELESS.sub(f'<html lang="{language}"', inlined(page.html), count=1)
    faults += lost_faults(page, html)
    faults += footer_faults(page, html, part, frame)
    if _fatal(faults):
        return None, faults
    html = tracked(html, page)
    text = page.restore(as_text(html, page)) if written is None else _own_text(written, words)
    head = part.head
    sheet = Sheet(head["subject"], head.get("preheader", ""), page.restore(html), text, head.get("from"))
    return _pressed(language, sheet), faults


def _frame(part: Part, files: Mapping[str, str]) -> tuple[list[Piece], list[Piece]]:
    """What stands round, with its slots, and the author's body; a page that extends another is its own frame."""
    body = flatten(part.file, part.body, files, line=part.offset + 1)
    if _EXTENDS.search(part.body):
        return body, []
    if LAYOUT in files:
        return flatten(LAYOUT, files[LAYOUT], files), body
    return pieces_of(_BARE, ""), body


def _joined(frame: Sequence[Piece], content: Sequence[Piece], words: Wording) -> Iterator[Piece]:
    """The frame with its slots filled; the engine's blocks that have none stand at the end of the body."""
    blocks = {
        "content": content,
        "invitation": pieces_of(invitation(words), ""),
        "footer": pieces_of(footer(words), ""),
    }
    slots = {match[1] for piece in frame if (match := SLOT.fullmatch(piece.text))}
    missing = [piece for name in ("invitation", "footer") if name not in slots for piece in blocks[name]]
    last = max((at for at, piece in enumerate(frame) if "</body>" in piece.text.lower()), default=len(frame))
    for at, piece in enumerate(frame):
        match = SLOT.fullmatch(piece.text)
        if match is not None:
            yield from blocks[match[1]]
        elif at == last and missing:
            cut = piece.text.lower().rindex("</body>")
            yield Piece(piece.text[:cut], piece.file, piece.line)
            yield from missing
            yield Piece(piece.text[cut:], piece.file, piece.line + piece.text.count("\n", 0, cut))
        else:
            yield piece
    if last == len(frame):
        yield from missing


def _own_text(written: Sequence[Piece], words: Wording) -> str:
    """An author's own text part, with the engine's blocks after it."""
    page: Protected = protect(pieces_of(invitation(words) + footer(words), ""))
    return "".join(piece.text for piece in written).strip() + "\n\n" + page.restore(as_text(page.html, page))
