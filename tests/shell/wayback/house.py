"""A house with mails out, for what comes back: who got which, and messages that answer them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accord.core.mail.returns import Returns, key_of
from accord.core.model.event import Event
from accord.core.wayback.read import read
from accord.shell.engine.ports.rows import NewContact
from accord.shell.engine.ports.wayback import RETURNED, Came, Task
from accord.shell.engine.wayback.take import Desk, take
from accord.shell.store.database import SqlStore
from builders import NOW, a_catalogue, a_scenario, a_venue, acts, an_event
from conftest import KEYS
from engine_driver import Driver, Sink

RETURNS = Returns(KEYS.links, "retours+*@theatre.example.org")
LETTER = """
scenario: lettre
purpose: newsletter
why: {consent: Parce que., customer: Parce que client.}
enter: {when: own.asked, per: event.number}
steps:
  lettre: {send: l/premiere, nature: editorial}
"""
TICKETS = """
scenario: billets
purpose: service
enter: {when: order.placed, per: event.order_id}
steps:
  billets: {send: c/confirmation, nature: service, about: order}
"""


@dataclass
class Office:
    """Ada is 1, Bob 2; both signed up."""

    store: SqlStore
    forwards: bool = False
    driver: Driver = field(init=False)
    counted: int = 0

    def __post_init__(self) -> None:
        venue = a_venue(events={"own.asked": {"number": "text"}}, frequency={})
        catalogue = a_catalogue(a_scenario(LETTER, venue), a_scenario(TICKETS, venue), venue=venue)
        with self.store.begin() as unit:
            unit.add_contacts(
                [NewContact(f"{who}@example.org", "fr", "Europe/Paris", NOW) for who in ("ada", "bob")]
            )
        self.driver = Driver(self.store, catalogue, NOW, Sink(width=1))
        for number in (1, 2):
            self.driver.consent(*acts(contact_id=number, at=NOW - timedelta(days=1)))

    @property
    def now(self) -> datetime:
        return self.driver.now

    @now.setter
    def now(self, value: datetime) -> None:
        self.driver.now = value

    @property
    def desk(self) -> Desk:
        return Desk(self.driver.catalogue, RETURNS, self.forwards)

    def letter(self, number: int = 1) -> int:
        """One more letter to this person; the number of the mail."""
        self.counted += 1
        data = {"number": str(self.counted)}
        self.driver.tell(an_event("own.asked", contact_id=number, at=self.now, data=data))
        return self._newest(number)

    def tickets(self, number: int = 1) -> int:
        self.counted += 1
        data = {"order_id": f"A-{self.counted}", "families": ("theatre",)}
        self.driver.tell(an_event("order.placed", contact_id=number, at=self.now, data=data))
        return self._newest(number)

    def _newest(self, number: int) -> int:
        self.driver.turn()
        with self.store.read() as unit:
            return max(message.id for message in unit.messages_of(number))

    def came(self, raw: bytes, source: str = "bounces") -> Came | None:
        """Take one message; None where it was taken before."""
        returned = read(raw)
        with self.store.begin() as unit:
            came = Came(hashlib.sha256(raw).hexdigest(), source, self.now, content=raw)
            return take(unit, self.desk, came, returned, now=self.now)

    def state(self, mail: int) -> str:
        with self.store.read() as unit:
            message = unit.message(mail)
        assert message is not None
        return message.state.value

    def put(self, mail: int, state: str) -> None:
        """Say of a mail that it stands otherwise."""
        with self.store.engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE message SET state = '{state}' WHERE id = {mail}")

    def address(self, number: int = 1) -> str:
        with self.store.read() as unit:
            return unit.contacts([number])[number].address_state.value

    def rests(self, number: int = 1) -> datetime | None:
        with self.store.read() as unit:
            return unit.contacts([number])[number].rests_until

    def consent(self, number: int = 1) -> str:
        with self.store.read() as unit:
            return unit.situations([number])[number].consents.of("newsletter", "editorial").status.value

    def told(self, number: int = 1) -> list[Event]:
        return [event for event in self.driver.journal(number) if event.source == "wayback"]

    def names(self, number: int = 1) -> list[str]:
        return [event.name for event in self.told(number)]

    def tasks(self) -> list[Task]:
        with self.store.read() as unit:
            return list(unit.wayback.tasks(RETURNED))

    def waiting(self, number: int = 1) -> list[str]:
        with self.store.read() as unit:
            return [message.state.value for message in unit.messages_of(number)]


def message_id(mail: int) -> str:
    return f"<{key_of(RETURNS.mark(mail), 1795424400)}@theatre.example.org>"


def bounce(
    mail: int, status: str = "5.1.1", address: str = "ada@example.org", action: str = "failed"
) -> bytes:
    """A bounce of this mail."""
    return (
        f"Return-Path: <>\nFrom: MAILER-DAEMON@relay.example.net\nTo: {RETURNS.sender(RETURNS.mark(mail))}\n"
        "Subject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        f"--b\nContent-Type: text/plain\n\n<{address}> said {status}\n\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example.net\n\n"
        f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\n\n--b--\n"
    ).encode()


def complaint(mail: int, kind: str = "abuse") -> bytes:
    return (
        "From: fbl@example.net\nTo: fbl@theatre.example.org\nSubject: report\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"
        f"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: {kind}\nVersion: 1\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {message_id(mail)}\n\n--b--\n"
    ).encode()


def answer(text: str, mail: int | None = None, sender: str = "ada@example.org", **headers: str) -> bytes:
    """What a person writes; to no mail of ours where none is named."""
    more = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    to = f"In-Reply-To: {message_id(mail)}\n" if mail is not None else ""
    return f"From: Somebody <{sender}>\nTo: bonjour@theatre.example.org\nSubject: Re: Ce printemps\n{to}{more}\n{text}\n".encode()
