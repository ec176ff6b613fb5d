"""Webhooks: one signed request by HTTP, and what each answer means; nothing that the other side says is kept."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass

import httpx

from accord.core.webhooks import is_safe_target
from accord.shell.engine.ports.posting import Answer, Parcel

# How long one attempt may take from beginning to end, in seconds.
PATIENCE_SECONDS = 15.0
CONNECT_SECONDS = 5.0

GONE = 410


@dataclass
class HttpPoster:
    """The port `Poster`. Redirects are never followed, bodies of answers never read, proxies of the environment
    and passwords of a .netrc never used.
    """

    patience: float = PATIENCE_SECONDS
    _client: httpx.AsyncClient | None = None

    def _opened(self) -> httpx.AsyncClient:
        """The connections, kept from one posting to the next."""
        if self._client is None:
            self._client = httpx.AsyncClient(
                verify=ssl.create_default_context(),
                follow_redirects=False,
                trust_env=False,
                timeout=httpx.Timeout(self.patience, connect=CONNECT_SECONDS),
                headers={"user-agent": "accord"},
            )
        return self._client

    async def post(self, parcel: Parcel) -> Answer:
        """Post it, and say how it went in words without an address or anybody's data."""
        if not is_safe_target(parcel.url):
            return Answer(taken=False, words="not https, and not this machine: nothing was posted")
        try:
            async with asyncio.timeout(self.patience):
                return await self._status(parcel)
        except TimeoutError:
            return Answer(taken=False, words=f"no answer within {self.patience:g} seconds")
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as fault:
            return Answer(taken=False, words=_said(fault))

    async def _status(self, parcel: Parcel) -> Answer:
        headers = {**parcel.headers, "content-type": "application/json"}
        # Streamed, so that a body of whatever length is never read.
        async with self._opened().stream(
            "POST", parcel.url, headers=headers, content=parcel.body
        ) as response:
            code = response.status_code
        words = f"HTTP {code}" + (", a redirect, which is not followed" if 300 <= code < 400 else "")
        return Answer(taken=200 <= code < 300, words=words, gone=code == GONE)

    async def close(self) -> None:
        """Close connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None


def _said(fault: Exception) -> str:
    match fault:
        case httpx.TimeoutException():
            return "no answer in time"
        case httpx.ConnectError():
            return "it can't be reached, or its certificate is not good"
        case _:
            return f"the conversation broke off ({type(fault).__name__})"
