"""A planted base: opt-out customers (O) and the rest (R), who click and leave at rates that a test sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import func, insert, select

from accord.core.model.time import start_of_day
from accord.shell.engine.ports.rows import NewContact
from accord.shell.store.database import SqlStore
from accord.shell.store.journal import EVENT
from accord.shell.store.mail import MESSAGE
from builders import a_venue

VENUE = a_venue(complaints_reported_by=("example.org",))
ZONE = VENUE.entity.clock


# What the gate says of O.
SOFT_OPTIN = {"basis": "soft_optin", "reason": "SOFT_OPTIN", "rule": "R-07"}


@dataclass(frozen=True)
class Rates:
    """Of a hundred readers of one mail, how many click and how many leave."""

    click: float
    leave: float


@dataclass
class Base:
    """`o` and `r` persons, by number, in four groups of which one is written to each week."""

    store: SqlStore
    o: Sequence[int]
    r: Sequence[int]
    dice: Random = field(default_factory=lambda: Random(20261123))

    @staticmethod
    def of(store: SqlStore, o: int, r: int, domain: str = "example.org") -> Base:
        at = datetime(2026, 1, 1, tzinfo=UTC)
        people = [NewContact(f"p{n}@{domain}", "fr", "Europe/Paris", at) for n in range(o + r)]
        with store.begin() as unit:
            ids = unit.add_contacts(people)
        return Base(store, ids[:o], ids[o:])

    def group(self, week: int) -> tuple[Sequence[int], Sequence[int]]:
        """The quarter of O and of R whose week it is."""
        return self.o[week % 4 :: 4], self.r[week % 4 :: 4]

    def write(
        self,
        day: date,
        nature: str,
        o: Iterable[int],
        r: Iterable[int],
        of_o: Rates,
        of_r: Rates,
        **overrides: Any,
    ) -> None:
        """One campaign's mails of one day, and what came of each within it."""
        at, number = start_of_day(day, ZONE) + timedelta(hours=9), self._last_number()
        mails: list[dict[str, Any]] = []
        events: list[dict[str, Any]] = []
        for people, rates, why in ((o, of_o, SOFT_OPTIN), (r, of_r, {})):
            for person in people:
                number += 1
                mails.append(a_mail(number, person, at, nature=nature, **{**why, **overrides}))
                events += self._answers(person, number, rates, at)
        put(self.store, mails, events)

    def _last_number(self) -> int:
        """Beyond the mails that are there, and those that a sequence of the database still gives."""
        with self.store.engine.connect() as connection:
            return max(1_000_000, connection.execute(select(func.max(MESSAGE.c.id))).scalar() or 0)

    def _answers(self, person: int, mail: int, rates: Rates, at: datetime) -> Iterator[dict[str, Any]]:
        if self.dice.random() < rates.click / 100:
            yield a_click(person, mail, at + timedelta(hours=1))
        if self.dice.random() < rates.leave / 100:
            yield told(person, "consent.objected", at + timedelta(hours=2), purpose="*", kind="*")


def put(store: SqlStore, mails: Sequence[dict[str, Any]], events: Sequence[dict[str, Any]] = ()) -> None:
    """Write rows of the send ledger and of the journal as they are."""
    with store.engine.begin() as connection:
        for table, rows in ((MESSAGE, mails), (EVENT, events)):
            if rows:
                connection.execute(insert(table), list(rows))


def a_mail(number: int, person: int, at: datetime, **overrides: Any) -> dict[str, Any]:
    """An accepted mail of the letter, that rested on consent."""
    row = {
        "id": number,
        "enrolment_id": -number,
        "contact_id": person,
        "scenario": "lettre",
        "digest": "d",
        "step": "mail",
        "edition": "main",
        "template": "lettre/mail",
        "nature": "editorial",
        "purpose": "newsletter",
        "lane": 1,
        "state": "accepted",
        "planned_at": at,
        "queued_at": at,
        "due_at": at,
        "sent_at": at,
        "basis": "consent",
        "reason": "OPTIN_PROVEN",
        "rule": "R-04",
        "inputs": {},
        "with_invitation": False,
        "judged_revision": 0,
        "attempts": 1,
        "repeated": 0,
        "template_digest": f"{at:%Y%m%d}",
    }
    return {**row, **overrides}


def told(person: int, name: str, at: datetime, **data: str) -> dict[str, Any]:
    """A row of the journal, of something that happened to a person."""
    return {
        "contact_id": person,
        "name": name,
        "at": at,
        "data": data,
        "source": "planted",
        "received_at": at,
        "answered": 1,
    }


def a_click(person: int, mail: int, at: datetime, verdict: str = "human") -> dict[str, Any]:
    """A fetch of a link in a mail."""
    return told(person, "mail.clicked", at, message_id=str(mail), verdict=verdict)
