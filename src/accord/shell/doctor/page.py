"""The page behind one click, from outside: reachable by https, no redirect, no login (RFC 8058)."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from accord.shell.doctor.findings import Finding, fine, mend, unseen
from accord.shell.doctor.patient import Patient

PATIENCE = 10.0


def page(patient: Patient) -> Iterator[Finding]:
    """A press on the button with a token that nobody has; it must be answered there and then."""
    where = patient.one_click
    if not where.startswith("https://"):
        yield unseen(
            "page", f"{patient.settings.venue.base_url} is for trying out: nobody outside reaches it."
        )
        return
    answer = patient.press(where)
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
        case int() if answer >= 500:
            yield mend("page", f"One click fails ({answer}).", serve)
        case _:
            yield fine("page", f"one click is answered at {patient.settings.venue.base_url}")


def press(address: str) -> int | str:
    """Press a one-click address as mailboxes do: no cookie, no redirect followed. Changes nothing for a false token."""
    try:
        with httpx.Client(follow_redirects=False, trust_env=False, timeout=PATIENCE) as web:
            return web.post(address, data={"List-Unsubscribe": "One-Click"}).status_code
    except httpx.TimeoutException:
        return f"no answer within {PATIENCE:g} seconds"
    except (httpx.HTTPError, httpx.InvalidURL) as fault:
        return " ".join(str(fault).split()) or type(fault).__name__
