"""A file of text as somebody saved it: its encoding, its digest, and lines that never outgrow memory."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

# Longer lines than this, in characters, are no rows of a table.
LONGEST_LINE = 1 << 18

# What is read again, in characters, after rows with broken quotation marks.
MOST_READ_AGAIN = 1 << 28

_CHUNK = 1 << 20


class Unreadable(Exception):
    """The file is no text that can be read; the sentence says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding: as people call it, and as Python does."""

    title: str
    codec: str


UTF8 = Encoding("UTF-8", "utf-8")
UTF8_MARKED = Encoding("UTF-8 with a byte order mark", "utf-8-sig")
UTF16 = Encoding("UTF-16", "utf-16")
UTF32 = Encoding("UTF-32", "utf-32")
WINDOWS = Encoding("Windows-1252", "cp1252")
LATIN9 = Encoding("ISO-8859-15", "iso8859-15")

# The longer mark first: UTF-32's begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, UTF8_MARKED),
    (codecs.BOM_UTF32_LE, UTF32),
    (codecs.BOM_UTF32_BE, UTF32),
    (codecs.BOM_UTF16_LE, UTF16),
    (codecs.BOM_UTF16_BE, UTF16),
)
_NO_TEXT = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook: unpack it, or save the sheet as CSV"),
    (b"\x1f\x8b", "compressed: unpack it first"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook: save the sheet as CSV"),
    (b"%PDF", "a PDF"),
)

_ASCII = bytes(range(0x80))
_STRAY = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
# Printable in Windows-1252 alone; and the letters (€ Œ œ Ÿ) that ISO-8859-15 has where Windows has ¤ ¼ ½ ¾.
_WINDOWS_ONLY = frozenset(range(0x80, 0xA0))
_LATIN9_LETTERS = frozenset({0xA4, 0xBC, 0xBD, 0xBE})


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that has been looked through once: how to read it, and what tells it from every other."""

    path: Path
    size: int
    digest: str
    encoding: Encoding


def look_through(path: Path, wanted: str | None = None) -> TextFile:
    """Read a file once, a piece at a time: its SHA-256 and its encoding (`wanted`, where it was said).

    Raises Unreadable for what is no text, or not in the encoding that was said.
    """
    if not path.is_file():
        raise Unreadable(f"{path} is not a file that can be read twice; write it to disk first.")
    try:
        with path.open("rb") as file:
            head = file.read(4096)
            told = Encoding(wanted, _codec(wanted)) if wanted is not None else _marked(path, head)
            file.seek(0)
            digest, guessed = _read_all(file, told)
    except OSError as fault:
        raise Unreadable(f"{path} can't be read: {fault.strerror}.") from None
    except UnicodeDecodeError as fault:
        raise Unreadable(f"{path} is not {fault.encoding}: {fault.reason}.") from None
    return TextFile(path, path.stat().st_size, digest, guessed)


def _codec(wanted: str) -> str:
    try:
        found = codecs.lookup(wanted)
    except (LookupError, ValueError):
        raise Unreadable(f"There is no encoding «{wanted}»; try utf-8, utf-16, cp1252, iso8859-15.") from None
    if not found._is_text_encoding:  # noqa: SLF001 - the only way to tell base64 and zip from encodings
        raise Unreadable(f"«{wanted}» is no encoding of text.")
    return found.name


def _marked(path: Path, head: bytes) -> Encoding | None:
    """What the file's first bytes say. Raises Unreadable for what is no text."""
    for mark, what in _NO_TEXT:
        if head.startswith(mark):
            raise Unreadable(f"{path} is {what}.")
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if head.count(0) * 5 > len(head):
        raise Unreadable(
            f"{path} looks like UTF-16 without its mark: say --encoding utf-16-le, or save it as UTF-8."
        )
    return None


def _read_all(file: BinaryIO, told: Encoding | None) -> tuple[str, Encoding]:
    """The digest and the encoding. Raises UnicodeDecodeError where a wide encoding does not hold."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder(told.codec if told is not None else "utf-8")(
        "strict" if told in (UTF16, UTF32) else "surrogateescape"
    )
    good, bad, seen = 0, 0, set[int]()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        text = decoder.decode(chunk)
        if told is None and not text.isascii():
            stray = len(_STRAY.findall(text))
            good, bad = good + len(_BEYOND_ASCII.findall(text)) - stray, bad + stray
            seen.update(chunk.translate(None, _ASCII))
    bad += len(decoder.decode(b"", final=True))
    return digest.hexdigest(), told or _guessed(good, bad, seen)


def _guessed(good: int, bad: int, seen: set[int]) -> Encoding:
    """UTF-8 where it holds, or nearly so: then single rows are broken, and are told one by one.

    Of the two that Western programs write otherwise, Windows-1252 unless the letters of ISO-8859-15 alone
    make sense.
    """
    if bad == 0 or good > bad:
        return UTF8
    return LATIN9 if seen & _LATIN9_LETTERS and not seen & _WINDOWS_ONLY else WINDOWS


@contextmanager
def opened(file: TextFile) -> Iterator[TextIO]:
    """The text, its line ends kept; bytes that are none of the encoding's come as lone surrogates."""
    with file.path.open(encoding=file.encoding.codec, errors="surrogateescape", newline="") as text:
        yield text


class TooLong(Exception):
    """A line that no row of a table is as long as."""


class Lines:
    """Lines one after another, counted; those since `begin()` can be taken back and read again."""

    def __init__(self, text: TextIO, most_again: int = MOST_READ_AGAIN) -> None:
        self._text, self._most_again = text, most_again
        self._ahead: list[str | None] = []
        self._given: list[str | None] = []
        self._since = 0
        self._again = 0
        self.number = 0

    def begin(self) -> None:
        """What comes now can be taken back; what came before can't any more."""
        self._given.clear()
        self._since = 0

    def back_to_second(self) -> None:
        """Take back every line since `begin()` but the first one.

        Raises Unreadable where that has been done too often: such a file is no table.
        """
        taken = self._given[1:]
        self._ahead += reversed(taken)
        self.number -= len(taken)
        self._again += self._since
        if self._again > self._most_again:
            raise Unreadable("The file's quotation marks are broken in too many places: it is no table.")
        self.begin()

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        """The next line, with its end. Raises TooLong for one that is, or for a row of too many of them."""
        line = self._ahead.pop() if self._ahead else self._read()
        self.number += 1
        self._given.append(line)
        if line is None:
            raise TooLong
        self._since += len(line)
        if self._since > LONGEST_LINE and len(self._given) > 1:
            raise TooLong
        return line

    def _read(self) -> str | None:
        line = self._text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        if len(line) < LONGEST_LINE or line[-1] in "\r\n":
            return line
        while (rest := self._text.readline(LONGEST_LINE)) and rest[-1] not in "\r\n":
            continue
        return None
