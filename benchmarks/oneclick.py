"""How many people a second can leave by one click: POSTs over a socket, each on the disk when it is answered.

Beside them, in the same run and on the same server, POSTs that do nothing but write one row and commit: what the
machine and its disk allow. `python benchmarks/oneclick.py [--clicks N]`.
"""

from __future__ import annotations

import argparse
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from imports import database
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from accord.core.mail.links import LinkKind
from accord.core.model.consent import Act, ConsentEntry
from accord.shell.engine.ports.rows import NewContact
from accord.shell.engine.record import record_consents
from accord.shell.web.app import create_app
from accord.shell.web.people import HousePeople
from accord.shell.web.server import WebServer
from accord.shell.wiring import House, open_house

CLICKS, CALLERS, WARM = 1000, 8, 50
BODY = "List-Unsubscribe=One-Click"
HEADERS = {"content-type": "application/x-www-form-urlencoded"}


# -- the server, in a process of its own ---------------------------------------------------------------------


def serve(folder: Path) -> None:
    """The real application over the venue, and one door more; tells its port, and ends with its input."""
    house = open_house(folder / "config.toml")
    house.refresh()

    def bare(request: Request) -> Response:
        now = house.clock()
        with house.store.begin() as unit:
            unit.tell_anew(f"bench/{request.path_params['number']}", now.isoformat(), now)
        return Response(b"")

    app = create_app(HousePeople(house), rooms=[Route("/bare/{number}", bare, methods=["POST"])])
    with WebServer(app, port=0) as server:
        print(server.port, flush=True)
        sys.stdin.read()
    house.store.close()


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """The port of a server of the venue's own."""
    command = [sys.executable, __file__, "--serve", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        yield int(child.stdout.readline())
        assert child.stdin is not None
        child.stdin.close()


# -- who asks -------------------------------------------------------------------------------------------------


def subscribers(house: House, many: int) -> list[str]:
    """So many people who agreed to the letter; the paths of their one click."""
    now = house.clock()
    with house.store.begin() as unit:
        ids = unit.add_contacts(
            [NewContact(f"reader{n}@example.org", "fr", "Europe/Paris", now) for n in range(many)]
        )
    kinds = house.venue.purposes["newsletter"].kinds
    entries = [
        ConsentEntry(number, now, "newsletter", kind, Act.OPTIN_PROVEN, True)
        for number in ids
        for kind in kinds
    ]
    record_consents(house.store, house.catalogue, entries, now=now)
    seal = house.links.seal
    return [f"/u/{seal(LinkKind.UNSUBSCRIBE, number, 'newsletter', 'consent', 1)}" for number in ids]


def post_all(port: int, paths: Sequence[str]) -> tuple[float, list[float]]:
    """POSTs a second over a few lines that stay open, and how long each took in milliseconds."""

    def one_caller(own: Sequence[str]) -> list[float]:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        took = []
        for path in own:
            began = time.perf_counter()
            line.request("POST", path, BODY, HEADERS)
            answer = line.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            took.append(1000 * (time.perf_counter() - began))
        line.close()
        return took

    began = time.perf_counter()
    with ThreadPoolExecutor(CALLERS) as callers:
        times = [
            each
            for own in callers.map(one_caller, [paths[n::CALLERS] for n in range(CALLERS)])
            for each in own
        ]
    return len(paths) / (time.perf_counter() - began), times


def measure(kind: str, clicks: int) -> str:
    """One line: clicks and bare commits a second on one database."""
    with database(kind) as url, tempfile.TemporaryDirectory(prefix="accord-bench-") as folder:
        if url:
            os.environ["ACCORD_DATABASE__URL"] = url
        scenario = str(Path(sys.executable).parent / "scenario")
        venue = Path(folder) / "venue"
        subprocess.run([scenario, "init", str(venue)], check=True, capture_output=True)
        house = open_house(venue / "config.toml")
        house.open_for_work("bench")
        paths = subscribers(house, clicks + WARM)
        house.store.close()
        with served(venue) as port:
            bare = [f"/bare/{n}" for n in range(clicks + WARM)]
            post_all(port, bare[:WARM] + paths[:WARM])
            bare_rate, _ = post_all(port, bare[WARM:])
            rate, times = post_all(port, paths[WARM:])
        os.environ.pop("ACCORD_DATABASE__URL", None)
    middle, slow = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    return f"{kind:<11} {rate:>9.0f} {bare_rate:>13.0f} {rate / bare_rate:>6.2f} {middle:>7.0f} ms {slow:>6.0f} ms"


def main() -> None:
    """Measure both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, default=CLICKS)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return
    print(f"{options.clicks} people, {CALLERS} at a time; each click is a transaction of its own.\n")
    print("database    clicks/s  bare commits/s  ratio    median      95 %")
    for kind in ("sqlite", "postgresql"):
        print(measure(kind, options.clicks))


if __name__ == "__main__":
    main()
