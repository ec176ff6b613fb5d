"""What authors do at the command line: check in its three shapes, schema, words; and a venue that init has made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from authors.cases import VENUE, err_cases
from cli_driver import Terminal, a_copy

CASE = next(case for case in err_cases() if case.name == "several-faults")


@pytest.fixture
def venue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return a_copy(VENUE, tmp_path / "venue", monkeypatch)


@pytest.fixture
def faulty(venue: Terminal) -> Terminal:
    for name, text in CASE.files.items():
        venue.write(name, text)
    return venue


def test_what_is_right_is_said_in_one_line(venue: Terminal) -> None:
    assert venue("check").ok().out == "9 files read: 0 errors, 0 warnings.\n"


def test_what_is_wrong_is_printed_as_in_the_golden_file(faulty: Terminal) -> None:
    ran = faulty("check")
    assert (ran.code, ran.err) == (1, "")
    assert CASE.expected is not None
    assert ran.out == CASE.expected.read_text(encoding="utf-8") + "10 files read: 18 errors, 0 warnings.\n"


@pytest.mark.parametrize("words", [("--format", "json"), ("--json",)])
def test_programs_get_one_document(faulty: Terminal, words: tuple[str, ...]) -> None:
    ran = faulty("check", *words)
    assert (ran.code, ran.err) == (1, "")
    assert set(ran.json) == {"diagnostics"}
    first = ran.json["diagnostics"][0]
    assert set(first) == {"file", "line", "column", "severity", "code", "message", "hint"}
    assert len(ran.json["diagnostics"]) == 18


def test_pull_requests_get_annotations(faulty: Terminal) -> None:
    ran = faulty("check", "--format", "github")
    assert ran.code == 1
    assert all(
        line.startswith("::error file=scenarios/several-faults.yaml,line=") for line in ran.out.splitlines()
    )


def test_a_warning_keeps_nobody(venue: Terminal) -> None:
    text = "scenario: w\npurpose: infos\nwhy: Parce que.\nenter: {when: consent.given}\n"
    venue.write("scenarios/w.yaml", text + "steps: {un: {send: lettre/magazine, nature: editorial}}\n")
    assert venue("check").ok().out.endswith("10 files read: 0 errors, 1 warning.\n")


def test_only_the_paths_that_are_named_are_told_of(faulty: Terminal) -> None:
    assert faulty("check", str(faulty.folder / "templates")).ok().out.startswith("7 files read")
    assert faulty("check", str(faulty.folder / "scenarios")).out.endswith(
        "1 file read: 18 errors, 0 warnings.\n"
    )
    assert faulty("check", str(faulty.folder)).code == 1
    assert faulty("check", str(faulty.folder / "config.toml")).ok().out.startswith("0 files read")


def test_a_path_that_holds_nothing_to_read_is_a_fault(venue: Terminal) -> None:
    missing, stranger = venue("check", "nowhere.yaml"), venue("check", str(venue.write("notes.txt", "x")))
    assert (missing.code, missing.err) == (1, "nowhere.yaml does not exist.\n")
    assert stranger.code == 1
    assert "no scenario, template or form" in stranger.err


def test_a_file_from_elsewhere_is_read_as_if_it_stood_there(venue: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.yaml"
    path.write_text("scenario: elsewhere\npurpose: newsleter\n", encoding="utf-8")
    ran = venue("check", str(path))
    assert ran.code == 1
    assert f"{path}:2:10: There is no purpose «newsleter»" in ran.out
    assert ran.out.endswith("1 file read: 4 errors, 0 warnings.\n")


def test_what_can_not_be_read_is_a_fault_among_the_others(venue: Terminal) -> None:
    (venue.folder / "scenarios").mkdir(exist_ok=True)
    (venue.folder / "scenarios" / "latin.yaml").write_bytes("scenario: été\n".encode("latin-1"))
    (venue.folder / "scenarios" / "huge.yaml").write_bytes(b"# " + b"x" * 2**20)
    codes = {each["code"] for each in venue("check", "--json").json["diagnostics"]}
    assert codes == {"not-utf-8", "file-too-large"}


@pytest.mark.parametrize("shape", ["text", "json", "github"])
def test_a_fault_of_the_configuration_is_told_in_the_same_shape(venue: Terminal, shape: str) -> None:
    venue.write("config.toml", (venue.folder / "config.toml").read_text(encoding="utf-8") + "\n[purposs.x]\n")
    ran = venue("check", "--format", shape)
    assert ran.code == 1
    assert "purposs" in ran.out
    assert ran.err == ""
    if shape == "json":
        assert ran.json["diagnostics"][0]["file"] == "config.toml"


def test_a_made_venue_is_right_and_its_scenarios_are_valid_by_its_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Terminal(tmp_path / "theatre", monkeypatch)
    made("init", str(made.folder)).ok()
    assert made("check").ok().out.endswith("0 errors, 0 warnings.\n")
    schema = json.loads((made.folder / ".schema" / "scenario.json").read_text(encoding="utf-8"))
    assert schema == made("schema").ok().json
    validator = Draft202012Validator(schema)
    for path in sorted((made.folder / "scenarios").glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        document = yaml.load(text, Loader=yaml.BaseLoader)
        assert [error.message for error in validator.iter_errors(untyped(document))] == []
        named = text.split("\n", 1)[0].partition("$schema=")[2]
        assert (path.parent / named).resolve() == made.folder / ".schema" / "scenario.json"


def untyped(node: object) -> object:
    """A document of texts alone, with the few words that the language reads as true and false."""
    if isinstance(node, dict):
        return {key: untyped(value) for key, value in node.items()}
    if isinstance(node, list):
        return [untyped(each) for each in node]
    return {"true": True, "false": False}.get(str(node), node)


def test_without_a_venue_there_is_the_language_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = Terminal(tmp_path, monkeypatch)("schema").ok().json
    assert schema["properties"]["purpose"]["anyOf"][0] == {"enum": ["service"]}


def test_words_are_listed_for_people_and_for_programs(venue: Terminal) -> None:
    assert "contact.city" in venue("words", "contact.").ok().out
    listed = venue("words", "order.placed", "--json").ok().json
    assert listed[0]["name"] == "order.placed"
    assert {each["of"] for each in listed[1:]} == {"order.placed"}
    assert set(listed[0]) == {"kind", "name", "type", "example", "of"}
    nothing = venue("words", "xyz")
    assert (nothing.code, nothing.err) == (1, "No word begins with «xyz».\n")
