"""Placeholders of Jinja, put out of harm's way while HTML tools work, and put back after."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto

from jinja2 import Environment

# A bare word survives in addresses, in style values and in text; a comment is legal between table rows.
_WORD = "zqj{:05d}qz"
_WORDS = re.compile(r"<!--zqj(\d{5})qz-->|zqj(\d{5})qz")

_OPENERS = {"variable_begin": "variable_end", "block_begin": "block_end", "comment_begin": "comment_end"}


class Place(Enum):
    """Where in the HTML a placeholder stands."""

    TEXT = auto()
    TAG = auto()
    QUOTED = auto()
    UNQUOTED = auto()
    STYLE = auto()
    COMMENT = auto()


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One `{{ }}`, `{% %}` or `{# #}`: its text, its line, where it stands and in which attribute."""

    text: str
    line: int
    place: Place
    attribute: str = ""

    @property
    def is_block(self) -> bool:
        """Whether it is a statement, which prints nothing."""
        return not self.text.startswith("{{")


@dataclass(slots=True)
class Protected:
    """HTML in which every placeholder is a word of ours."""

    html: str
    placeholders: list[Placeholder] = field(default_factory=list)

    def restore(self, html: str) -> str:
        """Put the placeholders back, wherever the tools have carried them."""
        return _WORDS.sub(lambda match: self.placeholders[int(match[1] or match[2])].text, html)


def protect(source: str, environment: Environment) -> Protected:
    """Replace Jinja's own tokens, as its lexer finds them. Raises jinja2.TemplateSyntaxError."""
    done = Protected("")
    reader = _HtmlReader()
    pieces: list[str] = []
    for text, line, is_placeholder in _runs(source, environment):
        if not is_placeholder:
            reader.read(text)
            pieces.append(text)
            continue
        number = len(done.placeholders)
        found = Placeholder(text, line, reader.place, reader.attribute)
        done.placeholders.append(found)
        word = _WORD.format(number)
        as_comment = found.is_block and reader.place is Place.TEXT
        pieces.append(f"<!--{word}-->" if as_comment else word)
    done.html = "".join(pieces)
    return done


def _runs(source: str, environment: Environment) -> list[tuple[str, int, bool]]:
    """The source cut into text and whole placeholders: (text, line, whether it is a placeholder)."""
    runs: list[tuple[str, int, bool]] = []
    closer, held, started = "", [], 0
    for line, token, value in environment.lexer.tokeniter(source, None):
        if closer:
            held.append(value)
            if token == closer:
                runs.append(("".join(held), started, True))
                closer, held = "", []
        elif token in _OPENERS:
            closer, held, started = _OPENERS[token], [value], line
        elif token == "raw_begin":  # noqa: S105 - a token of a lexer
            closer, held, started = "raw_end", [value], line
        else:
            runs.append((value, line, False))
    return runs


class _HtmlReader:
    """Follows HTML closely enough to know whether the next character is text, in a tag, or in a value."""

    def __init__(self) -> None:
        self.place = Place.TEXT
        self.attribute = ""
        self._quote = ""
        self._word = ""
        self._tag = ""

    def read(self, text: str) -> None:
        """Take in a piece of HTML."""
        position = 0
        while position < len(text):
            position = self._step(text, position)

    def _step(self, text: str, at: int) -> int:
        match self.place:
            case Place.TEXT:
                return self._in_text(text, at)
            case Place.COMMENT:
                end = text.find("-->", at)
                if end < 0:
                    return len(text)
                self.place = Place.TEXT
                return end + 3
            case Place.STYLE:
                end = text.lower().find("</style", at)
                if end < 0:
                    return len(text)
                self.place = Place.TEXT
                return end
            case Place.QUOTED:
                end = text.find(self._quote, at)
                if end < 0:
                    return len(text)
                self.place, self.attribute, self._word = Place.TAG, "", ""
                return end + 1
        return self._in_tag(text, at)

    def _in_text(self, text: str, at: int) -> int:
        opening = text.find("<", at)
        if opening < 0:
            return len(text)
        if text.startswith("<!--", opening):
            self.place = Place.COMMENT
            return opening + 4
        name = re.match(r"</?[A-Za-z][\w:-]*", text[opening:])
        if name is None:
            return opening + 1
        self.place, self._tag, self._word = Place.TAG, name[0].lstrip("<").lower(), ""
        return opening + len(name[0])

    def _in_tag(self, text: str, at: int) -> int:
        letter = text[at]
        if letter == ">":
            self.place = Place.STYLE if self._tag == "style" else Place.TEXT
            self.attribute = ""
        elif letter in "\"'" and self.place is Place.UNQUOTED:
            self.place, self._quote = Place.QUOTED, letter
        elif letter == "=":
            self.place, self.attribute = Place.UNQUOTED, self._word.lower()
        elif letter.isspace():
            if self.place is Place.UNQUOTED and self._word:
                self.place, self.attribute = Place.TAG, ""
            self._word = ""
            return at + 1
        if letter == "=":
            self._word = ""
        elif letter not in "\"'>":
            self._word += letter
        return at + 1
