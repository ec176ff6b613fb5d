"""Builders of test data: defaults that are right, and what matters said by the test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from accord.core.language.parse import parse_scenario
from accord.core.language.wordings import parse_wording
from accord.core.model.consent import Act, ConsentEntry, Nature
from accord.core.model.contact import Contact
from accord.core.model.content import Catalogue, TemplateFacts
from accord.core.model.decision import Situation
from accord.core.model.event import Event
from accord.core.model.expression import Type
from accord.core.model.order import OrderLine
from accord.core.model.scenario import LateChoice, Lateness, Scenario, Send
from accord.core.model.venue import Attribute, Entity, Family, Purpose, Venue
from accord.core.model.wording import Wording

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def a_venue(**overrides: Any) -> Venue:
    """A theatre with one letter and three families of shows."""
    entity = Entity(
        "Théâtre d’essai",
        "1 rue du Test, 69000 Rivelune",
        "Europe/Paris",
        ("fr", "en"),
        {"lettre": "Théâtre d’essai <lettre@theatre.example.org>"},
        ("theatre.example.org",),
    )
    made = Venue(
        entity,
        "https://theatre.example.org",
        purposes={
            "newsletter": Purpose(
                "newsletter",
                ("editorial", "promotional"),
                {"fr": "La lettre", "en": "The letter"},
                families=("theatre",),
                invite_form="inscription",
            )
        },
        families={
            "theatre": Family("theatre", frozenset({"danse"})),
            "danse": Family("danse", frozenset({"theatre"})),
            "bar": Family("bar"),
        },
        attributes={
            "first_name": Attribute("first_name", Type.TEXT),
            "city": Attribute("city", Type.TEXT),
            "visits": Attribute("visits", Type.INTEGER, writable=True),
            "member": Attribute("member", Type.BOOLEAN, writable=True),
            "joined": Attribute("joined", Type.DATE),
            "birthday": Attribute("birthday", Type.DAY_OF_YEAR),
        },
        events={"own.welcomed": {"purpose": Type.TEXT}},
        others=("Le Café",),
    )
    return replace(made, **overrides)


def a_contact(**overrides: Any) -> Contact:
    """Somebody in Paris who acted a month ago."""
    made = Contact(
        id=1,
        email="ada@example.org",
        language="fr",
        zone="Europe/Paris",
        collected_at=datetime(2026, 10, 20, tzinfo=UTC),
        last_action_at=datetime(2026, 10, 20, tzinfo=UTC),
    )
    return replace(made, **overrides)


def an_act(act: Act = Act.OPTIN_PROVEN, **overrides: Any) -> ConsentEntry:
    """One act about the letter."""
    made = ConsentEntry(
        1,
        datetime(2026, 10, 20, tzinfo=UTC),
        "newsletter",
        "editorial",
        act,
        informed=True,
        details={"form": "f"},
    )
    return replace(made, **overrides)


def acts(act: Act = Act.OPTIN_PROVEN, contact_id: int = 1, **overrides: Any) -> list[ConsentEntry]:
    """The same act for both kinds of the letter."""
    return [
        an_act(act, contact_id=contact_id, kind=kind, **overrides) for kind in ("editorial", "promotional")
    ]


def an_order_line(**overrides: Any) -> OrderLine:
    """A theatre ticket, paid."""
    at = datetime(2026, 10, 20, tzinfo=UTC)
    return replace(OrderLine("O-1", "self", "theatre", 2400, "EUR", at, paid_at=at), **overrides)


def an_event(name: str = "ticket.scanned", **overrides: Any) -> Event:
    """Something that happened now."""
    return replace(Event(1, name, NOW), **overrides)


def a_send(**overrides: Any) -> Send:
    """An editorial mail of the letter."""
    return replace(
        Send("lettre/magazine", Nature.EDITORIAL, "newsletter", Lateness(LateChoice.SEND)), **overrides
    )


def a_situation(**overrides: Any) -> Situation:
    """A person of whom nothing is known but the address."""
    return replace(Situation(a_contact()), **overrides)


def a_scenario(text: str, venue: Venue | None = None) -> Scenario:
    """A scenario from its text; fails with what is wrong with it."""
    name = next(line for line in text.splitlines() if line.startswith("scenario:")).partition(":")[2].strip()
    parsed = parse_scenario(text, f"{name}.yaml", venue or a_venue())
    assert parsed.scenario is not None, parsed.diagnostics
    return parsed.scenario


def a_catalogue(
    *scenarios: Scenario, venue: Venue | None = None, templates: Mapping[str, str] | None = None
) -> Catalogue:
    """A catalogue in which these are live and every template that they name is there."""
    names = dict.fromkeys(templates or {})
    for scenario in scenarios:
        for step in scenario.steps.values():
            if isinstance(step.verb, Send):
                names[step.verb.template] = None
                if isinstance(step.verb.if_not_allowed, Send):
                    names[step.verb.if_not_allowed.template] = None
    return Catalogue(
        venue or a_venue(),
        {scenario.name: scenario for scenario in scenarios},
        {scenario.digest: scenario for scenario in scenarios},
        {name: TemplateFacts(name, f"digest of {name}") for name in names},
    )


FORM = """
form: inscription
version: "3"
control: optin_box
asks: {newsletter: [editorial, promotional]}
refusal_offered: true
text: {fr: Je veux la lettre., en: I want the letter.}
notice: {version: "2026-01", fr: Qui écrit., en: Who writes.}
"""


def a_wording(text: str = FORM, venue: Venue | None = None) -> Wording:
    """A form or a script, as its file says it."""
    parsed = parse_wording(text, "forms/essai.yaml", venue or a_venue())
    assert parsed.wording is not None, parsed.diagnostics
    return parsed.wording
