"""Around every answer: a limit on what is sent to us, and headers that keep links and people private."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import anyio
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Scanners and mail programs fetch every address that they see: what these reach never changes anything.
READING = ["GET", "HEAD"]

LARGEST_BODY = 64 * 1024

# Whoever takes longer to send a body ties up a connection: a bulk of the largest size comes in at 0.5 MiB a second.
PATIENCE_SECONDS = 60.0

# Systems have more to say than people: a request of theirs, and JSON lines by the thousand, which go to a file.
LARGEST_REQUEST, LARGEST_BULK = 256 * 1024, 32 * 1024 * 1024
_LARGER = (
    ("/api/v1/events/bulk", LARGEST_BULK),
    ("/api/v1/orders/bulk", LARGEST_BULK),
    ("/api/v1/", LARGEST_REQUEST),
    ("/hooks/", LARGEST_REQUEST),
)

# Links carry a person's token: no page may leak its address to another, be framed, stored or indexed.
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}

# Pages name a static file by its digest: what is at such an address never changes.
KEPT = "public, max-age=31536000, immutable"


class Guard:
    """ASGI middleware; `https` adds HSTS where the venue's own address is https.

    `patience`: how long a body may take to come, in seconds.
    """

    def __init__(self, app: ASGIApp, *, https: bool, patience: float = PATIENCE_SECONDS) -> None:
        self._app, self._patience = app, patience
        self._headers = dict(HEADERS)
        if https:
            self._headers["strict-transport-security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body limited and its answer dressed."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def dress(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                said_where = "content-security-policy" in headers
                for name, value in self._headers.items():
                    # Where a page may be framed is said once: an older header would contradict it.
                    if not (said_where and name == "x-frame-options"):
                        headers.setdefault(name, value)
                if scope["path"].startswith("/static/") and message["status"] == 200:
                    headers["cache-control"] = KEPT
            await send(message)

        await self._app(scope, _limited(receive, largest_body(scope["path"]), self._patience), dress)


def largest_body(path: str) -> int:
    """How many bytes may be sent to a path."""
    return next((most for begins, most in _LARGER if path.startswith(begins)), LARGEST_BODY)


class Rooted:
    """ASGI middleware: the pages under the path of the venue's address, and of those that it had before.

    A proxy may pass a path on as it came. Links of old mails work as long as their host leads here.
    """

    def __init__(self, app: ASGIApp, *, urls: Sequence[str]) -> None:
        self._app = app
        paths = {urlsplit(url).path.rstrip("/") for url in urls}
        self._prefixes = sorted((path for path in paths if path), key=len, reverse=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on as if there were no such path."""
        if scope["type"] == "http":
            for prefix in self._prefixes:
                if scope["path"].startswith(f"{prefix}/"):
                    scope = {**scope, "path": scope["path"].removeprefix(prefix)}
                    break
        await self._app(scope, receive, send)


def _limited(receive: Receive, most: int, patience: float) -> Receive:
    """Counts what really comes, and for how long: a Content-Length may be missing or a lie."""
    taken, ends, is_over = 0, anyio.current_time() + patience, False

    async def limited() -> MutableMapping[str, Any]:
        nonlocal taken, is_over
        if is_over:  # what comes after a body, such as that nobody listens any more, may come when it likes
            return await receive()
        try:
            with anyio.fail_after(max(0.0, ends - anyio.current_time())):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408) from None
        taken, is_over = taken + len(message.get("body", b"")), not message.get("more_body", False)
        if taken > most:
            raise HTTPException(413)
        return message

    return limited
