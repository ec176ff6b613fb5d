"""A venue whose scenarios go live in the database itself, with people under way by the thousand, for tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from accord.core.model.content import TemplateFacts
from accord.core.model.decision import Situation
from accord.core.model.event import Event
from accord.core.model.message import Message
from accord.core.model.scenario import Scenario
from accord.core.model.venue import FrequencyCap, Venue
from accord.core.standstill import Late
from accord.shell.engine.catalogue import AtWork, Shelf, at_work
from accord.shell.engine.journeys.live import go_live
from accord.shell.engine.journeys.pause import Resumed, Resuming, pause, resume
from accord.shell.engine.ports.mailing import Letter
from accord.shell.engine.ports.rows import POLICY_REVISION, ContactChange, NewContact
from accord.shell.store.database import SqlStore
from builders import a_catalogue, a_scenario, a_venue, acts
from engine_driver import Driver, PlainWriter, Sink

MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

# So that no cap of the venue's is what keeps a mail back.
VENUE = a_venue(frequency={"prospecting": FrequencyCap(50, 28)})

WELCOME = """
scenario: bienvenue
purpose: newsletter
why: {consent: Parce que., customer: Parce que client.}
enter: {when: ticket.scanned}
leave: [{when: order.placed}]
steps:
  merci: {send: b/merci, nature: editorial}
  preferences: {after: 3 days, send: b/preferences, nature: editorial}
  choix: {wait_until: preferences.updated, at_most: 7 days, then: offre, otherwise: rappel}
  rappel: {after: 1 day, send: b/rappel, nature: editorial}
  offre: {after: 4 days, send: b/offre, nature: editorial}
"""

# Nothing to wait for but time.
WALK = """
scenario: bienvenue
purpose: newsletter
why: {consent: Parce que., customer: Parce que client.}
enter: {when: ticket.scanned}
leave: [{when: order.placed}]
steps:
  merci: {send: b/merci, nature: editorial}
  suite: {after: 1 day, send: b/suite, nature: editorial}
  fin: {after: 1 day, send: b/fin, nature: editorial}
"""


@dataclass
class TellingWriter(PlainWriter):
    """Says which version of which template it wrote, as the real one does."""

    def write(self, message: Message, situation: Situation, *, now: datetime) -> Letter:
        letter = super().write(message, situation, now=now)
        return replace(letter, template_digest=f"digest of {message.template}")


@dataclass
class Running(Driver):
    """A driver that works by what is live in the database, as a daemon does."""

    facts: dict[str, TemplateFacts] = field(default_factory=dict)

    def work(self) -> AtWork:
        with self.store.read() as unit:
            work = at_work(unit, self.catalogue.venue, Shelf(facts=self.facts))
            self.catalogue = work.catalogue
            return replace(work, law=unit.fact(POLICY_REVISION))

    def activate(self, text: str, forecast: dict[date, int] | None = None) -> Scenario:
        made = a_scenario(text, self.catalogue.venue)
        self.facts |= a_catalogue(made).templates
        with self.store.begin() as unit:
            go_live(unit, made, forecast=forecast or {}, by="marie", now=self.now)
        self.work()
        return made

    def days(self, number: float) -> None:
        """Let so many days go by, with all that is to be done in them."""
        until = self.now + timedelta(days=number)
        self.walk([], until)
        self.now = until
        self.turn()

    def enter(self, people: Sequence[int]) -> None:
        """These come in."""
        self.tell(*(Event(each, "ticket.scanned", self.now) for each in people))
        self.turn()

    def pause(self, name: str = "bienvenue") -> None:
        with self.store.begin() as unit:
            pause(unit, name, by="marie", now=self.now)

    def resume(self, late: Late, name: str = "bienvenue", per_second: float | None = None) -> Resumed:
        return resume(self.store, name, self.resuming(late, per_second), by="marie")

    def resuming(self, late: Late, per_second: float | None = None) -> Resuming:
        return Resuming(self.work().catalogue, late, per_second, self.now, self.fault)

    def sent(self) -> Counter[tuple[int, str]]:
        """How often each person got each template."""
        with self.store.read() as unit:
            return Counter(
                (mail.contact_id, mail.template)
                for mail, _, _ in unit.ledger(states=["accepted"], limit=100_000)
            )

    def templates(self) -> Counter[str]:
        """How many mails of each template were sent."""
        found: Counter[str] = Counter()
        for (_, template), mails in self.sent().items():
            found[template.rpartition("/")[2]] += mails
        return found

    def sent_at(self, template: str) -> dict[int, datetime]:
        """When each person got a template, as the ledger says."""
        with self.store.read() as unit:
            mails = [mail for mail, _, _ in unit.ledger(states=["accepted"], limit=100_000)]
        return {mail.contact_id: mail.sent_at for mail in mails if mail.template == template and mail.sent_at}

    def states(self) -> Counter[str]:
        """How many mails are in which state."""
        with self.store.read() as unit:
            return Counter(unit.message_counts())

    def told(self, reason: str) -> int:
        """How often the journal gives this reason."""
        with self.store.read() as unit:
            rows = unit.journal_counts(("mail.refused", "mail.held", "scenario.left", "scenario.noted"))
        return sum(times for _, _, _, why, _, times in rows if why == reason)

    def under_way(self) -> Counter[str]:
        """How many stand at each step."""
        with self.store.read() as unit:
            found: Counter[str] = Counter()
            for _, _, step, people in unit.in_flight():
                found[step] += people
            return found

    def ends(self) -> Counter[str]:
        """How the runs ended."""
        with self.store.engine.connect() as connection:
            from sqlalchemy import text

            rows = connection.execute(text("SELECT ended_because, count(*) FROM enrolment GROUP BY 1")).all()
        return Counter({why or "under way": people for why, people in rows})


def a_house(store: SqlStore, people: int, venue: Venue = VENUE) -> Running:
    """A venue of so many people who agreed to the letter."""
    with store.begin() as unit:
        made = unit.add_contacts(
            [NewContact(f"p{n}@example.org", "fr", "Europe/Paris", MONDAY) for n in range(1, people + 1)]
        )
        unit.begin_ledgers({number: acts(contact_id=number) for number in made}, MONDAY)
        unit.change_contacts([ContactChange(number, acted_at=MONDAY) for number in made])
    return Running(store, a_catalogue(venue=venue), MONDAY, Sink(width=250), TellingWriter())
