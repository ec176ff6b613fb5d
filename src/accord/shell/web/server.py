"""uvicorn in a thread of its own, with its own loop: rendering mails never stalls an unsubscribe."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from types import TracebackType

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

PATIENCE = 10.0


class WebServer:
    """Serves an application until stopped; `app` may be changed meanwhile, for the requests that begin then.

    `trusted_proxies`: addresses whose X-Forwarded-For and -Proto are believed. Requests are not logged:
    their paths are people's keys.
    """

    def __init__(
        self, app: ASGIApp, *, host: str = "127.0.0.1", port: int = 8080, trusted_proxies: Sequence[str] = ()
    ) -> None:
        self.app = app
        config = uvicorn.Config(
            self._answer,
            interface="asgi3",
            access_log=False,
            log_config=None,
            server_header=False,
            lifespan="off",
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=list(trusted_proxies),
            timeout_graceful_shutdown=int(PATIENCE) // 2,
        )
        self._server = uvicorn.Server(config)
        self._where = (host, port)
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port that is listened on; the one asked for before `start`."""
        return self._socket.getsockname()[1] if self._socket else self._where[1]

    def start(self) -> None:
        """Listen, and return once requests are answered. Raises OSError when the port can't be had."""
        family = socket.AF_INET6 if ":" in self._where[0] else socket.AF_INET
        self._socket = socket.create_server(self._where, family=family, backlog=512)
        self._thread = threading.Thread(target=self._serve, name="web", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take no new requests, finish those in hand, and return."""
        if self._thread is not None:
            self._server.should_exit = True
            self._thread.join(PATIENCE)
            self._thread = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self) -> WebServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    def _serve(self) -> None:
        assert self._socket is not None
        self._server.run(sockets=[self._socket])
