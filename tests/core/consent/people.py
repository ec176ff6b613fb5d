"""One venue and one person for the tests of the law: defaults that allow, override what matters."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from accord.core.consent.collection import consents
from accord.core.consent.permission import Wait, permission
from accord.core.model.consent import Act, ConsentEntry, LegalBasis, Nature
from accord.core.model.contact import Contact
from accord.core.model.content import Catalogue, Content, TemplateFacts
from accord.core.model.decision import Situation, Verdict
from accord.core.model.enrolment import Enrolment, RunState
from accord.core.model.event import Event
from accord.core.model.message import PastMail
from accord.core.model.order import OrderLine
from accord.core.model.scenario import Again, Entry, LateChoice, Lateness, OnEvent, Scenario, Send
from accord.core.model.venue import Entity, Family, Purpose, Venue

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=50)

VENUE = Venue(
    entity=Entity("Theatre", "1 rue X, Paris", "Europe/Paris", ("fr", "en"), {}, hosts=("theatre.example",)),
    base_url="https://theatre.example",
    purposes={
        "letter": Purpose("letter", ("editorial", "promotional"), families=("plays",)),
        "offers": Purpose("offers", ("promotional",)),
        "reviews": Purpose("reviews", ("review",), families=("plays",)),
        "trade": Purpose("trade", ("promotional",), professional=True, families=("plays",)),
        "friends": Purpose(
            "friends", ("promotional", "partner", "tracking"), families=("plays",), partners=("cafe",)
        ),
        "texts": Purpose("texts", ("promotional",), channel="sms", families=("plays",)),
    },
    families={
        "plays": Family("plays", similar=frozenset({"concerts"})),
        "concerts": Family("concerts", similar=frozenset({"opera"})),
        "opera": Family("opera"),
        "mugs": Family("mugs"),
        "insulation": Family("insulation", banned_sector=True),
        "gifts": Family("gifts", commercial=False),
    },
    partners={"cafe": ("cafe.example",), "bar": ("bar.example",)},
    legal_duties={"recall": "product recall"},
)
CONTACT = Contact(7, "ada@example.org", "fr", "Europe/Paris", collected_at=NOW - timedelta(days=100))
RUN = Enrolment(3, 7, "spring", "d", "", NOW, RunState.DUE, "step", NOW, NOW, NOW)


def days(count: float) -> timedelta:
    return timedelta(days=count)


def act(act: Act, purpose="letter", kind="editorial", at=LONG_AGO, **given) -> ConsentEntry:
    return ConsentEntry(7, at, purpose, kind, act, **given)


def line(family="plays", age=30, **given) -> OrderLine:
    at = NOW - days(age)
    given = {"amount_cents": 2000, "paid_at": at, **given}
    return OrderLine(
        given.pop("order_id", "o1"),
        given.pop("entity", "self"),
        family,
        currency="EUR",
        placed_at=at,
        **given,
    )


def past(age=1.0, **given) -> PastMail:
    given = {
        "scenario": "other",
        "step": "s",
        "purpose": "letter",
        "nature": Nature.EDITORIAL,
        "basis": LegalBasis.CONSENT,
        "template": "old",
        "template_digest": "digest of old",
        **given,
    }
    return PastMail(at=NOW - days(age), **given)


def send(nature=Nature.EDITORIAL, purpose="letter", **given) -> Send:
    return Send(given.pop("template", "mail"), nature, purpose, Lateness(LateChoice.SEND), **given)


def service(**given) -> Send:
    return send(Nature.SERVICE, "service", **{"about": "order", **given})


def scenario(name="spring", *, again: Again | None = None, per=None) -> Scenario:
    return Scenario(name, "letter", Entry(OnEvent(("x",)), again=again or Again(), per=per), {}, "d", "")


def situation(*entries: ConsentEntry, **given) -> Situation:
    given = {"contact": CONTACT, "enrolment": RUN, **given}
    return Situation(consents=consents(entries), **given)


def catalogue(venue: Venue = VENUE, **content) -> Catalogue:
    return Catalogue(venue, templates={"mail": TemplateFacts("mail", "digest of mail", Content(**content))})


def ordered(order_id="o1") -> Event:
    return Event(7, "order.placed", NOW - days(1), {"order_id": order_id})


def ask(what: Send, known: Situation, **given) -> Verdict | Wait:
    families = what.promotes if isinstance(what.promotes, tuple) else ()
    return permission(
        what,
        given.pop("families", families),
        known,
        given.pop("catalogue", catalogue()),
        scenario=given.pop("scenario", scenario()),
        now=given.pop("now", NOW),
        **given,
    )


def with_policy(**switches) -> Catalogue:
    return catalogue(replace(VENUE, policy=replace(VENUE.policy, **switches)))


OPTED_IN = (act(Act.OPTIN_PROVEN), act(Act.OPTIN_PROVEN, kind="promotional"))
INFORMED = (act(Act.PURCHASE_INFORMED, "*", "*"),)
