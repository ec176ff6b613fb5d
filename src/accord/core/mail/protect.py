"""Placeholders of Jinja, put out of harm's way while HTML tools work, and put back after."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from accord.core.mail.pieces import Piece

# A bare word survives in addresses, in style values and in text; a comment is legal between table rows.
_WORD = "zqj{:05d}qz"
_WORDS = re.compile(r"<!--zqj(\d{5})qz-->|zqj(\d{5})qz")

# Elements whose content is text to the end: no tag and no comment is seen in them.
_RAW = frozenset({"style", "script", "textarea", "title", "xmp"})


class Place(Enum):
    """Where in the HTML a placeholder stands."""

    TEXT = auto()
    TAG = auto()
    QUOTED = auto()
    UNQUOTED = auto()
    STYLE = auto()
    RAW = auto()
    COMMENT = auto()


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One placeholder: what it was, where in the HTML it stands and in which attribute."""

    piece: Piece
    place: Place
    attribute: str = ""


@dataclass(slots=True)
class Protected:
    """HTML in which every placeholder is a word of ours."""

    html: str = ""
    placeholders: list[Placeholder] = field(default_factory=list)

    def add(self, piece: Piece, place: Place, attribute: str = "") -> str:
        """The word that stands for one more placeholder."""
        self.placeholders.append(Placeholder(piece, place, attribute))
        word = self.word(len(self.placeholders) - 1)
        return f"<!--{word}-->" if place is Place.TEXT and not piece.prints else word

    @staticmethod
    def word(number: int) -> str:
        """What stands for the placeholder of this number."""
        return _WORD.format(number)

    def restore(self, html: str) -> str:
        """Put the placeholders back, wherever the tools have carried them."""
        return _WORDS.sub(lambda match: self.placeholders[int(match[1] or match[2])].piece.text, html)

    def lost(self, html: str) -> Iterator[Placeholder]:
        """The placeholders that the tools have dropped."""
        there = {int(match[1] or match[2]) for match in _WORDS.finditer(html)}
        yield from (each for number, each in enumerate(self.placeholders) if number not in there)

    def split(self, text: str) -> list[str | Placeholder]:
        """Text and placeholders in turn; nothing empty."""
        found: list[str | Placeholder] = []
        for position, part in enumerate(re.split(r"zqj(\d{5})qz", text)):
            if position % 2:
                found.append(self.placeholders[int(part)])
            elif part:
                found.append(part)
        return found


def protect(pieces: Iterable[Piece]) -> Protected:
    """Replace each placeholder by a word that HTML tools leave alone."""
    done = Protected()
    reader = _HtmlReader()
    written: list[str] = []
    for piece in pieces:
        if piece.is_placeholder:
            written.append(done.add(piece, reader.place, reader.attribute))
        else:
            # An author's own zqj00001qz would be taken for one of ours.
            text = _WORDS.sub("zqj", piece.text)
            reader.read(text)
            written.append(text)
    done.html = "".join(written)
    return done


class _HtmlReader:
    """Follows HTML closely enough to know whether the next character is text, in a tag, or in a value."""

    def __init__(self) -> None:
        self.place = Place.TEXT
        self.attribute = ""
        self._tag = ""
        self._word = self._last_word = ""
        self._quote = ""

    def read(self, text: str) -> None:
        """Take in a piece of HTML."""
        at = 0
        while at < len(text):
            at = self._step(text, at)

    def _step(self, text: str, at: int) -> int:
        match self.place:
            case Place.TEXT:
                return self._in_text(text, at)
            case Place.COMMENT:
                return self._until(text, "-->", at, Place.TEXT, skip=3)
            case Place.STYLE | Place.RAW:
                return self._until(text.lower(), f"</{self._tag}", at, Place.TEXT)
            case Place.QUOTED:
                return self._until(text, self._quote, at, Place.TAG, skip=1)
            case _:
                return self._in_tag(text, at)

    def _until(self, text: str, mark: str, at: int, after: Place, *, skip: int = 0) -> int:
        """The place where this place ends, and where reading goes on."""
        end = text.find(mark, at)
        if end < 0:
            return len(text)
        self.place, self.attribute = after, ""
        return end + skip

    def _in_text(self, text: str, at: int) -> int:
        opening = text.find("<", at)
        if opening < 0:
            return len(text)
        if text.startswith("<!--", opening):
            self.place = Place.COMMENT
            return opening + 4
        name = re.compile(r"</?([A-Za-z][\w:-]*)").match(text, opening)
        if name is None:
            return opening + 1
        self.place, self._word = Place.TAG, ""
        self._tag = "" if name[0].startswith("</") else name[1].lower()
        return name.end()

    def _in_tag(self, text: str, at: int) -> int:
        letter = text[at]
        if letter == ">":
            raw = Place.STYLE if self._tag == "style" else Place.RAW
            self.place = raw if self._tag in _RAW else Place.TEXT
            self.attribute = ""
        elif letter in "\"'" and self.place is Place.UNQUOTED and not self._word:
            self.place, self._quote = Place.QUOTED, letter
        elif letter == "=" and self.place is Place.TAG:
            self.place, self.attribute = Place.UNQUOTED, (self._word or self._last_word).lower()
            self._word = ""
        elif not letter.isspace():
            self._word += letter
        elif self._word:
            self.place, self.attribute = Place.TAG, ""
            self._last_word, self._word = self._word, ""
        return at + 1
