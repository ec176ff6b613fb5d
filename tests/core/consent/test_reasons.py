"""Every reason that a mail can be sent or refused for has a sentence of its own."""

from __future__ import annotations

from accord.core.consent.gate import TABLE
from accord.core.consent.reasons import REASONS, in_words
from accord.core.consent.restrictions import RESTRICTIONS
from accord.shell.wordings import catalogue


def test_every_reason_has_a_sentence() -> None:
    codes = {row.reason for row in TABLE} | {each.reason for each in RESTRICTIONS}
    assert codes - set(REASONS) == set()
    assert len(set(REASONS.values())) == len(REASONS)


def test_french_has_them_all() -> None:
    french = catalogue("fr", "proof")
    assert [code for code, words in REASONS.items() if french.gettext(words) == words] == []


def test_a_code_without_a_sentence_stands_for_itself() -> None:
    assert in_words("SOMETHING_NEW") == "SOMETHING_NEW"
