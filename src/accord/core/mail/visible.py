"""What a reader sees of a file: all branches one after the other, each character with the line that it is from."""

from __future__ import annotations

import html as entities
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from accord.core.mail.pieces import Piece

# What stands for a placeholder: any value, a value of the person's own order, a sum of theirs, another sum.
ANY, OWN, OWN_SUM, SUM = "\ue000", "\ue001", "\ue002", "\ue003"
VALUES = (ANY, OWN, OWN_SUM, SUM)
# Where a statement stands: two branches meet there, and what is in a tag's quotes is not the text beside it.
BRANCH = "\ue004"
_OURS = re.compile("[\ue000-\ue004]")

_OWN = re.compile(r"\b(?:event|orders)\.")
_LITERAL = re.compile(r""""([^"\n]*)"|'([^'\n]*)'""")
_RAW = re.compile(r"^\{%[-+]?\s*raw\s*[-+]?%\}|\{%[-+]?\s*endraw\s*[-+]?%\}\s*$")

_MARKUP = re.compile(
    r"""
    (?P<conditional> <!--\[if[^\]]*\]>(?:<!-->)? | <!--<!\[endif\]--> | <!\[endif\]--> )
  | (?P<comment> <!--.*?--> )
  | <style\b[^>]*>(?P<style>.*?)</style\s*>
  | (?P<script> <script\b.*?</script\s*> )
  | </?(?P<tag>[a-z][\w:-]*)(?P<attributes>(?:"[^"]*"|'[^']*'|[^'">])*)>
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(
    r"""\b(?:alt|title|label|aria-label|summary|value|placeholder|content)\s*=\s*(?:"([^"]*)"|'([^']*)')""",
    re.IGNORECASE,
)
_GENERATED = re.compile(r"""\bcontent\s*:\s*["']([^"']*)["']""")
_ENTITY = re.compile(r"&#?\w+;?")
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "code", "em", "font", "i", "mark", "s", "small", "span", "strike", "strong"}
    | {"sub", "sup", "time", "u", "wbr"}
)
_CELLS = frozenset({"td", "th"})
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
)


@dataclass(slots=True)
class Visible:
    """Text for patterns: small letters without accents, plain spaces, one `\\n` between blocks.

    `shown` has what the author wrote for each character of `text`, `lines` the line where it stands.
    """

    text: str = ""
    shown: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def words(self, start: int, end: int) -> str:
        """What the author wrote there, on one line."""
        said = re.sub(r"\s+", " ", "".join(self.shown[start:end]))
        return _OURS.sub("…", said.replace(BRANCH, "")).strip()


def visible(pieces: Iterable[Piece], *, is_html: bool, apart: bool) -> Visible:
    """What is seen of these pieces. `apart` parts the branches, so that no word runs into the next."""
    source, lines = marked(pieces)
    seen = _html(source) if is_html else _text(source)
    between = "\n" if apart else ""
    done = Visible()
    letters: list[str] = []
    for character, at in seen:
        for letter in between if character == BRANCH else folded(character):
            blank = letter in " \n"
            if blank and letters and letters[-1] in " \n":
                letters[-1] = max(letters[-1], letter, key=" \n".index)
                continue
            letters.append(letter)
            done.shown.append(character)
            done.lines.append(lines[at])
    done.text = "".join(letters)
    return done


@lru_cache(maxsize=4096)
def folded(character: str) -> str:
    """A character as patterns know it: compatibility forms undone, no accent, no capital, a plain space."""
    if character == "\n":
        return character
    if character in "’‘ʼ`´":
        return "'"
    if _UNSEEN.match(character):
        return ""
    if character.isspace():
        return " "
    plain = unicodedata.normalize("NFKD", character)
    return "".join(each for each in plain if not unicodedata.combining(each)).lower()


def marked(pieces: Iterable[Piece]) -> tuple[str, list[int]]:
    """The source with a mark for each placeholder, and the line of each of its characters."""
    source: list[str] = []
    lines: list[int] = []
    for piece in pieces:
        line = piece.line
        for character in _mark(piece):
            source.append(character)
            lines.append(line)
            line += character == "\n"
    return "".join(source), lines


def _mark(piece: Piece) -> str:
    match piece.kind:
        case "text":
            return _OURS.sub("", piece.text)
        case "raw":
            return _OURS.sub("", _RAW.sub("", piece.text))
        case "value":
            return f"{_literals(piece.text)}{_value(piece.text)}"
        case "statement" if re.match(r"\{%[-+]?\s*set\b", piece.text):
            return f"{BRANCH}{_literals(piece.text)}"
        case _:
            return BRANCH


def _literals(source: str) -> str:
    """Texts that an expression may print, each apart; what values are compared with is not seen."""
    printed = re.sub(r"""(?:[=!<>]=|\bin|\bis|\|\s*\w+\s*\(|\[)\s*(?:"[^"]*"|'[^']*')""", " ", source)
    found = ["".join(match.groups("")) for match in _LITERAL.finditer(printed)]
    return "".join(f"{BRANCH}{_OURS.sub('', each)}{BRANCH}" for each in found if each)


def _value(source: str) -> str:
    own = _OWN.search(source) is not None
    if re.search(r"\|\s*money\b", source):
        return OWN_SUM if own else SUM
    return OWN if own else ANY


def _html(source: str) -> Iterator[tuple[str, int]]:
    """The characters that HTML shows, with their places in the source."""
    at = 0
    for match in _MARKUP.finditer(source):
        yield from _entities(source, at, match.start())
        at = match.end()
        if match["style"] is not None:
            for said in _GENERATED.finditer(source, match.start("style"), match.end("style")):
                yield from _block(source, *said.span(1))
        elif match["tag"] is not None:
            name = match["tag"].lower()
            if name not in _INLINE:
                yield " " if name in _CELLS else "\n", match.start()
            for said in _ATTRIBUTE.finditer(source, *match.span("attributes")):
                yield from _block(source, *said.span(1 if said[1] is not None else 2))
    yield from _entities(source, at, len(source))


def _block(source: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    yield "\n", start
    yield from _entities(source, start, end)
    yield "\n", start


def _entities(source: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    at = start
    for match in _ENTITY.finditer(source, start, end):
        yield from (((" " if source[i] == "\n" else source[i]), i) for i in range(at, match.start()))
        yield from ((character, match.start()) for character in entities.unescape(match[0]))
        at = match.end()
    yield from (((" " if source[i] == "\n" else source[i]), i) for i in range(at, end))


def _text(source: str) -> Iterator[tuple[str, int]]:
    """The characters of a text part: an empty line parts paragraphs, a single line end does not."""
    for at, character in enumerate(source):
        alone = character == "\n" and "\n" not in (source[at + 1 : at + 2], source[at - 1 : at])
        yield " " if alone else character, at
