"""From Jinja's syntax to our typed tree: a closed subset, with the place of each fault."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from enum import Enum
from typing import TypeAlias

from jinja2 import nodes

from accord.core.expressions.literals import Unfit, constant, fitted
from accord.core.expressions.names import AGES, FUNCTIONS, Scope
from accord.core.expressions.spell import duration_of
from accord.core.expressions.syntax import (
    SIGNS,
    Malformed,
    begins_at,
    chain_of,
    path_of,
    points_at,
    tree_of,
    written,
)
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

# Where `length` characters of an expression's text stand in the author's file, from an offset on.
Where: TypeAlias = Callable[[int, int], Span]

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
_EITHER = frozenset({Comparator.EQ, Comparator.NE})
_NUMBERS = frozenset({Type.INTEGER, Type.NUMBER})

LONGEST_NAME = 80

# For so many faults of one expression what was meant is looked for.
MOST_HINTS = 20

# Deeper than this no condition can be understood, and every walker is spared the way down.
DEEPEST = 32


class Want(Enum):
    """What the place needs: a condition, or a value."""

    CONDITION = "condition"
    VALUE = "value"


class _Fault(Exception):
    """What is wrong, and where: at a node, for as many characters."""

    def __init__(
        self, node: nodes.Node, code: str, message: str, words: str = "", hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.at, self.length = points_at(node), len(words)
        self.code, self.message, self.hint = code, message, hint


class _Untold(Exception):
    """A name of which nothing can be told; what it hangs on has its own fault."""


def read_expression(
    source: str, span: Span, scope: Scope, want: Want = Want.CONDITION, where: Where | None = None
) -> tuple[Expression | None, list[Diagnostic]]:
    """Read one expression. All faults of its parts at once.

    `span` is where the text begins; `where` places its parts, if it is not written on one line as it stands.
    None without a fault: it hangs on something else that has one.
    """
    place = where or (lambda at, length: Span(span.file, span.line, span.column + at, max(length, 1)))
    if not source.strip():
        return None, [Diagnostic(span, "expression-empty", "An expression is missing here.")]
    try:
        tree = tree_of(source)
    except Malformed as fault:
        hint = 'Use straight quotes: "…".' if any(sign in source for sign in "“”‘’„") else None
        return None, [Diagnostic(place(fault.at, 1), "expression-syntax", fault.message, hint)]
    reader = _Reader(source, scope)
    found: Condition | Operand | None
    try:
        found = reader.condition(tree) if want is Want.CONDITION else reader.value(tree)
    except RecursionError:
        return None, [Diagnostic(span, "expression-syntax", "This is nested too deeply to be read.")]
    faults = [
        Diagnostic(place(each.at, each.length or len(source) - each.at), each.code, each.message, each.hint)
        for each in reader.faults
    ]
    if found is None or faults:
        return None, faults
    return Expression(source, span, found, type_of(found)), []


def type_of(tree: Condition | Operand) -> Type:
    """The type of what an expression comes to; a condition is true or false."""
    match tree:
        case Constant(_, kind) | Name(_, kind) | Question(_, _, kind):
            return kind
        case DaysAgo():
            return Type.DATE
    return Type.BOOLEAN


def nearest(word: str, known: Iterable[str]) -> str | None:
    """«Did you mean …?», where something known is near."""
    return did_you_mean(closest(word, known))


def did_you_mean(word: str | None) -> str | None:
    """The question, where there is something to ask."""
    return f"Did you mean {word}?" if word is not None else None


def closest(word: str, known: Iterable[str]) -> str | None:
    """Of known words the one that was probably meant; of a word longer than any name, none."""
    if len(word) > LONGEST_NAME:
        return None
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return close[0] if close else None


class _Reader:
    """Reads one tree; keeps every fault, so that an author sees them all."""

    def __init__(self, source: str, scope: Scope) -> None:
        self.source, self.scope = source, scope
        self.names = scope.names()
        self.faults: list[_Fault] = []
        self.depth = 0

    # -- conditions -------------------------------------------------------------------------------------

    def condition(self, node: nodes.Node) -> Condition | None:
        """A condition, or None with its faults kept."""
        self.depth += 1
        try:
            if self.depth > DEEPEST:
                raise _Fault(node, "expression-syntax", "This is nested too deeply to be read.")
            return self._condition(node)
        except _Fault as fault:
            self.faults.append(fault)
        except _Untold:
            return None
        finally:
            self.depth -= 1
        return None

    def _condition(self, node: nodes.Node) -> Condition | None:
        match node:
            case nodes.And() | nodes.Or():
                parts = [self.condition(part) for part in chain_of(node)]
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
        if type_of(operand) is not Type.BOOLEAN:
            words = written(node)
            kind = type_of(operand).value
            raise _Fault(node, "not-a-condition", f"{words} is {kind}, not true or false.", words)
        return Truth(operand)

    def _test(self, node: nodes.Test) -> Condition:
        if node.name != "none" or node.args or node.kwargs:
            message = f"`is {node.name}` is not known here; there is only `is none`."
            raise _Fault(node, "not-in-language", message)
        return IsNone(self._operand(node.node))

    def _compare(self, node: nodes.Compare) -> Condition:
        if len(node.ops) != 1:
            message = "Compare two things at a time, and join them with `and`."
            raise _Fault(node, "not-in-language", message)
        operation = node.ops[0]
        if operation.op in ("in", "notin"):
            return self._among(node.expr, operation.expr, negated=operation.op == "notin")
        comparator = _COMPARATORS[operation.op]
        aged = self._age(node.expr, comparator, operation.expr)
        if aged is not None:
            return aged
        left, right = self._operand(node.expr), self._operand(operation.expr)
        left, right = self._fitted(left, right, node.expr), self._fitted(right, left, operation.expr)
        self._must_agree(left, right, node.expr, operation.expr)
        if comparator not in _EITHER:
            self._must_have_order(left, node.expr)
        self._must_be_possible(left, right, operation.expr)
        self._must_be_possible(right, left, node.expr)
        return Compare(left, comparator, right)

    def _among(self, subject: nodes.Node, listed: nodes.Node, *, negated: bool) -> Condition:
        if not isinstance(listed, nodes.List) or not listed.items:
            raise _Fault(listed, "not-in-language", '`in` needs a list: in ["a", "b"].', written(listed))
        left = self._operand(subject)
        values = []
        for item in listed.items:
            value = self._fitted(self._operand(item), left, item)
            self._must_agree(left, value, subject, item)
            self._must_be_possible(left, value, item)
            values.append(value)
        return Among(left, tuple(values), negated)

    def _age(self, left: nodes.Node, comparator: Comparator, right: nodes.Node) -> Compare | None:
        """`X.age >= "30 months"`, rewritten once into a comparison of dates."""
        path, other = path_of(left), right
        if path not in AGES:
            path, other, comparator = path_of(right), left, _FLIPPED[comparator]
        if path not in AGES:
            return None
        text = other.value if isinstance(other, nodes.Const) else None
        duration = duration_of(text) if isinstance(text, str) else None
        if duration is None:
            message = f'{path} is compared with a length of time, such as "30 months".'
            raise _Fault(other, "age-needs-duration", message, written(other))
        if duration.hours:
            message = "An age is counted in days, weeks or months."
            raise _Fault(other, "age-needs-duration", message, written(other))
        return Compare(Name(AGES[path], Type.INSTANT), _FLIPPED[comparator], DaysAgo(duration))

    def _fitted(self, operand: Operand, other: Operand, node: nodes.Node) -> Operand:
        try:
            return fitted(operand, type_of(other))
        except Unfit as fault:
            message = f"{written(node)} is not a date; write {fault}."
            raise _Fault(node, "not-a-date", message, written(node)) from None

    def _must_agree(self, left: Operand, right: Operand, one: nodes.Node, other: nodes.Node) -> None:
        kinds = {type_of(left), type_of(right)}
        if kinds == {Type.TEXTS}:
            raise _Fault(one, "not-in-language", "Two lists can't be compared.", written(one))
        if len(kinds) == 1 or kinds <= _NUMBERS or kinds == {Type.DATE, Type.INSTANT}:
            return
        message = (
            f"{written(one)} is {type_of(left).value}, {written(other)} is {type_of(right).value}: "
            "only two of one type can be compared."
        )
        raise _Fault(other, "types-differ", message, written(other))

    def _must_have_order(self, operand: Operand, node: nodes.Node) -> None:
        state = isinstance(operand, Question) and operand.function == "consent"
        if state or type_of(operand) is Type.BOOLEAN:
            message = f"{written(node)} is not more or less than anything: ask with == or !=."
            raise _Fault(node, "not-in-language", message, written(node))

    def _must_be_possible(self, operand: Operand, other: Operand, node: nodes.Node) -> None:
        """A word that the other side can never come to is a slip of the pen."""
        asked = operand.path if isinstance(operand, Name) else operand
        known = self.scope.vocabulary(asked) if isinstance(asked, str | Question) else None
        if known is None or not isinstance(other, Constant) or other.value in known:
            return
        word = str(other.value)
        message = f"{_named(operand)} is never «{word}»; it can be: {', '.join(known)}."
        raise _Fault(node, "word-unknown", message, written(node), nearest(word, known))

    # -- values -----------------------------------------------------------------------------------------

    def value(self, node: nodes.Node) -> Condition | Operand | None:
        """A value: a name or a constant; or a condition, which is true or false."""
        if isinstance(node, nodes.Compare | nodes.And | nodes.Or | nodes.Not | nodes.Test):
            return self.condition(node)
        try:
            found = self._operand(node)
            if isinstance(found, Question) and found.function == "consent":
                message = 'A state of consent is only compared: consent(…) == "optin_proven".'
                raise _Fault(node, "not-in-language", message, "consent")
            return found
        except _Fault as fault:
            self.faults.append(fault)
        except _Untold:
            return None
        return None

    def _operand(self, node: nodes.Node) -> Operand:
        match node:
            case nodes.Const(value=value) | nodes.Neg(node=nodes.Const(value=int() | float() as value)):
                found = constant(-value if isinstance(node, nodes.Neg) else value)
                if isinstance(found, str):
                    raise _Fault(node, "not-in-language", found, written(node))
                return found
            case nodes.Name() | nodes.Getattr():
                return self._name(node)
            case nodes.Call():
                return self._question(node)
        sign = SIGNS.get(type(node).__name__, written(node))
        message = f"{sign} is not part of the language: no arithmetic, no filters, no other calls."
        fault = _Fault(node, "not-in-language", message, sign)
        if isinstance(node, nodes.BinExpr):
            fault.at = self.source.rfind(sign, 0, begins_at(node.right))
        raise fault

    def _name(self, node: nodes.Node) -> Operand:
        path = path_of(node)
        kind = self.names.get(path)
        if kind is not None:
            return Name(path, kind)
        if path.partition(".")[0] in self.scope.unsure:
            raise _Untold
        if path in AGES:
            message = f'{path} is only compared with a length of time: {path} >= "30 months".'
            raise _Fault(node, "age-needs-duration", message, path)
        lacking = self.scope.lacking(path)
        if lacking is not None:
            message = f"{path} is not known: {lacking} has no such field."
            raise _Fault(node, "name-unknown", message, path)
        words = path or written(node)
        hint = nearest(words, [*self.names, *AGES]) if len(self.faults) < MOST_HINTS else None
        raise _Fault(node, "name-unknown", f"{words} is not known here.", words, hint)

    def _question(self, node: nodes.Call) -> Question:
        function = node.node.name if isinstance(node.node, nodes.Name) else written(node.node)
        if function not in FUNCTIONS:
            hint = nearest(function, FUNCTIONS)
            raise _Fault(node, "function-unknown", f"{function}() is not known.", function, hint)
        only = node.args[0] if len(node.args) == 1 and not node.kwargs else None
        if not isinstance(only, nodes.Const) or not isinstance(only.value, str) or node.dyn_args:
            message = f"{function}() takes one name in quotes: {FUNCTIONS[function]}."
            raise _Fault(node, "function-argument", message, function)
        return self._of_consent(only) if function == "consent" else self._of_mail(function, only)

    def _of_consent(self, argument: nodes.Const) -> Question:
        purpose = self.scope.venue.purposes.get(argument.value)
        if purpose is None:
            message = f"There is no purpose «{argument.value}» in config.toml."
            hint = nearest(argument.value, self.scope.venue.purposes)
            raise _Fault(argument, "purpose-unknown", message, written(argument), hint)
        return Question("consent", f"{purpose.name}/{purpose.kinds[0]}", Type.TEXT)

    def _of_mail(self, function: str, argument: nodes.Const) -> Question:
        name, steps = argument.value, self.scope.steps
        words = written(argument)
        if name.count("/") > 1 or (steps is None and "/" not in name):
            message = f'Here a step is named with its scenario: {function}("bienvenue/merci").'
            raise _Fault(argument, "step-unknown", message, words)
        if steps is not None and "/" not in name and name not in steps:
            message = f"There is no step «{name}» in this file."
            raise _Fault(argument, "step-unknown", message, words, nearest(name, steps))
        return Question(function, name, Type.BOOLEAN)


def _named(operand: Operand) -> str:
    """An operand in an author's words."""
    match operand:
        case Name(path):
            return path
        case Question(function, argument):
            return f'{function}("{argument.partition("/")[0]}")'
    return "it"
