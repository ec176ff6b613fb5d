"""Forms and oral scripts as files: from text to a Wording, or to diagnostics with file, line and column."""

from __future__ import annotations

import re
from dataclasses import dataclass

from accord.core.consent.answers import CONTROLS
from accord.core.language.prose import prose
from accord.core.language.reading import Block, Notes, Stop, attempt
from accord.core.language.source import ListNode, MapNode, ScalarNode, read
from accord.core.model.place import Diagnostic, Span
from accord.core.model.venue import Venue
from accord.core.model.wording import Wording, WordingKind

CONTROL_NAMES = tuple(sorted({control for control, _ in CONTROLS}))
GIVEN = ("read", "displayed")
_COMMON = ("version", "asks", "text", "notice")
_KEYS = {
    WordingKind.FORM: ("form", *_COMMON, "control", "prechecked", "mandatory", "refusal_offered"),
    WordingKind.SCRIPT: ("script", *_COMMON, "given", "refusal_offered"),
}
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class ParsedWording:
    """A file as read: a wording where nothing is wrong with it, and all that was found."""

    wording: Wording | None
    diagnostics: tuple[Diagnostic, ...]


def parse_wording(text: str, file: str, venue: Venue) -> ParsedWording:
    """Read one form (`form: NAME`) or oral script (`script: NAME`). All faults at once."""
    node, faults = read(text, file)
    notes = Notes(list(faults))
    made = None
    if isinstance(node, MapNode):
        block = Block(node, "a form", Span(file, 1, 1), notes)
        try:
            made = _wording(block, venue)
        except Stop:
            made = None  # why is in the notes
    elif not notes.has_errors:
        notes.error(
            Span(file, 1, 1), "file-empty", "A form begins with «form: NAME», a script with «script: NAME»."
        )
    ordered = tuple(sorted(notes.faults, key=lambda fault: fault.span))
    return ParsedWording(None if notes.has_errors else made, ordered)


def _wording(block: Block, venue: Venue) -> Wording:
    """Each part on its own, so that a fault in one hides none in the others."""
    kind = WordingKind.SCRIPT if block.has("script") else WordingKind.FORM
    block.only(_KEYS[kind])
    name = attempt(_name, block, kind)
    version = attempt(block.text, "version")
    control = attempt(_control, block, kind)
    prechecked, mandatory = attempt(_prechecked, block), attempt(_flag, block, "mandatory")
    refusal_offered = attempt(_flag, block, "refusal_offered")
    asks = attempt(_asks, block, venue)
    text = attempt(_by_language, block, "text", venue)
    notice = attempt(_by_language, block, "notice", venue, ("version",))
    notice_version = attempt(lambda: block.map("notice", "«notice:»").text("version"))
    given = attempt(block.choice, "given", GIVEN) if kind is WordingKind.SCRIPT else None
    parts = (name, version, control, asks, text, notice, notice_version)
    if name is None or version is None or control is None or asks is None or None in parts:
        raise Stop
    return Wording(
        kind=kind,
        name=name,
        version=version,
        control=control,
        prechecked=bool(prechecked),
        mandatory=bool(mandatory),
        asks=asks,
        refusal_offered=bool(refusal_offered),
        text=text or {},
        notice_version=notice_version or "",
        notice=notice or {},
        given=given,
    ).sealed()


def _control(block: Block, kind: WordingKind) -> str:
    return "radio_yes_no" if kind is WordingKind.SCRIPT else block.choice("control", CONTROL_NAMES)


def _name(block: Block, kind: WordingKind) -> str:
    name = block.text(kind.value)
    if not _NAME.fullmatch(name):
        block.notes.error(
            block.need(kind.value).span,
            "wrong-name",
            f"«{name}» is not a name: small letters, digits, «-» and «_», 64 at most.",
        )
    return name


def _prechecked(block: Block) -> bool:
    ticked = _flag(block, "prechecked")
    if ticked:
        message = "A box that is ticked beforehand collects no consent (R-04)."
        block.notes.warn(block.need("prechecked").span, "prechecked", message)
    return ticked


def _flag(block: Block, key: str) -> bool:
    node = block.node.get(key)
    if node is None:
        return False
    if not isinstance(node, ScalarNode) or not isinstance(node.value, bool):
        block.notes.stop(node.span, "wrong-value", f"«{key}:» takes true or false.")
    return node.value


def _asks(whole: Block, venue: Venue) -> dict[str, tuple[str, ...]]:
    """Purposes and the kinds of each; a wording can't ask for what the venue does not send."""
    block = whole.map("asks", "«asks:»")
    found: dict[str, tuple[str, ...]] = {}
    for key, node in block.node.entries:
        purpose = venue.purposes.get(key.text)
        if purpose is None:
            hint = block.notes.nearest(key.text, tuple(venue.purposes))
            block.notes.error(key.span, "unknown-purpose", f"There is no purpose «{key.text}».", hint)
            continue
        items = node.items if isinstance(node, ListNode) else (node,)
        kinds = [item for item in items if isinstance(item, ScalarNode)]
        for item in kinds:
            if item.text not in purpose.kinds:
                message = f"«{item.text}» is not a kind of {purpose.name}: {', '.join(purpose.kinds)}."
                block.notes.error(
                    item.span, "unknown-kind", message, block.notes.nearest(item.text, purpose.kinds)
                )
        found[purpose.name] = tuple(item.text for item in kinds)
    if not block.node.entries:
        block.notes.error(block.at, "missing-key", "«asks:» names at least one purpose.")
    return found


def _by_language(whole: Block, key: str, venue: Venue, besides: tuple[str, ...] = ()) -> dict[str, str]:
    """A text for every language that the venue writes in."""
    block = whole.map(key, f"«{key}:»")
    languages = venue.entity.languages
    block.only((*besides, *languages))
    found: dict[str, str] = {}
    for language in languages:
        if not block.has(language):
            block.notes.error(block.at, "missing-language", f"{block.name} has no text in «{language}».")
        elif (text := attempt(prose, block, block.need(language))) is not None:
            found[language] = text
    return found
