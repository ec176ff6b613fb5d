"""Debian's dovecot is read as any IMAP server: over TLS, each message once, also when the reader dies in between."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256

from accord.shell.config_inbound import Box
from accord.shell.inbound.imap import ImapMailbox
from accord.shell.store.database import SqlStore
from shell.wayback.house import Office, bounce
from shell.wayback.test_mailboxes import Killed, Mortal, read

DOVECOT = shutil.which("dovecot", path="/usr/sbin:/usr/bin:/usr/local/sbin")
pytestmark = [
    pytest.mark.skipif(DOVECOT is None, reason="dovecot is missing: apt-get install dovecot-imapd"),
    pytest.mark.skipif(os.geteuid() != 0, reason="dovecot's own users can be taken by root alone"),
]

CONFIG = """
base_dir = {folder}/run
protocols = imap
listen = 127.0.0.1
log_path = {folder}/log
ssl = required
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
mail_location = maildir:{folder}/mail
passdb {{
  driver = static
  args = password=sesame
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/home
}}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
  }}
}}
"""


@dataclass(frozen=True)
class Dovecot:
    folder: Path
    port: int

    def deliver(self, raw: bytes) -> None:
        path = self.folder / "mail" / "new" / f"{time.time_ns()}.M1.host"
        path.write_bytes(raw)
        shutil.chown(path, "nobody", "nogroup")

    def box(self, **changes: object) -> ImapMailbox:
        place = ("INBOX", 60, None, "127.0.0.1", self.port, "tls", "ada", "sesame", changes.get("handled"))
        return ImapMailbox(Box("bounces", "imap", *place), str(self.folder / "cert.pem"))  # type: ignore[arg-type]

    def files(self, where: str = "cur") -> list[str]:
        return [each.name for each in (self.folder / "mail" / where).iterdir()]


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    folder = Path(tempfile.mkdtemp(prefix="accord-dovecot-"))
    folder.chmod(0o755)
    certify(folder)
    for name in ("mail", "mail/new", "mail/cur", "mail/tmp", "home"):
        (folder / name).mkdir()
        shutil.chown(folder / name, "nobody", "nogroup")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = int(taken.getsockname()[1])
    (folder / "dovecot.conf").write_text(CONFIG.format(folder=folder, port=port))
    running = subprocess.Popen([str(DOVECOT), "-F", "-c", str(folder / "dovecot.conf")])
    try:
        listening(port, folder)
        yield Dovecot(folder, port)
    finally:
        running.terminate()
        running.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def listening(port: int, folder: Path) -> None:
    for _ in range(100):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AssertionError((folder / "log").read_text() if (folder / "log").exists() else "it does not listen")


def certify(folder: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    clear = serialization.NoEncryption()
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    (folder / "key.pem").write_bytes(key.private_bytes(*form, clear))


@pytest.mark.parametrize("handled", [None, "Traités"])
def test_each_message_is_taken_once_however_often_the_reader_dies(
    embedded: SqlStore, dovecot: Dovecot, handled: str | None
) -> None:
    office = Office(embedded)
    for _ in range(4):
        dovecot.deliver(bounce(office.letter(), "4.2.2"))
    for step in range(1, 8):
        with suppress(Killed):
            read(office, Mortal(dovecot.box(handled=handled), step))
    assert read(office, dovecot.box(handled=handled)).fault is None
    assert office.names() == ["mail.soft_bounced"] * 4
    left = dovecot.files("cur") + dovecot.files("new")
    assert all(name.endswith("S") for name in left) if handled is None else left == []


def test_a_server_whose_certificate_nobody_vouches_for_gets_no_password(
    embedded: SqlStore, dovecot: Dovecot
) -> None:
    office, box = Office(embedded), dovecot.box()
    done = read(office, ImapMailbox(box.box))
    assert done.fault is not None and "no safe connection" in done.fault
