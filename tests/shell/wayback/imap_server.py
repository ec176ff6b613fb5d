"""An IMAP server on loopback, as small as can be: one account, folders, UIDs, and the gift of dying when told."""

from __future__ import annotations

import re
import socketserver
import threading
from dataclasses import dataclass, field
from subprocess import Popen


@dataclass
class Mail:
    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class Account:
    """What the server holds. `dies_at`: hang up before the answer to a command that begins so, once for each.

    `kills`: the word at which a reader's process is killed, and the process.
    """

    folders: dict[str, list[Mail]] = field(default_factory=lambda: {"INBOX": []})
    validity: int = 7
    capabilities: str = "IMAP4rev1 UIDPLUS MOVE"
    password: str = "open sesame"
    dies_at: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    kills: tuple[str, Popen[bytes]] | None = None
    _next: int = 1

    def deliver(self, raw: bytes, folder: str = "INBOX") -> int:
        uid, self._next = self._next, self._next + 1
        self.folders[folder].append(Mail(uid, raw.replace(b"\n", b"\r\n")))
        return uid

    def number_anew(self) -> None:
        self.validity += 1
        for place, mail in enumerate(self.folders["INBOX"], 1):
            mail.uid = place + 100
        self._next = 200 + len(self.folders["INBOX"])


class Session(socketserver.StreamRequestHandler):
    """One connection."""

    def handle(self) -> None:
        account: Account = self.server.account  # type: ignore[attr-defined]
        self.folder = "INBOX"
        self._say("* OK ready")
        for line in iter(self.rfile.readline, b""):
            tag, _, command = line.decode("utf-8").rstrip("\r\n").partition(" ")
            account.asked.append(re.sub(r'"open[^"]*"', "***", command))
            deadly = next((each for each in account.dies_at if command.upper().startswith(each)), None)
            if deadly is not None and not deadly.startswith("AFTER"):
                account.dies_at.remove(deadly)
                return
            if account.kills is not None and command.upper().startswith(account.kills[0]):
                account.kills[1].kill()
                account.kills = None
                return
            verdict = self._obey(account, command)
            after = f"AFTER {' '.join(command.upper().split()[:2])}"
            if after in account.dies_at:
                account.dies_at.remove(after)
                return
            self._say(f"{tag} {verdict}")
            if command.upper().startswith("LOGOUT"):
                return

    def _obey(self, account: Account, command: str) -> str:
        words = command.split(" ")
        verb = words[0].upper()
        mails = account.folders.get(self.folder, [])
        match verb:
            case "CAPABILITY":
                self._say(f"* CAPABILITY {account.capabilities}")
            case "LOGIN":
                if command.rpartition(" ")[2].strip('"') != account.password.rpartition(" ")[2]:
                    return "NO [AUTHENTICATIONFAILED] wrong"
            case "SELECT":
                self.folder = _name(words[1:])
                if self.folder not in account.folders:
                    return "NO no such folder"
                self._say(f"* {len(account.folders[self.folder])} EXISTS")
                self._say(f"* OK [UIDVALIDITY {account.validity}] valid")
            case "LIST":
                name = _name(words[2:])
                if name in account.folders:
                    self._say(f'* LIST () "/" "{name}"')
            case "CREATE":
                account.folders[_name(words[1:])] = []
            case "EXPUNGE":
                account.folders[self.folder] = [each for each in mails if "\\Deleted" not in each.flags]
            case "UID":
                return self._by_uid(account, mails, words[1].upper(), words[2], " ".join(words[3:]))
            case "LOGOUT":
                self._say("* BYE")
        return "OK done"

    def _by_uid(self, account: Account, mails: list[Mail], verb: str, which: str, rest: str) -> str:
        if verb == "SEARCH":
            span, unseen = rest.split(" ")[0], "UNSEEN" in rest
            found = [each.uid for each in _chosen(mails, span) if not (unseen and "\\Seen" in each.flags)]
            self._say("* SEARCH " + " ".join(map(str, found)))
            return "OK done"
        chosen = _chosen(mails, which)
        if verb == "FETCH":
            most = int(re.search(r"<0\.(\d+)>", rest)[1])  # type: ignore[index]
            for each in chosen:
                part = each.raw[:most]
                head = (
                    f"* {mails.index(each) + 1} FETCH (UID {each.uid} RFC822.SIZE {len(each.raw)} BODY[]<0> "
                )
                self.wfile.write(f"{head}{{{len(part)}}}\r\n".encode() + part + b")\r\n")
        elif verb == "STORE":
            for each in chosen:
                each.flags |= set(re.findall(r"\\\w+", rest))
        elif verb in ("MOVE", "COPY"):
            account.folders[_name([rest])] += [Mail(each.uid, each.raw) for each in chosen]
            if verb == "MOVE":
                account.folders[self.folder] = [each for each in mails if each not in chosen]
        elif verb == "EXPUNGE":
            account.folders[self.folder] = [each for each in mails if each not in chosen]
        return "OK done"

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


def _name(words: list[str]) -> str:
    return " ".join(words).strip().strip('"')


def _chosen(mails: list[Mail], span: str) -> list[Mail]:
    """By a set of UIDs; `9:*` always has the last one, as RFC 3501 says."""
    found: list[Mail] = []
    for each in span.split(","):
        low, colon, high = each.partition(":")
        if high == "*":
            found += [mail for mail in mails if mail.uid >= int(low)] or mails[-1:]
        else:
            found += [mail for mail in mails if int(low) <= mail.uid <= int(high if colon else low)]
    return found


class ImapServer(socketserver.ThreadingTCPServer):
    """The server, at work until the block is left."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.account = Account()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> ImapServer:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever hangs up in the middle is no news."""
