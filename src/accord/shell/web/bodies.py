"""Bodies as they come in: counted, timed, digested, and kept beside memory where they are long."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

import anyio
from starlette.requests import Request

from accord.shell.json_lines import read_object
from accord.shell.web.guard import PATIENCE_SECONDS, largest_body
from accord.shell.web.problems import Problem

# What is longer goes to a file while it comes.
IN_MEMORY = 256 * 1024


@dataclass(slots=True)
class Body:
    """A body, at its beginning; `digest` is SHA-256 of all of it. Close it when it is done with."""

    file: IO[bytes]
    size: int
    digest: str

    def bytes(self) -> bytes:
        """All of it."""
        self.file.seek(0)
        return self.file.read()

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()


async def json_body(request: Request, media: Sequence[str]) -> Body:
    """A request's body, read to its end, where it is of one of these content types. Raises Problem."""
    check_media(request, media)
    return await whole_body(request)


def check_media(request: Request, media: Sequence[str]) -> None:
    """Content types are not guessed at. Raises Problem."""
    told, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    encoded = request.headers.get("content-encoding", "identity").lower() != "identity"
    if told.strip().lower() not in media or charset not in ("", "charset=utf-8") or encoded:
        raise Problem("unsupported-media-type", f"Send {media[0]} in UTF-8, without encoding.")


async def whole_body(request: Request, *, patience: float = PATIENCE_SECONDS) -> Body:
    """A request's body, read to its end, where it is no larger than it may be. Raises Problem.

    One that says beforehand that it is too large is not read.
    """
    most = largest_body(request.url.path)
    claimed = request.headers.get("content-length", "")
    if claimed.isdecimal() and int(claimed[:20]) > most:
        raise _too_large(most)
    try:
        with anyio.fail_after(patience):
            return await _read(request, most)
    except TimeoutError:
        raise Problem("too-slow") from None


async def _read(request: Request, most: int) -> Body:
    """What really comes is counted: a Content-Length may be missing or a lie."""
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - handed over open
    size, digest = 0, hashlib.sha256()
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                raise _too_large(most)
            digest.update(chunk)
            file.write(chunk)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return Body(file, size, digest.hexdigest())


def _too_large(most: int) -> Problem:
    return Problem("too-large", more={"limit": most})


def object_in(raw: bytes) -> Mapping[str, Any]:
    """The JSON object that a body is. Raises Problem."""
    told, reason = read_object(raw)
    if told is None:
        raise Problem("unreadable-body", reason or "it is empty")
    return told
