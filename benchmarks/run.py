"""Runs every benchmark, one after the other, and writes what they print into the README. `make bench`."""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
BETWEEN = re.compile(r"(<!-- bench: begin -->\n).*?(<!-- bench: end -->)", re.DOTALL)

# What each measures is in its first lines; the throttle's prints figures of the rule, not of the machine.
EVERY = ("mail.py", "check.py", "imports.py", "forecast.py", "oneclick.py")


def measured(name: str) -> str:
    """What one benchmark prints, under its own first sentence."""
    done = subprocess.run(
        [sys.executable, str(HERE / name)], capture_output=True, text=True, check=False, cwd=HERE.parent
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    source = (HERE / name).read_text(encoding="utf-8")
    sentence = source.split('"""')[1].splitlines()[0]
    return f"**{name}**: {sentence}\n\n```text\n{done.stdout.strip()}\n```\n"


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
    parser.add_argument("names", nargs="*", default=list(EVERY), help="only these files")
    names = parser.parse_args().names
    load = os.getloadavg()
    parts = [machine(load), *(measured(name) for name in names)]
    text = "\n\n".join(part.strip() for part in parts) + "\n"
    print(text)
    if list(names) == list(EVERY):
        told = README.read_text(encoding="utf-8")
        README.write_text(BETWEEN.sub(lambda found: found[1] + text + found[2], told), encoding="utf-8")


if __name__ == "__main__":
    main()
