"""Pieces of a template: every placeholder has its place, however its lines end."""

from __future__ import annotations

import pytest

from accord.core.mail.pieces import pieces_of


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_placeholder_has_its_place_however_lines_end(end: str) -> None:
    text = end.join(["<p>", "<b>un</b>", "<b>{{ contact.city }} {{ contact.city }}</b>", "</p>"])
    found = [
        (piece.line, piece.column, piece.text)
        for piece in pieces_of(text, "a/b.html", 5)
        if piece.is_placeholder
    ]
    assert found == [(7, 4, "{{ contact.city }}"), (7, 23, "{{ contact.city }}")]
