"""Imports a million contacts through the command, and says how long it took and how much memory it needed."""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

from machinery import postgres

SEED = 20261123
ROWS = 1_000_000
MEGABYTE = 1 << 20

COLUMNS = (
    "email",
    "external_id",
    "language",
    "collected_at",
    "first_name",
    "last_name",
    "city",
    "consent_purpose",
    "consent_answer",
    "consent_at",
    "unsubscribed",
    "unsubscribed_at",
)
FIRST = (
    "Adèle",
    "Bruno",
    "Chloé",
    "Denis",
    "Élise",
    "Farid",
    "Gaëlle",
    "Hugo",
    "Inès",
    "Jules",
    "Karim",
    "Léa",
)
LAST = ("Perrault", "Nogaret", "Bellac", "Cazal", "Dumont", "Estève", "Fabre", "Garnier", "Hébert", "Imbert")
CITIES = ("Rivelune", "Bellerive", "Port-Aubier", "Saint-Merle", "Montfaucon-les-Eaux", "")
BEGAN = datetime(2024, 1, 1, tzinfo=UTC)


def write_base(path: Path, rows: int) -> None:
    """A base as venues have it: half the addresses at a few providers, the rest at thousands of domains.

    One in twelve claims a consent, one in twenty-five left, one in a hundred comes twice, one in two hundred is
    wrong.
    """
    dice = random.Random(SEED)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(rows):
            again = dice.random() < 0.01
            row = _person(dice.randrange(number + 1) if again else number)
            if dice.random() < 0.005:
                row[0] = row[0].replace("@", " at ")
            writer.writerow(row)


def _person(number: int) -> list[str]:
    """The same person for the same number."""
    first, last = FIRST[number % len(FIRST)], LAST[number % len(LAST)]
    home = f"mail{number % 7}" if number % 2 else f"domain{number * 7919 % 20_000}"
    # In no order, as the addresses of people who signed up one after another are.
    box = f"{number * 2654435761 % (1 << 32):08x}.{number}"
    at = BEGAN + timedelta(minutes=number * 7919 % 1_300_000)
    consent = ["newsletter", "yes", at.isoformat()] if number % 12 == 0 else ["", "", ""]
    left = ["yes", (at + timedelta(days=30)).isoformat()] if number % 25 == 0 else ["", ""]
    about = [f"S{number:07}", ("fr", "fr", "en")[number % 3], at.isoformat(), first, last]
    return [f"{box}@{home}.example.org", *about, CITIES[number % len(CITIES)], *consent, *left]


def measure(folder: Path, rows: int, database: str | None) -> dict[str, float]:
    """Make a venue and a base, import it with the command, and measure that process alone."""
    venue, base = folder / "venue", folder / "base.csv"
    write_base(base, rows)
    scenario = [str(Path(sys.executable).parent / "scenario")]
    subprocess.run([*scenario, "init", str(venue)], check=True, capture_output=True)
    given = {**os.environ, "ACCORD_DATABASE__URL": database} if database else dict(os.environ)
    subprocess.run(
        [*scenario, "--config", str(venue / "config.toml"), "db", "upgrade"],
        env=given,
        check=True,
        capture_output=True,
    )
    command = [*scenario, "--config", str(venue / "config.toml"), "contacts", "import", str(base), "--json"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    told = json.loads(done.stdout)
    return {
        "seconds": seconds,
        "rows": told["rows"],
        "new": told["new"],
        "cpu": used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime,
        "megabytes": used.ru_maxrss * 1024 / MEGABYTE,
        "size": base.stat().st_size / MEGABYTE,
    }


def main() -> None:
    """Measure, and print a row of the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="accord-bench-") as folder,
        postgres() if asked.database == "postgresql" else nullcontext() as server,
    ):
        told = measure(Path(folder), asked.rows, server.fresh() if server is not None else None)
    rate = told["rows"] / told["seconds"]
    print("| database | rows | file | time | of it on the processor | rows/s | peak memory |")
    print("|---|---|---|---|---|---|---|")
    print(
        f"| {asked.database} | {told['rows']:,.0f} | {told['size']:.0f} MB | {told['seconds']:.1f} s "
        f"| {told['cpu']:.1f} s | {rate:,.0f} | {told['megabytes']:.0f} MB |"
    )


if __name__ == "__main__":
    main()
