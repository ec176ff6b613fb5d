"""A great many people under way, five hundred due each second: how late each step is, and how much memory it takes.

`python benchmarks/flight.py [--size small|medium|full]`: on SQLite. Lateness is from the instant at which a step was due
to the one at which it was decided; the worst wait of the oldest step that is due, as seen from outside, is told beside it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from aims import Aim, held_against
from letter_venue import add_people, begin_runs, make_venue
from machinery import SCENARIO, Program, cpu_of, peak_of, profiled, table
from sqlalchemy import select

from accord.shell.store.runs import RUN
from accord.shell.wiring import House


@dataclass(frozen=True)
class Size:
    """How many people, and for how many seconds they are due."""

    people: int
    seconds: int


SIZES = {"small": Size(50_000, 30), "medium": Size(300_000, 60), "full": Size(1_000_000, 600)}
A_SECOND = 500

# Between filling the base and the first step that is due.
RUN_UP = timedelta(seconds=20)


def due_instants(people: int, begins: datetime) -> list[datetime]:
    """One after the other, five hundred a second; beyond what is watched, too."""
    return [begins + timedelta(seconds=n / A_SECOND) for n in range(people)]


def lateness(house: House, due: Sequence[datetime], ids: Sequence[int], watched: int) -> list[float]:
    """Seconds from due to decided, of each step of those seconds; one that was not taken is a fault."""
    of = dict(zip(ids[:watched], due[:watched], strict=True))
    wanted = select(RUN.c.contact_id, RUN.c.decided_at).where(RUN.c.scenario == "attente", RUN.c.step != "un")
    with house.store.engine.connect() as connection:
        taken = {row.contact_id: row.decided_at for row in connection.execute(wanted)}
    missing = [number for number in of if number not in taken]
    if missing:
        raise SystemExit(f"{len(missing)} steps were not taken")
    return sorted((taken[number] - at).total_seconds() for number, at in of.items())


def at_part(values: Sequence[float], part: float) -> float:
    """The value below which that part of them lies; they are sorted."""
    return values[min(len(values) - 1, int(part * len(values)))]


def watch(house: House, ends: datetime) -> float:
    """Until then: the longest that the oldest due step has waited, in seconds."""
    worst = 0.0
    while (now := house.clock()) < ends:
        with house.store.read() as unit:
            oldest = unit.next_run()
        if oldest is not None:
            worst = max(worst, (now - oldest).total_seconds())
        time.sleep(0.1)
    return worst


def measure(folder: Path, size: Size, *, profile: str | None) -> tuple[list[str], tuple[Aim, ...]]:
    """A row of the table, and what it should reach."""
    venue = folder / "venue"
    house = make_venue(venue, smtp_port=1)
    ids = add_people(house, size.people)
    # Runs are begun two thousand at a time; the first step is due when all of them stand there.
    filling = timedelta(seconds=size.people / 8_000)
    begins = house.clock() + filling + RUN_UP
    due = due_instants(size.people, begins)
    begin_runs(house, "attente", ids, due)
    daemon = Program([SCENARIO, "daemon", "--no-web"], folder / "daemon.log", cwd=venue)
    try:
        daemon.ready("ready")
        if house.clock() > begins:
            raise SystemExit(f"the base was filled, and the daemon ready, {house.clock() - begins} too late")
        time.sleep(max(0.0, (begins - house.clock()).total_seconds()))
        used, ends = cpu_of(daemon.pid), begins + timedelta(seconds=size.seconds)
        if profile is None:
            worst = watch(house, ends)
        else:
            with profiled(daemon.pid, profile):
                worst = watch(house, ends)
        used = cpu_of(daemon.pid) - used
        time.sleep(3)
        memory = peak_of(daemon.pid)
    finally:
        daemon.stop()
    watched = size.seconds * A_SECOND
    late = lateness(house, due, ids, watched)
    house.store.close()
    row = [
        f"{size.people:,}",
        f"{A_SECOND}",
        f"{size.seconds} s",
        f"{at_part(late, 0.5):.2f} s",
        f"{at_part(late, 0.99):.2f} s",
        f"{max(worst, late[-1]):.2f} s",
        f"{1e6 * used / watched:.0f} µs",
        f"{memory:.0f} MB",
    ]
    return row, (
        Aim("seconds late, p99", at_part(late, 0.99), 2.0, at_most=True),
        Aim("MB of memory", memory, 400, at_most=True),
    )


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="medium")
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="accord-bench-", ignore_cleanup_errors=True) as made:
        row, aims = measure(Path(made), SIZES[asked.size], profile="flight" if asked.profile else None)
    head = [
        "under way", "due a second", "for", "late, p50", "late, p99", "worst wait", "processor a step", "peak memory",
    ]  # fmt: skip
    print(table(head, [row]))
    print(f"\n{held_against(aims)}")


if __name__ == "__main__":
    main()
