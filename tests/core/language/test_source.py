"""YAML, made safe: scalars, places, repairs, limits; and nothing that takes long to refuse."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.language.parse import parse_scenario
from accord.core.language.source import MOST_BYTES, ListNode, MapNode, ScalarNode, plain, read
from builders import a_venue


def value(text: str) -> object:
    node, faults = read(f"key: {text}\n", "f.yaml")
    assert faults == []
    assert node is not None
    return plain(node)["key"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("10:30", "10:30"),
        ("2026-09-01", "2026-09-01"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("017", 17),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("-3", -3),
        ("2.5e3", 2500.0),
        ("99999999999999999999", "99999999999999999999"),
        ("50%", "50%"),
        ('"no # not"', "no # not"),
        ("'it''s'", "it's"),
        ("[a, 1]", ["a", 1]),
    ],
)
def test_scalars_are_those_of_the_core(written: str, meant: object) -> None:
    found = value(written)
    assert found == meant
    assert type(found) is type(meant)


@pytest.mark.parametrize(
    "text",
    [
        "k: plain\n   over three\n   lines\n",
        'k: "quoted \\"with\\" escapes \\u00e9, \\\n   joined up"\n',
        "k: 'it''s single, over\n   two lines'\n",
        "k: >-\n  folded words\n  go on here\n",
        "k: |\n  each line\n    of a block\n",
        "- k: nested\n- x\n",
        "k: éà 🎭 wide\n",
    ],
)
def test_each_word_is_found_where_it_is_written(text: str) -> None:
    node, _ = read(text, "f.yaml")
    block = node.items[0] if isinstance(node, ListNode) else node
    assert isinstance(block, MapNode)
    scalar = block.get("k")
    assert isinstance(scalar, ScalarNode)
    lines = text.split("\n")
    for word in scalar.text.split():
        bare = word.strip('"')
        at = scalar.part(scalar.text.index(bare), len(bare))
        assert lines[at.line - 1][at.column - 1 :].startswith(bare[:1]) or "é" in bare


def test_every_line_that_can_be_mended_is_told_at_once() -> None:
    text = 'a: one: two\nb:\n  c: "x" y\n  d: @z\ne: fine\nf: {{ g }}, h\n'
    node, faults = read(text, "f.yaml")
    assert [(fault.code, fault.span.line) for fault in faults] == [
        ("colon-in-text", 1),
        ("half-quoted", 3),
        ("unquoted-sign", 4),
        ("unquoted-braces", 6),
    ]
    assert node is not None
    assert plain(node)["e"] == "fine"
    for fault in faults:
        repaired = (fault.hint or "").removeprefix("Write: ")
        assert read(f"{repaired}\n", "f.yaml")[1] == []


def test_keys_that_stand_twice_name_both_lines() -> None:
    _, [fault] = read("a: 1\nb: 2\na: 3\n", "f.yaml")
    assert (fault.span.line, fault.span.column) == (3, 1)
    assert "line 1" in fault.message


@given(st.text(alphabet="ab:-#'\"{}[]|>&*!%@`,? \n\t\u00a0é\x00\x85\u2028", max_size=80))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    node, faults = read(text, "f.yaml")
    assert node is not None or faults or not text.strip() or text.lstrip().startswith(("#", "%"))


def test_half_a_character_is_refused() -> None:
    node, [fault] = read("a: \ud800", "f.yaml")
    assert node is None
    assert fault.code == "yaml"


HOSTILE = {
    "flow": "a: " + "[" * 400_000,
    "closed-flow": "a: " + "[" * 200_000 + "]" * 200_000,
    "unknown-keys": "scenario: f\n" + "".join(f"key{n}: 1\n" for n in range(60_000)),
    "one-key": "a" * (MOST_BYTES - 10) + ": 1",
    "colons": "".join(f"k{n}: a: b\n" for n in range(50_000)),
    "quotes": 'a: "' + "\\" * 500_000,
    "unclosed-quotes": "".join(f'k{n}: "x\n' for n in range(50_000)),
    "steps": "scenario: f\npurpose: newsletter\nwhy: x\nenter: {when: order.placed}\nsteps:\n"
    + "".join(f"  s{n}: {{emit: x, then: s{n}}}\n" for n in range(20_000)),
    "conditions": "scenario: f\npurpose: newsletter\nwhy: x\nenter: {when: order.placed}\nsteps:\n"
    + "".join(f"  s{n}: {{emit: x, if: {'contact.citi and ' * 200}contact.citi}}\n" for n in range(60)),
    "condition": "scenario: f\nenter: {when: order.placed, if: '" + "(" * 500_000 + "'}",
    "families": "steps:\n  a: {send: x, nature: promotional, promotes: [" + "teatre, " * 60_000 + "]}",
    "digits": "steps:\n  a: {after: " + "9" * 900_000 + "}",
    "anchors": "".join(f"k{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30_000)),
    "blanks": "a: " + " " * 1_000_000,
    "breaks": "a:\n" + "\n" * 1_000_000,
    "percent": "steps:\n  a: {split: {b: " + "1" * 900_000 + "%}}",
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_file_is_refused_in_time(name: str) -> None:
    began = time.process_time()
    parsed = parse_scenario(HOSTILE[name], "f.yaml", a_venue())
    assert parsed.scenario is None
    assert parsed.diagnostics
    assert time.process_time() - began < 10
