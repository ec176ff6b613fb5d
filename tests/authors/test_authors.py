"""Golden files: scenarios that pass in silence, and scenarios whose every fault is printed with its caret.

`PYTHONPATH=src:tests python tests/authors/cases.py` writes the printed halves anew, to be read before they are kept.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.core.language.report import as_github, as_json
from authors.cases import HERE, Case, base_library, base_shelf, err_cases, ok_cases

ROOT = Path(__file__).parents[2]
CORE = ROOT / "src" / "accord" / "core"

# Who makes a diagnostic, and at which place of the call its code stands.
MAKERS = {
    "Diagnostic": 1,
    "error": 1,
    "warn": 1,
    "warning": 1,
    "stop": 1,
    "_fault": 1,
    "_Fault": 1,
    "_wrong": 1,
}


def named(cases: list[Case]) -> list[object]:
    return [pytest.param(case, id=case.name) for case in cases]


def test_the_venue_itself_is_right() -> None:
    assert base_shelf().diagnostics == ()
    assert base_library().diagnostics == ()


@pytest.mark.parametrize("case", named(ok_cases()))
def test_what_is_right_passes_in_silence(case: Case) -> None:
    assert case.printed() == ""


@pytest.mark.parametrize("case", named(err_cases()))
def test_what_is_wrong_is_printed_like_this(case: Case) -> None:
    assert case.expected is not None
    assert case.printed() == case.expected.read_text(encoding="utf-8")
    assert case.printed() != ""


def test_no_printed_half_is_left_alone() -> None:
    halves = {path.stem for path in (HERE / "err").glob("*.out")}
    assert halves == {case.name for case in err_cases()}


def test_every_code_has_a_pair() -> None:
    told = {each.code for case in err_cases() for each in case.diagnostics()}
    assert sorted(codes_in_the_source() - told) == []


def codes_in_the_source() -> set[str]:
    """Every code that can come out of the language, of conditions and of the reader of mails."""
    files = [
        *(CORE / "language").rglob("*.py"),
        *(CORE / "expressions").rglob("*.py"),
        CORE / "mail" / "inspect.py",
        CORE / "mail" / "serving.py",
    ]
    return {code for file in files for code in _codes(ast.parse(file.read_text(encoding="utf-8")))}


def _codes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            # `_Fault(node, code, …)`, `notes.error(span, code, …)`: the code is the second argument.
            arguments = node.args[1:2] if name in MAKERS else []
        elif isinstance(node, ast.Tuple):
            # Mending answers with (code, sentence).
            arguments = node.elts[:1] if len(node.elts) == 2 and _is_sentence(node.elts[1]) else []
        else:
            continue
        for each in arguments:
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and " " not in each.value:
                yield each.value


def _is_sentence(node: ast.expr) -> bool:
    text = node.value if isinstance(node, ast.Constant) else getattr(node, "values", [""])[0]
    said = text.value if isinstance(text, ast.Constant) else text
    return isinstance(said, str) and " " in said and said[:1].isupper()


def test_programs_read_the_same_as_people() -> None:
    case = next(case for case in err_cases() if case.name == "several-faults")
    found = case.diagnostics()
    told = as_json(found)["diagnostics"]
    assert len(told) == len(found) > 5
    places = [(each["file"], each["line"], each["column"]) for each in told]
    assert places == sorted(places)
    for each, line in zip(told, as_github(found).splitlines(), strict=True):
        assert set(each) == {"file", "line", "column", "severity", "code", "message", "hint"}
        assert line.startswith(
            f"::{each['severity']} file={each['file']},line={each['line']},col={each['column']},"
        )
        assert f"title={each['code']}::" in line
        assert f"{each['file']}:{each['line']}:{each['column']}:" in case.printed()
