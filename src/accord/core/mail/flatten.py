"""One text from many files: `extends`, `block` and `include` written out, each line knowing where it is from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from accord.core.mail.parts import read_part
from accord.core.mail.pieces import Piece, pieces_of
from accord.core.model.place import Span

_INCLUDE = re.compile(
    r"""\{%[-+]?\s*include\s+(["'])(?P<file>[^"']+)\1(?:\s+with\s+context)?\s*[-+]?%\}\s*"""
)
_EXTENDS = re.compile(r"""\{%[-+]?\s*extends\s+(["'])(?P<file>[^"']+)\1\s*[-+]?%\}\s*""")
_BLOCK = re.compile(r"\{%[-+]?\s*block\s+(?P<name>\w+)(?:\s+(?:scoped|required))*\s*[-+]?%\}\s*")
_END = re.compile(r"\{%[-+]?\s*endblock(?:\s+\w+)?\s*[-+]?%\}\s*")
_SUPER = re.compile(r"\{\{[-+]?\s*super\(\)\s*[-+]?\}\}\s*")
_ELSEWHERE = re.compile(r"\{%[-+]?\s*(?P<verb>include|extends|import|from)\b")
_STATEMENT = re.compile(r"\{%[-+]?\s*(?!macro\b|call\b|filter\b)")


class IncludeFault(Exception):
    """An `include` or `extends` that leads nowhere, or in a circle: where it stands, and why."""

    def __init__(self, span: Span, message: str) -> None:
        super().__init__(message)
        self.span = span


@dataclass(frozen=True, slots=True)
class _Block:
    """A named block: what a file that extends this one may put something else into."""

    name: str
    items: tuple[Piece | _Block, ...]


_Item = Piece | _Block


def flatten(file: str, body: str, files: Mapping[str, str], *, line: int = 1) -> list[Piece]:
    """The body with everything that it extends and includes written out; `line` is where it begins.

    Raises IncludeFault, or jinja2.TemplateSyntaxError for a placeholder without end.
    """
    return list(_pieces(_Reader(files).read(file, body, line, ())))


def reached(file: str, files: Mapping[str, str]) -> set[str]:
    """The files that this one extends or includes, and they in turn; missing ones are left out."""
    seen: set[str] = set()
    ahead = [file]
    while ahead:
        name = ahead.pop()
        if name in files and name not in seen:
            seen.add(name)
            ahead += re.findall(r"""\{%[-+]?\s*(?:include|extends)\s+["']([^"']+)["']""", files[name])
    return seen


def _pieces(items: Sequence[_Item]) -> Iterator[Piece]:
    for item in items:
        if isinstance(item, Piece):
            yield item
        else:
            yield from _pieces(item.items)


@dataclass(frozen=True, slots=True)
class _Reader:
    files: Mapping[str, str]

    def read(self, file: str, body: str, line: int, seen: tuple[str, ...]) -> list[_Item]:
        """One file: its includes written out, its blocks kept as blocks, put into what it extends."""
        opened: list[tuple[str, list[_Item]]] = [("", [])]
        parent: list[_Item] | None = None
        for piece in pieces_of(body, file, line):
            text = piece.text
            if not piece.is_placeholder:
                opened[-1][1].append(piece)
            elif _EXTENDS.fullmatch(text):
                parent = self._other(_EXTENDS, piece, seen)
            elif _INCLUDE.fullmatch(text):
                opened[-1][1].extend(self._other(_INCLUDE, piece, seen))
            elif (block := _BLOCK.fullmatch(text)) is not None:
                opened.append((block["name"], []))
            elif _END.fullmatch(text) and len(opened) > 1:
                name, items = opened.pop()
                opened[-1][1].append(_Block(name, tuple(items)))
            elif (verb := _ELSEWHERE.match(text)) is not None:
                raise IncludeFault(piece.span, _unreadable(verb["verb"]))
            else:
                opened[-1][1].append(piece)
        if len(opened) > 1:
            raise IncludeFault(Span(f"templates/{file}", line, 1), f"the block «{opened[-1][0]}» has no end")
        own = opened[0][1]
        return own if parent is None else _put_into(own, parent)

    def _other(self, shape: re.Pattern[str], piece: Piece, seen: tuple[str, ...]) -> list[_Item]:
        """The file that a placeholder names, read."""
        match = shape.fullmatch(piece.text)
        wanted = match["file"] if match is not None else ""
        if wanted in (*seen, piece.file):
            raise IncludeFault(piece.span, f"{wanted} leads back to itself")
        if wanted not in self.files:
            raise IncludeFault(piece.span, f"there is no file {wanted}")
        part, _ = read_part(wanted, self.files[wanted])
        return self.read(wanted, part.body, part.offset + 1, (*seen, piece.file))


def _unreadable(verb: str) -> str:
    if verb in ("import", "from"):
        return "a macro is written where it is used, or in a file that is included"
    return f"`{verb}` takes the name of a file between quotes, and nothing else"


def _put_into(own: Sequence[_Item], parent: list[_Item]) -> list[_Item]:
    """A file that extends another: its statements, then the other with its blocks taken from here."""
    statements = [item for item in own if isinstance(item, Piece) and _STATEMENT.match(item.text)]
    return [*statements, *_filled(parent, {block.name: block for block in _blocks(own)})]


def _blocks(items: Sequence[_Item]) -> Iterator[_Block]:
    for item in items:
        if isinstance(item, _Block):
            yield item
            yield from _blocks(item.items)


def _filled(items: Sequence[_Item], blocks: Mapping[str, _Block]) -> list[_Item]:
    done: list[_Item] = []
    for item in items:
        if isinstance(item, Piece):
            done.append(item)
            continue
        inner = _filled(item.items, blocks)
        own = blocks.get(item.name)
        done.append(_Block(item.name, tuple(inner if own is None else _with_super(own.items, inner))))
    return done


def _with_super(items: Sequence[_Item], above: Sequence[_Item]) -> list[_Item]:
    """A block's own content, what it covers written where it says `super()`."""
    done: list[_Item] = []
    for item in items:
        covered = isinstance(item, Piece) and item.is_placeholder and _SUPER.fullmatch(item.text)
        done.extend(above if covered else [item])
    return done
