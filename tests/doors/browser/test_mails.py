"""Every mail of the example venue, opened as its reader would: on a telephone and on a desk, by day and by night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from accord.core.language.parse import parse_scenario
from accord.core.mail.letter import Rendered
from accord.core.mail.links import Links
from accord.core.model.consent import LegalBasis, Nature
from accord.core.model.content import Catalogue
from accord.core.model.decision import Situation
from accord.core.model.event import Event
from accord.core.model.message import Message, MessageState, PastMail
from accord.core.model.scenario import Scenario, Send
from accord.shell.engine.catalogue import stock
from accord.shell.engine.sending.letters import LetterWriter
from accord.shell.library import read_library
from accord.shell.settings import load_settings
from accord.shell.wordings import wordings
from builders import a_contact
from doors.browser.sight import PATIENCE, Seen, picture_of

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WIDTHS, SCHEMES, LANGUAGES = (375, 1200), ("light", "dark"), ("fr", "en")
LIBRARY = read_library(ROOT)
NAMES = LIBRARY.template_names()

pytestmark = pytest.mark.xdist_group("browser")


@cache
def the_writer() -> tuple[LetterWriter, dict[str, tuple[Scenario, str, Send]]]:
    """The venue's own writer, and where each of its templates is sent."""
    venue = load_settings(ROOT / "config.toml", {}).venue
    words = wordings(venue.entity.languages)
    scenarios = [parse_scenario(text, file, venue).scenario for file, text in LIBRARY.scenarios.items()]
    sent: dict[str, tuple[Scenario, str, Send]] = {}
    for scenario in filter(None, scenarios):
        for step in scenario.steps.values():
            mails = [step.verb, getattr(step.verb, "if_not_allowed", None)]
            sent |= {mail.template: (scenario, step.name, mail) for mail in mails if isinstance(mail, Send)}
    catalogue = Catalogue(venue, versions={each[0].digest: each[0] for each in sent.values()})
    shelf = stock(NAMES, LIBRARY.templates, venue, words)
    assert set(shelf.compiled) == set(NAMES), shelf.diagnostics
    return LetterWriter(catalogue, shelf.compiled, words, Links(venue.base_url, (b"a key",))), sent


def the_mail(
    name: str, language: str, *, first: bool = False, called: str = "Élodie"
) -> tuple[Rendered, Send]:
    """A mail to somebody who has just bought two seats; their first, or not."""
    writer, sent = the_writer()
    scenario, step, mail = sent[name]
    service = mail.nature is Nature.SERVICE
    basis = LegalBasis.SERVICE if service else LegalBasis.CONSENT
    message = Message(
        7, 1, 1, scenario.name, scenario.digest, step, "main", name, mail.nature, mail.purpose,
        MessageState.CLAIMED, NOW, NOW, basis, "OPTIN_PROVEN", "R-04", with_invitation=mail.invite is not None,
    )  # fmt: skip
    order = {
        "order_id": "DR-00365",
        "title": "Le Songe d’une nuit d’été" if called == "Élodie" else called,
        "starts_at": datetime(2026, 12, 4, 19, 30, tzinfo=UTC),
        "amount_cents": 4800,
        "currency": "EUR",
        "purpose": "newsletter",
    }
    before = PastMail("x", "y", "newsletter", Nature.EDITORIAL, basis, NOW, "z")
    entered_by = Event(1, "consent.pending" if "inscription" in name else "order.placed", NOW, order)
    contact = a_contact(language=language, attributes={"first_name": called})
    situation = Situation(contact, mails=() if first else (before,), entered_by=entered_by)
    return writer.preview(message, situation, now=NOW), mail


@pytest.fixture(scope="module")
def windows(one_browser: Browser) -> Iterator[list[Page]]:
    """A window of each width, by day and by night, for one mail after the other; they fetch nothing."""
    opened = [
        one_browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        for width in WIDTHS
        for scheme in SCHEMES
    ]
    for page in opened:
        page.set_default_timeout(PATIENCE)
        page.route("**/*", lambda route: route.abort())
    yield opened
    for page in opened:
        page.close()


def seen_in(windows: list[Page], mail: Rendered, picture: Path) -> Iterator[Page]:
    """The mail in one window after the other; nothing is wrong with the sight of it in any."""
    for window in windows:
        window.set_content(mail.html)
        where = picture_of(window)
        window.screenshot(path=picture.with_name(f"{picture.name}.{where}.png"), full_page=True)
        assert Seen(window).faults() == [], where
        yield window


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_mail_can_be_read_and_stopped(
    windows: list[Page], pictures: Path, name: str, language: str
) -> None:
    mail, sent = the_mail(name, language)
    ways = ["Mes préférences" if language == "fr" else "My preferences"]
    if sent.nature is not Nature.SERVICE:
        ways.append("Me désabonner" if language == "fr" else "Unsubscribe")
    for window in seen_in(windows, mail, pictures / f"{name.replace('/', '_')}.{language}"):
        footer = window.locator(".footer")
        for words in ways:
            link = footer.get_by_role("link", name=words)
            assert link.is_visible() and (link.get_attribute("href") or "").startswith("https://")
        assert footer.get_by_role("link").count() == len(ways)
        for words in ("Théâtre des Deux Rives", "12 quai des Brumes, 69000 Rivelune, France"):
            assert footer.get_by_text(words).is_visible()
        assert window.locator(".preheader").is_hidden()
    page = windows[0]
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("h1").count() == 1
    assert page.locator("img, script, form, iframe").count() == 0, "no pixel, no script"
    assert page.locator(".invitation").count() == (sent.invite is not None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_mail_shows_the_right_to_object(windows: list[Page], pictures: Path, language: str) -> None:
    mail, _ = the_mail("bienvenue/merci", language, first=True)
    for window in seen_in(windows, mail, pictures / f"first.{language}"):
        objection = window.locator(".objection")
        assert objection.is_visible()
        assert objection.get_by_role("link").is_visible()
        size = objection.evaluate("each => parseFloat(getComputedStyle(each).fontSize)")
        around = window.locator(".footer p").last.evaluate(
            "each => parseFloat(getComputedStyle(each).fontSize)"
        )
        assert size > around, "clearly, and apart"


@pytest.mark.parametrize(
    "said",
    [
        "Wolfeschlegelsteinhausenbergerdorff" * 3,
        "https://theatre.example.org/" + "a" * 120,
        "🎭" * 60,
        "<b>x</b>&nbsp;" * 9,
    ],
)
def test_nothing_that_people_call_themselves_breaks_the_page(
    windows: list[Page], pictures: Path, said: str
) -> None:
    mail, _ = the_mail("commande/confirmation", "fr", called=said)
    assert said in mail.text
    for window in seen_in(windows, mail, pictures / f"long-{len(said)}"):
        assert window.locator("b").count() == 0
