"""How long `scenario check` takes over 500 scenario files: the venue that `init` makes, its scenarios in variants.

`python benchmarks/check.py [--files N]`: the whole command in a process of its own, from its start to its exit, and
inside of one process the scenarios alone. The best of several rounds; on a busy machine look at the processor's time.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from accord.shell.engine.catalogue import check_all, stock
from accord.shell.library import read_library
from accord.shell.settings import load_settings
from accord.shell.wordings import wordings

FILES, ROUNDS = 500, 5


def a_venue(folder: Path, files: int) -> Path:
    """The venue of `init`, with as many scenarios as are asked for: its own, each under new names."""
    scenario = Path(sys.executable).parent / "scenario"
    subprocess.run([scenario, "init", folder], check=True, capture_output=True)
    own = sorted((folder / "scenarios").glob("*.yaml"))
    for number in range(files - len(own)):
        path = own[number % len(own)]
        name = f"{path.stem}-{number}"
        text = path.read_text(encoding="utf-8").replace(f"scenario: {path.stem}\n", f"scenario: {name}\n", 1)
        (folder / "scenarios" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def whole_command(venue: Path) -> tuple[float, float, str]:
    """Seconds on the clock and on the processor of one `scenario check`, and what it said last."""
    scenario = Path(sys.executable).parent / "scenario"
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [scenario, "check"], cwd=venue, capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    clock = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    return clock, processor, done.stdout.strip().splitlines()[-1]


def within_a_process(root: Path) -> tuple[float, float]:
    """Seconds of the processor for reading and compiling the templates, and for reading and checking scenarios."""
    venue = load_settings(root / "config.toml", {}).venue
    began = time.process_time()
    library = read_library(root)
    shelf = stock(library.template_names(), library.templates, venue, wordings(venue.entity.languages))
    compiled = time.process_time()
    check_all(library.scenarios, shelf, venue, library.forms)
    return compiled - began, time.process_time() - compiled


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=FILES)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="accord-bench-") as folder:
        venue = a_venue(Path(folder) / "venue", asked.files)
        runs = [whole_command(venue) for _ in range(ROUNDS)]
        inside = [within_a_process(venue) for _ in range(ROUNDS)]
    print(runs[-1][2])
    print("| what | time | of it on the processor |")
    print("|---|---|---|")
    print(
        f"| `scenario check`, start to exit | {min(r[0] for r in runs):.2f} s | {min(r[1] for r in runs):.2f} s |"
    )
    print(f"| the templates, compiled | | {min(i[0] for i in inside):.2f} s |")
    print(f"| {asked.files} scenarios, read and checked | | {min(i[1] for i in inside):.2f} s |")


if __name__ == "__main__":
    main()
