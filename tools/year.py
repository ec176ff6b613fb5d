"""Makes a venue with a year behind it, in which the throttle is raised, falls and climbs again, and serves its console.

    python tools/year.py /tmp/year             a minute or two
    python tools/year.py /tmp/year --serve     the same, or what was made before; the console until Ctrl-C

The days go by on a clock of their own. On each of them the real engine has its turn: it judges the opt-out customers
(O), writes to some people, and counts. What two thousand others got, and what they clicked, is put into the ledgers
directly: O click as often as the rest (R), from day 140 on 40 % more seldom, and from day 210 on as often again.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests")]

from shown import set_the_stage  # noqa: E402

from accord.core.model.consent import Act, ConsentEntry  # noqa: E402
from accord.core.model.enrolment import RunState  # noqa: E402
from accord.core.model.order import OrderLine  # noqa: E402
from accord.core.model.time import start_of_day  # noqa: E402
from accord.shell.daemon import application  # noqa: E402
from accord.shell.engine.care.roll_up import roll_up  # noqa: E402
from accord.shell.engine.ports.rows import NewContact, NewRun  # noqa: E402
from accord.shell.engine.ports.team import Role  # noqa: E402
from accord.shell.engine.record import record_consents  # noqa: E402
from accord.shell.engine.team import add_member  # noqa: E402
from accord.shell.web.server import WebServer  # noqa: E402
from accord.shell.wiring import House, open_house  # noqa: E402
from planted import Base, Rates, a_click, put, told  # noqa: E402

MONDAY, DAYS = date(2025, 11, 24), 366
AFTERWARDS = datetime(2026, 11, 24, 9, 12, tzinfo=UTC)
PLANTED, REAL = 1040, 6  # of O, and of R as many
GOOD, WEAK, REST = Rates(20, 0.1), Rates(12, 0.1), Rates(20, 0.3)
WEAK_FROM, WEAK_UNTIL = 140, 210
PASSWORD = "a year in the theatre"

WHY = "why: {consent: Vous êtes inscrit à notre lettre., customer: Vous êtes venu chez nous.}"
SCENARIOS = {
    "magazine": f"""scenario: magazine
purpose: newsletter
{WHY}
enter: {{every: "tue 10:00", if: contact.city == "Rivelune"}}
steps:
  numero: {{send: lettre/magazine, nature: editorial, promotes: [theatre, danse]}}
""",
    "saison": f"""scenario: saison
purpose: newsletter
{WHY}
enter: {{every: "wed 10:00", if: contact.city == "Rivelune"}}
goal: {{when: order.placed, within: 14 days}}
holdout: 10%
steps:
  offre:
    send: lettre/abonnements
    nature: promotional
    promotes: [theatre, danse]
    if_not_allowed: {{send: lettre/magazine, nature: editorial}}
""",
}
NAMES = (
    "Ada",
    "Basile",
    "Chloé",
    "Driss",
    "Élise",
    "Farid",
    "Gaëlle",
    "Hugo",
    "Inès",
    "Jean-Baptiste",
    "Kadiatou",
)


@dataclass
class Clock:
    """It stands until it is moved."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Year:
    """A venue on its way through the year; `real`: those whom the engine writes to by itself."""

    house: House
    clock: Clock
    base: Base
    real: Sequence[int]
    digest: str

    def day(self, number: int) -> None:
        """One day: the engine's turn in the morning, and what befell the others."""
        day = MONDAY + timedelta(days=number)
        self.clock.now = start_of_day(day, self.house.venue.entity.clock) + timedelta(hours=10, minutes=5)
        asyncio.run(self.house.turn(self.clock.now))
        weak = WEAK_FROM <= number < WEAK_UNTIL
        o, r = self.base.group(number // 7)
        if number % 7 == 1:
            self.base.write(day, "editorial", o, r, WEAK if weak else GOOD, REST, **MAGAZINE)
        if number % 7 == 2:
            self._offer(day, o, r, WEAK if weak else GOOD)
        put(self.house.store, [], list(self._clicks(number)))
        roll_up(self.house.store, self.house.venue, now=self.clock.now + timedelta(minutes=5))

    def _offer(self, day: date, o: Sequence[int], r: Sequence[int], of_o: Rates) -> None:
        """Promotions to R, and to O as far as the throttle allows; their goal, and those who are held out of it."""
        with self.house.store.read() as unit:
            promoting = unit.throttle().share_percent > 0
        self.base.write(day, "promotional", o if promoting else (), r, of_o, REST, **OFFER)
        if not promoting:
            self.base.write(day, "editorial", o, (), of_o, REST, **FALLBACK)
            data = {"scenario": "saison", "step": "offre", "template": "lettre/abonnements"}
            why = {
                "reason": "SEGMENT_EDITORIAL_ONLY",
                "rule": "R-80",
                "nature": "promotional",
                "edition": "main",
            }
            put(self.house.store, [], [told(n, "mail.refused", self.clock.now, **data, **why) for n in o])
        self._runs(r)

    def _runs(self, people: Sequence[int]) -> None:
        at, dice = self.clock.now, self.base.dice
        with self.house.store.begin() as unit:
            runs = unit.add_runs(
                NewRun(
                    *("saison", self.digest, person, f"{at:%Y-%m-%d}", at, "offre", at),
                    state=RunState.FINISHED,
                    held_out=person % 10 == 0,
                )
                for person in people
            )
            reached = [run.id for run in runs if dice.random() < (0.07 if run.held_out else 0.12)]
            unit.measuring.reached(dict.fromkeys(reached, at + timedelta(days=3)))

    def _clicks(self, number: int) -> Iterator[dict[str, object]]:
        """One of those whom the engine wrote to reads it."""
        person = self.real[number % len(self.real)]
        with self.house.store.read() as unit:
            mails = [mail for mail in unit.messages_of(person) if mail.sent_at is not None]
        if number % 7 in (1, 2) and mails:
            yield a_click(person, mails[-1].id, self.clock.now + timedelta(minutes=4))


MAGAZINE = {"scenario": "magazine", "step": "numero", "template": "lettre/magazine"}
OFFER = {"scenario": "saison", "step": "offre", "template": "lettre/abonnements"}
FALLBACK = {**OFFER, "template": "lettre/magazine", "edition": "fallback"}


def make(folder: Path) -> House:
    """The venue in an empty folder, with its year behind it; its clock stands on the last day."""
    folder.mkdir(parents=True, exist_ok=True)
    set_the_stage(folder)
    for name, text in SCENARIOS.items():
        (folder / "scenarios" / f"{name}.yaml").write_text(text, encoding="utf-8")
    config = folder / "config.toml"
    heard = '\n[throttle]\ncomplaints_reported_by = ["example.org"]\n'
    text = config.read_text(encoding="utf-8").replace("4 per 28 days", "8 per 28 days") + heard
    config.write_text(text, encoding="utf-8")
    clock = Clock(datetime(2025, 11, 24, 9, tzinfo=UTC))
    house = open_house(config, clock=clock)
    house.open_for_work("year")
    house.read_files()
    with house.store.begin() as unit:
        for name in SCENARIOS:
            scenario = house.checked.by_name()[name]
            unit.activate(name, scenario.digest, scenario.source, "marie", clock.now)
    house.refresh()
    people = settle(house, clock.now)
    real = people[2 * PLANTED :]
    agree(house, real, clock.now)
    base = Base(house.store, people[:PLANTED], people[PLANTED : 2 * PLANTED])
    year = Year(house, clock, base, real, house.catalogue.live["saison"].digest)
    for number in range(DAYS):
        year.day(number)
    while len(roll_up(house.store, house.venue, now=clock.now + timedelta(minutes=6), every=timedelta())) > 1:
        pass
    add_member(house.store, "marie", Role.ADMIN, PASSWORD, salt=bytes(16), by="year", now=clock.now)
    return house


def settle(house: House, now: datetime) -> Sequence[int]:
    """Everybody's contact; those whom the engine writes to live in Rivelune."""
    new = [NewContact(f"p{n:04}@example.org", "fr", "Europe/Paris", now) for n in range(2 * PLANTED)]
    for n in range(2 * REAL):
        name = NAMES[n % len(NAMES)]
        attributes = {"first_name": name, "city": "Rivelune"}
        language = "en" if n % 4 == 3 else "fr"
        new.append(
            NewContact(f"rivelune{n}@example.org", language, "Europe/Paris", now, attributes=attributes)
        )
    with house.store.begin() as unit:
        return unit.add_contacts(new)


def agree(house: House, people: Sequence[int], now: datetime) -> None:
    """The first half bought a ticket and did not refuse; the others signed up."""
    o, r = people[:REAL], people[REAL:]
    lines = {n: (OrderLine(f"O-{n}", "self", "theatre", 2400, "EUR", now, paid_at=now),) for n in o}
    with house.store.begin() as unit:
        unit.save_order_lines(lines)
    entries = [
        ConsentEntry(n, now, "newsletter", kind, act, informed=True)
        for people, act in ((o, Act.PURCHASE_INFORMED), (r, Act.OPTIN_PROVEN))
        for n in people
        for kind in ("editorial", "promotional")
    ]
    record_consents(house.store, house.catalogue, entries, now=now)


def again(folder: Path) -> House:
    """The venue that was made before."""
    house = open_house(folder / "config.toml", clock=lambda: AFTERWARDS)
    house.open_for_work("year")
    house.refresh()
    return house


def serve(house: House) -> None:
    """The console, until interrupted."""
    with WebServer(application(house), port=0) as web:
        print(f"http://127.0.0.1:{web.port}/console/: marie, «{PASSWORD}»; until Ctrl-C")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--serve", action="store_true", help="serve the console when it is made")
    arguments = parser.parse_args()
    begun = time.perf_counter()
    made = (arguments.folder / "accord.db").exists()
    house = again(arguments.folder) if made else make(arguments.folder)
    print(f"A year is in {arguments.folder}, made in {time.perf_counter() - begun:.0f} s.")
    if arguments.serve:
        serve(house)
    house.store.close()


if __name__ == "__main__":
    main()
