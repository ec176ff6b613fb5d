"""One row of a file as texts by field, and every fault that is found while they are read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from accord.core.expressions.fields import Unreadable, read_instant, shown
from accord.core.model.venue import Venue
from accord.shell.engine.intake.columns import Reading
from accord.shell.engine.intake.presets import ANY, canonical

# The whole row, where no single field is to blame.
ROW = "row"

# Fields of which a word can only say something against mail.
_RESTRICTIVE = frozenset({"unsubscribed", "address_state"})

_BROKEN = re.compile("[\ud800-\udfff\0]")

W = TypeVar("W", bound=StrEnum)

YES = frozenset({"yes", "true", "1", "y", "x", "on", "oui", "vrai"})
NO = frozenset({"no", "false", "0", "n", "off", "non", "faux"})


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row of a file: its number as a spreadsheet counts, the line that it begins on, its cells as they stand.

    `fault`: what is wrong with it as a whole; its cells may not be where they should be.
    """

    number: int
    line: int
    cells: Sequence[str]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row that was not taken: which, what about it, and why."""

    row: int
    field: str
    reason: str
    line: int = 0


@dataclass(slots=True)
class RowTexts:
    """A row's texts by field, trimmed, empty ones left out; what can't be read becomes a refusal."""

    row: FileRow
    texts: dict[str, str]
    venue: Venue
    parse: Callable[[str], datetime]
    now: datetime
    refusals: list[Refusal] = field(default_factory=list)

    def refuse(self, name: str, reason: str) -> None:
        """Note that the row can't be taken, and why."""
        self.refusals.append(Refusal(self.row.number, name, reason, self.row.line))

    def get(self, name: str) -> str:
        """The text of a field, or none at all."""
        return self.texts.get(name, "")

    def past(self, name: str) -> datetime | None:
        """The instant in a field, aware and in UTC; what lies in the future has not happened."""
        text = self.texts.get(name)
        if text is None:
            return None
        try:
            found = read_instant(self._parsed(text), self.venue.entity.clock)
        except (Unreadable, OverflowError) as fault:
            self.refuse(name, str(fault))
            return None
        if found > self.now:
            self.refuse(name, f"{shown(text)} lies in the future")
            return None
        return found

    def _parsed(self, text: str) -> datetime | str:
        try:
            return self.parse(text)
        except ValueError:
            return text

    def yes_or_no(self, name: str) -> bool | None:
        """What a field with a yes or a no says; None where it is empty."""
        text = self.texts.get(name, "").casefold()
        if text and text not in YES and text not in NO:
            self.refuse(name, f"{shown(text)} is neither yes nor no")
        return text in YES if text in YES or text in NO else None

    def chosen(self, name: str, words: type[W], default: W) -> W:
        """One word of a few."""
        text = self.texts.get(name)
        if text is None:
            return default
        try:
            return words(text.casefold())
        except ValueError:
            self.refuse(name, f"{shown(text)} is none of {', '.join(words)}")
            return default


def read_texts(row: FileRow, reading: Reading, venue: Venue, now: datetime) -> RowTexts:
    """The row's texts, a tool's own words put into ours."""
    cells = row.cells
    preset = reading.wanted.preset
    texts = dict(reading.always)
    made = RowTexts(row, texts, venue, preset.instant if preset is not None else datetime.fromisoformat, now)
    if row.fault is not None:
        made.refuse(ROW, row.fault)
    if row.fault is not None or reading.spare or _broken(cells):
        cells = _mended(made, reading, cells)
    for place, name in reading.places:
        value = cells[place].strip()
        if value:
            texts[name] = value
    if "unsubscribed" in reading.always:
        texts["unsubscribed"] = reading.always["unsubscribed"]
    for place, name in reading.spare:
        if name not in texts and cells[place].strip():
            texts[name] = cells[place].strip()
    for place, column in reading.words:
        _put_word(made, reading, column, cells[place].strip().casefold())
    for place in reading.nested:
        _put_nested(made, cells[place].strip())
    return made


def _broken(cells: Sequence[str]) -> bool:
    together = "".join(cells)
    return "\0" in together or (not together.isascii() and _BROKEN.search(together) is not None)


def _mended(made: RowTexts, reading: Reading, cells: Sequence[str]) -> list[str]:
    """As many cells as there are columns, without those that hold bytes that are no text."""
    wide = max([place for place, _ in (*reading.places, *reading.spare, *reading.words)] + [*reading.nested])
    names = dict((*reading.places, *reading.spare, *reading.words))
    mended = [*cells, *[""] * (wide + 1 - len(cells))]
    for place, cell in enumerate(mended):
        if _BROKEN.search(cell):
            mended[place] = ""
            if place in names:
                made.refuse(names[place], "it holds bytes that are no text in the file's encoding")
    return mended


def _put_word(made: RowTexts, reading: Reading, column: str, word: str) -> None:
    """What a tool's word comes to; what stands against mail wins over whatever another column says."""
    preset = reading.wanted.preset
    words = preset.words[column] if preset is not None else {}
    said = words.get(word, words.get(ANY))
    if said is None:
        made.refuse(column, f"{shown(word)} is none of {', '.join(each for each in words if each)}")
        return
    for name, value in said.items():
        if name in _RESTRICTIVE or name not in made.texts:
            made.texts[name] = value


def _put_nested(made: RowTexts, text: str) -> None:
    """Declared attributes out of a JSON object; what nobody declared is left out."""
    if not text:
        return
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        made.refuse(ROW, "its attributes are not JSON")
        return
    attributes = {canonical(name): name for name in made.venue.attributes}
    for key, value in told.items() if isinstance(told, dict) else ():
        name = attributes.get(canonical(key))
        if name is not None and (plain := _plain(value)):
            made.texts.setdefault(name, plain)


def _plain(value: Any) -> str:
    """A JSON value as a cell would hold it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ";".join(str(each) for each in value if isinstance(each, str | int | float))
    return str(value).strip() if isinstance(value, str | int | float) else ""
