"""An IMAP mailbox: asked by UID for what is new, each message only as far as it is read, then marked or moved away."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from accord.core.wayback.opened import LARGEST
from accord.shell.config_inbound import Box
from accord.shell.engine.ports.wayback import Arrival, MailboxFault

TIMEOUT_SECONDS = 30

_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


@dataclass
class ImapMailbox:
    """The port `Mailbox` over one account. A mark is «UIDVALIDITY:UID»: where the server numbers anew, all is read anew,
    and the book knows what was taken (RFC 3501 2.3.1.1).
    """

    box: Box
    ca_file: str | None = None
    _imap: imaplib.IMAP4 | None = None

    def fresh(self, mark: str | None, limit: int) -> Iterator[Arrival]:
        """Messages with a higher number than the last; those that were taken and not marked yet are marked first."""
        with self._faults():
            imap = self._opened()
            validity = self._selected(imap)
            last = _last(mark, validity)
            self._leftovers(imap, last)
            uids = [uid for uid in self._search(imap, f"UID {last + 1}:*") if uid > last]
        for uid in uids[:limit]:
            with self._faults():
                raw, size = self._fetched(imap, uid)
            if raw is not None:
                yield Arrival(str(uid), raw, f"{validity}:{uid}", whole=size <= len(raw))

    def tidy(self, keys: Sequence[str]) -> None:
        """Marked as seen, or moved to the folder that was asked for."""
        if not keys:
            return
        with self._faults():
            imap, these = self._opened(), ",".join(keys)
            if self.box.handled is None:
                self._did(imap.uid("STORE", these, "+FLAGS.SILENT", r"(\Seen)"))
            else:
                self._moved(imap, these, self.box.handled)

    def close(self) -> None:
        """Say goodbye; whoever does not answer is left."""
        imap, self._imap = self._imap, None
        if imap is None:
            return
        try:
            imap.logout()
        except (imaplib.IMAP4.error, OSError):
            imap.shutdown()

    # -- one conversation ---------------------------------------------------------------------------------

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Whatever goes wrong between us and the server, in one sentence."""
        where = f"{self.box.host}:{self.box.port}"
        try:
            yield
        except imaplib.IMAP4.error as fault:
            raise MailboxFault(f"the mailbox at {where} refuses: {_tidy(str(fault))}") from None
        except ssl.SSLError as fault:
            raise MailboxFault(f"no safe connection to {where}: {fault.reason or fault}") from None
        except (OSError, EOFError, ValueError) as fault:
            raise MailboxFault(f"the mailbox at {where} does not answer: {_tidy(str(fault))}") from None

    def _opened(self) -> imaplib.IMAP4:
        if self._imap is None:
            box, context = self.box, ssl.create_default_context(cafile=self.ca_file)
            if box.security == "tls":
                self._imap = imaplib.IMAP4_SSL(
                    box.host, box.port, ssl_context=context, timeout=TIMEOUT_SECONDS
                )
            else:
                self._imap = imaplib.IMAP4(box.host, box.port, timeout=TIMEOUT_SECONDS)
                if box.security == "starttls":
                    self._imap.starttls(context)
            self._imap.login(box.username, box.password)
        return self._imap

    def _selected(self, imap: imaplib.IMAP4) -> str:
        """Open the folder; its UIDVALIDITY."""
        self._did(imap.select(_quoted(self.box.folder)))
        found = imap.response("UIDVALIDITY")[1]
        value = found[0] if found else None
        return value.decode("ascii", "replace") if isinstance(value, bytes) else "0"

    def _search(self, imap: imaplib.IMAP4, what: str) -> list[int]:
        data = self._did(imap.uid("SEARCH", what))
        words = b" ".join(each for each in data if isinstance(each, bytes)).split()
        return sorted(int(word) for word in words if word.isdigit())

    def _fetched(self, imap: imaplib.IMAP4, uid: int) -> tuple[bytes | None, int]:
        """The beginning of a message and its size; None where somebody deleted it meanwhile."""
        data = self._did(imap.uid("FETCH", str(uid), f"(RFC822.SIZE BODY.PEEK[]<0.{LARGEST}>)"))
        size = next((int(found[1]) for each in data if (found := _SIZE.search(_head_of(each)))), 0)
        for each in data:
            if isinstance(each, tuple) and b"BODY[" in each[0]:
                return bytes(each[1]), size
        return None, size

    def _leftovers(self, imap: imaplib.IMAP4, last: int) -> None:
        """What a kill left between taking and marking."""
        if not last:
            return
        seen = " UNSEEN" if self.box.handled is None else ""
        left = [uid for uid in self._search(imap, f"UID 1:{last}{seen}") if uid <= last]
        if left:
            self.tidy([str(uid) for uid in left])

    def _moved(self, imap: imaplib.IMAP4, these: str, folder: str) -> None:
        """RFC 6851 where the server has it, else a copy and a deletion."""
        self._made(imap, folder)
        if "MOVE" in imap.capabilities:
            self._did(imap.uid("MOVE", these, _quoted(folder)))
            return
        self._did(imap.uid("COPY", these, _quoted(folder)))
        self._did(imap.uid("STORE", these, "+FLAGS.SILENT", r"(\Seen \Deleted)"))
        self._did(imap.uid("EXPUNGE", these) if "UIDPLUS" in imap.capabilities else imap.expunge())

    def _made(self, imap: imaplib.IMAP4, folder: str) -> None:
        """The folder, where it is not there."""
        if not any(isinstance(each, bytes) for each in self._did(imap.list(pattern=_quoted(folder)))):
            self._did(imap.create(_quoted(folder)))

    def _did(self, answer: tuple[str, Any]) -> list[Any]:
        """The data of an answer that is a yes. Raises IMAP4.error for any other."""
        kind, data = answer
        if kind != "OK":
            words = b" ".join(each for each in data if isinstance(each, bytes)).decode("utf-8", "replace")
            raise imaplib.IMAP4.error(words or kind)
        return list(data or [])


def _last(mark: str | None, validity: str) -> int:
    """The highest number that was taken, 0 where the server has numbered anew."""
    before, _, uid = (mark or "").rpartition(":")
    return int(uid) if before == validity and uid.isdigit() else 0


def _head_of(each: Any) -> bytes:
    return (
        b" ".join(part for part in each if isinstance(part, bytes))
        if isinstance(each, tuple)
        else bytes(each or b"")
    )


def _quoted(name: str) -> str:
    """A folder's name as a quoted string, in modified UTF-7 where it is not plain (RFC 3501 5.1.3)."""
    escaped = _utf7(name).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _utf7(name: str) -> str:
    if name.isascii():
        return name.replace("&", "&-")
    parts = re.findall(r"[\x20-\x7e]+|[^\x20-\x7e]+", name)
    return "".join(each.replace("&", "&-") if each.isascii() else _shifted(each) for each in parts)


def _shifted(text: str) -> str:
    return "&" + text.encode("utf-7").decode("ascii").strip("+-").replace("/", ",") + "-"


def _tidy(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]
