"""Makes the sample base: 560 people who do not exist, and a quarter of what they did. Always the same.

Run by hand from the repository's root, `python samples/make_base.py`; its output is committed.
"""

from __future__ import annotations

import csv
import io
import json
import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

SEED = 20260701
PEOPLE = 560
PARIS = ZoneInfo("Europe/Paris")
BEGINS = datetime(2026, 7, 1, tzinfo=PARIS)
ENDS = datetime(2026, 10, 1, tzinfo=PARIS)
HERE = Path(__file__).parent

FIRST = [
    "Ada",
    "Adèle",
    "Agathe",
    "Aline",
    "Alix",
    "Anaïs",
    "André",
    "Antoine",
    "Arthur",
    "Aurore",
    "Basile",
    "Blanche",
    "Boris",
    "Camille",
    "Capucine",
    "Cécile",
    "Chloé",
    "Clément",
    "Colette",
    "Cyprien",
    "Denis",
    "Diane",
    "Élise",
    "Émile",
    "Esther",
    "Étienne",
    "Fanny",
    "Félix",
    "Flora",
    "Gaël",
    "Garance",
    "Hélène",
    "Henri",
    "Hortense",
    "Inès",
    "Irène",
    "Jeanne",
    "Jules",
    "Justine",
    "Karim",
    "Lila",
    "Lise",
    "Louis",
    "Lucie",
    "Malik",
    "Manon",
    "Marius",
    "Nadia",
    "Noé",
    "Océane",
    "Odile",
    "Paul",
    "Pauline",
    "Rachid",
    "Romane",
    "Rose",
    "Salomé",
    "Simon",
    "Solène",
    "Sophie",
    "Théo",
    "Tristan",
    "Ulysse",
    "Valentin",
    "Yasmine",
    "Zoé",
]
ENGLISH = [
    "Alice",
    "Ben",
    "Charlotte",
    "Daniel",
    "Emma",
    "Frank",
    "Grace",
    "Harry",
    "Isla",
    "Jack",
    "Kate",
    "Liam",
    "Mary",
    "Nora",
    "Oliver",
    "Ruth",
]
LAST = [
    "Aubier",
    "Barral",
    "Bellac",
    "Cazal",
    "Chaumont",
    "Dauvin",
    "Delmas",
    "Estève",
    "Faugère",
    "Garnier",
    "Hérault",
    "Imbert",
    "Jacquard",
    "Kerleo",
    "Lacombe",
    "Marchal",
    "Nogaret",
    "Orsini",
    "Perrault",
    "Quentin",
    "Roussel",
    "Sabatier",
    "Teyssier",
    "Urbain",
    "Vasseur",
    "Weiss",
    "Ximenes",
    "Yvon",
    "Zeller",
]
CITIES = ("Rivelune", "Port-Aubier", "Saint-Merle", "Clairval", "Montfaucon-les-Eaux", "Bellerive")
SHOWS = (
    "La Mouette",
    "Le Songe d’une nuit d’été",
    "Danser le fleuve",
    "Phèdre",
    "Quatuor d’automne",
    "L’Île aux voix",
)
FAMILIES = ("theatre", "theatre", "danse", "concert")
FORM = {
    "form": "inscription",
    "version": "3",
    "notice_version": "2026-01",
    "act": "double_optin_post",
    "language": "fr",
}
CHECKOUT = {
    "form": "billetterie",
    "version": "5",
    "notice_version": "2026-01",
    "control": "optout_box",
    "language": "fr",
}


@dataclass
class Person:
    """One person as they are being made up."""

    number: int
    first: str
    last: str
    english: bool
    kind: str
    collected_at: datetime
    zone: str = "Europe/Paris"
    address_kind: str = "personal"
    address_state: str = "ok"
    third_party: bool = False
    acted_at: datetime | None = None
    wanted: int | None = None
    consents: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def email(self) -> str:
        """An address that can belong to nobody."""
        plain = unicodedata.normalize("NFKD", f"{self.first}.{self.last}").encode("ascii", "ignore").decode()
        return f"{plain.lower()}.{self.number:03d}@example.org"


# How many of each hundred stand how before the law.
SHARES = (
    ("proven", 24),
    ("passive_customer", 20),
    ("uninformed_customer", 6),
    ("passive_prospect", 8),
    ("never_asked_customer", 4),
    ("unproven", 7),
    ("refused", 6),
    ("withdrawn", 6),
    ("dissimilar", 2),
    ("sister_company", 2),
    ("old_purchase", 2),
    ("near_cut_off", 5),
    ("expired", 3),
    ("professional", 2),
    ("complained", 1),
    ("bounced", 2),
)


class Maker:
    """Makes everybody up, one after the other, from one seed."""

    def __init__(self) -> None:
        self.dice = random.Random(SEED)
        self.orders_made = 0

    def everybody(self) -> list[Person]:
        """All people, with their past and their quarter."""
        kinds = [kind for kind, share in SHARES for _ in range(share)]
        return [self.person(number, kinds[(number * 37) % len(kinds)]) for number in range(1, PEOPLE + 1)]

    def person(self, number: int, kind: str) -> Person:
        """One person of a kind."""
        english = self.dice.random() < 0.12
        first = self.dice.choice(ENGLISH if english else FIRST)
        collected = BEGINS - timedelta(days=self.dice.randrange(40, 700), minutes=self.dice.randrange(1440))
        made = Person(number, first, self.dice.choice(LAST), english, kind, collected)
        made.zone = self.dice.choices(("Europe/Paris", "Indian/Reunion", "America/Montreal"), (94, 3, 3))[0]
        made.acted_at = collected
        getattr(self, f"make_{kind}")(made)
        if kind not in ("expired", "near_cut_off"):
            self.quarter(made)
        return made

    # -- how each kind came to be ---------------------------------------------------------------------

    def make_proven(self, who: Person) -> None:
        self.consent(who, "optin_proven", who.collected_at, informed=True, details=FORM)
        if self.dice.random() < 0.5:
            self.order(who, self.between(who.collected_at, BEGINS))
        if self.dice.random() < 0.3:
            who.wanted = self.dice.choice((1, 1, 2, 4))

    def make_passive_customer(self, who: Person) -> None:
        self.consent(who, "silence", who.collected_at, informed=True, details=CHECKOUT)
        self.order(who, who.collected_at)

    def make_uninformed_customer(self, who: Person) -> None:
        self.consent(
            who, "silence", who.collected_at, informed=False, details={"form": "ancien-site", "version": "1"}
        )
        self.order(who, who.collected_at)

    def make_passive_prospect(self, who: Person) -> None:
        self.consent(who, "silence", who.collected_at, informed=True, details={**FORM, "act": "untouched"})

    def make_never_asked_customer(self, who: Person) -> None:
        self.order(who, who.collected_at)

    def make_unproven(self, who: Person) -> None:
        self.consent(
            who,
            "optin_import",
            who.collected_at,
            informed=False,
            details={"channel": "import", "source": "old tool"},
        )
        who.third_party = self.dice.random() < 0.2

    def make_refused(self, who: Person) -> None:
        self.consent(
            who, "objection", who.collected_at, informed=True, details={**CHECKOUT, "answer": "ticked"}
        )
        self.order(who, who.collected_at)

    def make_withdrawn(self, who: Person) -> None:
        self.consent(who, "optin_proven", who.collected_at, informed=True, details=FORM)
        self.consent(
            who,
            "unsubscribe",
            self.between(who.collected_at, BEGINS),
            informed=None,
            details={"channel": "one_click"},
        )
        self.order(who, who.collected_at)

    def make_dissimilar(self, who: Person) -> None:
        self.consent(who, "silence", who.collected_at, informed=True, details=CHECKOUT)
        self.order(who, who.collected_at, family="bar")

    def make_sister_company(self, who: Person) -> None:
        self.consent(who, "silence", who.collected_at, informed=True, details=CHECKOUT)
        self.order(who, who.collected_at, entity="Café des Deux Rives")

    def make_old_purchase(self, who: Person) -> None:
        who.collected_at = BEGINS - timedelta(days=1500)
        self.consent(who, "silence", who.collected_at, informed=True, details=CHECKOUT)
        self.order(who, who.collected_at)
        who.acted_at = BEGINS - timedelta(days=150)

    def make_near_cut_off(self, who: Person) -> None:
        who.collected_at = BEGINS - timedelta(days=self.dice.randrange(900, 1060))
        who.acted_at = who.collected_at
        self.consent(who, "optin_proven", who.collected_at, informed=True, details=FORM)
        if self.dice.random() < 0.25:
            answer = BEGINS + timedelta(days=self.dice.randrange(20, 80), hours=self.dice.randrange(9, 20))
            self.happen(who, "contact.kept", answer, {})

    def make_expired(self, who: Person) -> None:
        who.collected_at = BEGINS - timedelta(days=self.dice.randrange(1100, 1600))
        who.acted_at = who.collected_at
        self.consent(who, "optin_proven", who.collected_at, informed=True, details=FORM)

    def make_professional(self, who: Person) -> None:
        who.address_kind = self.dice.choice(("professional", "generic"))
        self.consent(
            who, "silence", who.collected_at, informed=True, details={"form": "entreprises", "version": "1"}
        )

    def make_complained(self, who: Person) -> None:
        self.consent(who, "optin_proven", who.collected_at, informed=True, details=FORM)
        who.address_state = "complained"
        at = self.between(who.collected_at, BEGINS)
        self.act(who, "complaint", at, "*", "*", None, {"channel": "feedback_report"})

    def make_bounced(self, who: Person) -> None:
        self.consent(who, "optin_proven", who.collected_at, informed=True, details=FORM)
        who.address_state = "hard_bounced"

    # -- the quarter ------------------------------------------------------------------------------------

    def quarter(self, who: Person) -> None:
        """What the person did from July to September."""
        customer = bool(who.orders)
        if self.dice.random() < (0.26 if customer else 0.06):
            self.order(who, self.within_quarter())
        if (
            who.kind in ("passive_prospect", "passive_customer", "unproven", "never_asked_customer")
            and self.dice.random() < 0.22
        ):
            at = self.within_quarter()
            self.consent(who, "optin_proven", at, informed=True, details=FORM)
            if self.dice.random() < 0.5:
                choice = {"newsletters_per_month": self.dice.choice((1, 2, 4))}
                self.happen(who, "preferences.updated", at + timedelta(days=4, hours=3), choice)
        if who.kind in ("proven", "passive_customer") and self.dice.random() < 0.10:
            act = "unsubscribe" if who.kind == "proven" else "objection"
            at = self.within_quarter()
            if who.kind == "proven":
                self.consent(who, act, at, informed=None, details={"channel": "one_click"})
            else:
                self.act(who, act, at, "*", "*", None, {"channel": "one_click", "basis": "soft_optin"})
        if customer and self.dice.random() < 0.15:
            self.happen(who, "contact.logged_in", self.within_quarter(), {})
        if customer and self.dice.random() < 0.12:
            self.happen(who, "ticket.scanned", self.within_quarter(), {"order_id": who.orders[0]["order_id"]})

    # -- rows -------------------------------------------------------------------------------------------

    def consent(
        self, who: Person, act: str, at: datetime, *, informed: bool | None, details: dict[str, str]
    ) -> None:
        """One act about the letter: one row for each kind that its wording asks for."""
        for kind in ("editorial", "promotional"):
            self.act(who, act, at, "newsletter", kind, informed, details)

    def act(
        self,
        who: Person,
        act: str,
        at: datetime,
        purpose: str,
        kind: str,
        informed: bool | None,
        details: dict[str, str],
    ) -> None:
        who.consents.append(
            {
                "email": who.email,
                "at": stamp(at),
                "purpose": purpose,
                "kind": kind,
                "act": act,
                "informed": informed,
                "details": details,
            }
        )
        if act in ("optin_proven",) and at < BEGINS:
            who.acted_at = max(who.acted_at or at, at)

    def order(self, who: Person, at: datetime, *, family: str | None = None, entity: str = "self") -> None:
        self.orders_made += 1
        seats = self.dice.randrange(1, 4)
        starts = (at + timedelta(days=self.dice.randrange(5, 60))).replace(hour=20, minute=30, second=0)
        cancelled = self.dice.random() < 0.04
        order = {
            "email": who.email,
            "order_id": f"DR-{self.orders_made:05d}",
            "entity": entity,
            "title": self.dice.choice(SHOWS),
            "starts_at": stamp(starts),
            "lines": [
                {
                    "family": family or self.dice.choice(FAMILIES),
                    "amount_cents": 2400 * seats,
                    "currency": "EUR",
                }
            ],
            "placed_at": stamp(at),
            "paid_at": stamp(at + timedelta(minutes=2)),
            "cancelled_at": stamp(at + timedelta(hours=5)) if cancelled and at >= BEGINS else None,
        }
        who.orders.append(order)
        if at < BEGINS and entity == "self":
            who.acted_at = max(who.acted_at or at, at)

    def happen(self, who: Person, event: str, at: datetime, data: dict[str, Any]) -> None:
        number = len(who.events) + 1
        if at < ENDS:
            who.events.append(
                {
                    "id": f"{who.number}-{number}",
                    "email": who.email,
                    "event": event,
                    "at": stamp(at),
                    "data": data,
                }
            )

    def between(self, first: datetime, last: datetime) -> datetime:
        return first + timedelta(seconds=self.dice.randrange(max(int((last - first).total_seconds()), 1)))

    def within_quarter(self) -> datetime:
        """A waking hour of one of the quarter's days."""
        day = BEGINS + timedelta(days=self.dice.randrange(90))
        return day.replace(hour=self.dice.randrange(8, 22), minute=self.dice.randrange(60))


def stamp(at: datetime) -> str:
    """An instant in UTC, to the second."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat()


def contact_rows(people: list[Person], dice: random.Random) -> Iterator[dict[str, Any]]:
    """The CSV's rows."""
    for who in people:
        yield {
            "email": who.email,
            "external_id": f"S{who.number:05d}",
            "language": "en" if who.english else "fr",
            "zone": who.zone,
            "collected_at": stamp(who.collected_at),
            "last_action_at": stamp(who.acted_at) if who.acted_at else "",
            "address_kind": who.address_kind,
            "address_state": who.address_state,
            "from_third_party": "true" if who.third_party else "false",
            "newsletters_per_month": who.wanted if who.wanted is not None else "",
            "first_name": who.first if dice.random() < 0.9 else "",
            "last_name": who.last,
            "city": dice.choice(CITIES),
            "birthday": f"{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}",
        }


def files() -> dict[str, str]:
    """Every file of the sample base, by name."""
    maker = Maker()
    people = maker.everybody()
    table = io.StringIO()
    rows = list(contact_rows(people, random.Random(SEED + 1)))
    out = csv.DictWriter(table, rows[0].keys(), lineterminator="\n")
    out.writeheader()
    out.writerows(rows)
    return {
        "contacts.csv": table.getvalue(),
        "consents.jsonl": lines([row for who in people for row in who.consents], "at"),
        "orders.jsonl": lines([row for who in people for row in who.orders], "placed_at"),
        "events.jsonl": lines([row for who in people for row in who.events], "at"),
    }


def lines(rows: list[dict[str, Any]], by: str) -> str:
    """Rows as JSON lines, in order of time."""
    ordered = sorted(rows, key=lambda row: (row[by], row["email"]))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ordered)


if __name__ == "__main__":
    for name, text in files().items():
        (HERE / name).write_text(text, encoding="utf-8")
