"""Mailboxes that are read: each message once, whatever dies in between, and the line goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from accord.core.wayback.opened import LARGEST
from accord.shell.config_inbound import Box
from accord.shell.engine.ports.store import Unit
from accord.shell.engine.ports.wayback import Arrival, Mailbox
from accord.shell.engine.wayback.collect import Collected, collect
from accord.shell.inbound.imap import ImapMailbox
from accord.shell.inbound.maildir import Maildir
from accord.shell.store.database import SqlStore
from shell.wayback.house import Office, answer, bounce, complaint
from shell.wayback.imap_server import ImapServer


@pytest.fixture
def office(embedded: SqlStore) -> Office:
    return Office(embedded)


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with ImapServer() as server:
        yield server


def box(server: ImapServer, **changes: object) -> Box:
    made = Box(
        "bounces", "imap", "INBOX", 60, None, "127.0.0.1", server.port, "none", "accord", "open sesame"
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def read(office: Office, mailbox: Mailbox) -> Collected:
    faults = office.driver.fault
    return collect(office.store, office.desk, "bounces", mailbox, clock=lambda: office.now, on_fault=faults)


def book(office: Office) -> list[tuple[str, str]]:
    with office.store.read() as unit:
        return [(each.kind, each.reason) for each in reversed(unit.wayback.listed())]


def maildir(tmp_path: Path, *mails: bytes) -> Maildir:
    for name in ("new", "cur", "tmp"):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
    for place, raw in enumerate(mails):
        (tmp_path / "new" / f"179542440{place}.M1.host").write_bytes(raw)
    return Maildir(tmp_path)


# -- IMAP --------------------------------------------------------------------------------------------------


def test_what_comes_is_taken_and_marked_as_seen(office: Office, server: ImapServer) -> None:
    first, second = office.letter(), office.letter()
    server.account.deliver(bounce(first, "5.2.2"))
    assert read(office, ImapMailbox(box(server))) == Collected(1)
    server.account.deliver(complaint(second))
    assert read(office, ImapMailbox(box(server))) == Collected(1)
    assert read(office, ImapMailbox(box(server))) == Collected(0)
    assert book(office) == [("bounce", "MAILBOX_FULL"), ("feedback", "COMPLAINT_IS_OBJECTION")]
    assert all("\\Seen" in mail.flags for mail in server.account.folders["INBOX"])
    fetched = [line for line in server.account.asked if line.startswith("UID FETCH")]
    assert len(fetched) == 2, "what was taken is not asked for again"
    assert all("PEEK" in line for line in fetched)


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 UIDPLUS MOVE", "IMAP4rev1 UIDPLUS", "IMAP4rev1"])
def test_what_was_taken_is_moved_where_that_is_asked_for(
    office: Office, server: ImapServer, capabilities: str
) -> None:
    server.account.capabilities = capabilities
    server.account.deliver(bounce(office.letter()))
    assert read(office, ImapMailbox(box(server, handled="Traités"))) == Collected(1)
    assert server.account.folders["INBOX"] == []
    assert [len(mails) for name, mails in server.account.folders.items() if name != "INBOX"] == [1]
    assert office.address() == "hard_bounced"


def test_a_server_that_numbers_anew_makes_nothing_twice(office: Office, server: ImapServer) -> None:
    for _ in range(3):
        server.account.deliver(bounce(office.letter(), "4.2.2"))
    assert read(office, ImapMailbox(box(server))).new == 3
    server.account.number_anew()
    assert read(office, ImapMailbox(box(server))).new == 0
    assert office.names() == ["mail.soft_bounced"] * 3


def test_a_large_message_is_read_as_far_as_is_needed(office: Office, server: ImapServer) -> None:
    server.account.deliver(bounce(office.letter()) + b"x" * (3 * LARGEST))
    with closing(ImapMailbox(box(server))) as mailbox:
        seen = [each.whole for each in mailbox.fresh(None, 10)]
    assert seen == [False]
    read(office, ImapMailbox(box(server)))
    assert office.address() == "hard_bounced"


def test_a_wrong_password_is_told_without_it(office: Office, server: ImapServer) -> None:
    done = read(office, ImapMailbox(box(server, password="wrong one")))
    assert done.fault is not None and "refuses" in done.fault and "wrong one" not in done.fault
    office.now += timedelta(hours=1)
    read(office, ImapMailbox(box(server, port=1)))
    with office.store.read() as unit:
        (state,) = unit.wayback.mailboxes()
    assert state.failing_since is not None and state.failing_since < office.now, "since the first time"
    assert read(office, ImapMailbox(box(server))).fault is None
    with office.store.read() as unit:
        (state,) = unit.wayback.mailboxes()
    assert (state.failing_since, state.read_at) == (None, office.now)


DEATHS = [
    *("LOGIN", "SELECT", "UID SEARCH", "UID FETCH", "UID STORE"),
    *("AFTER UID FETCH", "AFTER UID STORE", "AFTER UID SEARCH"),
]


@pytest.mark.parametrize("death", DEATHS)
def test_a_server_that_dies_at_any_word_loses_nothing(office: Office, server: ImapServer, death: str) -> None:
    for _ in range(3):
        server.account.deliver(bounce(office.letter(), "4.2.2"))
    server.account.dies_at = [death, death]
    for _ in range(4):
        read(office, ImapMailbox(box(server)))
    assert office.names() == ["mail.soft_bounced"] * 3
    assert all("\\Seen" in mail.flags for mail in server.account.folders["INBOX"])


# -- killed in between -------------------------------------------------------------------------------------


class Killed(BaseException):
    """The end of a process, which nothing catches."""


@dataclass
class Mortal:
    """A mailbox whose reader is killed at the n-th step: as a message is handed over, or as it is marked."""

    inner: Mailbox
    steps: int

    def _step(self) -> None:
        self.steps -= 1
        if self.steps == 0:
            raise Killed

    def fresh(self, mark: str | None, limit: int) -> Iterator[Arrival]:
        for arrival in self.inner.fresh(mark, limit):
            self._step()
            yield arrival

    def tidy(self, keys: Sequence[str]) -> None:
        self._step()
        self.inner.tidy(keys)
        self._step()

    def close(self) -> None:
        self.inner.close()


@dataclass
class MortalStore:
    """A store whose writer is killed when the n-th transaction has been done, and not been kept yet."""

    inner: SqlStore
    left: int

    @contextmanager
    def begin(self, *, lazy: bool = False) -> Iterator[Unit]:
        with self.inner.begin() as unit:
            yield unit
            self.left -= 1
            if self.left == 0:
                raise Killed

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)


@pytest.mark.parametrize("kind", ["imap", "maildir"])
def test_killed_anywhere_each_message_is_taken_once(
    office: Office, server: ImapServer, tmp_path: Path, kind: str
) -> None:
    mails = [bounce(office.letter(), "4.2.2") for _ in range(3)] + [answer("stop", office.letter())]
    folder = maildir(tmp_path / "box", *mails)
    for raw in mails:
        server.account.deliver(raw)

    def opened() -> Mailbox:
        return ImapMailbox(box(server)) if kind == "imap" else folder

    whole = office.store
    for step in range(1, 10):
        with suppress(Killed):
            read(office, Mortal(opened(), step))
        office.store = MortalStore(whole, 1 + step % 4)  # type: ignore[assignment]
        with suppress(Killed):
            read(office, opened())
        office.store = whole
    read(office, opened())
    assert sorted(office.names()) == ["consent.objected", "contact.replied", *["mail.soft_bounced"] * 3]
    assert len(book(office)) == 4
    with whole.read() as unit:
        assert len([entry for entry in unit.entries([1])[1] if entry.details.get("channel") == "reply"]) == 1
    assert list((tmp_path / "box" / "new").iterdir()) == [] or kind == "imap"
    assert all("\\Seen" in mail.flags for mail in server.account.folders["INBOX"]) or kind == "maildir"


def test_the_same_message_in_two_mailboxes_is_one(office: Office, server: ImapServer, tmp_path: Path) -> None:
    raw = bounce(office.letter(), "4.2.2")
    server.account.deliver(raw)
    assert read(office, ImapMailbox(box(server))).new == 1
    assert read(office, maildir(tmp_path / "box", raw)).new == 0


# -- what is bad -------------------------------------------------------------------------------------------


def test_a_poisonous_message_is_set_apart_and_the_line_goes_on(office: Office, tmp_path: Path) -> None:
    poison = b"".join(b"Content-Type: multipart/mixed; boundary=a\n\n--a\n" for _ in range(4000))
    folder = maildir(tmp_path / "box", poison, b"", bounce(office.letter()))
    (tmp_path / "box" / "new" / "1795424409.link").symlink_to("/etc/passwd")
    (tmp_path / "box" / "new" / "1795424410.folder").mkdir()
    assert read(office, folder).new == 5
    assert office.address() == "hard_bounced"
    kinds = [kind for kind, _ in book(office)]
    assert kinds == ["unreadable", "unreadable", "bounce", "unreadable", "unreadable"]
    assert list((tmp_path / "box" / "new").iterdir()) == []
    assert [task.body["what"] for task in office.tasks()] == ["UNREADABLE"]


def test_what_breaks_the_taking_itself_is_set_apart(office: Office, tmp_path: Path) -> None:
    mail = office.letter()
    # A row of the ledger that can't be read: taking a bounce of this mail fails each time.
    office.put(mail, "nonsense")
    folder = maildir(tmp_path / "box", bounce(mail), bounce(office.letter(2), address="bob@example.org"))
    assert read(office, folder).new == 2
    assert office.address(2) == "hard_bounced"
    assert [kind for kind, _ in book(office)] == ["unreadable", "bounce"]
    assert [loop for loop, _, _ in office.driver.faults] == ["inbound bounces"]


def test_a_folder_that_is_not_there_is_told(office: Office, tmp_path: Path) -> None:
    done = read(office, Maildir(tmp_path / "nowhere"))
    assert done.fault is not None and "can't be read" in done.fault
