"""Rows of a CSV file, whoever saved it: separator found, rows numbered as a spreadsheet does, faults told by row."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import TextIO

from accord.shell.csv_text import Lines, TextFile, TooLong, Unreadable, look_through, opened
from accord.shell.engine.intake.row_texts import FileRow

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

# How many rows, of how much text, are looked at to find the separator.
_SAMPLE_ROWS, _SAMPLE = 50, 1 << 16

# Excel's own hint, above the header.
_HINT = re.compile(r"\s*\"?sep=(.)\"?\s*", re.IGNORECASE)


@dataclass(slots=True)
class CsvFile:
    """An open CSV file: `header` as it stands there, and rows to go through once."""

    file: TextFile
    separator: str
    header: tuple[str, ...]
    _text: TextIO
    _lines: Lines
    _row: int

    @property
    def position(self) -> int:
        """How many bytes have been read of it."""
        return self._text.buffer.tell()

    def rows(self) -> Iterator[FileRow]:
        """Every row below the header that is not empty, with what is wrong with it as a whole.

        Raises Unreadable where the file has changed under our eyes.
        """
        reader = csv.reader(self._lines, delimiter=self.separator, strict=True)
        wide = len(self.header)
        while True:
            self._row += 1
            self._lines.begin()
            line = self._lines.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, TooLong) as fault:
                self._lines.back_to_second()
                yield FileRow(self._row, line, (), _reason(fault))
                continue
            except UnicodeError:
                raise Unreadable(f"{self.file.path} was changed while it was read.") from None
            if any(cells):
                yield FileRow(self._row, line, cells, _ragged(cells, wide))


def _ragged(cells: list[str], wide: int) -> str | None:
    """What is wrong with the number of fields; empty ones beyond the last column are nothing."""
    if len(cells) == wide or (len(cells) > wide and not any(cells[wide:])):
        return None
    return f"it has {len(cells)} fields where the header has {wide}"


def _reason(fault: csv.Error | TooLong) -> str:
    said = str(fault)
    if isinstance(fault, TooLong) or "field limit" in said:
        return "it is far too long: a quotation mark is opened and not closed, or this is no table"
    if "end of data" in said:
        return "a quotation mark is opened and not closed"
    return 'a quotation mark stands inside a quoted field; write it twice («""»)'


@contextmanager
def open_csv(
    path: Path,
    is_column: Callable[[str], bool] = lambda _: False,
    *,
    encoding: str | None = None,
    separator: str | None = None,
) -> Iterator[CsvFile]:
    """Open a CSV file in any common encoding and separator. Raises Unreadable.

    `is_column`: whether a name is a column that is looked for; it helps to find the separator.
    """
    file = look_through(path, encoding)
    with opened(file) as text:
        sample = text.read(_SAMPLE)
        text.seek(0)
        lines = Lines(text)
        hint = _HINT.fullmatch(sample.partition("\n")[0])
        if hint is not None:
            next(lines)
        chosen = separator or (hint and hint[1]) or _separator_of(sample, is_column)
        row, header = _header(path, lines, chosen)
        yield CsvFile(file, chosen, header, text, lines, row)


def _header(path: Path, lines: Lines, separator: str) -> tuple[int, tuple[str, ...]]:
    """The first row that is not empty, and its number."""
    try:
        for number, cells in enumerate(csv.reader(lines, delimiter=separator, strict=True), start=1):
            if any(cell.strip() for cell in cells):
                return number, tuple(cell.strip() for cell in cells)
    except (csv.Error, TooLong) as fault:
        raise Unreadable(f"{path}: the header can't be read: {_reason(fault)}.") from None
    raise Unreadable(f"{path} is empty.")


def _separator_of(sample: str, is_column: Callable[[str], bool]) -> str:
    """The separator that gives columns that are looked for, then rows as wide as the header, then most columns."""

    def merit(separator: str) -> tuple[int, float, int]:
        rows = _first_rows(sample, separator)
        if not rows:
            return 0, 0, 0
        wide = len(rows[0])
        known = sum(is_column(cell.strip()) for cell in rows[0])
        as_wide = sum(len(row) == wide for row in rows) / len(rows) if wide > 1 else 0
        return known, as_wide, wide

    return max(SEPARATORS, key=merit)


def _first_rows(sample: str, separator: str) -> list[list[str]]:
    try:
        rows = islice(csv.reader(StringIO(sample, newline=""), delimiter=separator), _SAMPLE_ROWS)
        return [row for row in rows if any(row)]
    except csv.Error:
        return []
