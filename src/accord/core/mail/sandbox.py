"""The Jinja that authors may use: sandboxed, strict, without dice, without anything global, and bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from datetime import date, datetime
from typing import Any, cast

from jinja2 import ChainableUndefined, Environment, StrictUndefined, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS, do_replace
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import pass_context
from jinja2.visitor import NodeTransformer

from accord.core.mail.letter import Letter

# A mail needs far less of either; what asks for more is a loop gone wrong.
MOST_STEPS, MOST_CHARACTERS = 100_000, 1_000_000

# Keys of a context that no template can spell, and names of filters that none can either.
BUDGET, _EACH, _WHOLE = " budget", " each", " whole"

# Of Jinja's own: nothing that throws dice, prints what is not text, or makes much out of little.
_WORDS = """
    abs capitalize count d default dictsort e escape first float int items last length list lower map max min
    reject rejectattr reverse select selectattr sort string striptags sum title trim truncate unique upper
    urlencode wordcount
"""
_FILTERS = frozenset(_WORDS.split())
_METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset({"capitalize", "endswith", "lower", "startswith", "strip", "title", "upper"}),
    dict: frozenset({"get", "items", "keys", "values"}),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index"}),
    date: frozenset({"day", "hour", "isoformat", "isoweekday", "minute", "month", "second", "year"}),
    int: frozenset(),
    float: frozenset(),
    bytes: frozenset(),
}


class Unknown(ChainableUndefined):
    """What is declared but not known of this person: prints as nothing, and no comparison with it is true.

    The same as in conditions; `default` and `is none` see it too.
    """

    __slots__ = ()

    def __lt__(self, _other: object) -> bool:  # type: ignore[override]
        return False

    __le__ = __gt__ = __ge__ = __lt__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return other is None or isinstance(other, Unknown)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(None)


UNKNOWN = Unknown()


class Names:
    """A room of names for templates: what is declared but missing is unknown.

    It has no methods of its own, so that no name of an author's is hidden by one.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> Any:
        return readable(self._values.get(name))

    def __str__(self) -> str:
        return ""


def readable(value: Any) -> Any:
    """A value as templates read it: rooms within rooms, and the unknown instead of None."""
    if value is None:
        return UNKNOWN
    return Names(value) if isinstance(value, Mapping) else value


class Budget:
    """How many turns and calls one part of one mail may still take."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MOST_STEPS

    def spend(self) -> None:
        """Take one; raises SecurityError when none is left."""
        self.left -= 1
        if self.left < 0:
            raise SecurityError(f"more than {MOST_STEPS:,} turns of loops and calls")


class _AuthorsEnvironment(SandboxedEnvironment):
    """Reads names quickly, allows few methods, and counts what can grow."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return cast("nodes.Template", _Bounds().visit(super()._parse(source, name, filename)))

    def make_globals(self, _d: Any) -> MutableMapping[str, Any]:
        """Nothing: and no empty maps chained together, to be walked for each mail."""
        return {}

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is Names:
            value = obj._values.get(attribute)  # noqa: SLF001 - the quickest way there is, for each name of each mail
            return value if type(value) is str else readable(value)
        if type(obj) is Letter and not attribute.startswith("_"):
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        allowed = next((names for kind, names in _METHODS.items() if isinstance(obj, kind)), None)
        return super().is_safe_attribute(obj, attr, value) and (allowed is None or attr in allowed)

    def wrap_str_format(self, value: Any) -> Any:
        """Nothing: Jinja lets `format` through, and a width makes much out of little."""

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        __context.parent[BUDGET].spend()
        return super().call(__context, __obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        operands = (left, right)
        if operator == "+" and all(isinstance(each, str | list | tuple) for each in operands):
            if len(left) + len(right) > MOST_CHARACTERS:
                raise SecurityError(f"more than {MOST_CHARACTERS:,} characters")
        elif not all(isinstance(each, int | float) and abs(each) < 10**15 for each in operands):
            raise SecurityError(f"{operator} is for numbers")
        elif operator == "**" and abs(right) > 64:
            raise SecurityError("** has an exponent beyond 64")
        return super().call_binop(context, operator, left, right)


class _Bounds(NodeTransformer):
    """Has each loop count its turns, and each `~` the characters that it makes."""

    def visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> Any:
        if isinstance(node, nodes.ScopedEvalContextModifier):
            message = "Values are always escaped; there is no `autoescape` here."
            raise TemplateSyntaxError(message, node.lineno)
        if isinstance(node, nodes.For):
            node.iter = _filtered(node.iter, _EACH)
        visited = self.generic_visit(node)
        return _filtered(visited, _WHOLE) if isinstance(visited, nodes.Concat) else visited


def _filtered(node: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(cast("nodes.Expr", node), name, [], [], None, None, lineno=node.lineno)


def environment(*, escape: bool) -> Environment:
    """An environment for authors; `escape` for HTML, where each value becomes text and never a tag."""
    made = _AuthorsEnvironment(
        autoescape=escape,
        undefined=StrictUndefined,
        finalize=lambda value: "" if value is None else value,
        keep_trailing_newline=False,
    )
    made.globals.clear()
    made.filters = {name: kept for name, kept in FILTERS.items() if name in _FILTERS}
    made.filters |= {"day": _day, "hour": _hour, "money": _money}
    made.filters |= {"join": _join, "replace": _replace, "round": _round, _EACH: _each, _WHOLE: _whole}
    made.tests["none"] = lambda value: value is None or isinstance(value, Unknown)
    return made


# -- what grows, bounded -----------------------------------------------------------------------------------


@pass_context
def _each(context: Context, values: Iterable[Any] | None) -> Iterator[Any]:
    budget = context.parent[BUDGET]
    for value in () if values is None else values:
        budget.spend()
        yield value


def _whole(text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise SecurityError(f"more than {MOST_CHARACTERS:,} characters")
    return text


@pass_context
def _join(context: Context, values: Iterable[Any], between: str = "", attribute: str | None = None) -> Any:
    listed = list(_each(context, values))
    if len(str(between)) * len(listed) > MOST_CHARACTERS:
        raise SecurityError(f"more than {MOST_CHARACTERS:,} characters")
    return FILTERS["join"](context.eval_ctx, listed, between, attribute)


@pass_context
def _replace(context: Context, text: str, old: str, new: str) -> str:
    if (len(str(text)) + 1) * (len(str(new)) + 1) > MOST_CHARACTERS:
        raise SecurityError(f"more than {MOST_CHARACTERS:,} characters")
    return do_replace(context.eval_ctx, text, old, new)


def _round(value: float, precision: int = 0) -> float:
    return round(value, max(-12, min(precision, 12)))


# -- the reader's own words --------------------------------------------------------------------------------


@pass_context
def _day(context: Context, value: date | datetime | None) -> str:
    """`{{ event.starts_at | day }}`: in the reader's words, in the reader's zone."""
    return context["letter"].wording.day(value, context["letter"].zone) if _known(value) else ""


@pass_context
def _hour(context: Context, value: datetime | None) -> str:
    """`{{ event.starts_at | hour }}`."""
    return context["letter"].wording.hour(value, context["letter"].zone) if _known(value) else ""


@pass_context
def _money(context: Context, cents: int | None, currency: str | None = None) -> str:
    """`{{ event.amount_cents | money(event.currency) }}`; euros where nothing else is said."""
    return context["letter"].wording.money(cents, currency or "EUR") if _known(cents) else ""


def _known(value: object) -> bool:
    return value is not None and not isinstance(value, Unknown)


HTML, TEXT = environment(escape=True), environment(escape=False)
