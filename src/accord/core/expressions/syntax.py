"""Jinja's syntax as a tree whose nodes know where they stand: Jinja's own parser, told offsets instead of lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

# Operations that the language has not, by their signs.
SIGNS = {
    "Add": "+",
    "Sub": "-",
    "Mul": "*",
    "Div": "/",
    "FloorDiv": "//",
    "Mod": "%",
    "Pow": "**",
    "Concat": "~",
    "CondExpr": "if … else",
}

# Whoever writes more than this in one condition has lost the overview, and so would its readers.
LONGEST = 4000

_JINJA = Environment(autoescape=False)  # noqa: S701 - only its parser is used; nothing is rendered


class Malformed(Exception):
    """A text that is no expression: why, and at which offset."""

    def __init__(self, message: str, at: int = 0) -> None:
        super().__init__(message)
        self.message, self.at = message, at


def tree_of(source: str) -> nodes.Expr:
    """The tree of one expression; each node's `lineno` is an offset in `source`. Raises Malformed."""
    if len(source) > LONGEST:
        raise Malformed(f"An expression has {LONGEST} characters at most.")
    parser = _Placed(source)
    try:
        return parser.expression()
    except TemplateSyntaxError as fault:
        raise Malformed(f"This can't be read: {parser.why(fault)}.", parser.where(fault)) from None
    except ValueError:
        raise Malformed("This can't be read: a number is too long.", parser.at) from None
    except RecursionError:
        raise Malformed("This is nested too deeply to be read.") from None


class _Placed(Parser):
    """Jinja's parser over tokens that bear their offset where Jinja keeps the line."""

    def __init__(self, source: str) -> None:
        super().__init__(_JINJA, "")
        self.source = source
        self.at = 0
        self.reading = True

    def expression(self) -> nodes.Expr:
        """The one expression that the source is."""
        self.stream = TokenStream(_JINJA.lexer.wrap(self._tokens()), None, None)
        tree = self.parse_expression()
        if not self.stream.eos:
            self.fail("one expression ends here, and more follows")
        return tree

    def _tokens(self) -> Iterator[tuple[int, str, str]]:
        # A break counts as a space, so that Jinja, which joins some, moves no offset.
        text = re.sub(r"[\r\n]", " ", self.source)
        for _, token, written in _JINJA.lexer.tokeniter(text, None, state="variable"):
            self.reading = False
            yield self.at, token, written
            self.at += len(written)
            self.reading = True

    def where(self, fault: TemplateSyntaxError) -> int:
        """The offset of a fault: the lexer stumbles where it reads, the parser over a token."""
        return self.at if self.reading else fault.lineno

    def why(self, fault: TemplateSyntaxError) -> str:
        """What Jinja says of it, without its own places."""
        said = re.sub(r" at \d+$", "", (fault.message or "").rstrip("."))
        if "end of template" in said:
            return "it ends too early"
        return said.replace("char ", "sign ")


def begins_at(node: nodes.Node) -> int:
    """The offset at which what a node stands for begins."""
    while True:
        inner = _leftmost(node)
        if inner is None:
            return node.lineno
        node = inner


def _leftmost(node: nodes.Node) -> nodes.Node | None:
    match node:
        case nodes.Getattr() | nodes.Getitem() | nodes.Call() | nodes.Test():
            return node.node
        case nodes.Filter():
            return node.node
        case nodes.Compare():
            return node.expr
        case nodes.BinExpr():
            return node.left
        case nodes.CondExpr():
            return node.expr1
        case nodes.Concat():
            return node.nodes[0]
    return None


def points_at(node: nodes.Node) -> int:
    """The offset of what is said of a node: a filter's own name, else where the node begins."""
    return node.lineno if isinstance(node, nodes.Filter) else begins_at(node)


def chain_of(node: nodes.Node) -> Iterator[nodes.Node]:
    """The parts of a chain of one operator, from left to right."""
    ahead = [node]
    while ahead:
        next_up = ahead.pop()
        if isinstance(next_up, nodes.And | nodes.Or) and type(next_up) is type(node):
            ahead += [next_up.right, next_up.left]
        else:
            yield next_up


def path_of(node: nodes.Node) -> str:
    """A dotted name, or nothing."""
    names: list[str] = []
    while isinstance(node, nodes.Getattr):
        names.append(node.attr)
        node = node.node
    return ".".join([node.name, *reversed(names)]) if isinstance(node, nodes.Name) else ""


def written(node: nodes.Node) -> str:
    """A node in an author's words, as far as it can be told."""
    match node:
        case nodes.Const(value=str() as text):
            return f'"{text}"'
        case nodes.Const(value=value):
            return str(value).lower()
        case nodes.Call(node=called):
            return f"{path_of(called)}()"
        case nodes.Filter(name=name):
            return name
    return path_of(node) or "this"
