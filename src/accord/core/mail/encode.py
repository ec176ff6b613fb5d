"""Quoted-printable: what is the same in every mail encoded once, so that only the reader's values are encoded for each."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, cast

from jinja2 import Environment, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from jinja2.utils import pass_context
from jinja2.visitor import NodeTransformer
from markupsafe import escape

# Characters of a line (RFC 2045, 6.7).
_LONGEST = 76

# What stands for itself anywhere in a line: no space that could come to stand at its end. And in HTML besides.
_PLAIN = re.compile(r"[!-<>-~]+")
_PLAIN_IN_HTML = re.compile(r"[!#-%(-;?-~]+")

_OVERFULL = re.compile(rb"^(.{74,75})(=20|=09)$", re.MULTILINE)

_EMPTY_LINES = re.compile(r"(?:\r\n|\r|\n){3,}")

# Names of filters that no template can spell.
_ENCODED, _CLICKED = " encoded", " clicked"


def quoted_printable(text: str) -> str:
    """A piece of a body, which may follow any other (RFC 2045, 6.7).

    It begins as if at the beginning of a line and ends with a line's end, hard or soft: so pieces that were
    encoded apart can be put together, and no line is longer than 76 characters.
    """
    if not text:
        return ""
    if _PLAIN.fullmatch(text):
        return _folded(text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    encoded = binascii.b2a_qp(lines, istext=True)
    if b"=20\n" in encoded or b"=09\n" in encoded:
        # A blank at the end of a line is encoded after its room was counted.
        encoded = _OVERFULL.sub(rb"\1=\n\2", encoded)
    if not encoded.endswith(b"\n"):
        if len(encoded) - encoded.rfind(b"\n") > _LONGEST:
            # The codec fills its last line, and leaves no room for the sign of a soft end.
            last = 3 if encoded[-3:-2] == b"=" else 1
            encoded = encoded[:-last] + b"=\n" + encoded[-last:]
        encoded += b"=\n"
    return encoded.replace(b"\n", b"\r\n").decode("ascii")


def _folded(text: str) -> str:
    """Names and addresses: nothing in them has to be encoded, only a long one is folded."""
    if len(text) < _LONGEST:
        return f"{text}=\r\n"
    lines_of = range(0, len(text), _LONGEST - 1)
    return "".join([f"{text[at : at + _LONGEST - 1]}=\r\n" for at in lines_of])


def closed_up(pieces: Iterable[str]) -> str:
    """Pieces of an encoded text with no more than one empty line in a row, where what would stand there does not.

    Within each piece there is no more already: only what it begins with is looked at, and what it follows.
    """
    kept = [""]
    for piece in pieces:
        if piece.startswith("\r"):
            # A soft line end before a hard one says nothing.
            before, after = kept[-1].removesuffix("=\r\n"), piece.lstrip("\r\n")
            said = before.rstrip("\r\n")
            ends = len(before) - len(said) + len(piece) - len(after)
            kept[-1] = said + "\r\n\r\n"[:ends] if said else ""
            piece = after
        if piece:
            kept.append(piece)
    return "".join(kept)


def plain(encoded: bytes) -> str:
    """What a body says, with plain line ends."""
    return binascii.a2b_qp(encoded).decode("utf-8").replace("\r\n", "\n")


def encoding(source: str, environment: Environment) -> Template:
    """A template of which everything that it prints is quoted-printable; for `closed_up` where it is a text.

    Raises jinja2.TemplateSyntaxError.
    """
    escaping = bool(environment.autoescape)
    environment.code_generator_class = _Printer
    environment.filters[_ENCODED] = _escaped if escaping else _spaced
    environment.filters[_CLICKED] = _escaped_link if escaping else _link
    encoder = _Encoder(quoted_printable if escaping else _spaced)
    return environment.from_string(encoder.visit(environment.parse(source)))


def _escaped(value: Any) -> str:
    if type(value) is not str:
        return quoted_printable("" if value is None else str(escape(value)))
    return _in_page(value) if len(value) < _LONGEST else _in_page.__wrapped__(value)


# A name stands in many places, the footer's words in all mails; a long value is mostly a link, and of one mail.
@lru_cache(maxsize=1024)
def _in_page(text: str) -> str:
    return _folded(text) if _PLAIN_IN_HTML.fullmatch(text) else quoted_printable(str(escape(text)))


def _spaced(value: Any) -> str:
    """A piece of a text, with no more than one empty line in a row."""
    text = "" if value is None else str(value)
    return _in_text(text) if len(text) < _LONGEST else _in_text.__wrapped__(text)


@lru_cache(maxsize=1024)
def _in_text(text: str) -> str:
    return quoted_printable(_EMPTY_LINES.sub("\n\n", text))


@pass_context
def _escaped_link(context: Context, target: str) -> str:
    letter = context.parent["letter"]
    address = letter.click(target)
    if not _PLAIN_IN_HTML.fullmatch(address):
        return _escaped(address)
    letter.encoded[target] = encoded = _folded(address)
    return encoded


@pass_context
def _link(context: Context, target: str) -> str:
    letter = context.parent["letter"]
    return letter.encoded.get(target) or quoted_printable(letter.click(target))


class _Printer(CodeGenerator):
    """Prints what is encoded as it is: it is escaped, and nothing is left to be made of it."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if not _is_encoded(node):
            super()._output_child_pre(node, frame, finalize)

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if not _is_encoded(node):
            super()._output_child_post(node, frame, finalize)


def _is_encoded(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Filter) and node.name in (_ENCODED, _CLICKED)


class _Encoder(NodeTransformer):
    """Encodes the text of a tree now, and has each value encoded when it is known.

    What may be kept and looked at before it is printed (macros, `set` and `filter` blocks, loops that call
    themselves) stays as it is, and is encoded as a whole where it is printed.
    """

    def __init__(self, encoded: Callable[[str], str]) -> None:
        self._encoded = encoded

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
            return nodes.TemplateData(self._encoded(node.data), lineno=node.lineno)
        target = _target_of(node)
        return _filter(node, node) if target is None else _filter(target, node, _CLICKED)


def _target_of(node: nodes.Expr) -> nodes.Const | None:
    """Where a counted link leads that leads everybody there: a mail has many, so they are asked for directly."""
    match node:
        case nodes.Call(
            node=nodes.Getattr(node=nodes.Name(name="letter"), attr="click"),
            args=[nodes.Const() as target],
            kwargs=[],
        ):
            return target
    return None


def _filter(what: nodes.Expr | None, at: nodes.Node, name: str = _ENCODED) -> nodes.Filter:
    return nodes.Filter(cast("Any", what), name, [], [], None, None, lineno=at.lineno)
