"""Diagnostics as they are printed: the caret under what is meant, long lines cut, nothing that moves a cursor."""

from __future__ import annotations

from accord.core.language.report import as_github, as_json, as_text
from accord.core.model.place import Diagnostic, Severity, Span


def a_fault(column: int = 3, length: int = 4, **said: object) -> Diagnostic:
    told = {"code": "code", "message": "Sentence.", **said}
    return Diagnostic(Span("f.yaml", 1, column, length), **told)  # type: ignore[arg-type]


def test_the_caret_stands_under_what_is_meant() -> None:
    printed = as_text([a_fault(hint="Did you mean x?")], {"f.yaml": "a wrong word\n"})
    assert printed == "f.yaml:1:3: Sentence. Did you mean x? [code]\n    a wrong word\n      ^~~~\n"


def test_warnings_say_so_and_errors_do_not() -> None:
    printed = as_text([a_fault(severity=Severity.WARNING)], {})
    assert printed == "f.yaml:1:3: warning: Sentence. [code]\n"


def test_of_a_long_line_the_part_round_the_caret_is_shown() -> None:
    line = "x" * 1000 + "WORD" + "y" * 1000
    _, shown, caret = as_text([a_fault(1001)], {"f.yaml": line}).splitlines()
    assert len(shown) < 220
    assert shown.startswith("    …x")
    assert shown.endswith("y…")
    assert shown[caret.index("^") :].startswith("WORD")
    assert caret.endswith("^~~~")


def test_nothing_is_printed_that_a_terminal_obeys() -> None:
    nasty = "a \x1b[31mred\x07 \u202eline\ttab"
    printed = as_text([a_fault(message=f"«{nasty}»")], {"f.yaml": nasty})
    assert not any(sign in printed for sign in "\x1b\x07\u202e\t")
    assert "tab" in printed


def test_places_outside_of_the_file_are_told_without_a_line() -> None:
    assert (
        as_text([Diagnostic(Span("f.yaml", 9, 1), "code", "Sentence.")], {"f.yaml": "one\n"}).count("\n") == 1
    )


def test_annotations_keep_to_one_line_and_to_their_signs() -> None:
    fault = Diagnostic(Span("a,b:c.yaml", 1, 2, 3), "code", "50 % off,\nreally: yes.", "Hint.")
    assert as_github([fault]) == (
        "::error file=a%2Cb%3Ac.yaml,line=1,col=2,endColumn=5,title=code::50 %25 off,%0Areally: yes. Hint.\n"
    )
    assert as_github([]) == ""


def test_all_shapes_are_sorted_by_place() -> None:
    later, sooner = a_fault(9), Diagnostic(Span("a.yaml", 3, 1), "code", "Sentence.")
    assert [each["file"] for each in as_json([later, sooner])["diagnostics"]] == ["a.yaml", "f.yaml"]
    assert as_text([later, sooner], {}).startswith("a.yaml:3:1")
    assert as_json([]) == {"diagnostics": []}
