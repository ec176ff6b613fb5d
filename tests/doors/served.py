"""A real house behind its real server: what tests of the pages ask over a socket, and what they look up behind it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage

import httpx

from accord.core.mail.links import LinkKind
from accord.core.model.consent import Act, ConsentEntry
from accord.core.model.event import Event
from accord.core.model.message import Message
from accord.shell.engine.ports.rows import NewContact
from accord.shell.engine.record import record_consents, record_events
from accord.shell.web.app import create_app
from accord.shell.web.house_forms import HouseForms
from accord.shell.web.house_own import HouseOwn
from accord.shell.web.people import HousePeople
from accord.shell.web.server import WebServer
from doors.houses import Venue

KINDS = ("editorial", "promotional")
PERSON = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
_HREF = re.compile(r'href="https://theatre\.example\.org(/[^"]+)"')


@dataclass
class Served:
    """A venue, and a visitor who asks its server."""

    venue: Venue
    web: httpx.Client

    # -- people -----------------------------------------------------------------------------------------------

    def somebody(
        self, address: str, *, bought: bool = False, agreed: bool = False, language: str = "fr"
    ) -> int:
        """A contact who signed up, or bought something at a checkout that offered to refuse, or neither."""
        house, now = self.venue.house, self.venue.now
        with house.store.begin() as unit:
            (number,) = unit.add_contacts([NewContact(address, language, "Europe/Paris", now)])
        act = Act.OPTIN_PROVEN if agreed else Act.SILENCE
        entries = [
            ConsentEntry(number, now, "newsletter", kind, act, True, {"channel": "test"}) for kind in KINDS
        ]
        record_consents(house.store, house.catalogue, entries, now=now)
        if bought:
            data = {"order_id": f"T-{number}", "families": ("theatre",), "amount_cents": 4800}
            told = [Event(number, name, now, data, "test") for name in ("order.placed", "order.paid")]
            record_events(house.store, house.catalogue, told, now=now)
        return number

    def token(
        self, number: int, kind: LinkKind = LinkKind.UNSUBSCRIBE, basis: str = "consent", **more: object
    ) -> str:
        """A link of a mail to them, made today unless `on` says otherwise."""
        sealed = {"on": self.venue.now.date(), **more} if kind is not LinkKind.UNSUBSCRIBE else more
        return self.venue.house.links.seal(kind, number, "newsletter", basis, 1, **sealed)  # type: ignore[arg-type]

    # -- what came of it ---------------------------------------------------------------------------------------

    def journal(self, number: int, name: str = "") -> list[Event]:
        """What is told of somebody."""
        with self.venue.house.store.read() as unit:
            return [event for event in unit.events_of(number) if event.name.startswith(name)]

    def mails(self, number: int) -> Sequence[Message]:
        """The send ledger of somebody."""
        with self.venue.house.store.read() as unit:
            return unit.messages_of(number)

    def states(self, number: int) -> dict[tuple[str, str], str]:
        """Where somebody stands, purpose by purpose."""
        with self.venue.house.store.read() as unit:
            known = unit.situations([number])[number].consents
        asked = [("newsletter", "editorial"), ("newsletter", "promotional"), ("avis", "review")]
        return {key: known.of(*key).status.value for key in asked}

    def tables(self, *names: str) -> dict[str, list[tuple[object, ...]]]:
        """Every row of these tables, as they are on the disk."""
        with closing(sqlite3.connect(self.venue.root / "accord.db")) as database:
            return {name: database.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in names}


@contextmanager
def served(venue: Venue, trusted_proxies: Sequence[str] = ()) -> Iterator[Served]:
    """The venue's pages on a free port, until the end."""
    house = venue.house
    app = create_app(HousePeople(house), HouseForms(house), own=HouseOwn(house))
    with (
        WebServer(app, port=0, trusted_proxies=trusted_proxies) as server,
        httpx.Client(base_url=f"http://127.0.0.1:{server.port}", headers=PERSON, timeout=30) as web,
    ):
        yield Served(venue, web)


def links_of(mail: EmailMessage) -> list[str]:
    """Every path of ours in a mail: in its page, its text and its headers."""
    page = mail.get_body(("html",))
    assert page is not None
    found = [path.replace("&amp;", "&") for path in _HREF.findall(page.get_content())]
    header = re.findall(r"<https://theatre\.example\.org(/[^>]+)>", str(mail["list-unsubscribe"] or ""))
    return list(dict.fromkeys([*found, *header]))


def a_little_later(venue: Venue, **by: float) -> None:
    """Move the venue's clock."""
    venue.now += timedelta(**by)
