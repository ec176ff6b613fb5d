"""How long `scenario dry-run bienvenue --everyone --days 90` takes over a base of 100,000, and how much memory all its processes need.

`python benchmarks/forecast.py [--people N] [--live]`: the whole command, from its start to its exit, in the venue that
`init` makes, on SQLite. With `--live` its other scenarios run meanwhile, so that they are walked as well.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from aims import Aim, held_against

from accord.core.model.consent import Act, ConsentEntry
from accord.core.model.contact import AddressState
from accord.core.model.order import OrderLine
from accord.shell.engine.ports.rows import ContactChange, NewContact
from accord.shell.engine.ports.store import Unit
from accord.shell.wiring import open_house

PEOPLE, PAGE, MEGABYTE = 100_000, 2_000, 1 << 20
BEGINS = datetime(2026, 9, 1, 7, 30, tzinfo=UTC)
ZONES = ("Europe/Paris",) * 9 + ("America/New_York",)

# Of twenty people: what they said when they were asked, and whether they bought something.
KINDS: tuple[tuple[Act | None, bool], ...] = (
    *((Act.OPTIN_PROVEN, False),) * 6,
    *((Act.OPTIN_PROVEN, True),) * 3,
    *((Act.SILENCE, True),) * 5,
    *((Act.SILENCE, False),) * 2,
    (None, True),
    (Act.OPTIN_IMPORT, False),
    (Act.OBJECTION, True),
    (Act.OPTIN_PROVEN, False),
)


def fill(unit: Unit, first: int, people: int) -> None:
    """Add a page of people with all that is known of them; one in fifty has a dead address."""
    numbers = range(first, first + people)
    collected = {number: BEGINS - timedelta(days=number * 7919 % 1_150) for number in numbers}
    new = [
        NewContact(f"p{number}@example.org", "fr", ZONES[number % 10], collected[number])
        for number in numbers
    ]
    ids = dict(zip(numbers, unit.add_contacts(new), strict=True))
    changes = [ContactChange(ids[number], acted_at=collected[number]) for number in numbers]
    changes += [
        ContactChange(ids[number], address_state=AddressState.HARD_BOUNCED)
        for number in numbers
        if number % 50 == 0
    ]
    unit.change_contacts(changes)
    unit.begin_ledgers(
        {ids[number]: _acts(ids[number], number, collected[number]) for number in numbers}, BEGINS
    )
    unit.save_order_lines(
        {ids[number]: [_bought(number, collected[number])] for number in numbers if KINDS[number % 20][1]}
    )


def _acts(contact_id: int, number: int, at: datetime) -> list[ConsentEntry]:
    act = KINDS[number % 20][0]
    if act is None:
        return []
    kinds = ("editorial", "promotional")
    return [ConsentEntry(contact_id, at, "newsletter", kind, act, True, {"form": "essai"}) for kind in kinds]


def _bought(number: int, at: datetime) -> OrderLine:
    return OrderLine(f"A-{number}", "self", "theatre", 2400, "EUR", at, paid_at=at)


def a_venue(folder: Path, people: int, *, live: bool) -> None:
    """The venue of `init`, with a base."""
    scenario = Path(sys.executable).parent / "scenario"
    subprocess.run([scenario, "init", folder], check=True, capture_output=True)
    house = open_house(folder / "config.toml")
    house.open_for_work("bench")
    for first in range(0, people, PAGE):
        with house.store.begin(lazy=True) as unit:
            fill(unit, first, min(PAGE, people - first))
    house.store.close()
    if live:
        names = [path.stem for path in sorted((folder / "scenarios").glob("*.yaml"))]
        subprocess.run([scenario, "activate", *names, "--yes"], cwd=folder, check=True, capture_output=True)


def measure(folder: Path) -> dict[str, float]:
    """Run the command, and look at all its processes twenty times a second."""
    scenario = Path(sys.executable).parent / "scenario"
    words = ["dry-run", "bienvenue", "--everyone", "--days", "90", "--from", BEGINS.isoformat(), "--json"]
    before, began = getrusage(RUSAGE_CHILDREN), time.perf_counter()
    running = subprocess.Popen([scenario, *words], cwd=folder, stdout=subprocess.PIPE, env=dict(os.environ))
    peak, over = [0], threading.Event()
    watching = threading.Thread(target=_watch, args=(running.pid, peak, over))
    watching.start()
    out, _ = running.communicate()
    seconds = time.perf_counter() - began
    over.set()
    watching.join()
    used = getrusage(RUSAGE_CHILDREN)
    if running.returncode:
        raise SystemExit(f"the command left with {running.returncode}")
    told = json.loads(out)
    processor = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    return {
        "seconds": seconds,
        "processor": processor,
        "megabytes": peak[0] / MEGABYTE,
        "people": told["people"],
        "mails": told["mails"],
    }


def _watch(pid: int, peak: list[int], over: threading.Event) -> None:
    while not over.wait(0.05):
        peak[0] = max(peak[0], sum(map(_resident, _family(pid))))


def _family(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    for each in found:
        try:
            children = Path(f"/proc/{each}/task/{each}/children").read_text(encoding="ascii")
        except OSError:
            continue
        found += map(int, children.split())
    return found


def _resident(pid: int) -> int:
    """Bytes in memory; what several processes share counts in each of them."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf(
            "SC_PAGE_SIZE"
        )
    except OSError:
        return 0


def main() -> None:
    """Measure, and print a row of the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--live", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="accord-bench-") as folder:
        venue = Path(folder) / "venue"
        a_venue(venue, asked.people, live=asked.live)
        told = measure(venue)
    print("| people | mails | time | of it on the processor | peak memory of all processes |")
    print("|---|---|---|---|---|")
    print(
        f"| {told['people']:,.0f} | {told['mails']:,.0f} | {told['seconds']:.1f} s "
        f"| {told['processor']:.1f} s | {told['megabytes']:.0f} MB |"
    )
    aims = (
        Aim("limit, seconds", told["seconds"], 60, at_most=True),
        Aim("goal, seconds", told["seconds"], 20, at_most=True),
        Aim("MB of memory", told["megabytes"], 500, at_most=True),
    )
    print(f"\n{held_against(aims)}")


if __name__ == "__main__":
    main()
