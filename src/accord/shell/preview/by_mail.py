"""A preview in one's own mailbox: each mail marked as a preview, to one address of the operator's and to nobody else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from email.headerregistry import Address
from email.utils import parseaddr
from html import escape

from accord.core.mail.compose import Head, compose
from accord.core.mail.encode import quoted_printable
from accord.core.mail.letter import Rendered
from accord.shell.engine.ports.mailing import Carrier, Envelope, Receipt
from accord.shell.preview.saying import Saying
from accord.shell.preview.specimens import Specimen

# A name that leads nowhere, for ever (RFC 2606): all links of a mailed preview begin so.
NOWHERE = "https://preview.invalid"

# Previews are numbered from here on, where no message of a ledger will ever be: carriers tell mails by number.
BEYOND = 900_000_000_000

_BODY = re.compile(r"<body[^>]*>", re.IGNORECASE)
_BANNER = "margin:0;padding:12px 16px;background:#7c2413;color:#fff;font:14px/1.4 sans-serif;text-align:left"


def preview_mails(specimens: Sequence[Specimen], to: str, say: Saying, *, now: datetime) -> list[Envelope]:
    """Envelopes for `to` alone, whoever the mails were written for; what can't be written is left out.

    They have neither the list's headers nor a way to unsubscribe: nobody's consent hangs on them. Raises
    HeaderFault where `to` is no address.
    """
    written = [each for each in specimens if each.mail is not None and each.fault is None]
    return [_envelope(each, number, to, say, now) for number, each in enumerate(written, 1)]


def _envelope(specimen: Specimen, number: int, to: str, say: Saying, now: datetime) -> Envelope:
    name, address = parseaddr(dict(specimen.headers)["From"])
    scenario, step = specimen.message.scenario, specimen.message.step
    head = Head(
        sender_name=name,
        sender_address=Address(addr_spec=address).addr_spec,
        recipient=to,
        message_key=f"preview.{scenario}.{number}.{int(now.timestamp())}",
        host=NOWHERE.removeprefix("https://"),
        at=now,
    )
    said = say(
        "This is a preview of «{scenario}», step {step}, as {who} would get it. Its links lead nowhere.",
        scenario=scenario,
        step=step,
        who=specimen.who,
    )
    if specimen.mail is None:
        raise ValueError("a mail that could not be written has no preview")
    return Envelope(BEYOND + number, address, to, compose(_marked(specimen.mail, said, say), head))


def _marked(mail: Rendered, said: str, say: Saying) -> Rendered:
    """The mail with what it is in its subject, and on top of both its bodies."""
    banner = f'<p style="{_BANNER}"><strong>{escape(said)}</strong></p>'
    html, found = _BODY.subn(lambda body: f"{body[0]}{banner}", mail.html, count=1)
    return replace(
        mail,
        subject=say("[Preview] {subject}", subject=mail.subject),
        html_body=_encoded(html if found else f"{banner}{html}"),
        text_body=_encoded(f"*** {said} ***\n\n{mail.text}"),
    )


def _encoded(body: str) -> bytes:
    return quoted_printable(body.rstrip("\n") + "\n").encode("ascii")


async def hand_over(carrier: Carrier, envelopes: Sequence[Envelope]) -> list[Receipt]:
    """Carry them one after the other, and close the carrier. Raises Unreachable."""
    receipts = []
    try:
        for envelope in envelopes:
            while (wait := carrier.pause()) > 0:
                await asyncio.sleep(wait)
            await carrier.ready()
            receipts.append(await carrier.carry(envelope))
    finally:
        await carrier.close()
    return receipts
