"""How long the console's pages take on a large base, over a socket, with other people and filters at each request.

    python benchmarks/console.py                   a base of 50,000 contacts, made for it: some minutes
    python benchmarks/console.py --base /tmp/base  one that console_base.py has made: a million, by default

A page whose 95th percentile is beyond 200 ms is marked. Each is fetched once before the clock runs. Beside the pages: what `scenario status` and
`/metrics` ask, and the turns of the loop that counts.
"""

from __future__ import annotations

import argparse
import http.client
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from urllib.parse import urlencode

from console_base import UNTIL, make, reopen
from sqlalchemy import text

from accord.core.model.consent import LegalBasis, Nature
from accord.shell.daemon import application
from accord.shell.engine.care.roll_up import roll_up
from accord.shell.engine.care.vitals import vitals
from accord.shell.engine.ports.tallies import Subject
from accord.shell.engine.ports.team import Role
from accord.shell.engine.team import add_member, remove_member
from accord.shell.web.console.messages import STATES
from accord.shell.web.server import WebServer
from accord.shell.wiring import House

CONTACTS, REQUESTS, LIMIT = 50_000, 40, 0.2
NAME, PASSWORD = "bench", "a long enough password"


@dataclass(frozen=True)
class Measured:
    """Wall and processor time of the same thing done some times, in seconds."""

    what: str
    wall: Sequence[float]
    cpu: float

    @property
    def p95(self) -> float:
        return sorted(self.wall)[max(0, -(-len(self.wall) * 95 // 100) - 1)]

    def __str__(self) -> str:
        ordered = sorted(self.wall)
        figures = (ordered[len(ordered) // 2], self.p95, ordered[-1], self.cpu / len(ordered))
        return f"{self.what:<34}" + "".join(f"{1000 * each:9.1f}" for each in figures)


HEAD = f"{'milliseconds':<34}" + "".join(f"{name:>9}" for name in ("median", "p95", "most", "cpu"))


def measured(what: str, deeds: Sequence[Callable[[], None]]) -> Measured:
    """Each deed once, with the clock running; the first of several also before, as what is made once is made then."""
    if len(deeds) > 1:
        deeds[0]()
    wall, begun = [], time.process_time()
    for deed in deeds:
        at = time.perf_counter()
        deed()
        wall.append(time.perf_counter() - at)
    return Measured(what, wall, time.process_time() - begun)


@dataclass
class Browser:
    """One of the team, signed in over a connection that is kept."""

    line: http.client.HTTPConnection
    cookie: str = ""
    csrf: str = ""

    def sign_in(self) -> None:
        """Come in, and read from a page what its forms must bear."""
        answer = self.ask("POST", "/sign-in", name=NAME, password=PASSWORD)
        self.cookie = str(answer.getheader("set-cookie")).partition(";")[0]
        page = self.line_read(self.ask("GET", "/"))
        self.csrf = page.partition('name="csrf" value="')[2].partition('"')[0]

    def ask(self, method: str, path: str, **fields: str) -> http.client.HTTPResponse:
        headers = {"cookie": self.cookie, "content-type": "application/x-www-form-urlencoded"}
        body = urlencode({"csrf": self.csrf, **fields}) if method == "POST" else None
        self.line.request(method, f"/console{path}", body, {**headers, "sec-fetch-site": "same-origin"})
        answer = self.line.getresponse()
        if method == "POST":
            answer.read()
        return answer

    def line_read(self, answer: http.client.HTTPResponse) -> str:
        """The page. Raises where it is none."""
        page = answer.read().decode()
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {page[:400]}")
        return page

    def get(self, path: str) -> Callable[[], None]:
        """A deed: fetch this page."""
        return lambda: void(self.line_read(self.ask("GET", path)))

    def find(self, wanted: str) -> Callable[[], None]:
        """A deed: find this person."""

        def deed() -> None:
            status = self.ask("POST", "/people", wanted=wanted).status
            if status != 303:
                raise SystemExit(f"{wanted} was not found: {status}")

        return deed


def void(_value: object) -> None:
    """What was found is not looked at."""


def filters(dice: Random, house: House) -> Iterator[str]:
    """Queries of the ledger: each filter alone, pairs of them, and places far down."""
    options: Mapping[str, Sequence[str]] = {
        "state": list(STATES),
        "nature": [nature.value for nature in Nature],
        "basis": [basis.value for basis in LegalBasis],
        "purpose": ["service", *house.venue.purposes],
        "scenario": sorted(house.catalogue.live),
    }
    yield from (urlencode({name: choice}) for name, choices in options.items() for choice in choices)
    while True:
        names = dice.sample(sorted(options), 2)
        yield urlencode({name: dice.choice(list(options[name])) for name in names})


def pages(browser: Browser, house: House, requests: int) -> Iterator[Measured]:
    """Every page of the console."""
    dice = Random(20261123)
    with house.store.engine.connect() as connection:
        people, mails = (
            int(connection.execute(text(f"SELECT max(id) FROM {table}")).scalar() or 1)
            for table in ("contact", "message")
        )
    for path in ("/", "/target", "/scenarios", "/retention"):
        yield measured(path, [browser.get(path)] * requests)
    names = sorted(house.catalogue.live)
    yield measured(
        "/scenarios/NAME", [browser.get(f"/scenarios/{names[n % len(names)]}") for n in range(requests)]
    )
    some = [dice.randint(1, people) for _ in range(requests)]
    yield measured("/people, found by address", [browser.find(f"p{n:08}@example.org") for n in some])
    yield measured("/people/N", [browser.get(f"/people/{n}") for n in some])
    yield measured("/messages", [browser.get("/messages")] * requests)
    down = [browser.get(f"/messages?before={dice.randint(1, mails)}") for _ in range(requests)]
    yield measured("/messages, further down", down)
    queries = filters(dice, house)
    yield measured(
        "/messages, filtered", [browser.get(f"/messages?{next(queries)}") for _ in range(2 * requests)]
    )
    some = [dice.randint(1, mails) for _ in range(requests)]
    yield measured("/messages/N", [browser.get(f"/messages/{n}") for n in some])


def questions(house: House, port: int, requests: int) -> Iterator[Measured]:
    """What is asked beside the pages."""

    def status() -> None:
        with house.store.read() as unit:
            vitals(unit, UNTIL)
            unit.message_counts()

    def metrics() -> None:
        line.request("GET", "/metrics")
        answer = line.getresponse()
        if answer.read() and answer.status != 200:
            raise SystemExit(f"/metrics: {answer.status}")

    with closing(http.client.HTTPConnection("127.0.0.1", port)) as line:
        yield measured("scenario status asks", [status] * requests)
        yield measured("/metrics", [metrics] * requests)


def turns(house: House) -> Iterator[Measured]:
    """The loop that counts: its first turn of a new day, and those after it."""
    at = UNTIL + timedelta(days=1)
    with house.store.begin() as unit:
        unit.tallies.replace(at.date(), set(Subject), [])

    def turn() -> None:
        nonlocal at
        at += timedelta(minutes=1)
        roll_up(house.store, house.venue, now=at)

    yield measured("first count of a new day", [turn])
    yield measured("the counts after it", [turn] * 20)


def measure(house: House, requests: int) -> None:
    """Print all."""
    add_member(house.store, NAME, Role.ADMIN, PASSWORD, salt=bytes(16), by=NAME, now=UNTIL)
    try:
        print(HEAD)
        with WebServer(application(house), port=0) as web, closing(_line(web.port)) as line:
            browser = Browser(line)
            browser.sign_in()
            for found in pages(browser, house, requests):
                print(found, " TOO SLOW" if found.p95 > LIMIT else "", flush=True)
            for found in questions(house, web.port, requests):
                print(found, flush=True)
        for found in turns(house):
            print(found, flush=True)
    finally:
        remove_member(house.store, NAME, by=NAME, now=UNTIL)


def _line(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", type=Path, help="a base that console_base.py has made")
    parser.add_argument("--contacts", type=int, default=CONTACTS, help="of the base that is made otherwise")
    parser.add_argument("--requests", type=int, default=REQUESTS, help="of each page")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="accord-console-") as folder:
        if arguments.base is not None:
            house = reopen(arguments.base)
        else:
            house = make(Path(folder) / "base", arguments.contacts)
        try:
            with house.store.engine.connect() as connection:
                sizes = [
                    connection.execute(text(f"SELECT max(id) FROM {table}")).scalar()
                    for table in ("contact", "event")
                ]
            print("{:,} contacts, {:,} rows of the journal".format(*sizes))
            measure(house, arguments.requests)
        finally:
            house.store.close()


if __name__ == "__main__":
    main()
