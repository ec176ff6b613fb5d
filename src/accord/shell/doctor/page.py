"""The page behind one click, from outside: reachable by https, no redirect, no login (RFC 8058)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx

from accord.shell.doctor.findings import Finding, fine, mend, unseen
from accord.shell.doctor.patient import Patient

PATIENCE = 10.0
_ERRNO = re.compile(r"^\[Errno -?\d+\] ")


def page(patient: Patient) -> Iterator[Finding]:
    """A press on the button for somebody who is not there; it must be answered there and then."""
    where = patient.settings.venue.base_url
    if not where.startswith("https://"):
        yield unseen("page", f"{where} is for trying out: nobody outside reaches it.")
        return
    answer = patient.press(patient.one_click)
    serve = "See docs/deploy: the proxy in front, and whether `scenario daemon` runs."
    match answer:
        case str():
            yield mend("page", f"{where} can't be reached: {answer}.", serve)
        case int() if 300 <= answer < 400:
            yield mend(
                "page", f"One click is answered by a redirect ({answer}): mailboxes stop there.", serve
            )
        case 401 | 403 | 405:
            yield mend("page", f"One click is refused ({answer}): no login may stand before it.", serve)
        case 404:
            yield mend(
                "page",
                f"What answers at {where} does not know our links: another page, or other keys.",
                serve,
            )
        case 200:
            yield fine("page", f"one click is answered at {where}")
        case _:
            yield mend("page", f"One click fails ({answer}).", serve)


def press(address: str) -> int | str:
    """Press a one-click address as mailboxes do: no cookie, no redirect followed."""
    try:
        with httpx.Client(follow_redirects=False, trust_env=False, timeout=PATIENCE) as web:
            return web.post(address, data={"List-Unsubscribe": "One-Click"}).status_code
    except httpx.TimeoutException:
        return f"no answer within {PATIENCE:g} seconds"
    except (httpx.HTTPError, httpx.InvalidURL) as fault:
        return _ERRNO.sub("", " ".join(str(fault).split())) or type(fault).__name__
