"""The JSON Schema of scenario files: the golden files are valid by it, and it refuses what the reader refuses."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from accord.core.language.examples import EXAMPLES
from accord.core.language.parse import parse_scenario
from accord.core.language.schema import names_of, scenario_schema
from accord.core.language.shapes import Either, Items, Named, Shape, Table
from accord.core.language.source import plain, read
from accord.core.language.tables import SCENARIO
from accord.core.model.place import Severity
from authors.cases import Case, base_library, err_cases, ok_cases, the_venue

GENERAL = scenario_schema()
OF_THE_VENUE = scenario_schema(names_of(the_venue(), base_library().template_names()))
SCHEMAS = [pytest.param(GENERAL, id="general"), pytest.param(OF_THE_VENUE, id="of-the-venue")]


def golden() -> Iterator[tuple[str, dict[str, Any]]]:
    for case in ok_cases():
        for file, text in case.files.items():
            node, _ = read(text, file)
            assert node is not None
            yield case.name, plain(node)


GOLDEN = [pytest.param(name, document, id=name) for name, document in golden()]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_it_is_a_schema(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize(("name", "document"), GOLDEN)
def test_what_passes_in_silence_is_valid(name: str, document: Any, schema: dict[str, Any]) -> None:
    assert [error.message for error in Draft202012Validator(schema).iter_errors(document)] == []


def changed(document: Any) -> Iterator[Any]:
    """The document with one thing wrong: a key taken away, one added, a value of another kind."""
    for path in paths(document):
        for change in (taken_away, added, as_a_list, as_nothing):
            other = copy.deepcopy(document)
            if change(other, path):
                yield other


def paths(node: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inside:
        yield (*above, key)
        yield from paths(value, (*above, key))


def holder(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        document = document[key]
    return document


def taken_away(document: Any, path: tuple[Any, ...]) -> bool:
    del holder(document, path)[path[-1]]
    return True


def added(document: Any, path: tuple[Any, ...]) -> bool:
    value = holder(document, path)[path[-1]]
    if isinstance(value, dict):
        value["quelque_chose"] = "x"
    return isinstance(value, dict)


def as_a_list(document: Any, path: tuple[Any, ...]) -> bool:
    holder(document, path)[path[-1]] = [["x"]]
    return True


def as_nothing(document: Any, path: tuple[Any, ...]) -> bool:
    holder(document, path)[path[-1]] = None
    return True


# Faults that the shape of a file alone makes, whatever its words mean.
OF_SHAPE = {"unknown-key", "missing-key", "one-verb", "one-way-in", "not-in-service", "about-missing"} | {
    "promotes-missing",
    "test-without-subjects",
    "invite-outside-service",
    "existing-without-segment",
}


@pytest.mark.parametrize(("name", "document"), GOLDEN)
def test_schema_and_reader_agree_on_what_is_wrong(name: str, document: Any) -> None:
    """Whatever the schema refuses is an error of the reader; every fault of shape is refused by the schema."""
    validator = Draft202012Validator(GENERAL)
    refused = 0
    for other in changed(document):
        text = json.dumps(other, ensure_ascii=False)
        found = parse_scenario(text, f"{name}.yaml", the_venue()).diagnostics
        errors = {fault.code for fault in found if fault.severity is Severity.ERROR}
        valid = validator.is_valid(other)
        refused += not valid
        assert valid or errors, text
        assert not valid or not errors & (OF_SHAPE - open_to(other)), (errors, text)
    assert refused > 5


def open_to(document: Any) -> set[str]:
    """Codes that also say of words what no schema knows: a basis or a language that must be there."""
    return (
        {"missing-key"}
        if isinstance(document.get("why"), dict) or "subjects" in json.dumps(document)
        else set()
    )


def test_every_key_is_explained() -> None:
    unsaid = [key for key, value in keys_of(GENERAL) if not value.get("description", "").endswith(".")]
    assert unsaid == []


def test_every_key_has_an_example_that_its_own_schema_takes() -> None:
    for name, value in keys_of(GENERAL):
        assert value.get("examples"), name
        alone = Draft202012Validator({**value, "$defs": GENERAL["$defs"]})
        assert [error.message for each in value["examples"] for error in alone.iter_errors(each)] == [], name


def test_an_example_is_of_a_key_that_there_is() -> None:
    assert set(EXAMPLES) <= {name for name, _ in keys_of(GENERAL)}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in err_cases()])
def test_a_golden_fault_of_shape_is_refused_in_the_editor_already(case: Case) -> None:
    for file, text in case.files.items():
        if not file.startswith("scenarios/"):
            continue
        node, unread = read(text, file)
        if node is None or unread:
            continue  # what is no YAML of ours never comes to a schema
        told = {each.code for each in case.diagnostics() if each.span.file == file}
        document = plain(node)
        if told & (OF_SHAPE - open_to(document)):
            assert not Draft202012Validator(GENERAL).is_valid(document)


def keys_of(schema: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(schema, dict):
        for name, value in schema.get("properties", {}).items():
            if isinstance(value, dict) and schema.get("additionalProperties") is False:
                yield name, value
        for value in schema.values():
            yield from keys_of(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from keys_of(value)


def test_the_schema_has_every_table() -> None:
    told = {name for name, _ in keys_of(GENERAL)}
    assert told == {key for table in tables(SCENARIO) for key in table.keys}


def tables(shape: Shape) -> Iterator[Table]:
    match shape:
        case Table(keys):
            yield shape
            for key in keys.values():
                yield from tables(key.takes)
        case Items(inner) | Named(inner):
            yield from tables(inner)
        case Either(shapes):
            for each in shapes:
                yield from tables(each)


def test_a_venue_s_names_are_offered_and_later_ones_not_refused() -> None:
    offered = OF_THE_VENUE["properties"]["purpose"]["anyOf"][0]["enum"]
    assert offered[:2] == ["service", "newsletter"]
    assert "lettre/magazine" in json.dumps(OF_THE_VENUE)
    document = next(document for _, document in golden())
    other = {**document, "purpose": "declared-tomorrow"}
    assert Draft202012Validator(OF_THE_VENUE).is_valid(other)
