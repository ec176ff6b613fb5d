"""A template cut into text and whole placeholders, as Jinja's own lexer finds them, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass

from accord.core.mail.sandbox import TEXT
from accord.core.model.place import Span

# Jinja's tokens by which a placeholder begins: its kind, and the token by which it ends.
_BEGINS = {
    "variable_begin": ("value", "variable_end"),
    "block_begin": ("statement", "block_end"),
    "comment_begin": ("comment", "comment_end"),
    "raw_begin": ("raw", "raw_end"),
}


# As Jinja's lexer counts them: a lone carriage return begins a line, too.
_NEW_LINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text, or a placeholder; and where it begins in which file.

    `kind` is `text`, or `value` for `{{ }}`, `statement` for `{% %}`, `comment` for `{# #}`, `raw` for a whole
    raw passage.
    """

    text: str
    file: str
    line: int
    column: int = 1
    kind: str = "text"

    @property
    def is_placeholder(self) -> bool:
        """Whether it is Jinja's and not the reader's."""
        return self.kind != "text"

    @property
    def prints(self) -> bool:
        """Whether something of it is seen in the mail."""
        return self.kind in ("text", "value", "raw")

    @property
    def span(self) -> Span:
        """Where an author finds it."""
        return Span(
            f"templates/{self.file}", self.line, self.column, len(self.text.partition("\n")[0].rstrip()) or 1
        )


def pieces_of(text: str, file: str, line: int = 1) -> list[Piece]:
    """The text in pieces; `line` is where it begins in its file. What `{%- -%}` takes away is gone.

    Raises jinja2.TemplateSyntaxError for a placeholder without end; its line counts from the text's first.
    """
    pieces: list[Piece] = []
    lines = _NEW_LINE.split(text)
    looked: dict[int, int] = {}
    kind, end, held, started = "", "", "", 0
    for number, token, value in TEXT.lexer.tokeniter(text, None):
        if end:
            held += value
        elif token in _BEGINS:
            (kind, end), held, started = _BEGINS[token], value, number
        else:
            pieces.append(Piece(value, file, line + number - 1))
        if end and token == end:
            first = held.partition("\n")[0].rstrip()
            column = max(lines[started - 1].find(first, looked.get(started, 0)), 0)
            looked[started] = column + len(first)
            pieces.append(Piece(held, file, line + started - 1, column + 1, kind))
            end = ""
    return pieces
