"""config.toml against its shape: every fault at its key or its value, and what is left of it read all the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from accord.shell.config_shapes import Config
from accord.shell.config_source import Source, is_secret, nearest


def validated(source: Source) -> Config | None:
    """The configuration by its shapes; where it has faults, without what is wrong, so that the rest is looked at.

    None where something is missing that nothing can stand for. All faults are kept in `source`.
    """
    try:
        return Config.model_validate(source.data)
    except ValidationError as fault:
        errors = fault.errors()
    for error in errors:
        _keep(source, error)
    try:
        return Config.model_validate(_without(source.data, errors))
    except ValidationError:
        return None


def _without(data: Mapping[str, Any], errors: list[ErrorDetails]) -> dict[str, Any]:
    """The data without each value at which an error stands."""
    left = deepcopy(dict(data))
    for error in errors:
        *above, last = error["loc"]
        room: Any = left
        for part in above:
            room = room.get(part) if isinstance(room, dict) else None
        if isinstance(room, dict):
            room.pop(last, None)
    return left


def _keep(source: Source, error: ErrorDetails) -> None:
    location = ".".join(str(part) for part in error["loc"] if not isinstance(part, int))
    key = str(error["loc"][-1])
    if error["type"] == "extra_forbidden":
        hint = nearest(key, _known_keys(error["loc"][:-1]))
        source.fault(
            location, "unknown-key", f"«{location}» is not a key of the configuration.", hint, at_key=True
        )
    elif error["type"] == "missing":
        source.fault(location, "missing-key", f"«{location}» is missing.", at_key=True)
    else:
        source.fault(location, "wrong-value", f"«{location}»: {_sentence(key, error)}.", _hint(error))


def _sentence(key: str, error: ErrorDetails) -> str:
    """What is wrong with a value; a secret one is never repeated."""
    said = "what stands there" if is_secret(key) else f"«{_short(error['input'])}»"
    reason = _REASONS.get(error["type"])
    if reason is not None:
        return f"{said} {reason(error.get('ctx', {}))}"
    return error["msg"].removeprefix("Value error, ").rstrip(".")


def _hint(error: ErrorDetails) -> str | None:
    known = _choices(error.get("ctx", {})) if error["type"] == "literal_error" else []
    return nearest(str(error["input"]), known)


def _choices(context: Mapping[str, Any]) -> list[str]:
    """The words of a choice, out of «'none', 'starttls' or 'tls'»."""
    return [word.strip(" '") for word in str(context["expected"]).replace(" or ", ",").split(",")]


def _is(what: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda _: f"is not {what}"


_REASONS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "int_type": _is("a whole number"),
    "int_parsing": _is("a whole number"),
    "int_from_float": _is("a whole number"),
    "float_type": _is("a number"),
    "float_parsing": _is("a number"),
    "bool_type": _is("true or false"),
    "bool_parsing": _is("true or false"),
    "string_type": _is("text"),
    "string_pattern_mismatch": _is("a colour; write #9c4323"),
    "list_type": _is("a list"),
    "dict_type": _is("a section"),
    "model_type": _is("a section"),
    "literal_error": lambda context: f"is none of {', '.join(_choices(context))}",
    "greater_than": lambda context: f"must be more than {context['gt']}",
    "greater_than_equal": lambda context: f"must be at least {context['ge']}",
    "less_than_equal": lambda context: f"must be at most {context['le']}",
    "string_too_short": lambda _: "must not be empty",
    "too_short": lambda context: f"must have at least {context['min_length']}",
}


def _short(value: Any) -> str:
    said = str(value).lower() if isinstance(value, bool) else str(value)
    return f"{said[:60]}…" if len(said) > 60 else said


def _known_keys(location: tuple[Any, ...]) -> list[str]:
    """The keys of the section at a location, walking the shapes as the value would."""
    shape: Any = Config
    for part in location:
        fields = getattr(shape, "model_fields", None)
        if fields is None:
            return []
        found = fields.get(str(part))
        if found is None:
            continue
        inner = [each for each in _classes(found.annotation) if issubclass(each, BaseModel)]
        shape = inner[0] if inner else None
    return list(getattr(shape, "model_fields", {}))


def _classes(annotation: Any) -> list[type]:
    if isinstance(annotation, type):
        return [annotation]
    return [each for argument in getattr(annotation, "__args__", ()) for each in _classes(argument)]
