"""Due steps without mail: how many a second a daemon decides and writes, and what one costs as the base grows.

`python benchmarks/steps.py [--size small|medium|full]`: each due run takes a branch that asks for an attribute, moves
on to a step a day ahead, and has that told in the journal. In the bases everybody is under way, one in ten is due.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from aims import Aim, held_against
from letter_venue import add_people, begin_runs, make_venue
from machinery import SCENARIO, Postgres, Program, cpu_of, peak_of, postgres, profiled, table, until

from accord.shell.wiring import House

# People in each base; at most so many of them are due.
SIZES = {
    "small": (10_000, 30_000),
    "medium": (10_000, 100_000, 300_000),
    "full": (10_000, 100_000, 1_000_000),
}
DUE = 50_000


def due_now(house: House) -> int:
    """How many runs are due and not taken yet."""
    with house.store.read() as unit:
        return unit.backlog(house.clock())["runs"][0]


def measure(
    folder: Path, people: int, server: Postgres | None, *, profile: str | None
) -> tuple[list[str], float, float]:
    """A row of the table, steps a second, seconds of processor a step: the daemon is told of nothing but the base."""
    kind = "SQLite" if server is None else "PostgreSQL"
    venue = folder / f"venue-{kind}-{people}"
    house = make_venue(venue, smtp_port=1, database=server.fresh() if server is not None else None)
    ids = add_people(house, people)
    due = min(DUE, people) if people <= DUE else max(people // 10, DUE)
    begins = house.clock()
    begin_runs(house, "attente", ids[:due], begins)
    begin_runs(house, "attente", ids[due:], begins + timedelta(days=3))
    daemon = Program([SCENARIO, "daemon", "--no-web"], folder / f"{venue.name}.log", cwd=venue)
    try:
        daemon.ready("ready")
        used, began, left = cpu_of(daemon.pid), time.monotonic(), due_now(house)
        if profile is not None:
            with profiled(daemon.pid, profile):
                until(lambda: due_now(house) == 0, "the steps", pause=0.2)
        until(lambda: due_now(house) == 0, "the steps", pause=0.1)
        seconds = time.monotonic() - began
        used = cpu_of(daemon.pid) - used
        memory = peak_of(daemon.pid)
    finally:
        daemon.stop()
        house.store.close()
    rate, each = f"{left / seconds:,.0f}", f"{1e6 * used / left:.0f} µs"
    return [kind, f"{people:,}", f"{left:,}", rate, each, f"{memory:.0f} MB"], left / seconds, used / left


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="medium")
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="accord-bench-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        for people in SIZES[asked.size]:
            keep = f"steps-{people}" if asked.profile and people == SIZES[asked.size][0] else None
            rows.append(measure(folder, people, None, profile=keep))
        with postgres() as server:
            rows.append(measure(folder, SIZES[asked.size][1], server, profile=None))
    head = ["database", "under way", "due", "steps/s", "processor a step", "peak memory"]
    print(table(head, [row for row, _, _ in rows]))
    costs = [cost for row, _, cost in rows if row[0] == "SQLite"]
    aims = (
        Aim("floor, steps a second on SQLite", max(rate for _, rate, _ in rows), 10_000),
        Aim("processor a step, largest base against the smallest", costs[-1] / costs[0], 1.2, at_most=True),
    )
    print(f"\n{held_against(aims)}")


if __name__ == "__main__":
    main()
