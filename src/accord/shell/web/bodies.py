"""Bodies as they come in: counted, timed, digested, and kept beside memory where they are long."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from typing import IO

import anyio
from starlette.requests import Request

# What is longer goes to a file while it comes.
IN_MEMORY = 256 * 1024

# Whoever takes longer to send a body ties up a connection: a bulk of the largest size comes in at 0.5 MiB a second.
PATIENCE_SECONDS = 60.0


class TooLarge(Exception):
    """More came than may."""


class TooSlow(Exception):
    """It did not come to its end in time."""


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


async def read_body(request: Request, most: int, *, patience: float = PATIENCE_SECONDS) -> Body:
    """Read a request's body to its end. Raises TooLarge or TooSlow; what a Content-Length claims is a hint alone."""
    claimed = request.headers.get("content-length", "")
    if claimed.isdecimal() and int(claimed[:20]) > most:
        raise TooLarge
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - handed over open
    size, digest = 0, hashlib.sha256()
    try:
        with anyio.fail_after(patience):
            async for chunk in request.stream():
                size += len(chunk)
                if size > most:
                    raise TooLarge
                digest.update(chunk)
                file.write(chunk)
    except BaseException as fault:
        file.close()
        if isinstance(fault, TimeoutError):
            raise TooSlow from None
        raise
    file.seek(0)
    return Body(file, size, digest.hexdigest())
