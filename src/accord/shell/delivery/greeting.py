"""A mail server greeted and left again: what it offers, and how safe the line to it is. No mail is handed over."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiosmtplib import SMTP, SMTPException

from accord.shell.delivery.smtp import Server, session_with

# Nobody waits longer for an examination, in seconds.
PATIENCE = 15.0


@dataclass(frozen=True, slots=True)
class Greeting:
    """What came of it. `fault`: why nothing did; `cipher`: the version of TLS; `ends`: when its certificate does."""

    fault: str | None = None
    offers: frozenset[str] = frozenset()
    cipher: str | None = None
    ends: datetime | None = None


async def greet(server: Server) -> Greeting:
    """Connect as for a mail, name and password included, look round, and say goodbye."""
    context = ssl.create_default_context(cafile=server.ca_file) if server.security != "none" else None
    smtp = session_with(server, context, min(server.verb_timeout, PATIENCE))
    try:
        await smtp.connect()
        if smtp.is_ehlo_or_helo_needed:
            await smtp.ehlo()
        found = _seen(smtp)
        await smtp.quit()
    except (SMTPException, OSError) as fault:
        return Greeting(fault=_said(fault))
    finally:
        smtp.close()
    return found


def _said(fault: Exception) -> str:
    """In one line; of what the system says only its own words."""
    cause = fault.__cause__ if isinstance(fault.__cause__, OSError) else fault
    if isinstance(cause, ConnectionError) and cause.errno:
        return os.strerror(cause.errno).lower()
    return " ".join(str(fault).split()) or type(fault).__name__


def _seen(smtp: SMTP) -> Greeting:
    offers = frozenset(name.lower() for name in smtp.esmtp_extensions)
    line: Any = smtp.transport.get_extra_info("ssl_object") if smtp.transport is not None else None
    if line is None:
        return Greeting(offers=offers)
    told = (line.getpeercert() or {}).get("notAfter")
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(told), UTC) if told else None
    return Greeting(offers=offers, cipher=line.version(), ends=ends)
