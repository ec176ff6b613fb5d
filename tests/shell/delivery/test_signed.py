"""What arrives by SMTP verifies: signed after everything, whatever the way does to lines and dots."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from accord.shell.delivery.folder import FolderCarrier
from accord.shell.delivery.signed import SignedCarrier
from core.mail.test_dkim import BOTH, MAIL, verdicts
from shell.delivery.scripted import Inbox, a_carrier, an_envelope, real

DOTS = MAIL.replace(b"\r\n.\r\n", b"\r\n.\r\n..and more\r\n.")
WIDE = MAIL.replace(b"To: elodie@", "To: élodie@".encode())


@pytest.mark.parametrize(
    "content", [MAIL, DOTS, DOTS.rstrip(b"\r\n"), WIDE], ids=["plain", "dots", "open", "wide"]
)
def test_what_arrives_verifies(content: bytes) -> None:
    async def scene() -> bytes:
        inbox = Inbox()
        async with real(inbox, enable_SMTPUTF8=True) as port:
            carrier = SignedCarrier(a_carrier(port), BOTH)
            assert (carrier.width, await carrier.ready(), carrier.pause()) == (2, 1, 0.0)
            recipient = "élodie@example.org" if content is WIDE else "elodie@example.org"
            await carrier.carry(an_envelope(recipient=recipient, content=content))
            carrier.cut()
            await carrier.close()
        return bytes(inbox.mails[0].original_content)

    arrived = asyncio.run(scene())
    assert content.rstrip(b"\r\n") in arrived
    assert verdicts(arrived) == [True, True]


def test_a_folder_gets_the_same_bytes(tmp_path: Path) -> None:
    async def scene() -> None:
        carrier = SignedCarrier(FolderCarrier(tmp_path), BOTH)
        await carrier.ready()
        await carrier.carry(an_envelope(content=MAIL))

    asyncio.run(scene())
    [file] = tmp_path.glob("*.eml")
    assert verdicts(file.read_bytes()) == [True, True]
    assert file.read_bytes().endswith(MAIL)
