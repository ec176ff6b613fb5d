"""Dry runs of the golden scenarios, for the tests of what is shown of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from accord.core.language.parse import parse_scenario
from accord.core.mail.links import Links
from accord.core.model.content import Catalogue
from accord.core.model.scenario import Scenario
from accord.shell.engine.sending.letters import LetterWriter
from accord.shell.preview import forecast
from accord.shell.preview.report import Preview
from accord.shell.preview.saying import Saying
from accord.shell.preview.specimens import NO_KEY, Specimen, specimens
from accord.shell.wordings import wordings
from authors.cases import base_shelf, ok_cases, the_venue

# Somebody gets the offer, somebody the other edition, the others nothing.
OFFER = """scenario: offre
purpose: newsletter
why: Parce que.
enter: {when: consent.given, if: 'event.purpose == "newsletter"'}
steps:
  choix:
    wait_until: preferences.updated
    at_most: 7 days
    then: suite
    otherwise: offre
  offre:
    send: lettre/offre
    nature: promotional
    promotes: [theatre]
    if_not_allowed: {send: lettre/magazine, nature: editorial}
  suite: {emit: own.welcomed}
"""

# The same mail under two subjects.
TRIED = """scenario: essais
purpose: newsletter
why: Parce que.
enter: {when: consent.given, if: 'event.purpose == "newsletter"'}
steps:
  un:
    send: lettre/magazine
    nature: editorial
    subjects: {court: Le mois, long: {fr: "Le mois, et ce qu’il vous réserve, semaine par semaine", en: The month}}
"""

START = datetime(2026, 9, 1, 7, 30, tzinfo=UTC)
UNTIL = START + timedelta(days=90)


def saying(language: str = "en") -> Saying:
    return Saying(language, the_venue().entity.clock)


@cache
def golden(name: str) -> Scenario:
    texts = {case.name: text for case in ok_cases() for text in case.files.values()} | {
        "offre": OFFER,
        "essais": TRIED,
    }
    scenario = parse_scenario(texts[name], f"{name}.yaml", the_venue()).scenario
    assert scenario is not None
    return scenario


@cache
def days(name: str) -> tuple[forecast.Timeline, ...]:
    """Everybody imagined, in one golden scenario."""
    return tuple(
        forecast.of_persona(each, golden(name), the_venue(), base_shelf(), START, UNTIL)
        for each in forecast.PERSONAS
    )


@cache
def mails(
    name: str, base_url: str = "https://theatre.example.org", *, clicks: bool = False
) -> tuple[Specimen, ...]:
    """Every mail of a golden scenario."""
    scenario, venue, shelf = golden(name), the_venue(), base_shelf()
    catalogue = Catalogue(venue, {name: scenario}, {scenario.digest: scenario}, shelf.facts)
    words = wordings(venue.entity.languages)
    writer = LetterWriter(catalogue, shelf.compiled, words, Links(base_url, NO_KEY), clicks)
    return tuple(specimens(scenario, days(name), writer, START))


def preview(name: str) -> Preview:
    return Preview(golden(name), the_venue(), days(name), mails(name), START, UNTIL)
