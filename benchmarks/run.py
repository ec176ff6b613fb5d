"""Runs benchmarks, one after the other, and writes what each prints into its part of the README. `make bench` runs all."""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
BETWEEN = re.compile(r"(<!-- bench: begin -->\n).*?(<!-- bench: end -->)", re.DOTALL)
PART = re.compile(r"^\*\*(\w+\.py)\*\*: .*?^```text\n.*?^```$", re.DOTALL | re.MULTILINE)

# What each measures is in its first lines; the throttle's prints figures of the rule, not of the machine.
EVERY = ("mail.py", "check.py", "imports.py", "forecast.py", "oneclick.py", "console.py")

# Those that run whole daemons; each knows a small, a medium and a full size.
OF_DAEMONS = ("sending.py", "steps.py", "flight.py", "latency.py")
SIZES = ("small", "medium", "full")


def measured(name: str, size: str) -> str:
    """What one benchmark prints, under its own first sentence."""
    sized = ["--size", size] if name in OF_DAEMONS else []
    load, began = os.getloadavg()[0], time.monotonic()
    done = subprocess.run(
        [sys.executable, str(HERE / name), *sized],
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE.parent,
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    source = (HERE / name).read_text(encoding="utf-8")
    sentence = source.split('"""')[1].splitlines()[0]
    how = f"`python benchmarks/run.py{' --size ' + size if sized else ''} {name}`"
    took = f"{machine(load)} {how}, {time.monotonic() - began:.0f} s."
    return f"**{name}**: {sentence}\n{took}\n\n```text\n{done.stdout.strip()}\n```"


def machine(load: float) -> str:
    """Where and when it was measured; a machine that does other things at the same time is slower."""
    cores, today = os.cpu_count(), datetime.now(UTC).date()
    return f"{today}, {platform.machine()}, {cores} cores, Python {platform.python_version()}, load {load:.1f} at the start:"


def written(readme: str, name: str, part: str) -> str:
    """The README with the new part of one benchmark; those of others stay as they were measured."""
    found = BETWEEN.search(readme)
    if found is None:
        raise SystemExit("README.md has no place for figures.")
    parts = {each[1]: each[0] for each in PART.finditer(found[0])} | {name: part}
    text = "\n\n".join(parts[each] for each in (*EVERY, *OF_DAEMONS) if each in parts)
    return BETWEEN.sub(lambda place: f"{place[1]}{text}\n{place[2]}", readme)


def main() -> None:
    """Measure, print, and write the README's parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    everything = (*EVERY, *OF_DAEMONS)
    parser.add_argument("names", nargs="*", default=everything, choices=everything, help="only these files")
    parser.add_argument("--size", choices=SIZES, default="medium", help="of those that run whole daemons")
    asked = parser.parse_args()
    for name in asked.names:
        part = measured(name, asked.size)
        print(f"{part}\n", flush=True)
        README.write_text(written(README.read_text(encoding="utf-8"), name, part), encoding="utf-8")


if __name__ == "__main__":
    main()
