"""What is wrong with a template's files: syntax, placeholders that an HTML tool would tear, slots out of place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from jinja2 import Environment, TemplateSyntaxError, nodes

from accord.core.mail.hidden import hiding
from accord.core.mail.parts import Part, read_part
from accord.core.mail.pieces import Piece
from accord.core.mail.protect import Place, Protected
from accord.core.mail.sandbox import HTML, TEXT
from accord.core.model.place import Diagnostic, Severity, Span
from accord.core.model.venue import Venue

SLOT = re.compile(r"\{\{[-+]?\s*(content|invitation|footer)\s*[-+]?\}\}\s*")
_STRUCTURE = re.compile(r":(?:nth-|first-|last-|only-|empty\b)[\w-]*")


def syntax_faults(file: str, text: str) -> Iterator[Diagnostic]:
    """What Jinja can't read in one file; its front matter is a file of its own kind."""
    part, _ = read_part(file, text)
    for key, value in part.head.items():
        if key != "from":
            yield from _syntax(TEXT, value, file, part.head_lines[key] - 1)
    yield from _syntax(TEXT if part.is_text else HTML, part.body, file, part.offset)


def _syntax(reader: Environment, text: str, file: str, offset: int) -> Iterator[Diagnostic]:
    try:
        reader.compile(text, raw=True)
    except TemplateSyntaxError as fault:
        at = Span(f"templates/{file}", fault.lineno + offset, 1)
        yield Diagnostic(at, "template-broken", fault.message or "It can't be read.")


def head_faults(part: Part, venue: Venue) -> Iterator[Diagnostic]:
    """What is missing or unknown in a page's front matter."""
    if not part.head.get("subject"):
        message = "A template begins with its front matter: `---`, `subject: …`, `---`."
        at = Span(f"templates/{part.file}", part.head_lines.get("subject", 1), 1)
        yield Diagnostic(at, "subject-missing", message)
    sender = part.head.get("from")
    if sender is not None and sender not in venue.entity.senders:
        known = ", ".join(venue.entity.senders)
        at = Span(f"templates/{part.file}", part.head_lines["from"], 1)
        yield Diagnostic(at, "sender-unknown", f"«{sender}» is not one of [entity] senders: {known}.")
    if part.language is not None and part.language not in venue.entity.languages:
        known = ", ".join(venue.entity.languages)
        message = f"Nobody is written to in «{part.language}»: [entity] languages are {known}."
        at = Span(f"templates/{part.file}", 1, 1)
        yield Diagnostic(at, "language-unknown", message, severity=Severity.WARNING)


def slot_faults(frame: Sequence[Piece], page: Protected) -> Iterator[Diagnostic]:
    """A layout's slots: each once, always and visible, the author's words before the engine's.

    `page` is the frame, protected. A footer that only some readers see, or an invitation before the main
    content, is what the law forbids (R-16, R-21).
    """
    slots = [(match[1], each) for each in page.placeholders if (match := SLOT.fullmatch(each.piece.text))]
    names = [name for name, _ in slots]
    steady = _always_printed("".join(piece.text for piece in frame))
    for position, (name, each) in enumerate(slots):
        if name in names[:position]:
            yield _wrong(each.piece, "slot-twice", f"{{{{ {name} }}}} stands here a second time.")
        elif each.place is not Place.TEXT:
            yield _wrong(each.piece, "slot-hidden", f"{{{{ {name} }}}} is not seen where it stands.")
        elif name not in steady:
            yield _wrong(
                each.piece, "slot-hidden", f"{{{{ {name} }}}} is only seen by some: no `if` round it."
            )
        elif name != "content" and "content" in names[position:]:
            yield _wrong(each.piece, "slot-order", f"{{{{ {name} }}}} comes after the main content.")


def body_faults(content: Sequence[Piece]) -> Iterator[Diagnostic]:
    """Slots in an author's body: they belong to the layout, or to a page that extends another."""
    for piece in content:
        if SLOT.fullmatch(piece.text):
            yield _wrong(piece, "slot-in-body", f"{piece.text.strip()} has its place in the layout.")


def _always_printed(source: str) -> set[str]:
    """The slots that are printed whatever is known of the reader."""
    printed: set[str] = set()
    for node in TEXT.parse(source).body:
        if isinstance(node, nodes.Output):
            printed |= {each.name for each in node.nodes if isinstance(each, nodes.Name)}
    return printed


def place_faults(page: Protected) -> Iterator[Diagnostic]:
    """Placeholders where an HTML tool would tear them, and such as a style sheet does not see."""
    for each in page.placeholders:
        shown = each.piece.text.strip()
        if not each.piece.file:
            continue
        if each.place is Place.UNQUOTED:
            yield _wrong(each.piece, "unquoted-attribute", f"Put quotes round the attribute of {shown}.")
        elif each.place is Place.TAG:
            message = f"{shown} stands between attributes; put it inside a value."
            yield _wrong(each.piece, "statement-in-tag", message)
        elif each.place is Place.STYLE and each.piece.kind == "statement":
            message = f"{shown} stands in the style sheet, which is the same for everybody."
            yield _wrong(each.piece, "statement-in-style", message)
        elif each.place is Place.QUOTED and each.attribute in ("class", "style", "id"):
            message = f"{shown} in {each.attribute}= is not seen by the style sheet."
            yield _wrong(each.piece, "dynamic-style", message, Severity.WARNING)


def style_faults(pieces: Iterable[Piece]) -> Iterator[Diagnostic]:
    """Structural pseudo-classes, in a page with loops: which row is the first is not known when styles are inlined."""
    listed = list(pieces)
    if not any(re.match(r"\{%[-+]?\s*for\b", piece.text) for piece in listed if piece.kind == "statement"):
        return
    for piece in listed:
        for match in _STRUCTURE.finditer(piece.text) if piece.kind == "text" and "{" in piece.text else ():
            line = piece.line + piece.text.count("\n", 0, match.start())
            column = match.start() - piece.text.rfind("\n", 0, match.start())
            message = f"{match[0]} counts the rows of the template, and not those that its loops make."
            at = Span(f"templates/{piece.file}", line, column, len(match[0]))
            yield Diagnostic(at, "structural-style", message, severity=Severity.WARNING)


def lost_faults(page: Protected, html: str) -> Iterator[Diagnostic]:
    """Placeholders that did not survive the inlining of styles: what they stood in is no style sheet.

    A value of a rule that no element asks for is not missed.
    """
    for each in page.lost(html):
        unused = each.place is Place.STYLE and each.piece.kind == "value"
        if each.piece.kind != "comment" and not unused:
            message = f"{each.piece.text.strip()} is lost when styles are inlined; put it somewhere else."
            yield _wrong(each.piece, "placeholder-lost", message)


def footer_faults(page: Protected, html: str, part: Part, frame: Sequence[Piece]) -> Iterator[Diagnostic]:
    """What hides the footer in the page as it is sent, told where the footer stands."""
    words = {page.word(number): each.piece.text for number, each in enumerate(page.placeholders)}
    slots = [piece for piece in frame if (match := SLOT.fullmatch(piece.text)) and match[1] == "footer"]
    at = slots[0].span if slots else Span(f"templates/{part.file}", 1, 1)
    for sentence in hiding(html, words):
        yield Diagnostic(at, "footer-hidden", f"In this mail {sentence}.")


def _wrong(piece: Piece, code: str, message: str, severity: Severity = Severity.ERROR) -> Diagnostic:
    return Diagnostic(piece.span, code, message, severity=severity)
