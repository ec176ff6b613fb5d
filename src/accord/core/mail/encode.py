"""Quoted-printable: what is the same in every mail encoded once, so that only the reader's values are encoded for each."""

from __future__ import annotations

import binascii
import re
from typing import Any, cast

from jinja2 import Environment, Template, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

# Characters of a line (RFC 2045, 6.7).
_LONGEST = 76

# What stands for itself anywhere in a line: no space that could come to stand at its end.
_PLAIN = re.compile(r"[!-<>-~]+")

# A filter's name that no template can spell.
_ENCODED = " encoded"


def quoted_printable(text: str) -> str:
    """A piece of a body, which may follow any other (RFC 2045, 6.7).

    It begins as if at the beginning of a line and ends with a line's end, hard or soft: so pieces that were
    encoded apart can be put together, and no line is longer than 76 characters.
    """
    if not text:
        return ""
    if len(text) < _LONGEST and _PLAIN.fullmatch(text):
        return f"{text}=\r\n"
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    encoded = binascii.b2a_qp(lines, istext=True)
    if not encoded.endswith(b"\n"):
        if len(encoded) - encoded.rfind(b"\n") > _LONGEST:
            # The codec fills its last line, and leaves no room for the sign of a soft end.
            last = 3 if encoded[-3:-2] == b"=" else 1
            encoded = encoded[:-last] + b"=\n" + encoded[-last:]
        encoded += b"=\n"
    return encoded.replace(b"\n", b"\r\n").decode("ascii")


def plain(encoded: bytes) -> str:
    """What a body says, with plain line ends."""
    return binascii.a2b_qp(encoded).decode("utf-8").replace("\r\n", "\n")


def encoding(source: str, environment: Environment) -> Template:
    """A template of which everything that it prints is quoted-printable.

    Raises jinja2.TemplateSyntaxError.
    """
    environment.filters[_ENCODED] = _escaped if environment.autoescape else _as_it_is
    return environment.from_string(_Encoder().visit(environment.parse(source)))


def _escaped(value: Any) -> Markup:
    return Markup(quoted_printable("" if value is None else str(escape(value))))  # noqa: S704 - escaped


def _as_it_is(value: Any) -> str:
    return quoted_printable("" if value is None else str(value))


class _Encoder(NodeTransformer):
    """Encodes the text of a tree now, and has each value encoded when it is known.

    What may be kept and looked at before it is printed (macros, `set` and `filter` blocks, loops that call
    themselves) stays as it is, and is encoded as a whole where it is printed.
    """

    def visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> Any:
        if isinstance(node, nodes.Macro | nodes.AssignBlock):
            return node
        if isinstance(node, nodes.CallBlock | nodes.FilterBlock) or getattr(node, "recursive", False):
            return nodes.FilterBlock([node], _filter(None, node), lineno=node.lineno)
        if isinstance(node, nodes.Output):
            node.nodes = [self._piece(each) for each in node.nodes]
            return node
        return self.generic_visit(node)

    def _piece(self, node: nodes.Expr) -> nodes.Expr:
        if isinstance(node, nodes.TemplateData):
            return nodes.TemplateData(quoted_printable(node.data), lineno=node.lineno)
        return _filter(node, node)


def _filter(what: nodes.Expr | None, at: nodes.Node) -> nodes.Filter:
    return nodes.Filter(cast("Any", what), _ENCODED, [], [], None, None, lineno=at.lineno)
