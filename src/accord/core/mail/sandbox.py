"""The Jinja that authors may use: sandboxed, strict, without dice, without anything global."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from jinja2 import Environment, StrictUndefined
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import pass_context


class Names:
    """A room of names for templates: what is declared but missing is None and prints as nothing.

    It has no methods of its own, so that no name of an author's is hidden by one.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> Any:
        return self._values.get(name)


def environment(*, escape: bool) -> Environment:
    """One environment for HTML (escaping), one for subjects and text parts."""
    made = SandboxedEnvironment(
        autoescape=escape,
        undefined=StrictUndefined,
        finalize=lambda value: "" if value is None else value,
        keep_trailing_newline=False,
    )
    made.globals.clear()
    for thrown in ("random", "pprint", "attr", "map", "groupby", "xmlattr"):
        made.filters.pop(thrown, None)
    made.filters["day"] = _day
    made.filters["hour"] = _hour
    made.filters["money"] = _money
    return made


@pass_context
def _day(context: Context, value: date | datetime | None) -> str:
    """`{{ event.starts_at | day }}`: in the reader's words, in the reader's zone."""
    return "" if value is None else context["letter"].wording.day(value, context["letter"].zone)


@pass_context
def _hour(context: Context, value: datetime | None) -> str:
    """`{{ event.starts_at | hour }}`."""
    return "" if value is None else context["letter"].wording.hour(value, context["letter"].zone)


@pass_context
def _money(context: Context, cents: int | None, currency: str = "EUR") -> str:
    """`{{ event.amount_cents | money }}`."""
    return "" if cents is None else context["letter"].wording.money(cents, currency)
