"""The real daemon in a process of its own, by a clock that a test moves: the system's, and so many seconds more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

AHEAD = "ahead"


def clock_of(root: Path) -> datetime:
    """What time it is for the daemon in this folder."""
    file = root / AHEAD
    ahead = float(file.read_text(encoding="utf-8")) if file.exists() else 0.0
    return datetime.now(UTC) + timedelta(seconds=ahead)


def move(root: Path, to: datetime) -> None:
    """Let it be this instant; only ever forward, since a daemon's ticks go by the system's clock."""
    unfinished = root / "ahead.new"
    unfinished.write_text(str((to - datetime.now(UTC)).total_seconds()), encoding="utf-8")
    unfinished.rename(root / AHEAD)


def serve(folder: str) -> None:
    """Runs in the process: the daemon with its pages."""
    from accord.shell.daemon import run
    from accord.shell.wiring import open_house

    root = Path(folder)
    house = open_house(root / "config.toml", clock=lambda: clock_of(root))
    house.open_for_work("test")
    run(house)
