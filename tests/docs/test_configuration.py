"""The page on config.toml: no key missing, none too many, and its snippets are valid over the example's."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from types import GenericAlias
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from accord.shell.config_shapes import Config, FreeSection

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
EXAMPLE = tomllib.loads((ROOT / "config.toml").read_text(encoding="utf-8"))
SECTIONS = {
    re.match(r"\w+", title)[0]: body  # type: ignore[index]
    for title, body in re.findall(r"^## `\[(.+?)\]`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
}


def shape_of(annotation: Any) -> type[BaseModel] | None:
    """The shape of a section, or of each of its tables where it holds several."""
    inner = get_args(annotation)[-1] if isinstance(annotation, GenericAlias) else annotation
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def test_every_section_is_told_and_no_other() -> None:
    told_elsewhere = {name for name, each in Config.model_fields.items() if each.annotation is FreeSection}
    assert set(SECTIONS) - told_elsewhere == set(Config.model_fields) - told_elsewhere


@pytest.mark.parametrize("section", list(Config.model_fields))
def test_every_key_is_told_and_no_other(section: str) -> None:
    shape = shape_of(Config.model_fields[section].annotation)
    if shape is None or shape is FreeSection:
        return
    told = set(re.findall(r"^\| `(\w+)` \|", SECTIONS[section], re.MULTILINE))
    assert told == set(shape.model_fields)


@pytest.mark.parametrize("section", list(Config.model_fields))
def test_every_default_is_the_real_one(section: str) -> None:
    shape = shape_of(Config.model_fields[section].annotation)
    if shape is None or shape is FreeSection:
        return
    for key, told in re.findall(r"^\| `(\w+)` \| (.+?) \|", SECTIONS[section], re.MULTILINE):
        field = shape.model_fields[key]
        if field.is_required():
            assert told == "–", key
        elif field.default is None:
            assert told == "none", key
        else:
            assert tomllib.loads(f"it = {told.strip('`')}")["it"] == field.default, key


def laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = laid_over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def snippets() -> list[Any]:
    found = []
    for document in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        text = document.read_text(encoding="utf-8")
        for number, snippet in enumerate(
            re.findall(r"^```toml[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL), 1
        ):
            found.append(pytest.param(snippet, id=f"{document.relative_to(ROOT)}-{number}"))
    return found


@pytest.mark.parametrize("snippet", snippets())
def test_a_snippet_is_valid_over_the_example(snippet: str) -> None:
    Config.model_validate(laid_over(EXAMPLE, tomllib.loads(snippet)))
