"""Amazon's certificates: fetched once each, from Amazon's own hosts alone, and kept for as long as the process lives."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

import httpx

from accord.shell.inbound.ses import is_amazons

LARGEST_CERTIFICATE = 64 * 1024
MOST_CERTIFICATES = 16
PATIENCE_SECONDS = 10.0


@dataclass(slots=True)
class FetchedCertificates:
    """The callable `Certificates`. No redirect is followed, no proxy of the environment used."""

    _known: dict[str, bytes] = field(default_factory=dict)

    def __call__(self, url: str) -> bytes:
        """The certificate at an address of Amazon's, as PEM. Raises ValueError where there is none to be had."""
        if not is_amazons(url):
            raise ValueError("not an address of Amazon's certificates")
        if url not in self._known:
            if len(self._known) >= MOST_CERTIFICATES:
                self._known.clear()
            self._known[url] = _fetched(url)
        return self._known[url]


def _fetched(url: str) -> bytes:
    context = ssl.create_default_context()
    try:
        with httpx.Client(
            verify=context, follow_redirects=False, trust_env=False, timeout=PATIENCE_SECONDS
        ) as client:
            answer = client.get(url)
    except httpx.HTTPError as fault:
        raise ValueError(f"the certificate can't be fetched ({type(fault).__name__})") from None
    if answer.status_code != 200 or len(answer.content) > LARGEST_CERTIFICATE:
        raise ValueError(f"no certificate there: HTTP {answer.status_code}")
    return answer.content
