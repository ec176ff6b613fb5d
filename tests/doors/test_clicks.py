"""Clicks over the running server: whose they were, what tells later, and what follows of it (R-43, R-57, R-59)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from accord.core.mail.links import TRAP, LinkKind
from accord.core.model.consent import Act, ConsentEntry
from accord.core.model.event import Event
from accord.shell.engine.record import record_consents, record_events
from doors.houses import Venue
from doors.served import Served, links_of, served
from doors.systems import Quiet

SCANNER = {"user-agent": "Barracuda Sentinel"}
_numbers = count(1)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    venue = Quiet(tmp_path_factory.mktemp("clicks"))
    venue.stock()
    config = venue.root / "config.toml"
    said = config.read_text(encoding="utf-8")
    config.write_text(
        said.replace('opens = "off"', 'opens = "off"\nscanners = ["127.0.0.0/8"]'), encoding="utf-8"
    )
    venue.house.reload("test")
    with served(venue, trusted_proxies=("127.0.0.1",)) as running:
        yield running
    venue.house.store.close()


@pytest.fixture
def ada(house: Served) -> int:
    house.venue.now += timedelta(days=1)
    number = house.somebody(f"ada{next(_numbers)}@example.org", agreed=True)
    house.venue.now += timedelta(hours=1)
    return number


def fetch(house: Served, number: int, link: str = "a", *, method: str = "GET", **headers: str) -> str:
    """Follow a link of a mail from somewhere on the net; the verdict that is journalled of it."""
    target = link if link == TRAP else f"https://theatre.example.org/{link}"
    token = house.token(number, LinkKind.CLICK, on=None)
    path = house.venue.house.links.click(token, target).removeprefix("https://theatre.example.org")
    told = {"x-forwarded-for": "198.51.100.7", **headers}
    answer = house.web.request(method, path, headers=told, follow_redirects=False)
    assert answer.status_code == (404 if link == TRAP else 302)
    return verdicts(house, number)[-1]


def verdicts(house: Served, number: int) -> list[str]:
    return [str(event.data["verdict"]) for event in house.journal(number, "mail.clicked")]


def clock(house: Served, number: int) -> object:
    with house.venue.house.store.read() as unit:
        return unit.contacts([number])[number].last_action_at


@pytest.mark.parametrize(
    ("evidence", "verdict"),
    [
        ({}, "human"),
        ({"method": "HEAD"}, "robot"),
        ({"link": TRAP}, "robot"),
        (SCANNER, "unsure"),
        ({"x-forwarded-for": "127.5.5.5"}, "unsure"),
        ({**SCANNER, "x-forwarded-for": "127.5.5.5"}, "robot"),
    ],
    ids=["nothing", "HEAD", "trap", "agent", "network", "agent and network"],
)
def test_each_kind_of_evidence(house: Served, ada: int, evidence: dict[str, str], verdict: str) -> None:
    before = clock(house, ada)
    assert fetch(house, ada, **evidence) == verdict
    assert (clock(house, ada) == house.venue.now) is (verdict == "human")
    assert verdict == "human" or clock(house, ada) == before


def test_a_burst_tells_of_those_before_it_and_the_clock_goes_back(house: Served, ada: int) -> None:
    before = clock(house, ada)
    for number, link in enumerate(("a", "b", "c", "d")):
        house.venue.now += timedelta(seconds=1)
        fetch(house, ada, link)
        assert number or clock(house, ada) == house.venue.now, "the first looks like a person's"
    assert verdicts(house, ada) == ["unsure"] * 4
    assert clock(house, ada) == before


def test_who_fetches_what_nobody_sees_was_no_person_a_minute_before(house: Served, ada: int) -> None:
    before = clock(house, ada)
    assert fetch(house, ada) == "human"
    house.venue.now += timedelta(seconds=40)
    fetch(house, ada, TRAP)
    assert verdicts(house, ada) == ["robot", "robot"]
    assert clock(house, ada) == before


def test_a_person_behind_a_scanner_is_not_taken_for_it(house: Served, ada: int) -> None:
    fetch(house, ada, TRAP)
    house.venue.now += timedelta(minutes=4)
    assert fetch(house, ada, **{"x-forwarded-for": "203.0.113.9"}) == "human"
    assert fetch(house, ada) == "robot", "the scanner's own address, minutes later"


@pytest.mark.parametrize("act", ["order", "choice", "keep"])
def test_who_then_does_what_robots_do_not_was_a_person(house: Served, ada: int, act: str) -> None:
    fetch(house, ada, **SCANNER)
    clicked_at = house.venue.now
    fetch(house, ada, method="HEAD")
    house.venue.now += timedelta(minutes=20)
    inner = house.venue.house
    if act == "order":
        data = {"order_id": f"C-{ada}", "families": ("theatre",)}
        record_events(
            inner.store,
            inner.catalogue,
            [Event(ada, "order.placed", house.venue.now, data, "t")],
            now=house.venue.now,
        )
    else:
        fields = {"choice": {"action": "pause"}, "keep": {"action": "keep"}}[act]
        house.web.post(f"/p/{house.token(ada, LinkKind.PREFERENCES)}", data=fields)
    assert verdicts(house, ada) == ["human", "robot"], "a robot's stays a robot's"
    (told,) = house.journal(ada, "mail.click_confirmed")
    assert told.data["by"] in ("order.placed", "preferences.updated", "contact.kept")
    assert clock(house, ada) >= clicked_at  # type: ignore[operator]


def test_some_acts_tell_nothing_of_a_click(house: Served, ada: int) -> None:
    """Robots press the one click; a till's order is nobody's visit; hours later is another day."""
    fetch(house, ada, **SCANNER)
    house.web.post(f"/u/{house.token(ada)}")
    inner = house.venue.house
    till = {"order_id": f"T-{ada}", "families": ("theatre",), "offline": True}
    late = {"order_id": f"L-{ada}", "families": ("theatre",)}
    record_events(
        inner.store,
        inner.catalogue,
        [Event(ada, "order.placed", house.venue.now, till, "t")],
        now=house.venue.now,
    )
    house.venue.now += timedelta(hours=3)
    record_events(
        inner.store,
        inner.catalogue,
        [Event(ada, "order.placed", house.venue.now, late, "t")],
        now=house.venue.now,
    )
    assert verdicts(house, ada) == ["unsure"]
    assert house.journal(ada, "mail.click_confirmed") == []


def test_a_robots_click_moves_no_scenario_and_a_confirmed_one_does(tmp_path: Path) -> None:
    venue = Venue(tmp_path)
    (tmp_path / "scenarios" / "curieux.yaml").write_text(
        "scenario: curieux\npurpose: newsletter\nwhy: {consent: a, customer: b}\n"
        "enter: {when: mail.clicked}\nsteps:\n  fin: {emit: own.welcomed}\n",
        encoding="utf-8",
    )
    venue.house.read_files()
    venue.activate("curieux")
    with served(venue) as house:
        ada = house.somebody("ada@example.org", agreed=True)
        fetch(house, ada, **SCANNER)
        venue.house.think(venue.now)
        assert house.journal(ada, "scenario.entered") == []
        venue.now += timedelta(minutes=5)
        house.web.post(f"/p/{house.token(ada, LinkKind.PREFERENCES)}", data={"action": "keep"})
        venue.house.think(venue.now)
        assert len(house.journal(ada, "scenario.entered")) == 1
    venue.house.store.close()


def test_consented_only_counts_those_who_agreed_to_it(tmp_path: Path) -> None:
    venue = Quiet(tmp_path)
    venue.stock("bienvenue")
    config = tmp_path / "config.toml"
    said = config.read_text(encoding="utf-8").replace('clicks = "individual"', 'clicks = "consented_only"')
    said = said.replace(
        'kinds = ["editorial", "promotional"]', 'kinds = ["editorial", "promotional", "tracking"]'
    )
    config.write_text(said, encoding="utf-8")
    venue.house.reload("test")
    with served(venue) as house:
        people = {name: house.somebody(f"{name}@example.org", agreed=True) for name in ("ada", "bob")}
        agreed = [ConsentEntry(people["bob"], venue.now, "newsletter", "tracking", Act.OPTIN_PROVEN)]
        record_consents(venue.house.store, venue.house.catalogue, agreed, now=venue.now)
        mails = {mail["to"]: links_of(mail) for mail in venue.turn()}
        counted = {
            name: [path for path in mails[f"{name}@example.org"] if path.startswith("/l/")] for name in people
        }
        assert counted["ada"] == []
        assert counted["bob"] != []
        venue.now += timedelta(hours=1)
        fetch(house, people["bob"])
        refused = [ConsentEntry(people["bob"], venue.now, "newsletter", "tracking", Act.WITHDRAWAL)]
        record_consents(venue.house.store, venue.house.catalogue, refused, now=venue.now)
        house.web.get(counted["bob"][0], follow_redirects=False)
        assert len(verdicts(house, people["bob"])) == 1, "a withdrawal reaches mails that have left"
    venue.house.store.close()
