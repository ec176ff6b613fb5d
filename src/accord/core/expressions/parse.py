"""From Jinja's syntax to our typed tree: a closed subset, with the place of each fault."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import date, datetime
from enum import Enum

from jinja2 import Environment, TemplateSyntaxError, nodes

from accord.core.expressions.names import AGES, FUNCTIONS, Scope
from accord.core.expressions.spell import duration_of
from accord.core.model.expression import (
    Among,
    And,
    Comparator,
    Compare,
    Condition,
    Constant,
    DaysAgo,
    Expression,
    IsNone,
    Name,
    Not,
    Operand,
    Or,
    Question,
    Truth,
    Type,
)
from accord.core.model.place import Diagnostic, Span

_JINJA = Environment(autoescape=False)  # noqa: S701 - only its parser is used; nothing is rendered
_COMPARATORS = {
    "eq": Comparator.EQ,
    "ne": Comparator.NE,
    "lt": Comparator.LT,
    "lteq": Comparator.LE,
    "gt": Comparator.GT,
    "gteq": Comparator.GE,
}
# `X.age >= D` means that X lies at least so far back: X <= D ago.
_FLIPPED = {
    Comparator.GE: Comparator.LE,
    Comparator.GT: Comparator.LT,
    Comparator.LE: Comparator.GE,
    Comparator.LT: Comparator.GT,
    Comparator.EQ: Comparator.EQ,
    Comparator.NE: Comparator.NE,
}
_NUMBERS = frozenset({Type.INTEGER, Type.NUMBER})


class Want(Enum):
    """What the place needs: a condition, or a value."""

    CONDITION = "condition"
    VALUE = "value"


class _Fault(Exception):
    def __init__(self, code: str, message: str, fragment: str = "", hint: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.fragment, self.hint = code, message, fragment, hint


def read_expression(
    source: str, span: Span, scope: Scope, want: Want = Want.CONDITION
) -> tuple[Expression | None, list[Diagnostic]]:
    """Read one expression; `span` is where its text begins. All faults of its parts at once."""
    try:
        tree = _parsed(source)
    except _Fault as fault:
        return None, [_diagnostic(fault, source, span)]
    reader = _Reader(scope)
    found: Condition | Operand | None
    found = reader.condition(tree) if want is Want.CONDITION else reader.value(tree)
    faults = [_diagnostic(fault, source, span) for fault in reader.faults]
    if found is None or faults:
        return None, faults
    return Expression(source, span, found, _type_of(found)), []


def _parsed(source: str) -> nodes.Expr:
    if not source.strip():
        raise _Fault("expression-empty", "An expression is missing here.")
    try:
        body = _JINJA.parse("{{ " + source + " }}").body
    except TemplateSyntaxError as fault:
        raise _Fault("expression-syntax", f"This can't be read as a condition: {fault.message}.") from None
    output = body[0] if len(body) == 1 else None
    if not isinstance(output, nodes.Output) or len(output.nodes) != 1:
        raise _Fault("expression-syntax", "This can't be read as one condition.")
    return output.nodes[0]


def _diagnostic(fault: _Fault, source: str, span: Span) -> Diagnostic:
    at = source.find(fault.fragment) if fault.fragment else 0
    length = len(fault.fragment) if fault.fragment and at >= 0 else max(len(source), 1)
    place = Span(span.file, span.line, span.column + max(at, 0), length)
    return Diagnostic(place, fault.code, fault.message, fault.hint)


def _type_of(tree: Condition | Operand) -> Type:
    match tree:
        case Constant(_, kind) | Name(_, kind) | Question(_, _, kind):
            return kind
        case DaysAgo():
            return Type.DATE
    return Type.BOOLEAN


def nearest(word: str, known: Iterable[str]) -> str | None:
    """«Did you mean …?», where something known is near."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean {close[0]}?" if close else None


class _Reader:
    """Reads one tree; keeps every fault, so that an author sees them all."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.names = scope.names()
        self.faults: list[_Fault] = []

    # -- conditions -------------------------------------------------------------------------------------

    def condition(self, node: nodes.Node) -> Condition | None:
        """A condition, or None with its faults kept."""
        try:
            return self._condition(node)
        except _Fault as fault:
            self.faults.append(fault)
            return None

    def _condition(self, node: nodes.Node) -> Condition | None:
        match node:
            case nodes.And() | nodes.Or():
                parts = [self.condition(part) for part in _flat(node, type(node))]
                whole = tuple(part for part in parts if part is not None)
                made = And(whole) if isinstance(node, nodes.And) else Or(whole)
                return made if len(whole) == len(parts) else None
            case nodes.Not():
                inner = self.condition(node.node)
                if isinstance(inner, IsNone):
                    return IsNone(inner.left, not inner.negated)
                return Not(inner) if inner is not None else None
            case nodes.Compare():
                return self._compare(node)
            case nodes.Test():
                return self._test(node)
        operand = self._operand(node)
        if _type_of(operand) is not Type.BOOLEAN:
            words = _written(node)
            raise _Fault(
                "not-a-condition", f"{words} is {_type_of(operand).value}, not true or false.", words
            )
        return Truth(operand)

    def _test(self, node: nodes.Test) -> Condition:
        if node.name != "none" or node.args or node.kwargs:
            raise _Fault("not-in-language", f"`is {node.name}` is not known here; there is only `is none`.")
        return IsNone(self._operand(node.node))

    def _compare(self, node: nodes.Compare) -> Condition:
        if len(node.ops) != 1:
            raise _Fault("not-in-language", "Compare two things at a time, and join them with `and`.")
        operation = node.ops[0]
        if operation.op in ("in", "notin"):
            return self._among(node.expr, operation.expr, negated=operation.op == "notin")
        comparator = _COMPARATORS[operation.op]
        aged = self._age(node.expr, comparator, operation.expr)
        if aged is not None:
            return aged
        left, right = self._operand(node.expr), self._operand(operation.expr)
        left, right = _fitted(left, right, node.expr), _fitted(right, left, operation.expr)
        self._must_agree(left, right, node.expr, operation.expr)
        return Compare(left, comparator, right)

    def _among(self, subject: nodes.Node, listed: nodes.Node, *, negated: bool) -> Condition:
        if not isinstance(listed, nodes.List) or not listed.items:
            raise _Fault("not-in-language", '`in` needs a list: in ["a", "b"].')
        left = self._operand(subject)
        values = []
        for item in listed.items:
            value = _fitted(self._operand(item), left, item)
            self._must_agree(left, value, subject, item)
            values.append(value)
        return Among(left, tuple(values), negated)

    def _age(self, left: nodes.Node, comparator: Comparator, right: nodes.Node) -> Compare | None:
        """`X.age >= "30 months"`, rewritten once into a comparison of dates."""
        path, other = _path(left), right
        if path not in AGES:
            path, other, comparator = _path(right), left, _FLIPPED[comparator]
        if path not in AGES:
            return None
        text = other.value if isinstance(other, nodes.Const) else None
        duration = duration_of(text) if isinstance(text, str) else None
        if duration is None:
            words = _written(other)
            raise _Fault(
                "age-needs-duration", f'{path} is compared with a length of time, such as "30 months".', words
            )
        if duration.hours:
            raise _Fault("age-needs-duration", "An age is counted in days, weeks or months.", str(text))
        return Compare(Name(AGES[path], Type.INSTANT), _FLIPPED[comparator], DaysAgo(duration))

    def _must_agree(self, left: Operand, right: Operand, one: nodes.Node, other: nodes.Node) -> None:
        kinds = {_type_of(left), _type_of(right)}
        if len(kinds) == 1 or kinds <= _NUMBERS or kinds == {Type.DATE, Type.INSTANT}:
            return
        raise _Fault(
            "types-differ",
            f"{_written(one)} is {_type_of(left).value}, {_written(other)} is {_type_of(right).value}: "
            "only two of one type can be compared.",
            _written(other),
        )

    # -- values -----------------------------------------------------------------------------------------

    def value(self, node: nodes.Node) -> Condition | Operand | None:
        """A value: a name or a constant; or a condition, which is true or false."""
        if isinstance(node, nodes.Compare | nodes.And | nodes.Or | nodes.Not | nodes.Test):
            return self.condition(node)
        try:
            return self._operand(node)
        except _Fault as fault:
            self.faults.append(fault)
            return None

    def _operand(self, node: nodes.Node) -> Operand:
        match node:
            case nodes.Const():
                return _constant(node.value)
            case nodes.TemplateData():
                return _constant(node.data)
            case nodes.Neg(node=nodes.Const(value=int() | float() as number)):
                return _constant(-number)
            case nodes.Name() | nodes.Getattr():
                return self._name(node)
            case nodes.Call():
                return self._question(node)
        raise _Fault(
            "not-in-language",
            f"{_written(node)} is not part of the language: no arithmetic, no filters, no other calls.",
            _written(node),
        )

    def _name(self, node: nodes.Node) -> Operand:
        path = _path(node) or _written(node)
        kind = self.names.get(path)
        if kind is not None:
            return Name(path, kind)
        if path in AGES:
            raise _Fault(
                "age-needs-duration",
                f'{path} is only compared with a length of time: {path} >= "30 months".',
                path,
            )
        lacking = self.scope.lacking(path)
        if lacking is not None:
            raise _Fault("name-unknown", f"{path} is not known: {lacking} has no such field.", path)
        raise _Fault("name-unknown", f"{path} is not known here.", path, nearest(path, [*self.names, *AGES]))

    def _question(self, node: nodes.Call) -> Question:
        function = node.node.name if isinstance(node.node, nodes.Name) else _written(node.node)
        if function not in FUNCTIONS:
            raise _Fault(
                "function-unknown", f"{function}() is not known.", function, nearest(function, FUNCTIONS)
            )
        only = node.args[0] if len(node.args) == 1 and not node.kwargs else None
        if not isinstance(only, nodes.Const) or not isinstance(only.value, str):
            raise _Fault(
                "function-argument",
                f"{function}() takes one name in quotes: {FUNCTIONS[function]}.",
                function,
            )
        return self._asked(function, only.value)

    def _asked(self, function: str, argument: str) -> Question:
        if function == "consent":
            purpose = self.scope.venue.purposes.get(argument)
            if purpose is None:
                hint = nearest(argument, self.scope.venue.purposes)
                raise _Fault(
                    "purpose-unknown", f"There is no purpose «{argument}» in config.toml.", argument, hint
                )
            return Question("consent", f"{argument}/{purpose.kinds[0]}", Type.TEXT)
        steps = self.scope.steps
        if steps is None and argument.count("/") != 1:
            raise _Fault(
                "step-unknown",
                f'Here a step is named with its scenario: {function}("bienvenue/merci").',
                argument,
            )
        if steps is not None and "/" not in argument and argument not in steps:
            raise _Fault(
                "step-unknown",
                f"There is no step «{argument}» in this file.",
                argument,
                nearest(argument, steps),
            )
        return Question(function, argument, Type.BOOLEAN)


def _flat(node: nodes.Node, kind: type) -> list[nodes.Node]:
    if not isinstance(node, kind):
        return [node]
    return [*_flat(node.left, kind), *_flat(node.right, kind)]  # type: ignore[attr-defined]


def _path(node: nodes.Node) -> str:
    """A dotted name, or nothing."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        inner = _path(node.node)
        return f"{inner}.{node.attr}" if inner else ""
    return ""


def _written(node: nodes.Node) -> str:
    """A node in an author's words, as far as it can be told."""
    if isinstance(node, nodes.Const):
        return f'"{node.value}"' if isinstance(node.value, str) else str(node.value).lower()
    if isinstance(node, nodes.Call):
        return f"{_written(node.node)}()"
    if isinstance(node, nodes.Filter):
        return f"| {node.name}"
    return _path(node) or {"Add": "+", "Sub": "-", "Mul": "*", "Div": "/", "Mod": "%"}.get(
        type(node).__name__, "this"
    )


def _constant(value: object) -> Constant:
    match value:
        case bool():
            return Constant(value, Type.BOOLEAN)
        case int():
            return Constant(value, Type.INTEGER)
        case float():
            return Constant(value, Type.NUMBER)
        case str():
            return Constant(value, Type.TEXT)
    raise _Fault("not-in-language", "Ask `is none` for what is missing.")


_DAY_OF_YEAR = re.compile(r"(\d\d)-(\d\d)")


def _fitted(operand: Operand, other: Operand, node: nodes.Node) -> Operand:
    """A text beside a date is a date, beside an instant an instant or a date; a bad one is a fault."""
    kind = _type_of(other)
    text = operand.value if isinstance(operand, Constant) else None
    if not isinstance(text, str) or kind not in (Type.DATE, Type.INSTANT, Type.DAY_OF_YEAR):
        return operand
    try:
        if kind is Type.DAY_OF_YEAR:
            match = _DAY_OF_YEAR.fullmatch(text)
            if match is None:
                raise ValueError(text)
            return Constant(date(2000, int(match[1]), int(match[2])), Type.DAY_OF_YEAR)
        if kind is Type.INSTANT and "T" in text:
            instant = datetime.fromisoformat(text)
            if instant.tzinfo is None:
                raise ValueError(text)
            return Constant(instant, Type.INSTANT)
        return Constant(date.fromisoformat(text), Type.DATE)
    except ValueError:
        shape = {"day_of_year": "MM-DD", "date": "2026-09-01"}.get(
            kind.value, "2026-09-01 or 2026-09-01T10:00+02:00"
        )
        raise _Fault("not-a-date", f"{_written(node)} is not a date; write {shape}.", text) from None
