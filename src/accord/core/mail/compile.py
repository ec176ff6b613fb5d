"""From an author's files to a compiled template: joined, inlined and compiled once a version."""

from __future__ import annotations

import hashlib
import html as entities
import re
from collections.abc import Mapping
from dataclasses import dataclass

from inscriptis import get_text
from inscriptis.model.config import ParserConfig
from jinja2 import Template, TemplateSyntaxError
from premailer import Premailer

from accord.core.mail.frame import footer, invitation
from accord.core.mail.parts import IncludeFault, Part, flatten, parts_of
from accord.core.mail.protect import Place, Placeholder, Protected, protect
from accord.core.mail.sandbox import environment
from accord.core.mail.words import Wording
from accord.core.model.place import Diagnostic, Severity, Span
from accord.core.model.venue import Venue

HTML, TEXT = environment(escape=True), environment(escape=False)

# Part of each template's digest: another inliner may write other bytes.
INLINER = "premailer-3.10/accord-1"

_HREF = re.compile(r"""(<a\b[^>]*?\bhref=")([^"]*)(")""", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(r"zqj(\d{5})qz")
_SLOT = re.compile(r"\{\{\s*(content|footer|invitation)\s*\}\}")
_TABLE = re.compile(r"<(/?)(?:table|thead|tbody|tr|td|th)\b", re.IGNORECASE)
CRITICAL = 50


@dataclass(frozen=True, slots=True)
class Edition:
    """A template in one language, ready to be rendered for anybody."""

    language: str
    subject: Template
    preheader: Template
    html: Template
    text: Template
    sender: str | None


@dataclass(frozen=True, slots=True)
class Compiled:
    """One version of a template; `digest` covers all its files, the layout and the inliner."""

    name: str
    digest: str
    editions: Mapping[str, Edition]
    default: str

    def edition(self, language: str) -> Edition:
        """The edition for a reader, or the one in the venue's own language."""
        return self.editions.get(language) or self.editions[self.default]


def digest_of(name: str, files: Mapping[str, str]) -> str:
    """The digest of a template's version: its files, the layout and partials that it can include."""
    own = {file: text for file, text in files.items() if _belongs(name, file)}
    told = "\0".join(f"{file}\0{text}" for file, text in sorted(own.items()))
    return hashlib.sha256(f"{INLINER}\0{told}".encode()).hexdigest()


def _belongs(name: str, file: str) -> bool:
    shared = file == "layout.html" or file.startswith("partials/")
    return shared or re.fullmatch(re.escape(name) + r"(\.[a-z]{2})?\.(html|txt)", file) is not None


def compile_template(
    name: str, files: Mapping[str, str], venue: Venue, wordings: Mapping[str, Wording]
) -> tuple[Compiled | None, list[Diagnostic]]:
    """Compile one template in every language that it has. All faults at once; None where any is an error.

    `files` maps paths relative to the folder of templates to their text; `layout.html` among them is joined
    round each. Takes about 200 ms a language: premailer reads and merges all the styles.
    """
    parts, faults = parts_of(name, files)
    pages = [part for part in parts if not part.is_text]
    if not pages:
        at = Span(f"templates/{name}.html", 1, 1)
        return None, [*faults, Diagnostic(at, "template-missing", f"There is no template «{name}».")]
    editions: dict[str, Edition] = {}
    for part in pages:
        language = part.language or venue.entity.language
        plain = next((text for text in parts if text.is_text and text.language == part.language), None)
        try:
            edition, wrong = _edition(part, plain, language, files, venue, wordings)
        except (TemplateSyntaxError, IncludeFault) as fault:
            faults.append(_broken(part, fault))
            continue
        faults += wrong
        if edition is not None:
            editions[language] = edition
    if any(fault.severity is Severity.ERROR for fault in faults):
        return None, faults
    default = venue.entity.language if venue.entity.language in editions else next(iter(editions))
    return Compiled(name, digest_of(name, files), editions, default), faults


def _edition(
    part: Part,
    plain: Part | None,
    language: str,
    files: Mapping[str, str],
    venue: Venue,
    wordings: Mapping[str, Wording],
) -> tuple[Edition | None, list[Diagnostic]]:
    faults = _head_faults(part, venue)
    words = wordings.get(language) or wordings[venue.entity.language]
    body = flatten(part.file, part.body, files)
    own = protect(part.body, HTML)
    faults += [fault for each in own.placeholders if (fault := _misplaced(part, each)) is not None]
    if any(fault.severity is Severity.ERROR for fault in faults):
        return None, faults
    page = protect(_joined(body, files.get("layout.html"), words), HTML)
    inlined = _track(_inlined(page.html), page)
    text = plain.body if plain is not None else page.restore(_as_text(inlined))
    return (
        Edition(
            language=language,
            subject=TEXT.from_string(part.head["subject"]),
            preheader=TEXT.from_string(part.head.get("preheader", "")),
            html=HTML.from_string(page.restore(inlined)),
            text=TEXT.from_string(text),
            sender=part.head.get("from"),
        ),
        faults,
    )


def _joined(body: str, layout: str | None, words: Wording) -> str:
    """The author's body in the layout, with the engine's own blocks in their slots, or after it."""
    blocks = {"content": body, "footer": footer(words), "invitation": invitation(words)}
    frame = layout if layout is not None else "<!DOCTYPE html><html><body>{{ content }}</body></html>"
    slots = set(_SLOT.findall(frame))
    joined = _SLOT.sub(lambda match: blocks[match[1]], frame)
    missing = "".join(blocks[slot] for slot in ("invitation", "footer") if slot not in slots)
    head, close, tail = joined.rpartition("</body>")
    return f"{head}{missing}{close}{tail}" if close else joined + missing


def _inlined(html: str) -> str:
    return str(
        Premailer(
            html,
            allow_network=False,
            disable_validation=True,
            cssutils_logging_level=CRITICAL,
            strip_important=False,
            align_floating_images=False,
            remove_classes=False,
            keep_style_tags=False,
            disable_link_rewrites=True,
        ).transform()
    )


def _track(html: str, page: Protected) -> str:
    """Have each link of the author's ask for its signed address when the mail is rendered."""

    def tracked(match: re.Match[str]) -> str:
        expression = _expression(entities.unescape(match[2]), page)
        if expression is None:
            return match[0]
        page.placeholders.append(
            Placeholder(f"{{{{ letter.click({expression}) }}}}", 0, Place.QUOTED, "href")
        )
        return f"{match[1]}zqj{len(page.placeholders) - 1:05d}qz{match[3]}"

    return _HREF.sub(tracked, html)


def _expression(target: str, page: Protected) -> str | None:
    """A link's target as one Jinja expression, or None for what is not to be counted."""
    pieces = _WORD.split(target)
    inner: list[str] = []
    for position, piece in enumerate(pieces):
        if position % 2 == 0:
            if piece:
                inner.append(_quoted(piece))
            continue
        source = page.placeholders[int(piece)].text
        if not source.startswith("{{"):
            return None
        inner.append(f"({source[2:-2].strip('-+ ')})")
    if not inner or not _is_counted(target, inner):
        return None
    return " ~ ".join(inner)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _is_counted(target: str, inner: list[str]) -> bool:
    """Links of the web are counted; the engine's own (preferences, unsubscribe), mailto: and # are not."""
    if inner[0].startswith(("(letter.", "(links.")):
        return False
    return target.startswith(("http://", "https://")) or _WORD.match(target) is not None


def _as_text(html: str) -> str:
    """The text part, from the protected page: a statement's comment becomes its word, so that it stays.

    Tables lay out mails; as blocks, what stands between their rows keeps its place in the text.
    """
    words = re.sub(r"<!--(zqj\d{5}qz)-->", r"\1", html)
    words = _TABLE.sub(r"<\1div", words)
    visible = re.sub(r'<div class="preheader".*?</div>', "", words, flags=re.DOTALL)
    text = get_text(visible, ParserConfig(display_links=True, display_anchors=False))
    return re.sub(r"^[ \t]+", "", text, flags=re.MULTILINE).strip()


# -- faults ---------------------------------------------------------------------------------------------


def _head_faults(part: Part, venue: Venue) -> list[Diagnostic]:
    faults = []
    if "subject" not in part.head:
        message = "A template begins with its front matter: `---`, `subject: …`, `---`."
        faults.append(Diagnostic(Span(f"templates/{part.file}", 1, 1), "subject-missing", message))
    sender = part.head.get("from")
    if sender is not None and sender not in venue.entity.senders:
        known = ", ".join(venue.entity.senders)
        at = Span(f"templates/{part.file}", part.head_lines["from"], 1)
        faults.append(
            Diagnostic(at, "sender-unknown", f"«{sender}» is not one of [entity] senders: {known}.")
        )
    return faults


def _misplaced(part: Part, placeholder: Placeholder) -> Diagnostic | None:
    """A placeholder where an HTML tool would tear it."""
    at = Span(f"templates/{part.file}", placeholder.line + part.offset, 1)
    if placeholder.place is Place.UNQUOTED:
        return Diagnostic(at, "unquoted-attribute", f"Put quotes round the attribute of {placeholder.text}.")
    if placeholder.place is Place.TAG:
        return Diagnostic(
            at, "statement-in-tag", f"{placeholder.text} stands between attributes; put it inside a value."
        )
    if placeholder.place is Place.QUOTED and placeholder.attribute in ("class", "style", "id"):
        message = f"{placeholder.text} in {placeholder.attribute}= is not seen by the style sheet."
        return Diagnostic(at, "dynamic-style", message, severity=Severity.WARNING)
    return None


def _broken(part: Part, fault: TemplateSyntaxError | IncludeFault) -> Diagnostic:
    line = fault.lineno + part.offset if isinstance(fault, TemplateSyntaxError) else 1
    message = (fault.message if isinstance(fault, TemplateSyntaxError) else str(fault)) or "It can't be read."
    return Diagnostic(Span(f"templates/{part.file}", line, 1), "template-broken", message)
