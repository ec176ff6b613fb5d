"""Runs every benchmark, one after the other, and writes what they print into the README. `make bench`."""

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

# What each measures is in its first lines; the throttle's prints figures of the rule, not of the machine.
EVERY = ("mail.py", "check.py", "imports.py", "forecast.py", "oneclick.py", "console.py")

# Those that run whole daemons; each knows a small, a medium and a full size.
OF_DAEMONS = ("sending.py", "steps.py", "flight.py", "latency.py")
SIZES = ("small", "medium", "full")


def measured(name: str, size: str) -> str:
    """What one benchmark prints, under its own first sentence."""
    sized = ["--size", size] if name in OF_DAEMONS else []
    began = time.monotonic()
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
    took = f"({how}, {time.monotonic() - began:.0f} s)"
    return f"**{name}**: {sentence} {took}\n\n```text\n{done.stdout.strip()}\n```\n"


def machine(load: tuple[float, float, float]) -> str:
    """Where and when it was measured; a machine that does other things at the same time is slower."""
    today = datetime.now(UTC).date()
    cores = os.cpu_count()
    return (
        f"Measured on {today}: {platform.machine()}, {cores} cores, Python {platform.python_version()}, "
        f"load {load[0]:.1f} at the start."
    )


def main() -> None:
    """Measure, print, and write the README's part."""
    parser = argparse.ArgumentParser(description=__doc__)
    everything = [*EVERY, *OF_DAEMONS]
    parser.add_argument("names", nargs="*", default=everything, help="only these files")
    parser.add_argument("--size", choices=SIZES, default="medium", help="of those that run whole daemons")
    asked = parser.parse_args()
    load = os.getloadavg()
    parts = [machine(load), *(measured(name, asked.size) for name in asked.names)]
    text = "\n\n".join(part.strip() for part in parts) + "\n"
    print(text)
    if list(asked.names) == everything:
        told = README.read_text(encoding="utf-8")
        README.write_text(BETWEEN.sub(lambda found: found[1] + text + found[2], told), encoding="utf-8")


if __name__ == "__main__":
    main()
