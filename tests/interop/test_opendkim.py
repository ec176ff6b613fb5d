"""Debian's opendkim reads what we sign: a third implementation, in C. `make interop` runs this."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from accord.core.mail.dkim import SigningKey, signed
from core.mail.test_dkim import BOTH, BY_ED, BY_RSA, MAIL, RECORDS

OPENDKIM = shutil.which("opendkim", path="/usr/sbin:/usr/bin:/usr/local/sbin")
pytestmark = pytest.mark.skipif(OPENDKIM is None, reason="opendkim is missing: apt-get install opendkim")


def verdicts(mail: bytes, folder: Path) -> list[str]:
    """What opendkim says of each signature (RFC 8601), with our records for DNS."""
    (folder / "mail.eml").write_bytes(mail)
    known = (f"{name.decode().rstrip('.')} {text.decode()}\n" for name, text in RECORDS.items())
    (folder / "records").write_text("".join(known))
    settings = folder / "opendkim.conf"
    settings.write_text(f"Mode v\nSyslog no\nTestDNSData file:{folder / 'records'}\n")
    words = [str(OPENDKIM), "-x", str(settings), "-vvv", "-t", str(folder / "mail.eml")]
    told = subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout
    return re.findall(r"\bdkim=(\w+)", told)


@pytest.mark.parametrize("keys", [(BY_RSA,), (BY_ED,), BOTH], ids=["rsa", "ed25519", "both"])
def test_what_we_sign_passes(keys: Sequence[SigningKey], tmp_path: Path) -> None:
    assert verdicts(signed(MAIL, keys), tmp_path) == ["pass"] * len(keys)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"<https://example.org/u/token>", b"<https://example.org/u/other>"),
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Two-Clicks"),
        (b"List-Id:", b"List-Unsubscribe: <https://evil.example/u>\r\nList-Id:"),
        (b"Bonjour", b"Bonsoir"),
    ],
)
def test_what_is_altered_fails(was: bytes, becomes: bytes, tmp_path: Path) -> None:
    altered = signed(MAIL, BOTH).replace(was, becomes)
    assert verdicts(altered, tmp_path) == ["fail", "fail"]
