"""How long a service mail takes from `POST /api/v1/events` to the mail server: by itself, and while a newsletter leaves.

`python benchmarks/latency.py [--size small|medium|full] [--database sqlite|postgresql]`: over a socket, with a key, to
the daemon's own pages; the clock runs from before the request to the last dot at the sink.
"""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aims import Aim, held_against
from letter_venue import add_people, begin_runs, make_venue
from machinery import SCENARIO, Postgres, Program, free_port, postgres, sink, table, until


@dataclass(frozen=True)
class Size:
    """How many service mails in each of the two parts, and how many letters in the second."""

    mails: int
    letters: int


SIZES = {"small": Size(40, 5_000), "medium": Size(100, 20_000), "full": Size(500, 100_000)}

# Between two events; the second part ends where the letters have left.
PAUSE = 0.25


def new_key(venue: Path) -> str:
    """A key that may tell events, and evidence."""
    command = [SCENARIO, "access", "add", "shop", "--scope", "events:write", "--scope", "evidence:write"]
    done = subprocess.run(
        [*command, "--rate", "60000", "--json"], cwd=venue, check=True, capture_output=True, text=True
    )
    told = json.loads(done.stdout)
    return str(told["key"])


def tell(port: int, key: str, addresses: Sequence[str]) -> dict[str, float]:
    """Tell one event after the other; when each was told, by the clock that the sink goes by."""
    told: dict[str, float] = {}
    for address in addresses:
        body = {
            "email": address,
            "event": "account.created",
            "at": datetime.now(UTC).isoformat(),
            "id": address,
        }
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        told[address] = time.monotonic()
        line.request("POST", "/api/v1/events", json.dumps(body), headers)
        answer = line.getresponse()
        said = answer.read()
        line.close()
        if answer.status != 201:
            raise SystemExit(f"{answer.status}: {said.decode()}")
        time.sleep(PAUSE)
    return told


def arrived(file: Path) -> dict[str, float]:
    """When each address's first mail came."""
    found: dict[str, float] = {}
    whole = file.read_text(encoding="utf-8").rpartition("\n")[0]
    for line in whole.splitlines():
        at, _, address = line.partition(" ")
        found.setdefault(address, float(at))
    return found


def waits(file: Path, told: dict[str, float]) -> list[float]:
    """Seconds from the request to the sink, sorted; waits until all of them have come."""
    until(lambda: told.keys() <= arrived(file).keys(), "the service mails", pause=0.5)
    came = arrived(file)
    return sorted(came[address] - at for address, at in told.items())


def measure(folder: Path, size: Size, server: Postgres | None) -> tuple[list[list[str]], tuple[Aim, ...]]:
    """Two rows, by itself and during the letters, and what they should reach."""
    kind, port = "SQLite" if server is None else "PostgreSQL", free_port()
    with sink(folder, ours=True) as into:
        url = server.fresh() if server is not None else None
        venue = folder / f"venue-{kind}"
        house = make_venue(venue, smtp_port=into.port, database=url, web_port=port)
        readers = add_people(house, size.letters)
        add_people(house, 2 * size.mails + 1, "buyer", agreed=False)
        buyers = [f"buyer{n}@example.org" for n in range(2 * size.mails + 1)]
        key = new_key(venue)
        daemon = Program([SCENARIO, "daemon"], folder / f"daemon-{kind}.log", cwd=venue)
        try:
            daemon.ready("ready")
            waits(folder / "arrivals", tell(port, key, buyers[-1:]))
            idle = waits(folder / "arrivals", tell(port, key, buyers[: size.mails]))
            begin_runs(house, "lettre", readers, house.clock())
            before = into.count()
            until(lambda: into.count() > before + size.letters // 100, "the first letters")
            told = tell(port, key, buyers[size.mails : -1])
            letters = into.count() - before
            busy = waits(folder / "arrivals", told)
        finally:
            daemon.stop()
            house.store.close()
    during = f"{min(letters, size.letters):,} of {size.letters:,} letters leave"
    aims = (
        Aim("idle, seconds, p99", _at_part(idle, 0.99), 5.0, at_most=True),
        Aim("during a newsletter, seconds, p99", _at_part(busy, 0.99), 5.0, at_most=True),
    )
    return [_row(kind, "nothing else", idle), _row(kind, during, busy)], aims


def _at_part(seconds: Sequence[float], part: float) -> float:
    return seconds[min(len(seconds) - 1, int(part * len(seconds)))]


def _row(kind: str, meanwhile: str, seconds: Sequence[float]) -> list[str]:
    parts = [_at_part(seconds, part) for part in (0.5, 0.99)]
    return [kind, meanwhile, f"{len(seconds)}", *(f"{each:.2f} s" for each in parts), f"{seconds[-1]:.2f} s"]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="medium")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="accord-bench-", ignore_cleanup_errors=True) as made,
        postgres() if asked.database == "postgresql" else nullcontext() as server,
    ):
        rows, aims = measure(Path(made), SIZES[asked.size], server)
    print(table(["database", "meanwhile", "mails", "p50", "p99", "longest"], rows))
    print(f"\n{held_against(aims)}")


if __name__ == "__main__":
    main()
