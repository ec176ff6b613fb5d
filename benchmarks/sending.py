"""Newsletters end to end: people due in the database, through real daemons, to the last byte at a mail sink.

`python benchmarks/sending.py [--size small|medium|full] [--profile]`: a page of 28 KB with eight signed links. Each
daemon decides, judges again at the door, writes, hands over and settles every mail. Beside it, into the same sink and
in the same run, postfix's smtp-source sends the very bytes of one of these mails, and two peers send a page of the
same size. What is on the processor is the daemon's own; the database's is told beside it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from aims import Aim, held_against
from letter_venue import add_people, begin_runs, make_venue
from machinery import (
    SCENARIO,
    Postgres,
    Program,
    Sink,
    cpu_of,
    peak_of,
    postfix_tool,
    postgres,
    profiled,
    sink,
    table,
    until,
)
from peers import DRIP, TRYTON, Told, drip, tryton

from accord.core.model.message import MessageState
from accord.shell.wiring import House


@dataclass(frozen=True)
class Size:
    """How many mails each sends."""

    ours: int
    drip: int
    tryton: int


SIZES = {"small": Size(2_000, 300, 60), "medium": Size(20_000, 1_000, 200), "full": Size(50_000, 2_000, 400)}
CONNECTIONS = 50


@dataclass(frozen=True)
class Way:
    """How ours is run: on which database, with how many daemons, and how many people there are for each due mail."""

    postgresql: bool
    daemons: int
    people: int = 1

    @property
    def name(self) -> str:
        """As the table says it."""
        base = f", {self.people} people a mail" if self.people > 1 else ""
        return f"accord, {'PostgreSQL' if self.postgresql else 'SQLite'} × {self.daemons}{base}"


ROWS = {
    "sqlite-1": Way(False, 1),
    "sqlite-1-of-10": Way(False, 1, people=10),
    "postgresql-1": Way(True, 1),
    "postgresql-2": Way(True, 2),
}


@dataclass(frozen=True)
class Row:
    """What one of them came to."""

    who: str
    mails: int
    seconds: float
    processor: float
    memory: float
    beside: float = 0.0
    source: float = 0.0

    @property
    def rate(self) -> float:
        """Mails a second."""
        return self.mails / self.seconds


# -- ours ------------------------------------------------------------------------------------------------------


def ours(
    folder: Path, into: Sink, mails: int, server: Postgres | None, way: Way, *, profile: str | None
) -> Row:
    """So many people whose mail is due now, the others' in a year; from when the daemons are ready to the last mail."""
    url = server.fresh() if server is not None else None
    venue = folder / way.name.replace(" ", "-")
    house = make_venue(venue, smtp_port=into.port, database=url, connections=CONNECTIONS)
    begins = house.clock()
    people = add_people(house, mails * way.people)
    begin_runs(house, "lettre", people[:mails], begins)
    begin_runs(house, "lettre", people[mails:], begins + timedelta(days=365))
    before = into.count()
    database_before = cpu_of(server.pid) if server is not None else 0.0
    lives = [
        Program([SCENARIO, "daemon", "--no-web"], folder / f"{venue.name}-{n}.log", cwd=venue)
        for n in range(way.daemons)
    ]
    began = time.monotonic()
    with ExitStack() as watched:
        try:
            for life in lives:
                life.ready("ready")
            started = [cpu_of(life.pid) for life in lives]
            began = time.monotonic()
            if profile is not None:
                watched.enter_context(profiled(lives[0].pid, profile))
            until(lambda: into.count() >= before + mails, f"{mails} mails", pause=0.02)
            seconds = time.monotonic() - began
            until(lambda: _settled(house, mails), "the last endings")
            used = sum(cpu_of(life.pid) for life in lives) - sum(started)
            beside = cpu_of(server.pid) - database_before if server is not None else 0.0
            memory = max(peak_of(life.pid) for life in lives)
        finally:
            watched.close()
            for life in lives:
                life.stop()
    if into.count() != before + mails:
        raise SystemExit(f"{into.count() - before} mails arrived, {mails} were due")
    house.store.close()
    return Row(way.name, mails, seconds, used, memory, beside)


def _settled(house: House, mails: int) -> bool:
    with house.store.read() as unit:
        return unit.message_counts().get(MessageState.ACCEPTED.value, 0) == mails


def one_mail(folder: Path) -> Path:
    """The bytes of one of these mails, as the engine writes it."""
    house = make_venue(folder / "one", smtp_port=1)
    begin_runs(house, "lettre", add_people(house, 1), house.clock())
    house.think(house.clock())
    now = house.clock()
    with house.store.begin() as unit:
        (message,) = unit.claim_messages(now, 1, now, frozenset())
        situation = unit.with_runs(unit.situations([message.contact_id]), unit.runs([message.enrolment_id]))[
            0
        ]
    written = house.writer().write(message, situation, now=now).envelope.content
    house.store.close()
    file = folder / "one.eml"
    file.write_bytes(written.replace(b"\r\n", b"\n"))
    return file


# -- beside it -------------------------------------------------------------------------------------------------


def source(into: Sink, mail: Path, mails: int) -> float | None:
    """Mails a second of postfix's smtp-source: it decides nothing, renders nothing, records nothing."""
    tool = postfix_tool("smtp-source")
    if tool is None:
        return None
    began = time.monotonic()
    addresses = ["-f", "lettre@theatre.example.org", "-t", "reader@example.org"]
    options = ["-d", "-s", str(CONNECTIONS), "-m", str(mails), "-F", str(mail)]
    subprocess.run([tool, *options, *addresses, f"127.0.0.1:{into.port}"], check=True)
    return mails / (time.monotonic() - began)


def peer_row(who: str, told: Told) -> Row:
    """A peer's figures as a row."""
    return Row(who, told.mails, told.seconds, told.processor, told.memory)


def measure(
    folder: Path, size: Size, names: Sequence[str], *, profile: bool, with_peers: bool
) -> tuple[list[Row], float, str]:
    """All rows, each of ours with smtp-source's rate just before and after it; the size of a mail."""
    rows: list[Row] = []
    mail = one_mail(folder)
    rates: list[float | None] = []
    with sink(folder) as into, postgres() as server:
        source(into, mail, min(size.ours, 2_000))
        rates.append(source(into, mail, size.ours))
        for name in names:
            way, keep = ROWS[name], f"sending-{name}" if profile else None
            row = ours(folder, into, size.ours, server if way.postgresql else None, way, profile=keep)
            rates.append(source(into, mail, size.ours))
            around = [rate for rate in rates[-2:] if rate is not None]
            rows.append(replace(row, source=statistics.mean(around) if around else 0.0))
        if with_peers:
            rows.append(peer_row(f"{DRIP}, PostgreSQL", drip(folder, into, server, size.drip)))
            rows.append(
                peer_row(f"{TRYTON}, PostgreSQL, 1 worker", tryton(folder, into, server, size.tryton))
            )
        known = [rate for rate in rates if rate is not None]
        return (
            rows,
            statistics.median(known) if known else 0.0,
            f"{into.name}, mails of {mail.stat().st_size:,} bytes",
        )


def told(rows: list[Row], source_rate: float) -> str:
    """The table: ratios are to what smtp-source did just before and after."""
    lines = (
        [["smtp-source, the same bytes", "", f"{source_rate:,.0f}", "1.00", "", "", ""]]
        if source_rate
        else []
    )
    for row in rows:
        ratio = row.source or source_rate
        lines.append(
            [
                row.who,
                f"{row.mails:,}",
                f"{row.rate:,.0f}",
                f"{row.rate / ratio:.2f}" if ratio else "",
                f"{1000 * row.processor / row.mails:.2f} ms",
                f"{1000 * row.beside / row.mails:.2f} ms" if row.beside else "",
                f"{row.memory:.0f} MB",
            ]
        )
    head = ["who", "mails", "mails/s", "of smtp-source", "processor a mail", "of its database", "peak memory"]
    return table(head, lines)


def aims(names: Sequence[str], rows: Sequence[Row]) -> Iterator[Aim]:
    """What is to be reached with one daemon, with two, and beside the peers."""
    ours, peers = dict(zip(names, rows, strict=False)), rows[len(names) :]
    for name, row in ours.items():
        floor, goal = (0.25, 0.45) if ROWS[name].daemons > 1 else (0.15, 0.30)
        if row.source:
            yield Aim(f"{row.who}, floor, share of smtp-source", row.rate / row.source, floor)
            yield Aim(f"{row.who}, goal, share of smtp-source", row.rate / row.source, goal)
        yield Aim(
            f"{row.who}, goal, ms of processor a mail",
            1000 * row.processor / row.mails,
            1.0,
            at_most=True,
        )
    if {"postgresql-1", "postgresql-2"} <= ours.keys():
        twice = ours["postgresql-2"].rate / ours["postgresql-1"].rate
        yield Aim("two daemons against one, where cores are free", twice, 1.6)
    if {"sqlite-1", "sqlite-1-of-10"} <= ours.keys():
        alone, among_many = ours["sqlite-1"], ours["sqlite-1-of-10"]
        more = (among_many.processor / among_many.mails) / (alone.processor / alone.mails)
        yield Aim("processor a mail in a base ten times as large, times", more, 1.2, at_most=True)
    for peer, times in zip(peers, (5, 30), strict=False):
        best = ours.get("postgresql-1") or next(iter(ours.values()))
        yield Aim(f"times the rate of {peer.who}", best.rate / peer.rate, times)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="medium")
    parser.add_argument(
        "--profile", action="store_true", help="where their time went, into profiles/; it costs some speed"
    )
    parser.add_argument("--mails", type=int, help="so many of ours instead")
    parser.add_argument("--only", choices=ROWS, action="append", help="of ours only these rows")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json", type=Path, help="the rows as a file, too")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="accord-bench-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        folder.chmod(0o755)
        size = SIZES[asked.size]
        size = replace(size, ours=asked.mails or size.ours)
        names = asked.only or list(ROWS)
        rows, rate, where = measure(folder, size, names, profile=asked.profile, with_peers=not asked.no_peers)
    print(f"Into {where}, {CONNECTIONS} connections each.\n")
    print(told(rows, rate))
    print(f"\n{held_against(aims(names, rows))}")
    if asked.json:
        asked.json.write_text(json.dumps([row.__dict__ for row in rows]), encoding="utf-8")


if __name__ == "__main__":
    main()
