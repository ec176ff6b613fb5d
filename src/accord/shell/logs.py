"""The daemon's log: structured lines that name rows by their numbers, and say nothing that anybody's data could be in.

What an error says may quote what it failed at: a name, an address, a statement's parameters. So it is told by its
kind and its place; its words are told where they are known to be our own.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import structlog

from accord.shell.engine.ports.mailing import Unreachable
from accord.shell.engine.ports.store import StoreError

ADDRESS = re.compile(r"[^\s@'\"<>«»()]+@[^\s@'\"<>«»(),;]+")
TOKEN = re.compile(r"(/[uplc]/)[^\s'\"<>]+")

# Whose words are ours: a database that is away, a mail server that does not answer.
SPEAK = (StoreError, Unreachable)

# As many of our own frames as tell where it happened, the innermost, and the one in which it was raised.
FRAMES = 6
OURS = f"{Path(__file__).parents[1]}/"

Line = MutableMapping[str, Any]


def begin_log(*, verbose: bool) -> None:
    """From now on everything that is logged, by us or by a library, is such a line on standard output."""
    ours = logging.DEBUG if verbose else logging.INFO
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    ends = (
        told_faults,
        blotted,
        structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
    )
    structlog.configure(
        processors=[structlog.processors.add_log_level, stamp, *ends],
        wrapper_class=structlog.make_filtering_bound_logger(ours),
        logger_factory=structlog.PrintLoggerFactory(),
    )
    others = logging.StreamHandler(sys.stdout)
    others.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_log_level, stamp],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _first_line, *ends],
        )
    )
    root = logging.getLogger()
    root.handlers, root.level = [others], logging.WARNING
    logging.captureWarnings(capture=True)
    # A line that can't be written would be told with all that is in it.
    logging.raiseExceptions = False


def told_faults(_logger: Any, _method: str, line: Line) -> Line:
    """Replace an exception by where it came from."""
    fault = line.pop("exc_info", None)
    if fault is True or isinstance(fault, tuple):
        fault = sys.exc_info()[1] if fault is True else fault[1]
    if isinstance(fault, BaseException):
        line["exception"] = " from ".join(_told(each) for each in _chain(fault))
    return line


def blotted(_logger: Any, _method: str, line: Line) -> Line:
    """A second net: addresses and people's links that got into a line all the same."""
    return {key: blot(value) if isinstance(value, str) else value for key, value in line.items()}


def blot(text: str) -> str:
    """A text with every address, and every link of a person's, blotted out."""
    return TOKEN.sub(r"\1<token>", ADDRESS.sub("<address>", text))


def _first_line(_logger: Any, _method: str, line: Line) -> Line:
    """Of what a library says: asyncio adds the repr of what failed, with all that is in it."""
    return {**line, "event": (str(line["event"]).splitlines() or [""])[0]}


def _chain(fault: BaseException) -> Iterator[BaseException]:
    """An exception, and those that it came from."""
    seen: set[int] = set()
    each: BaseException | None = fault
    while each is not None and id(each) not in seen:
        yield each
        seen.add(id(each))
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)


def _told(fault: BaseException) -> str:
    kind = type(fault)
    words = f": {fault}" if isinstance(fault, SPEAK) else ""
    frames = traceback.extract_tb(fault.__traceback__)
    own = [frame for frame in frames[:-1] if frame.filename.startswith(OURS)]
    told = (*reversed(frames[-1:]), *reversed(own[-FRAMES:]))
    places = [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in told]
    return f"{kind.__module__}.{kind.__qualname__}{words} at {' in '.join(places) or 'no place'}"


def _short(file: str) -> str:
    """A file of ours by its place in the house, another by its name."""
    return file.removeprefix(OURS) if file.startswith(OURS) else Path(file).name
