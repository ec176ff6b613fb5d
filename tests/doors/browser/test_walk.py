"""From the sign-up to the goodbye: a browser, the real daemon, a real database, mails read from the mailbox."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page

from crash.processes import forks, free_port, until
from doors.browser.sight import PATIENCE, Seen, barriers, picture_of
from doors.clocked import clock_of, move, serve
from doors.houses import Venue

pytestmark = pytest.mark.xdist_group("browser")

PARIS = ZoneInfo("Europe/Paris")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
WEEKLY = """
scenario: hebdo
purpose: newsletter
why: {consent: Vous y êtes inscrit., customer: Vous êtes client.}
enter: {every: "fri 10:00"}
steps:
  lettre: {send: lettre/magazine, nature: editorial}
"""


@dataclass
class Place:
    """A venue whose daemon runs; the test looks into its mailbox and its database."""

    venue: Venue
    url: str

    def mail(self, to: str, subject: str) -> EmailMessage:
        """Wait for a mail with this in its subject."""
        found: list[EmailMessage] = []

        def has_come() -> bool:
            found[:] = [each for each in self.mails(to) if subject in str(each["subject"])]
            return bool(found)

        until(has_come, f"«{subject}» for {to}", 60)
        return found[-1]

    def mails(self, to: str) -> list[EmailMessage]:
        files = sorted(self.venue.root.glob("mailbox/*.eml"))
        read = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
        return [mail for mail in read if mail["to"] == to]  # type: ignore[misc]

    def link(self, mail: EmailMessage, room: str) -> str:
        """The address behind one of the mail's own links."""
        page = mail.get_body(("html",))
        assert page is not None
        found = re.findall(rf'href="({re.escape(self.url)}/{room}/[^"]+)"', page.get_content())
        assert found, room
        return found[0].replace("&amp;", "&")

    def go_to(self, instant: datetime) -> None:
        move(self.venue.root, instant)

    @property
    def now(self) -> datetime:
        return clock_of(self.venue.root)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """The example venue with a weekly letter, served by its daemon."""
    venue = Venue(tmp_path, now=datetime.now(UTC))
    url = f"http://127.0.0.1:{free_port()}"
    config = tmp_path / "config.toml"
    said = config.read_text(encoding="utf-8").replace("https://theatre.example.org", url)
    said = said.replace("port = 8025", f"port = {urlsplit(url).port}")
    config.write_text(said.replace("hosts = [", 'hosts = ["127.0.0.1", '), encoding="utf-8")
    for name in ("inscription", "bienvenue"):
        file = tmp_path / "scenarios" / f"{name}.yaml"
        file.write_text(re.sub(r"(?m)^hours:.*$", "", file.read_text(encoding="utf-8")), encoding="utf-8")
    for file in (tmp_path / "templates" / "lettre").iterdir():
        # The theatre's own site is not on this machine: its links lead to our own server, which knows no such page.
        file.write_text(
            file.read_text(encoding="utf-8").replace("https://theatre.example.org", url), encoding="utf-8"
        )
    (tmp_path / "scenarios" / "hebdo.yaml").write_text(WEEKLY, encoding="utf-8")
    venue.house.reload("test")
    venue.activate("inscription", "bienvenue", "hebdo")
    child = forks().Process(target=serve, args=(str(tmp_path),))
    child.start()
    assert child.pid is not None
    try:
        until(lambda: _answers(url), "the daemon's pages", 60)
        yield Place(venue, url)
    finally:
        child.terminate()
        child.join(20)
        venue.house.store.close()
        assert child.exitcode in (0, -signal.SIGTERM)


def _answers(url: str) -> bool:
    import httpx

    try:
        return httpx.get(f"{url}/health/live", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def friday(after: datetime, *, in_month: int) -> datetime:
    """The n-th Friday of the month after an instant's, at five past ten in Paris."""
    first = (after.astimezone(PARIS).replace(day=1) + timedelta(days=32)).replace(day=1)
    day = first.date() + timedelta(days=(4 - first.weekday()) % 7 + 7 * (in_month - 1))
    return datetime.combine(day, time(10, 5), PARIS).astimezone(UTC)


@dataclass
class Walker:
    """One person with one browser: on a telephone without JavaScript, or at a desk with it."""

    address: str
    language: str
    page: Page
    scripts: bool
    pictures: Path

    def look(self, name: str) -> None:
        """Nothing is wrong with the page that is open."""
        self.page.screenshot(
            path=self.pictures / f"walk-{name}.{self.language}.{picture_of(self.page)}.png", full_page=True
        )
        assert Seen(self.page).faults() == []
        assert not self.scripts or barriers(self.page) == []

    def press(self, french: str, english: str) -> None:
        self.page.get_by_role("button", name=french if self.language == "fr" else english).click()

    def reads(self, french: str, english: str) -> None:
        self.page.get_by_text(french if self.language == "fr" else english).first.wait_for(state="visible")

    def says(self, french: str, english: str) -> str:
        return french if self.language == "fr" else english


def test_from_the_sign_up_to_the_goodbye(place: Place, browser: Browser, pictures: Path) -> None:
    walkers = [
        Walker(
            f"{language}@example.org",
            language,
            browser.new_page(
                viewport={"width": width, "height": 800},
                color_scheme=scheme,  # type: ignore[arg-type]
                java_script_enabled=scripts,
                user_agent=FIREFOX,
                locale=language,
            ),
            scripts,
            pictures,
        )
        for language, width, scheme, scripts in (("fr", 375, "light", False), ("en", 1280, "dark", True))
    ]
    for each in walkers:
        each.page.set_default_timeout(PATIENCE)

    def everybody(step: Callable[[Place, Walker], None]) -> None:
        for each in walkers:
            step(place, each)

    everybody(sign_up)
    everybody(welcomed_and_choosing)
    first = friday(place.now, in_month=1)
    place.go_to(first)
    everybody(gets_the_first_letter)
    place.go_to(first + timedelta(days=7))
    everybody(does_not_get_the_second)
    everybody(clicks)
    everybody(says_goodbye)


def sign_up(place: Place, walker: Walker) -> None:
    """The form, its mail, the button behind its link: only then they are signed up."""
    page = walker.page
    page.goto(f"{place.url}/f/inscription")
    walker.look("form")
    assert page.get_by_role("checkbox").is_checked() is False
    page.get_by_label(walker.says("Votre adresse de courriel", "Your e-mail address")).fill(walker.address)
    page.get_by_role("checkbox").check()
    place.go_to(place.now + timedelta(seconds=20))
    walker.press("Envoyer", "Send")
    walker.reads("Plus qu’un geste", "One more step")
    walker.look("form-taken")
    asked = place.mail(
        walker.address, walker.says("Confirmez votre inscription", "Please confirm your sign-up")
    )
    page.goto(place.link(asked, "c"))
    walker.look("confirm")
    number = place.venue.contact(walker.address)
    assert number is not None
    assert place.venue.state(number) == "optin_unproven"
    walker.press("Oui, inscrivez-moi", "Yes, sign me up")
    walker.look("confirmed")
    assert place.venue.state(number) == "optin_proven"


def welcomed_and_choosing(place: Place, walker: Walker) -> None:
    """The welcome mail leads to their page, where they ask for one letter a month."""
    welcome = place.mail(walker.address, walker.says("Bienvenue", "Welcome"))
    page = walker.page
    page.goto(place.link(welcome, "p"))
    walker.look("choices")
    page.locator("select[name=newsletters]").select_option("1")
    page.locator("button[value=save]").click()
    walker.reads("C’est enregistré", "Saved.")
    assert page.locator("select[name=newsletters]").input_value() == "1"


def gets_the_first_letter(place: Place, walker: Walker) -> None:
    place.mail(walker.address, walker.says("La lettre du mois", "letter"))


def does_not_get_the_second(place: Place, walker: Walker) -> None:
    """One a month was asked for: the engine says why the second is not sent."""
    number = place.venue.contact(walker.address)
    assert number is not None

    def refused() -> list[str]:
        with place.venue.house.store.read() as unit:
            events = unit.events_of(number)
        return [
            str(each.data.get("reason"))
            for each in events
            if each.name in ("mail.refused", "mail.held") and each.data.get("scenario") == "hebdo"
        ]

    until(lambda: bool(refused()), "the second letter is refused", 60)
    assert refused() == ["FREQUENCY_CAP"]
    letters = [mail for mail in place.mails(walker.address) if mail["list-unsubscribe"]]
    assert (
        len([mail for mail in letters if walker.says("La lettre du mois", "letter") in str(mail["subject"])])
        == 1
    )


def clicks(place: Place, walker: Walker) -> None:
    """A click of theirs renews the three years, and leads where it says."""
    letter = place.mail(walker.address, walker.says("La lettre du mois", "letter"))
    number = place.venue.contact(walker.address)
    assert number is not None
    before = clock(place, number)
    walker.page.goto(place.link(letter, "l"))
    assert walker.page.url.endswith("/magazine/silence")
    assert clock(place, number) > before
    with place.venue.house.store.read() as unit:
        (click,) = [event for event in unit.events_of(number) if event.name == "mail.clicked"]
    assert (click.data["verdict"], clock(place, number)) == ("human", click.at)


def clock(place: Place, number: int) -> datetime:
    with place.venue.house.store.read() as unit:
        last = unit.contacts([number])[number].last_action_at
    assert last is not None
    return last


def says_goodbye(place: Place, walker: Walker) -> None:
    """One press, no login; nothing more comes, and whatever waited is cancelled."""
    letter = place.mail(walker.address, walker.says("La lettre du mois", "letter"))
    number = place.venue.contact(walker.address)
    assert number is not None
    walker.page.goto(place.link(letter, "u"))
    walker.look("goodbye")
    assert place.venue.state(number) == "optin_proven"
    walker.page.get_by_role("button").click()
    walker.reads("C’est fait", "It is done")
    walker.look("gone")
    assert place.venue.state(number) == "withdrawn"
